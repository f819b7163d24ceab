// Ranges of characters as bytes.
#ifndef SLUICE_ROUTER_PROVER_UTF8_RANGES_H_
#define SLUICE_ROUTER_PROVER_UTF8_RANGES_H_

#include <cstdint>
#include <vector>

namespace sluice::router {

struct ByteRange {
  uint8_t least = 0;
  uint8_t most = 0;
};

// For each byte of a character the range in which it lies.
using ByteRanges = std::vector<ByteRange>;

// The characters from `least` to `most`, beyond ASCII and at most U+10FFFF, in UTF-8 (RFC 3629, 3): those that one of
// the results describes. Surrogates are taken for characters, as RE2 takes them.
std::vector<ByteRanges> Utf8Ranges(uint32_t least, uint32_t most);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_UTF8_RANGES_H_
