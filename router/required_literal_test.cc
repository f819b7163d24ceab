#include "router/required_literal.h"

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "re2/re2.h"
#include "router/literal_index.h"
#include "router/route_table.h"
#include "router/testing/random_runs.h"

namespace sluice::router {
namespace {

TEST(RequiredLiteral, IsReadFromTheSource) {
  const struct {
    const char* pattern;
    const char* literal;
  } kCases[] = {
      {"/a/[a-z]+-17/items?/\\d+$", "-17/item"},
      {"/long/prefix/(x|y)/z", "/z"},
      {"/long/prefix", ""},
      {"/.*\\.json$", ".json"},
      {"/.*ab+cde", "cde"},
      {"/.*abc*", "ab"},
      {"/.*abc{2}de", "ab"},
      {"/.*abc{0}", "ab"},
      {"/(a|b)/cc|/d", ""},
      {"/(a|b)(c|d)", ""},
      {"/(?P<x>abcd)/e", "/e"},
      {"/(?:a(b)c)/de", "/de"},
      {"/(?i)abc", ""},
      {"/.(?i:abc)def", ""},
      {"/[abc]def[)(|]gh", "def"},
      {"/.\\x41bc", ""},
      {"/.\\Qa.b\\E", ""},
      {"/.a{b}c", ""},
      {"/.\xc3\xa9?abc", "abc"},
      {"/\\w\\babc\\/d", "abc/d"},
      {"/.^ab$cd", "ab"},
  };
  for (const auto& c : kCases) EXPECT_EQ(RequiredLiteral(c.pattern), c.literal) << c.pattern;
}

using Texts = std::vector<std::string>;

const Texts kParts = {"a",      "b",      "ab",  "abc", "/",   ".",       "[ab]",     "[^/]",
                      "(a|bc)", "(?:ab)", "\\d", "\\.", "\\w", "(b(c)?)", "\xc3\xa9", "-"};
const Texts kRepeats = {"", "", "", "", "+", "*", "?", "{2}", "{0,1}", "+?", "*?"};
const Texts kPieces = {"a", "b", "c", "ab", "abc", "/", ".", "1", "-", "\xc3\xa9", "bb", "aab"};

class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  const std::string& One(const Texts& from) { return from[Below(from.size())]; }

  std::string Pattern() {
    std::string pattern = "/";
    for (size_t n = 1 + Below(7); n > 0; --n) absl::StrAppend(&pattern, One(kParts), One(kRepeats));
    return pattern + (Below(8) == 0 ? "|/a" : "");
  }

  std::string Path() {
    std::string path = "/";
    for (size_t n = Below(9); n > 0; --n) path += One(kPieces);
    return path;
  }

 private:
  std::mt19937 random_;
};

// Many that begin alike in one table, so that it asks for their texts first.
void Compare(Draw* draw, size_t count, int paths) {
  std::vector<std::unique_ptr<re2::RE2>> patterns;
  std::vector<RouteSpec> routes;
  for (size_t i = 0; i < count; ++i) {
    const std::string pattern = draw->Pattern();
    patterns.push_back(std::make_unique<re2::RE2>(absl::StrCat("^(?:", pattern, ")"), re2::RE2::Quiet));
    ASSERT_TRUE(patterns.back()->ok()) << pattern;
    RouteSpec& route = routes.emplace_back();
    route.paths = {"~" + pattern};
    route.regex_priority = -static_cast<int32_t>(i);
  }
  Diagnostics problems;
  const auto table = RouteTable::Build(routes, &problems);
  if (table == nullptr) {  // one was drawn twice
    ASSERT_EQ(problems[0].code, "duplicate_route") << ToText(problems[0]);
    return;
  }
  for (int k = 0; k < paths; ++k) {
    const std::string path = draw->Path();
    size_t expected = 0;
    while (expected < count && !re2::RE2::PartialMatch(path, *patterns[expected])) ++expected;
    RouteQuery query;
    query.path = path;
    RouteMatch match;
    ASSERT_EQ(table->Find(query, &match), expected < count) << path;
    if (expected == count) continue;
    ASSERT_EQ(match.route, expected) << path << " " << routes[expected].paths[0];
  }
}

TEST(RequiredLiteral, EveryMatchContainsIt) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Draw draw(seed);
  for (int i = 0; i < Rounds(600) && !HasFatalFailure(); ++i) Compare(&draw, 1 + draw.Below(25), 100);
}

// A path that repeats a text has its expression run once, whatever a client pays for the path.
TEST(RequiredLiteral, ARepeatedTextIsVisitedOnce) {
  LiteralIndex index;
  std::vector<LiteralIndex::Text> texts;
  for (uint32_t i = 0; i < 10'000; ++i) texts.push_back({absl::StrCat("-", i, "/"), i});
  const uint32_t set = index.AddSet(texts);
  std::string path;
  for (int i = 0; i < 50; ++i) absl::StrAppend(&path, "-17/-9999/-1024/x");
  std::vector<uint32_t> visited;
  index.ForEach(set, path, [&visited](uint32_t rank) { visited.push_back(rank); });
  EXPECT_EQ(visited, (std::vector<uint32_t>{17, 1'024, 9'999}));
}

// Such as make a backtracking engine take exponential time, all of which begin alike and none of which has a text that
// it requires: each is run, in time linear in the path.
TEST(RequiredLiteral, TenThousandHostileRegexesAreLinear) {
  constexpr size_t kCount = 10'000;
  const char* const kHostile[] = {"(a*)*", "(a|aa)+", "(a|a?)+", "([a-z]+)*", "(.*a){8}", "(a?){20}a*"};
  std::vector<RouteSpec> routes;
  for (size_t i = 0; i < kCount; ++i) {
    RouteSpec& route = routes.emplace_back();
    route.paths = {absl::StrCat("~/", kHostile[i % 6], "[b-c]{", 1 + i % 9, "}(", i, "|x)$")};
  }
  Diagnostics problems;
  const auto table = RouteTable::Build(routes, &problems);
  ASSERT_NE(table, nullptr) << ToText(problems[0]);
  const std::string path = "/" + std::string(500, 'a');
  const struct {
    std::string path;
    uint32_t route;
  } kCases[] = {{path, kNoRoute}, {path + "bcbcb6007", 6'007}};
  for (const auto& c : kCases) {
    RouteQuery query;
    query.path = c.path;
    RouteMatch match;
    table->Find(query, &match);
    EXPECT_EQ(match.route, c.route);
  }
}

}  // namespace
}  // namespace sluice::router
