// A keyed hash of a segment below a node, of few instructions: two words are multiplied to 128 bits, whose halves are
// folded (as wyhash does), and the node is added by multiply-shift (M. Dietzfelbinger et al., 1997). Segments of more
// than two words come as polynomials modulo the prime 2^61 - 1 (J. L. Carter, M. N. Wegman, 1979). Whoever does not
// know the key cannot choose segments that meet.
#ifndef SLUICE_ROUTER_SEGMENT_HASH_H_
#define SLUICE_ROUTER_SEGMENT_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "router/bytes.h"

namespace sluice::router {

// The bytes of a segment and zeros; of one of more than kBytes, what SegmentHash::Fold says of it.
struct SegmentWords {
  static constexpr uint32_t kBytes = 16;

  uint64_t first;
  uint64_t last;
};

class SegmentHash {
 public:
  explicit SegmentHash(uint64_t seed) {
    first_key_ = Next(&seed);
    last_key_ = Next(&seed);
    node_key_ = Next(&seed) | 1;
    fold_key_ = Next(&seed) % (kPrime - 2) + 2;
  }

  // What of a segment's hash does not depend on the node.
  uint64_t Of(const SegmentWords& words) const {
    const auto product = static_cast<unsigned __int128>(words.first ^ first_key_) * (words.last ^ last_key_);
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  // The slot where the search for a segment below `node` begins, in a table of 2^(64 - shift) slots.
  size_t Home(uint32_t node, uint64_t of, unsigned shift) const {
    return static_cast<size_t>((of + node * node_key_) >> shift);
  }

  // A number for a segment of any size.
  uint64_t Fold(std::string_view text) const {
    uint64_t hash = text.size();
    const char* at = text.data();
    size_t left = text.size();
    for (; left > 7; left -= 7, at += 7) hash = Times(hash + (LoadWord<uint64_t>(at) & kSevenBytes));
    return Times(hash + LoadAtMost8(at, left));
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
    const unsigned __int128 product = static_cast<unsigned __int128>(x) * fold_key_;
    const uint64_t sum = (static_cast<uint64_t>(product) & kPrime) + static_cast<uint64_t>(product >> 61);
    return sum >= kPrime ? sum - kPrime : sum;
  }

  uint64_t first_key_;
  uint64_t last_key_;
  uint64_t node_key_;
  uint64_t fold_key_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_HASH_H_
