#include "router/prover/utf8_ranges.h"

#include <algorithm>
#include <cstddef>

namespace sluice::router {
namespace {

constexpr uint32_t kBits = 6;  // that a byte after the first one carries

size_t BytesOf(uint32_t rune) { return rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4; }

uint8_t ByteAt(uint32_t rune, size_t i, size_t bytes) {
  static constexpr uint8_t kFirst[] = {0, 0, 0xc0, 0xe0, 0xf0};
  const uint32_t bits = rune >> (kBits * (bytes - 1 - i));
  return static_cast<uint8_t>(i == 0 ? kFirst[bytes] | bits : 0x80 | (bits & 0x3f));
}

// The last character up to `most` for which all from `least` on have as many bytes, and their last bytes run through
// all values, as many as can.
uint32_t EndOfBlock(uint32_t least, uint32_t most) {
  static constexpr uint32_t kLastOf[] = {0, 0, 0x7ff, 0xffff, 0x10ffff};
  most = std::min(most, kLastOf[BytesOf(least)]);
  for (size_t free = BytesOf(least) - 1; free > 0; --free) {
    const uint32_t mask = (1u << (kBits * free)) - 1;
    if ((least & mask) != 0) continue;
    if ((least | mask) > most) continue;
    // Whole blocks of this size, as far as the byte before them goes.
    const uint32_t whole = ((most + 1) & ~mask) - 1;
    return std::min(whole, least | (mask << kBits | 0x3f));
  }
  return std::min(most, least | 0x3f);
}

}  // namespace

std::vector<ByteRanges> Utf8Ranges(uint32_t least, uint32_t most) {
  std::vector<ByteRanges> all;
  while (least <= most) {
    const uint32_t end = EndOfBlock(least, most);
    const size_t bytes = BytesOf(least);
    ByteRanges& ranges = all.emplace_back();
    for (size_t i = 0; i < bytes; ++i) ranges.push_back({ByteAt(least, i, bytes), ByteAt(end, i, bytes)});
    least = end + 1;
  }
  return all;
}

}  // namespace sluice::router
