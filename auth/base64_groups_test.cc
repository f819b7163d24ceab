#include "auth/base64_groups.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {
namespace {

using Decoder = bool (*)(const Base64Alphabet&, const uint8_t*, size_t, uint8_t*);

struct Way {
  const char* name;
  Decoder decode;
  size_t least_groups;
};

// Every way that this processor has, whichever DecodeGroups would take.
std::vector<Way> Ways() {
  std::vector<Way> ways = {{"the quickest", DecodeGroups, 0}, {"one by one", DecodeGroupsOneByOne, 0}};
  if (HasVectors()) ways.push_back({"by vectors", DecodeGroupsByVectors, kVectorGroups});
  return ways;
}

struct Spelling {
  const Base64Alphabet* alphabet;
  std::string_view characters;
};
constexpr Spelling kSpellings[] = {{&kUrlAlphabet, kUrlCharacters}, {&kClassicAlphabet, kClassicCharacters}};

// The same character by character, by searching the alphabet.
bool NaiveDecode(std::string_view characters, std::string_view text, std::string* out) {
  uint32_t bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t value = characters.find(text[i]);
    if (value == characters.npos) return false;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) out->push_back(static_cast<char>(bits >> shift));
    bits = 0;
  }
  return true;
}

// Decodes out of and into memory of exactly the size, so that AddressSanitizer sees any byte beside it; without it,
// what is written beside it shows in the guards.
bool Decode(const Way& way, const Base64Alphabet& alphabet, std::string_view text, std::string* out) {
  constexpr size_t kGuard = 64;
  auto in = std::make_unique<uint8_t[]>(text.size());
  std::memcpy(in.get(), text.data(), text.size());
  const size_t groups = text.size() / 4, size = groups * 3;
  auto exact = std::make_unique<uint8_t[]>(size);
  const bool good = way.decode(alphabet, in.get(), groups, exact.get());
  std::vector<uint8_t> guarded(kGuard + size + kGuard, 0xa5);
  EXPECT_EQ(way.decode(alphabet, in.get(), groups, guarded.data() + kGuard), good);
  std::memset(guarded.data() + kGuard, 0xa5, size);
  EXPECT_EQ(guarded, std::vector<uint8_t>(kGuard + size + kGuard, 0xa5)) << "wrote beside the output";
  out->assign(reinterpret_cast<const char*>(exact.get()), size);
  return good;
}

TEST(Base64Groups, TakeEachByteAtEachPlaceOnlyIfItIsOfTheAlphabet) {
  for (const Way& way : Ways()) {
    for (const Spelling& spelling : kSpellings) {
      SCOPED_TRACE(way.name);
      for (size_t groups : {kVectorGroups, 2 * kVectorGroups + 1}) {
        for (size_t at = 0; at < 4 * groups; ++at) {
          for (int byte = 0; byte < 256; ++byte) {
            std::string text(4 * groups, 'A'), naive, decoded;
            text[at] = static_cast<char>(byte);
            const bool fits = NaiveDecode(spelling.characters, text, &naive);
            ASSERT_EQ(Decode(way, *spelling.alphabet, text, &decoded), fits) << byte << " at " << at;
            ASSERT_TRUE(!fits || decoded == naive) << byte << " at " << at;
          }
        }
      }
    }
  }
}

TEST(Base64Groups, DecodeRandomTextsAsANaiveDecoderDoes) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (const Way& way : Ways()) {
    for (const Spelling& spelling : kSpellings) {
      for (size_t groups = way.least_groups; groups < 400; ++groups) {
        std::string text(4 * groups, '\0'), naive, decoded;
        for (char& c : text) c = spelling.characters[random() % 64];
        if (!text.empty() && random() % 2 == 0) text[random() % text.size()] = static_cast<char>(random());
        const bool good = NaiveDecode(spelling.characters, text, &naive);
        ASSERT_EQ(Decode(way, *spelling.alphabet, text, &decoded), good) << way.name << ": " << text;
        ASSERT_TRUE(!good || decoded == naive) << way.name << ": " << text;
      }
    }
  }
}

// Two faults must not cancel each other out, wherever they are.
TEST(Base64Groups, RefuseSeveralBytesThatAreNotOfTheAlphabet) {
  for (const Way& way : Ways()) {
    for (size_t first = 0; first < 32; ++first) {
      for (size_t second = 0; second < 96; ++second) {
        std::string text(96, 'A'), decoded;
        text[first] = '=';
        text[second] = '\xff';
        ASSERT_FALSE(Decode(way, kUrlAlphabet, text, &decoded)) << way.name << ": " << first << ", " << second;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::auth
