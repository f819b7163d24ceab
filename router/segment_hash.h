// A keyed hash of a segment below a node, of few instructions: two words are multiplied to 128 bits, whose halves are
// folded (as wyhash does), and the node is added by multiply-shift (M. Dietzfelbinger et al., 1997). Whoever does not
// know the key cannot choose segments that meet.
#ifndef SLUICE_ROUTER_SEGMENT_HASH_H_
#define SLUICE_ROUTER_SEGMENT_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "router/bytes.h"

namespace sluice::router {

// The bytes of a segment, then zeros; of one of more than kBytes, what SegmentHash::Fold says of it.
struct SegmentWords {
  static constexpr uint32_t kBytes = 16;

  uint64_t first;
  uint64_t last;
};

inline SegmentWords LoadWords(const char* bytes) { return {LoadWord<uint64_t>(bytes), LoadWord<uint64_t>(bytes + 8)}; }

// The first `size` bytes of them, at most kBytes, then zeros. No branch on the size.
inline SegmentWords MaskedWords(const SegmentWords& words, size_t size) {
  alignas(32) static constexpr uint8_t kMasks[2 * SegmentWords::kBytes] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                                           255, 255, 255, 255, 255, 255, 255, 255};
  const char* masks = reinterpret_cast<const char*>(kMasks) + SegmentWords::kBytes - size;
  return {words.first & LoadWord<uint64_t>(masks), words.last & LoadWord<uint64_t>(masks + 8)};
}

// Without the first `count` bytes, at most kBytes; after the others come zeros. Of all of them: anything. No branch on
// the count.
inline SegmentWords ShiftedOut(const SegmentWords& words, size_t count) {
  const uint64_t first = count < 8 ? words.first : words.last, last = count < 8 ? words.last : 0;
  const unsigned bits = 8 * (count & 7);
  return {first >> bits | last << 1 << (63 - bits), last >> bits};
}

// The last kBytes of a text that is not empty; before a shorter one come zeros.
inline SegmentWords LastWords(std::string_view text) {
  const size_t size = text.size();
  if (size >= SegmentWords::kBytes) return LoadWords(text.data() + size - SegmentWords::kBytes);
  if (size <= 8) return {0, LoadAtMost8(text.data(), size) << (8 * (8 - size))};
  return {LoadWord<uint64_t>(text.data()) << (8 * (16 - size)), LoadWord<uint64_t>(text.data() + size - 8)};
}

class SegmentHash {
 public:
  explicit SegmentHash(uint64_t seed) : first_key_(Next(&seed)), last_key_(Next(&seed)), node_key_(Next(&seed) | 1) {}

  // Of a text of any size.
  SegmentWords WordsOf(std::string_view text) const {
    return text.size() <= SegmentWords::kBytes ? ShortWords(text) : Fold(text);
  }

  // Of one of more than SegmentWords::kBytes. Reads blocks from its beginning, as they were written if it is a copy:
  // what was just written is slow to read in other pieces.
  SegmentWords Fold(std::string_view text) const {
    uint64_t hash = text.size();
    for (; text.size() > SegmentWords::kBytes; text.remove_prefix(SegmentWords::kBytes))
      hash = Mix(hash ^ LoadWord<uint64_t>(text.data()), LoadWord<uint64_t>(text.data() + 8));
    const SegmentWords rest = ShortWords(text);
    return {Mix(hash ^ rest.first, rest.last), 0};
  }

  // What of a segment's hash does not depend on the node.
  uint64_t Of(SegmentWords words) const { return Mix(words.first, words.last); }

  // The slot where the search for a segment below `node` begins, in a table of 2^(64 - shift) slots.
  size_t Home(uint32_t node, uint64_t of, unsigned shift) const {
    return static_cast<size_t>((of + node * node_key_) >> shift);
  }

 private:
  // SplitMix64 (G. Steele et al., 2014): from any seed, numbers that look random.
  static uint64_t Next(uint64_t* state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  uint64_t Mix(uint64_t first, uint64_t last) const {
    // Two products and not one of 128 bits, whose halves GCC moves by way of memory.
    const uint64_t a = first ^ first_key_, b = last ^ last_key_;
    return a * b ^ static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
  }

  static SegmentWords ShortWords(std::string_view text) {
    const size_t size = text.size();
    if (size <= 8) return {LoadAtMost8(text.data(), size), 0};
    return {LoadWord<uint64_t>(text.data()), LoadAtMost8(text.data() + 8, size - 8)};
  }

  uint64_t first_key_;
  uint64_t last_key_;
  uint64_t node_key_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_HASH_H_
