// Short texts by machine words, without calls of a length that varies and without reading beyond them.
#ifndef SLUICE_ROUTER_BYTES_H_
#define SLUICE_ROUTER_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::router {

template <typename Word>
inline uint64_t LoadWord(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The n bytes at `bytes` as a number, n at most 8: equal for equal texts of one length.
inline uint64_t LoadAtMost8(const char* bytes, size_t n) {
  if (n == 8) return LoadWord<uint64_t>(bytes);
  if (n >= 4) return LoadWord<uint32_t>(bytes) | LoadWord<uint32_t>(bytes + n - 4) << (8 * (n - 4));
  if (n == 0) return 0;
  return LoadWord<uint8_t>(bytes) | LoadWord<uint8_t>(bytes + n / 2) << (8 * (n / 2)) |
         LoadWord<uint8_t>(bytes + n - 1) << (8 * (n - 1));
}

inline bool SameBytes(const char* a, const char* b, size_t n) {
  if (n <= 8) return LoadAtMost8(a, n) == LoadAtMost8(b, n);
  size_t i = 0;
  for (; i + 8 < n; i += 8)
    if (LoadWord<uint64_t>(a + i) != LoadWord<uint64_t>(b + i)) return false;
  return LoadWord<uint64_t>(a + n - 8) == LoadWord<uint64_t>(b + n - 8);
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_BYTES_H_
