// Texts by machine words and by sixteen bytes, without calls of a length that varies and without reading beyond them.
#ifndef SLUICE_ROUTER_BYTES_H_
#define SLUICE_ROUTER_BYTES_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice::router {

static_assert(std::endian::native == std::endian::little, "words are shifted as if their first byte were the lowest");

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
  if (n >= 2) return LoadWord<uint16_t>(bytes) | LoadWord<uint16_t>(bytes + n - 2) << (8 * (n - 2));
  return n == 0 ? 0 : LoadWord<uint8_t>(bytes);
}

inline size_t CommonPrefixBytes(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

inline constexpr uint64_t kEachByte = 0x0101010101010101;

// Sixteen bytes, and sets of them.
class Bytes16 {
 public:
#ifdef __SSE2__
  // Which of the bytes are meant.
  class Set {
   public:
    Set() : all_(_mm_setzero_si128()) {}
    Set operator|(Set other) const { return Set(_mm_or_si128(all_, other.all_)); }
    Set operator&(Set other) const { return Set(_mm_and_si128(all_, other.all_)); }
    uint32_t bits() const { return static_cast<uint32_t>(_mm_movemask_epi8(all_)); }  // bit i stands for byte i

   private:
    friend class Bytes16;
    explicit Set(__m128i all) : all_(all) {}
    __m128i all_;
  };

  explicit Bytes16(const char* bytes) : all_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))) {}
  Bytes16(uint64_t first, uint64_t last)
      : all_(_mm_set_epi64x(static_cast<int64_t>(last), static_cast<int64_t>(first))) {}

  void CopyTo(char* out) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(out), all_); }
  Set Equal(char c) const { return Set(_mm_cmpeq_epi8(all_, _mm_set1_epi8(c))); }
  Set AtMost(char c) const { return Set(_mm_cmpeq_epi8(all_, _mm_min_epu8(all_, _mm_set1_epi8(c)))); }
  Set BeyondAscii() const { return Set(all_); }

  // With `A` to `Z` as `a` to `z`.
  Bytes16 Lower() const {
    const __m128i from_a = _mm_sub_epi8(all_, _mm_set1_epi8('A'));
    const __m128i upper = _mm_cmpeq_epi8(from_a, _mm_min_epu8(from_a, _mm_set1_epi8(25)));
    return Bytes16(_mm_or_si128(all_, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
  }

 private:
  explicit Bytes16(__m128i all) : all_(all) {}

  __m128i all_;
#else
  class Set {
   public:
    Set() = default;
    Set operator|(Set other) const { return Set(bits_ | other.bits_); }
    Set operator&(Set other) const { return Set(bits_ & other.bits_); }
    uint32_t bits() const { return bits_; }

   private:
    friend class Bytes16;
    explicit Set(uint32_t bits) : bits_(bits) {}
    uint32_t bits_ = 0;
  };

  explicit Bytes16(const char* bytes) { std::memcpy(all_, bytes, sizeof all_); }
  Bytes16(uint64_t first, uint64_t last) {
    std::memcpy(all_, &first, sizeof first);
    std::memcpy(all_ + sizeof first, &last, sizeof last);
  }

  void CopyTo(char* out) const { std::memcpy(out, all_, sizeof all_); }
  Set Equal(char c) const {
    return SetOf([c](uint8_t byte) { return byte == static_cast<uint8_t>(c); });
  }
  Set AtMost(char c) const {
    return SetOf([c](uint8_t byte) { return byte <= static_cast<uint8_t>(c); });
  }
  Set BeyondAscii() const {
    return SetOf([](uint8_t byte) { return byte > 127; });
  }

  Bytes16 Lower() const {
    Bytes16 lower = *this;
    for (uint8_t& byte : lower.all_) byte |= byte >= 'A' && byte <= 'Z' ? 0x20 : 0;
    return lower;
  }

 private:
  template <typename Is>
  Set SetOf(Is is) const {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 16; ++i) bits |= uint32_t{is(all_[i])} << i;
    return Set(bits);
  }

  uint8_t all_[16];
#endif
};

// A text of less than sixteen bytes, filled up with letters `a`.
struct ShortText {
  uint64_t first;
  uint64_t last;

  explicit ShortText(std::string_view text) : first(kFill), last(kFill) {
    const size_t n = text.size();
    if (n < 8) {
      first = LoadAtMost8(text.data(), n) | kFill << (8 * n);
    } else {
      first = LoadWord<uint64_t>(text.data());
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): n is less than sixteen
      if (n > 8) last = LoadAtMost8(text.data() + 8, n - 8) | kFill << (8 * (n - 8));
    }
  }

 private:
  static constexpr uint64_t kFill = kEachByte * 'a';
};

// The bytes of a text from `at` on, of which sixteen are read: before them come `skip` others, by which masks are to be
// shifted, or after them letters `a`.
struct Window {
  Bytes16 bytes;
  unsigned skip;
};

inline Window WindowAt(std::string_view text, size_t at) {
  const size_t left = text.size() - at;
  if (left >= 16) return {Bytes16(text.data() + at), 0};
  if (text.size() >= 16) return {Bytes16(text.data() + text.size() - 16), static_cast<unsigned>(16 - left)};
  const ShortText all(text);
  return {Bytes16(all.first, all.last), static_cast<unsigned>(at)};
}

// Writes `text` in lower case to `out`, which has room for sixteen bytes more.
inline void CopyLower(std::string_view text, char* out) {
  size_t i = 0;
  for (; text.size() - i >= 16; i += 16) Bytes16(text.data() + i).Lower().CopyTo(out + i);
  const ShortText rest(text.substr(i));
  Bytes16(rest.first, rest.last).Lower().CopyTo(out + i);
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_BYTES_H_
