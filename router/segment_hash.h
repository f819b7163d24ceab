// A keyed hash of a segment below a node. Up to 16 bytes: NH (J. Black et al., "UMAC", 1999); more: polynomials modulo
// the prime 2^61 - 1 (J. L. Carter, M. N. Wegman, 1979); then multiply-shift (M. Dietzfelbinger et al., 1997). For a
// random key, two different segments meet in a table of m slots with a probability of about 2 / m, whoever chose them
// without knowing the key.
#ifndef SLUICE_ROUTER_SEGMENT_HASH_H_
#define SLUICE_ROUTER_SEGMENT_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "router/bytes.h"

namespace sluice::router {

// A segment with its bytes as words: those of up to 16 bytes are equal if size and words are.
struct SegmentWords {
  const char* data;
  size_t size;
  uint64_t first;  // the first eight bytes
  uint64_t last;   // the last eight, of more than eight

  std::string_view text() const { return {data, size}; }
};

// The segment [begin, end) of a path. Reads the path's other bytes where that saves branches.
inline SegmentWords WordsOf(std::string_view path, size_t begin, size_t end) {
  const size_t n = end - begin;
  SegmentWords words = {path.data() + begin, n, 0, 0};
  if (n > 8) {
    words.first = LoadWord<uint64_t>(path.data() + begin);
    words.last = LoadWord<uint64_t>(path.data() + end - 8);
  } else if (n == 0 || end < 8) {
    words.first = LoadAtMost8(path.data() + begin, n);
  } else {
    words.first = LoadWord<uint64_t>(path.data() + end - 8) >> (64 - 8 * n);
  }
  return words;
}

class SegmentHash {
 public:
  explicit SegmentHash(uint64_t seed)
      : first_key_(Next(&seed)),
        last_key_(Next(&seed)),
        size_key_(Next(&seed) | 1),
        key_(Next(&seed) % (kPrime - 2) + 2),
        node_key_(Next(&seed) | 1),
        slot_key_(Next(&seed) | 1) {}

  uint64_t Of(const SegmentWords& words) const {
    if (words.size > 16) return OfLong(words.text());
    return Nh(words.first, first_key_) + Nh(words.last, last_key_) + words.size * size_key_;
  }

  // The slot where the search for a segment of hash `of` below `node` begins, in a table of 2^log2 slots.
  size_t Home(uint32_t node, uint64_t of, unsigned log2) const {
    return static_cast<size_t>(((of ^ (node * node_key_)) * slot_key_) >> (64 - log2));
  }

 private:
  static constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
  static constexpr uint64_t kSevenBytes = (uint64_t{1} << 56) - 1;

  // SplitMix64 (G. Steele et al., 2014): from any seed, numbers that look random.
  static uint64_t Next(uint64_t* state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  static uint64_t Nh(uint64_t word, uint64_t key) {
    const uint32_t low = static_cast<uint32_t>(word) + static_cast<uint32_t>(key);
    const uint32_t high = static_cast<uint32_t>(word >> 32) + static_cast<uint32_t>(key >> 32);
    return uint64_t{low} * high;
  }

  uint64_t OfLong(std::string_view text) const {
    uint64_t hash = text.size();
    const char* at = text.data();
    size_t left = text.size();
    for (; left > 7; left -= 7, at += 7) hash = Times(hash + (LoadWord<uint64_t>(at) & kSevenBytes));
    return Times(hash + LoadAtMost8(at, left));
  }

  uint64_t Times(uint64_t x) const {
    const unsigned __int128 product = static_cast<unsigned __int128>(x) * key_;
    const uint64_t sum = (static_cast<uint64_t>(product) & kPrime) + static_cast<uint64_t>(product >> 61);
    return sum >= kPrime ? sum - kPrime : sum;
  }

  uint64_t first_key_;
  uint64_t last_key_;
  uint64_t size_key_;
  uint64_t key_;
  uint64_t node_key_;
  uint64_t slot_key_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_HASH_H_
