// Which regular expressions are read as segments, and that these find what RE2 finds: the same texts, the same part of
// them, the same groups.
#include "router/path_shape.h"

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "re2/re2.h"
#include "router/route_table.h"
#include "router/segment_trie.h"
#include "router/testing/random_runs.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

TEST(PathShape, ReadsSegments) {
  for (const char* pattern : {"/", "/$", "/a", "/a/b$", "/a/", "/[^/]+$", "/users/(?<id>\\d+)/orders$",
                              "/v1\\.0/(?P<x>\\w+)", "/a/([a-z0-9-]+)/", "\\/a\\/b", "/[0-9a-f]{32}$", "/(?:[^/]*)/x",
                              "/[\\w.-]+/[\\w\\-]{2,}/\\d{1,3}$", "/a b/c%2F"}) {
    EXPECT_TRUE(ReadPathShape(pattern).has_value()) << pattern;
  }
}

TEST(PathShape, LeavesTheRestToRe2) {
  for (const char* pattern : {"",
                              "a",
                              "/a|/b",
                              "/a.b",
                              "/.*",
                              "/a/?$",
                              "/a+",
                              "/a*/b",
                              "/(a|b)",
                              "/v\\d+",
                              "/\\d+x",
                              "/\\d+-\\d+$",
                              "/[^/]+?/a",
                              "/\\d++",
                              "/(\\d+)+",
                              "/(\\d+",
                              "/\\d+)",
                              "/[a",
                              "/[]a]+",
                              "/[^]a]+",
                              "/[[:alpha:]]+",
                              "/[a/]+",
                              "/[^a]+",
                              "/[é]+",
                              "/é",
                              "/(?i)a",
                              "/(?i:a)/b",
                              "/a$b",
                              "/$/",
                              "/^a",
                              "/\\s+",
                              "/\\bx",
                              "/\\Qa\\E",
                              "/\\x41",
                              "/\\pL+",
                              "/[z-a]+",
                              "/[a-\\d]+",
                              "/[\\d-x]+",
                              "/\\d{2,1}",
                              "/\\d{1001}",
                              "/\\d{01}",
                              "/\\d{,2}",
                              "/\\d{x}",
                              "/(?<>\\d+)",
                              "/(?<a-b>\\d+)",
                              "/(?<n>\\d+)/(?<n>\\d+)",
                              "/(?=a)",
                              "/\\W+",
                              "/[\\W]+",
                              "/a/+b"}) {
    EXPECT_FALSE(ReadPathShape(pattern).has_value()) << pattern;
  }
}

TEST(PathShape, HasBounds) {
  std::string deep;
  for (size_t i = 0; i < kTrieDepth; ++i) deep += "/a";
  EXPECT_TRUE(ReadPathShape(deep).has_value());
  EXPECT_FALSE(ReadPathShape(deep + "/a").has_value());
  std::string groups;
  for (size_t i = 0; i < kMaxRouteCaptures; ++i) groups += "/(\\d+)";
  EXPECT_TRUE(ReadPathShape(groups).has_value());
  EXPECT_FALSE(ReadPathShape(groups + "/(\\d+)").has_value());
}

const Texts kSegments = {
    "a",        "ab",       "b\\.c",      "\\d+",     "[0-9]*",       "\\w+",      "[a-c]{2}", "[a-c]{1,2}",
    "[^/]+",    "[^/]*",    "[^/a]+",     "[^/.]*",   "(\\d+)",       "([^/]+)",   "(?:\\w*)", "(?P<n>[^/]{2,3})",
    "[\\w.-]+", "[^\\w/]+", "[a-cx\\-]+", "(\\w{2})", "(?P<m>[^/]*)", "[^/]{1,2}", "",         "%2F"};
const Texts kPieces = {"a",
                       "ab",
                       "b.c",
                       "1",
                       "22",
                       "-",
                       "_",
                       "é",
                       "\xff",
                       "\xc3",
                       "%2F",
                       "\n",
                       ".",
                       "x",
                       " ",
                       "\xe0\x80\x80",
                       "\xed\xa0\x80",
                       "\xf4\x90\x80\x80"};

class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  const std::string& One(const Texts& from) { return from[Below(from.size())]; }

  std::string Pattern() {
    std::string pattern;
    for (size_t i = 0, n = 1 + Below(4); i < n; ++i) absl::StrAppend(&pattern, "/", One(kSegments));
    return pattern + (Below(2) == 0 ? "$" : "");
  }

  // Of the pieces that patterns are about, so that most paths are near a match.
  std::string Path() {
    std::string path;
    for (size_t i = 0, n = 1 + Below(5); i < n; ++i) {
      path += "/";
      for (size_t k = Below(4); k > 0; --k) path += One(kPieces);
    }
    return path;
  }

 private:
  std::mt19937 random_;
};

void ExpectSame(const re2::RE2& re, const RouteTable& table, const std::string& path) {
  std::vector<re2::StringPiece> groups(1 + static_cast<size_t>(re.NumberOfCapturingGroups()));
  const bool matches =
      re.Match(path, 0, path.size(), re2::RE2::ANCHOR_START, groups.data(), static_cast<int>(groups.size()));
  RouteQuery query;
  query.path = path;
  RouteMatch match;
  ASSERT_EQ(table.Find(query, &match), matches);
  if (!matches) return;
  ASSERT_EQ(match.matched, std::string_view(groups[0].data(), groups[0].size()));
  ASSERT_EQ(match.capture_count + 1, groups.size());
  for (size_t i = 1; i < groups.size(); ++i)
    ASSERT_EQ(match.captures[i - 1].value, std::string_view(groups[i].data(), groups[i].size())) << i;
}

TEST(PathShape, FindsWhatRe2Finds) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Draw draw(seed);
  int shapes = 0;
  for (int i = 0; i < Rounds(3'000); ++i) {
    const std::string pattern = draw.Pattern();
    if (!ReadPathShape(pattern)) continue;
    ++shapes;
    SCOPED_TRACE(pattern);
    const re2::RE2 re(pattern, re2::RE2::Quiet);
    ASSERT_TRUE(re.ok());
    RouteSpec route;
    route.paths = {"~" + pattern};
    Diagnostics problems;
    const auto table = RouteTable::Build({route}, &problems);
    ASSERT_NE(table, nullptr);
    for (int k = 0; k < 60; ++k) {
      const std::string path = draw.Path();
      SCOPED_TRACE(path);
      ExpectSame(re, *table, path);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(shapes, 1'000);
}

}  // namespace
}  // namespace sluice::router
