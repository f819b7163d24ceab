#include "auth/base64_groups.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sluice::auth {

bool DecodeGroupsOneByOne(const Base64Alphabet& alphabet, const uint8_t* in, size_t groups, uint8_t* out) {
  uint32_t seen = 0;
  for (const uint8_t* end = in + 4 * groups; in != end; in += 4, out += 3) {
    uint32_t bits = alphabet.first[in[0]] | alphabet.second[in[1]] | alphabet.third[in[2]] | alphabet.fourth[in[3]];
    seen |= bits;
    out[0] = static_cast<uint8_t>(bits >> 16);
    out[1] = static_cast<uint8_t>(bits >> 8);
    out[2] = static_cast<uint8_t>(bits);
  }
  return (seen & kNotBase64) == 0;
}

bool DecodeGroups(const Base64Alphabet& alphabet, const uint8_t* in, size_t groups, uint8_t* out) {
  const auto decode = groups >= kVectorGroups && HasVectors() ? DecodeGroupsByVectors : DecodeGroupsOneByOne;
  return decode(alphabet, in, groups, out);
}

#ifdef __x86_64__

// The build asks for no more than the first x86-64; these functions alone are compiled for AVX2. They work as W. Mula
// and D. Lemire describe in "Faster Base64 Encoding and Decoding Using AVX2 Instructions", ACM Transactions on the Web
// 12(3), 2018, section 3, with lookups that are made from the alphabet.
#define SLUICE_AVX2 __attribute__((target("avx2")))

namespace {

struct Lookups {
  __m256i upper, lower, shift, last;
};

SLUICE_AVX2 inline __m256i InBothLanes(const std::array<uint8_t, 16>& bytes) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes.data())));
}

// The values of 32 characters; what is wrong with one of them is added to `bad`.
SLUICE_AVX2 inline __m256i ValuesOf(__m256i characters, const Lookups& lookups, __m256i* bad) {
  const __m256i four_bits = _mm256_set1_epi8(15);
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi32(characters, 4), four_bits);
  const __m256i lower = _mm256_and_si256(characters, four_bits);
  *bad = _mm256_or_si256(
      *bad, _mm256_and_si256(_mm256_shuffle_epi8(lookups.upper, upper), _mm256_shuffle_epi8(lookups.lower, lower)));
  const __m256i is_last = _mm256_and_si256(_mm256_cmpeq_epi8(characters, lookups.last), _mm256_set1_epi8(8));
  return _mm256_add_epi8(characters, _mm256_shuffle_epi8(lookups.shift, _mm256_or_si256(upper, is_last)));
}

// The 24 bytes of 32 values, in the first 24 bytes.
SLUICE_AVX2 inline __m256i Packed(__m256i values) {
  const __m256i twelve_bits = _mm256_maddubs_epi16(values, _mm256_set1_epi16(0x0140));
  const __m256i all_bits = _mm256_madd_epi16(twelve_bits, _mm256_set1_epi32(0x00011000));
  const __m256i by_lane =
      _mm256_shuffle_epi8(all_bits, _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,  //
                                                     2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  return _mm256_permutevar8x32_epi32(by_lane, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
}

SLUICE_AVX2 inline void DecodeVector(const uint8_t* in, const Lookups& lookups, __m256i* bad, uint8_t* out) {
  const __m256i characters = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
  const __m256i bytes = Packed(ValuesOf(characters, lookups, bad));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 16), _mm256_extracti128_si256(bytes, 1));
}

}  // namespace

// GCC keeps what the processor has where its own start-up code puts it: nothing is asked, and nothing written, here.
bool HasVectors() { return __builtin_cpu_supports("avx2") != 0; }

SLUICE_AVX2 bool DecodeGroupsByVectors(const Base64Alphabet& alphabet, const uint8_t* in, size_t groups, uint8_t* out) {
  const Base64Halves& halves = alphabet.halves;
  const Lookups lookups = {InBothLanes(halves.upper), InBothLanes(halves.lower), InBothLanes(halves.shift),
                           _mm256_set1_epi8(static_cast<char>(halves.last))};
  __m256i bad = _mm256_setzero_si256();
  for (size_t group = 0; group + kVectorGroups <= groups; group += kVectorGroups)
    DecodeVector(in + 4 * group, lookups, &bad, out + 3 * group);
  // The last eight, of which some may have been decoded before.
  const size_t group = groups - kVectorGroups;
  DecodeVector(in + 4 * group, lookups, &bad, out + 3 * group);
  return _mm256_testz_si256(bad, bad) != 0;
}

#else

bool HasVectors() { return false; }
bool DecodeGroupsByVectors(const Base64Alphabet&, const uint8_t*, size_t, uint8_t*) { return false; }

#endif

}  // namespace sluice::auth
