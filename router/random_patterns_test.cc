// Tables of patterns against the linear matcher, on random patterns and requests.
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "router/testing/linear_patterns.h"
#include "router/testing/random_runs.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

const Texts kMethods = {"", "", "GET ", "POST ", "HEAD ", "PROPPATCH ", "GET  "};
const Texts kHosts = {"", "", "", "a.com", "A.com", "*.com", "*.a.com", "a.*", "a.com:80", "*.com:80", "[::1]"};
const Texts kSegments = {"a", "b", "a-rather-long-segment-of-a-path", "é", "{#}"};
const Texts kEnds = {"", "/", "/{$}", "/{rest...}"};

const Texts kRequestMethods = {"GET", "HEAD", "POST", "PROPPATCH", "PROPFIND"};
const Texts kRequestHosts = {"", "a.com", "B.A.COM", "x.com", "a.org", "[::1]"};
const Texts kRequestSegments = {"a", "b", "c", "a-rather-long-segment-of-a-path", "é", "\xff", "", "0123456789abcdef0"};

class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  const std::string& One(const Texts& from) { return from[Below(from.size())]; }

  PatternSpec Pattern() {
    std::string text = One(kMethods) + One(kHosts);
    const size_t segments = Below(5);
    for (size_t i = 0; i < segments; ++i) {
      const std::string& segment = One(kSegments);
      absl::StrAppend(&text, "/", segment == "{#}" ? absl::StrCat("{p", i, "}") : segment);
    }
    const std::string& end = One(kEnds);
    return {"", text + (segments == 0 && end.empty() ? "/" : end)};
  }

  std::string Path() {
    std::string path;
    for (size_t i = 0, n = 1 + Below(6); i < n; ++i) absl::StrAppend(&path, "/", One(kRequestSegments));
    return path;
  }

 private:
  std::mt19937 random_;
};

std::vector<PatternSpec> DrawPatterns(Draw* draw, std::unique_ptr<const RouteTable>* table) {
  std::vector<PatternSpec> patterns;
  for (size_t i = 0, n = 1 + draw->Below(60); i < n; ++i) {
    patterns.push_back(draw->Pattern());
    Diagnostics problems;
    auto larger = RouteTable::BuildPatterns(patterns, &problems, draw->Below(3));
    if (larger != nullptr) {
      *table = std::move(larger);
      continue;
    }
    EXPECT_EQ(problems[0].code, "duplicate_route") << ToText(problems[0]);
    patterns.pop_back();
  }
  return patterns;
}

void CompareOne(const std::vector<PatternSpec>& patterns, const RouteTable& table, const RouteQuery& query) {
  SCOPED_TRACE(absl::StrCat(query.method, " ", query.host, query.path));
  const LinearPatternMatch expected = FindPattern(patterns, query);
  RouteMatch match;
  ASSERT_EQ(table.Find(query, &match), expected.found);
  std::set<std::string> allowed;
  for (std::string_view method : match.allowed) allowed.emplace(method);
  ASSERT_EQ(allowed, expected.allowed);
  ASSERT_EQ(match.verdict == RouteVerdict::kMethodNotAllowed, !allowed.empty());
  if (!expected.found) return;
  ASSERT_EQ(patterns[match.route].pattern, patterns[expected.route].pattern);
  std::vector<std::pair<std::string, std::string>> captures;
  for (size_t i = 0; i < match.capture_count; ++i)
    captures.emplace_back(match.captures[i].name, match.captures[i].value);
  ASSERT_EQ(captures, expected.captures);
}

void Compare(uint32_t seed, int sets, int requests_each) {
  Draw draw(seed);
  for (int set = 0; set < sets; ++set) {
    std::unique_ptr<const RouteTable> table;
    const std::vector<PatternSpec> patterns = DrawPatterns(&draw, &table);
    for (int i = 0; i < requests_each; ++i) {
      const std::string path = draw.Path();
      RouteQuery query;
      query.method = draw.One(kRequestMethods);
      query.host = draw.One(kRequestHosts);
      query.port = draw.Below(2) == 0 ? 80 : 8080;
      query.path = path;
      CompareOne(patterns, *table, query);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(RandomPatterns, TheTableAgreesWithTheLinearMatcher) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Compare(seed, Rounds(300), 400);
}

TEST(RandomPatterns, AlsoWithASeedThatNeverChanges) { Compare(1, 50, 200); }

}  // namespace
}  // namespace sluice::router
