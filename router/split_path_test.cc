#include "router/split_path.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::router {
namespace {

// The words of a text of at most 16 bytes, byte by byte.
SegmentWords SlowWords(std::string_view text) {
  SegmentWords words = {0, 0};
  for (size_t i = 0; i < text.size(); ++i)
    (i < 8 ? words.first : words.last) |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * (i % 8));
  return words;
}

// All of them, as a search takes them.
std::vector<std::string> Segments(SplitPath* split) {
  std::vector<std::string> segments;
  uint32_t at = split->Begin(0);
  for (uint64_t slashes = split->SlashesFrom(at); !split->EndsBefore(at, slashes);) {
    const uint32_t size = split->TakeSize(at, &slashes);
    at += size + 1;
    const size_t i = segments.size();
    split->SetBegin(i + 1, at);
    segments.emplace_back(split->Between(i, i + 1));
  }
  return segments;
}

TEST(SplitPath, CutsAtEverySlash) {
  const struct {
    std::string path;
    std::vector<std::string> segments;
  } kCases[] = {
      {"/", {""}},
      {"/a", {"a"}},
      {"/a/", {"a", ""}},
      {"//", {"", ""}},
      {"/seven77", {"seven77"}},
      {"/eight888/nine99999/sixteen616161616/and-seventeen1717",
       {"eight888", "nine99999", "sixteen616161616", "and-seventeen1717"}},
      {"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
       {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"}},
  };
  for (const auto& c : kCases) {
    SplitPath split;
    ASSERT_TRUE(split.Cut(c.path));
    EXPECT_EQ(Segments(&split), c.segments) << c.path;
  }
}

TEST(SplitPath, CutsPathsOfAllSizes) {
  for (size_t size = 1; size < 200; ++size) {
    for (size_t slash = 1; slash < size; ++slash) {
      std::string path = "/" + std::string(size - 1, 'a');
      path[slash] = '/';
      SplitPath split;
      ASSERT_TRUE(split.Cut(path));
      ASSERT_EQ(Segments(&split), (std::vector<std::string>{path.substr(1, slash - 1), path.substr(slash + 1)}));
      EXPECT_EQ(split.Between(1, SplitPath::kPathEnd), path.substr(slash + 1));
      // From a segment in the middle it goes on as it did.
      const uint32_t at = static_cast<uint32_t>(slash) + 1;
      uint64_t slashes = split.SlashesFrom(at);
      EXPECT_EQ(split.TakeSize(at, &slashes), size - slash - 1) << size << " " << slash;
    }
  }
}

TEST(SplitPath, TakesOnlyPathsWithALeadingSlash) {
  for (const char* path : {"", "*", "a/b"}) {
    SplitPath split;
    EXPECT_FALSE(split.Cut(path)) << path;
  }
}

// The path has exactly its bytes in memory, so that a sanitizer sees any read beyond them.
TEST(SplitPath, WordsOfSegmentsOfAllSizesAtAllPlaces) {
  for (size_t before = 0; before < 40; ++before) {
    for (size_t size = 0; size <= SegmentWords::kBytes; ++size) {
      for (size_t after = 0; after < 20; ++after) {
        const std::string segment = std::string("0123456789abcdef").substr(0, size);
        const std::string text =
            absl::StrCat("/", std::string(before, 'x'), "/", segment, "/", std::string(after, 'y'));
        const std::vector<char> bytes(text.begin(), text.end());
        SplitPath split;
        ASSERT_TRUE(split.Cut({bytes.data(), bytes.size()}));
        const SegmentWords words = split.WordsAt(static_cast<uint32_t>(before + 2), static_cast<uint32_t>(size));
        const SegmentWords slow = SlowWords(segment);
        ASSERT_EQ(words.first, slow.first) << text;
        ASSERT_EQ(words.last, slow.last) << text;
      }
    }
  }
}

TEST(SplitPath, KnowsWhetherAllIsAscii) {
  for (size_t at = 1; at < 150; ++at) {
    std::string path = "/" + std::string(150, 'a');
    SplitPath ascii;
    ASSERT_TRUE(ascii.Cut(path));
    EXPECT_TRUE(ascii.ascii());
    path[at] = '\x80';
    SplitPath other;
    ASSERT_TRUE(other.Cut(path));
    EXPECT_FALSE(other.ascii()) << at;
  }
}

}  // namespace
}  // namespace sluice::router
