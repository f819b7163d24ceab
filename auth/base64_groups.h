// Whole groups of four characters of base64, each of which is three bytes: the inner loop of auth/base64url.h, and only
// for it and its test.
//
//   bool good = DecodeGroups(kUrlAlphabet, in, groups, out);
//
// Reads 4 * groups characters, writes 3 * groups bytes, and not one beside them, whatever the characters are; the two
// must not overlap. False: a character is not of the alphabet, and what was written is of no use. Allocates nothing;
// safe from any thread.
#ifndef SLUICE_AUTH_BASE64_GROUPS_H_
#define SLUICE_AUTH_BASE64_GROUPS_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::auth {

// Six bits of each character, already shifted to their place in a group of four; kNotBase64 for all others.
using Base64Table = std::array<uint32_t, 256>;
inline constexpr uint32_t kNotBase64 = 1u << 31;

// What vectors look up by the upper four bits of a character, and by its lower four.
struct Base64Halves {
  // A character is of the alphabet if its two entries have no bit in common: each upper half that the alphabet uses has
  // a bit of its own, which the entry of a lower half holds if the two together are none of its characters.
  alignas(16) std::array<uint8_t, 16> upper, lower;
  // What to add to a character to get its value, by its upper half, which for the last of the alphabet counts 8 more:
  // that one shares its upper half with others, and all else of one upper half is in a row.
  alignas(16) std::array<uint8_t, 16> shift;
  uint8_t last;
};

struct Base64Alphabet {
  explicit constexpr Base64Alphabet(const char* characters)
      : first(ShiftedBy(18, characters)),
        second(ShiftedBy(12, characters)),
        third(ShiftedBy(6, characters)),
        fourth(ShiftedBy(0, characters)),
        halves(HalvesOf(characters)) {}

  Base64Table first, second, third, fourth;
  Base64Halves halves;

 private:
  static constexpr Base64Table ShiftedBy(int shift, const char* characters) {
    Base64Table table{};
    for (uint32_t& entry : table) entry = kNotBase64;
    for (uint32_t i = 0; i < 64; ++i) table[static_cast<uint8_t>(characters[i])] = i << shift;
    return table;
  }

  static constexpr Base64Halves HalvesOf(const char* characters) {
    Base64Halves halves{};
    for (size_t upper = 0; upper < 8; ++upper) halves.upper[upper] = static_cast<uint8_t>(1 << upper);
    for (size_t upper = 8; upper < 16; ++upper) halves.upper[upper] = 0xff;  // beyond ASCII: no lower half is without
    for (uint8_t& entry : halves.lower) entry = 0xff;
    for (size_t i = 0; i < 64; ++i) {
      const auto c = static_cast<uint8_t>(characters[i]);
      halves.lower[c & 15] = static_cast<uint8_t>(halves.lower[c & 15] & ~(1 << (c >> 4)));
      halves.shift[(c >> 4) | (i == 63 ? 8 : 0)] = static_cast<uint8_t>(i - c);
    }
    halves.last = static_cast<uint8_t>(characters[63]);
    return halves;
  }
};

inline constexpr char kUrlCharacters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr char kClassicCharacters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr Base64Alphabet kUrlAlphabet(kUrlCharacters), kClassicAlphabet(kClassicCharacters);

// The quickest of those below that this processor and this length allow.
bool DecodeGroups(const Base64Alphabet& alphabet, const uint8_t* in, size_t groups, uint8_t* out);

bool DecodeGroupsOneByOne(const Base64Alphabet& alphabet, const uint8_t* in, size_t groups, uint8_t* out);

// Eight groups at a time; only where HasVectors(), and at least kVectorGroups of them.
inline constexpr size_t kVectorGroups = 8;
bool HasVectors();
bool DecodeGroupsByVectors(const Base64Alphabet& alphabet, const uint8_t* in, size_t groups, uint8_t* out);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_BASE64_GROUPS_H_
