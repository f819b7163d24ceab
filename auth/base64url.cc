#include "auth/base64url.h"

#include <array>
#include <cstdint>

namespace sluice::auth {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char kClassicAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t kBad = 1u << 31;

// Six bits of each character, already shifted to their place in a group of four; kBad for all others.
using Table = std::array<uint32_t, 256>;

constexpr Table ShiftedBy(int shift, const char* alphabet) {
  Table table{};
  for (uint32_t& entry : table) entry = kBad;
  for (uint32_t i = 0; i < 64; ++i) table[static_cast<uint8_t>(alphabet[i])] = i << shift;
  return table;
}

struct Tables {
  explicit constexpr Tables(const char* alphabet)
      : first(ShiftedBy(18, alphabet)),
        second(ShiftedBy(12, alphabet)),
        third(ShiftedBy(6, alphabet)),
        fourth(ShiftedBy(0, alphabet)) {}
  Table first, second, third, fourth;
};
constexpr Tables kUrl(kAlphabet), kClassic(kClassicAlphabet);

// The last two or three characters, whose unused bits must be zero.
template <const Tables& kTables>
bool DecodeTail(const uint8_t* in, size_t size, uint8_t* out) {
  uint32_t bits = kTables.first[in[0]] | kTables.second[in[1]] | (size == 3 ? kTables.third[in[2]] : 0);
  uint32_t unused = size == 3 ? 0xff : 0xffff;
  if ((bits & kBad) || (bits & unused)) return false;
  out[0] = static_cast<uint8_t>(bits >> 16);
  if (size == 3) out[1] = static_cast<uint8_t>(bits >> 8);
  return true;
}

template <const Tables& kTables>
std::optional<size_t> Decode(std::string_view text, char* out) {
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  auto* to = reinterpret_cast<uint8_t*>(out);
  size_t tail = text.size() % 4;
  if (tail == 1) return std::nullopt;
  uint32_t seen = 0;
  for (const uint8_t* end = in + (text.size() - tail); in != end; in += 4, to += 3) {
    uint32_t bits = kTables.first[in[0]] | kTables.second[in[1]] | kTables.third[in[2]] | kTables.fourth[in[3]];
    seen |= bits;
    to[0] = static_cast<uint8_t>(bits >> 16);
    to[1] = static_cast<uint8_t>(bits >> 8);
    to[2] = static_cast<uint8_t>(bits);
  }
  if (seen & kBad) return std::nullopt;
  if (tail != 0 && !DecodeTail<kTables>(in, tail, to)) return std::nullopt;
  return DecodedSize(text.size());
}

}  // namespace

std::optional<size_t> DecodeBase64Url(std::string_view text, char* out) { return Decode<kUrl>(text, out); }

std::optional<size_t> DecodeBase64(std::string_view text, char* out) {
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return Decode<kClassic>(text, out);
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string out(DecodedSize(text.size()), '\0');
  if (!DecodeBase64Url(text, out.data())) return std::nullopt;
  return out;
}

std::optional<std::string> DecodeAnyBase64(std::string_view text) {
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  std::string url(text);
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return DecodeBase64Url(url);
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int held = 0;
  for (char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    for (held += 8; held >= 6; held -= 6) out.push_back(kAlphabet[(bits >> (held - 6)) & 63]);
  }
  if (held > 0) out.push_back(kAlphabet[(bits << (6 - held)) & 63]);
  return out;
}

}  // namespace sluice::auth
