// The text of a document as RapidJSON's reader takes it (its concept of a stream), read in place. Only for
// auth/json.cc.
//
// The reader copies a string character by character. In place, all that stands before a string's first escape is where
// it belongs already, and for nearly all strings that is the whole: PutBegin passes over it, sixteen characters at a
// time where the processor has SSE2, as every x86-64 does. Nothing beyond the NUL behind the text is read.
#ifndef SLUICE_AUTH_JSON_TEXT_H_
#define SLUICE_AUTH_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice::auth {

class JsonText {
 public:
  using Ch = char;

  // `text[size]` is NUL.
  JsonText(char* text, size_t size) : begin_(text), end_(text + size), at_(text) {}

  char Peek() const { return *at_; }
  char Take() { return *at_++; }
  size_t Tell() const { return static_cast<size_t>(at_ - begin_); }

  // What a string is unescaped into: begin, put each character, end. The reader has taken the quote before it.
  char* PutBegin() {
    char* begin = at_;
    SkipPlain();
    to_ = at_;
    is_plain_ = is_plain_ && *at_ == '"';
    return begin;
  }
  void Put(char c) { *to_++ = c; }
  size_t PutEnd(const char* begin) const { return static_cast<size_t>(to_ - begin); }
  void Flush() {}

  // Whether the string that was begun last is ASCII without an escape.
  bool is_plain() const { return is_plain_; }

  bool is_at_end() const { return at_ == end_; }

 private:
  static bool Stops(char c) { return c == '"' || c == '\\' || static_cast<uint8_t>(c) < 0x20; }

  // To the next quote, escape or control character, or to the end.
  void SkipPlain() {
    uint32_t beyond_ascii = 0;
#ifdef __SSE2__
    for (; end_ - at_ >= 16; at_ += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
      const uint32_t stops = StopsIn(block);
      const auto high = static_cast<uint32_t>(_mm_movemask_epi8(block));
      beyond_ascii |= high & (stops - 1) & ~stops;  // those before the first stop
      if (stops == 0) continue;
      at_ += __builtin_ctz(stops);
      is_plain_ = beyond_ascii == 0;
      return;
    }
#endif
    for (; at_ != end_ && !Stops(*at_); ++at_) beyond_ascii |= static_cast<uint8_t>(*at_) & 0x80u;
    is_plain_ = beyond_ascii == 0;
  }

#ifdef __SSE2__
  // A bit for each character that stops.
  static uint32_t StopsIn(__m128i block) {
    const __m128i control = _mm_set1_epi8(0x1f);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i escape = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(block, control), block);
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, escape), is_control)));
  }
#endif

  char* begin_;
  char* end_;
  char* at_;
  char* to_ = nullptr;
  bool is_plain_ = false;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_JSON_TEXT_H_
