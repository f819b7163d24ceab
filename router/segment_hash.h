// A keyed hash of a segment below a node: polynomials modulo the prime 2^61 - 1 (Carter and Wegman), then
// multiply-shift (M. Dietzfelbinger et al., 1997). For a random key, two different segments of n bytes meet in a table
// of m slots with a probability of about 2 / m, whoever chose them without knowing the key.
#ifndef SLUICE_ROUTER_SEGMENT_HASH_H_
#define SLUICE_ROUTER_SEGMENT_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "router/bytes.h"

namespace sluice::router {

class SegmentHash {
 public:
  explicit SegmentHash(uint64_t seed)
      : key_(Next(&seed) % (kPrime - 2) + 2), node_key_(Next(&seed) | 1), slot_key_(Next(&seed) | 1) {}

  uint64_t Of(std::string_view segment) const {
    uint64_t hash = segment.size();
    const char* at = segment.data();
    size_t left = segment.size();
    for (; left > 7; left -= 7, at += 7) hash = Times(hash + (LoadWord<uint64_t>(at) & kSevenBytes));
    return Times(hash + LoadAtMost8(at, left));
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

  uint64_t Times(uint64_t x) const {
    const unsigned __int128 product = static_cast<unsigned __int128>(x) * key_;
    const uint64_t sum = (static_cast<uint64_t>(product) & kPrime) + static_cast<uint64_t>(product >> 61);
    return sum >= kPrime ? sum - kPrime : sum;
  }

  uint64_t key_;
  uint64_t node_key_;
  uint64_t slot_key_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_HASH_H_
