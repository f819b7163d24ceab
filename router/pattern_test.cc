// Patterns as text: what is refused and how, what matches, which wins.
#include "router/pattern.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "gtest/gtest.h"
#include "router/route_table.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

std::unique_ptr<const RouteTable> Build(const Texts& texts, Diagnostics* problems) {
  std::vector<PatternSpec> specs;
  for (size_t i = 0; i < texts.size(); ++i) {
    PatternSpec spec{absl::StrCat("p", i), texts[i]};
    spec.where.line = static_cast<uint32_t>(i + 1);
    specs.push_back(std::move(spec));
  }
  return RouteTable::BuildPatterns(specs, problems);
}

std::unique_ptr<const RouteTable> Build(const Texts& texts) {
  Diagnostics problems;
  auto table = Build(texts, &problems);
  for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  return table;
}

// "METHOD HOST/PATH", as a pattern without braces.
bool Find(const RouteTable& table, std::string_view request, RouteMatch* match) {
  RouteQuery query;
  const size_t space = request.find(' ');
  query.method = request.substr(0, space);
  request.remove_prefix(space + 1);
  query.host = request.substr(0, request.find('/'));
  query.path = request.substr(query.host.size());
  query.port = 8080;
  return table.Find(query, match);
}

std::string Repeat(std::string_view text, size_t n) {
  std::string all;
  for (size_t i = 0; i < n; ++i) all += text;
  return all;
}

TEST(Pattern, TellsWhatIsWrong) {
  const struct {
    std::string pattern;
    std::string code;
    std::string message;
  } kCases[] = {
      {"", "bad_pattern", "expected a path, which begins with `/`, found ``"},
      {"orders", "bad_pattern", "expected a path, which begins with `/`, found `orders`"},
      {"get /", "bad_method", "expected a method in upper case, found `get`"},
      {" /", "bad_method", "expected a method in upper case, found ``"},
      {"GET", "bad_pattern", "found `GET`"},
      {"GET POST /", "bad_host", "expected a host name"},
      {"a..b/", "bad_host", "found `a..b`"},
      {"/a{x}", "bad_pattern", "expected braces around a whole segment, found `a{x}`"},
      {"/{x}b", "bad_pattern", "expected braces around a whole segment, found `{x}b`"},
      {"/{", "bad_pattern", "expected braces around a whole segment, found `{`"},
      {"/{}", "bad_pattern", "expected a name of letters, digits and `_` in braces, found `{}`"},
      {"/{1x}", "bad_pattern", "found `{1x}`"},
      {"/{...}", "bad_pattern", "found `{...}`"},
      {"/{a-b}", "bad_pattern", "found `{a-b}`"},
      {"/{x}/{x}", "bad_pattern", "expected each name once, found `{x}` again"},
      {"/{x...}/b", "bad_pattern", "expected `{x...}` at the end of the pattern"},
      {"/{$}/b", "bad_pattern", "expected `{$}` at the end of the pattern only"},
      {"//", "path_not_normal", "expected no empty segment"},
      {"/a//b", "path_not_normal", "expected no empty segment"},
      {"/a/../b", "path_not_normal", "found segment `..`"},
      {"/%41", "path_not_normal", "found segment `%41`"},
      {"/a?b", "bad_pattern", "(query_in_path)"},
      {"/%zz", "bad_pattern", "(bad_percent_escape)"},
      {"/" + std::string(limits::kPatternBytes, 'a'), "pattern_too_large", "at most 4096 bytes, found 4097"},
      {Repeat("/a", limits::kPatternSegments + 1), "pattern_too_large", "at most 64 segments"},
      {"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}", "pattern_too_large",
       "at most 16 names in braces, found 17"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.pattern.substr(0, 80));
    Diagnostics problems;
    EXPECT_EQ(Build({"/fine", c.pattern}, &problems), nullptr);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].code, c.code);
    EXPECT_NE(problems[0].message.find(c.message), std::string::npos) << problems[0].message;
    EXPECT_EQ(problems[0].where.line, 2u);
    EXPECT_EQ(problems[0].routes, Texts{"p1"});
  }
}

TEST(Pattern, TakesWhatIsJustWithinTheBounds) {
  Build({"/" + std::string(limits::kPatternBytes - 1, 'a'), Repeat("/a", limits::kPatternSegments),
         "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p...}"});
}

TEST(Pattern, RefusesMoreMethodsThanASetHolds) {
  Texts texts;
  for (size_t i = 0; i < limits::kRouteMethods; ++i)
    texts.push_back(
        absl::StrCat("M", std::string(1 + i / 26, 'X'), std::string(1, static_cast<char>('A' + i % 26)), " /"));
  ASSERT_NE(Build(texts), nullptr);
  texts.push_back("ONE-MORE /");
  Diagnostics problems;
  EXPECT_EQ(Build(texts, &problems), nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "too_many_methods");
}

TEST(Pattern, RefusesMorePatternsThanRoutesMayBe) {
  Diagnostics problems;
  EXPECT_EQ(RouteTable::BuildPatterns(std::vector<PatternSpec>(limits::kRoutes + 1), &problems), nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "too_many_routes");
}

TEST(Pattern, RefusesDuplicatesWithBothPlaces) {
  const std::pair<std::string, std::string> kPairs[] = {{"/a", "/a"},
                                                        {"GET /a/{x}", "GET /a/{y}"},
                                                        {"/a/", "/a/{rest...}"},
                                                        {"GET  A.com/b", "GET a.com/b"},
                                                        {"/{x}/{$}", "/{y}/{$}"},
                                                        {"a.com:80/", "a.com:80/{x...}"}};
  for (const auto& [first, second] : kPairs) {
    SCOPED_TRACE(second);
    Diagnostics problems;
    EXPECT_EQ(Build({first, "/other", second}, &problems), nullptr);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].code, "duplicate_route");
    EXPECT_EQ(problems[0].where.line, 3u);
    ASSERT_EQ(problems[0].related.size(), 1u);
    EXPECT_EQ(problems[0].related[0].line, 1u);
    EXPECT_EQ(problems[0].routes, (Texts{"p0", "p2"}));
  }
}

TEST(Pattern, Matches) {
  const struct {
    std::string pattern;
    std::string request;
    bool matches;
    std::string captures = "";  // "name=value;"
    std::string matched = "";   // of the path, if not all of it
  } kCases[] = {
      {"/a", "GET /a", true},
      {"/a", "GET /a/", false},
      {"/a", "GET /ab", false},
      {"/", "GET /", true, "", "/"},
      {"/", "GET /x/y", true, "", "/"},
      {"/", "OPTIONS *", false},
      {"/{$}", "GET /", true},
      {"/{$}", "GET /x", false},
      {"/a/", "GET /a", false},
      {"/a/", "GET /a/", true, "", "/a/"},
      {"/a/", "GET /a/b/c", true, "", "/a/"},
      {"/a/{$}", "GET /a/", true},
      {"/a/{$}", "GET /a/b", false},
      {"/{x}", "GET /seven", true, "x=seven;"},
      {"/{x}", "GET /", false},
      {"/{x}", "GET /a/b", false},
      {"/{x}", "GET /\xff\x80", true, "x=\xff\x80;"},
      {"/{x}/b/{y_2}", "GET /a/b/c", true, "x=a;y_2=c;"},
      {"/a/{rest...}", "GET /a/", true, "rest=;", "/a/"},
      {"/a/{rest...}", "GET /a/b/c/", true, "rest=b/c/;", "/a/"},
      {"/{rest...}", "GET /a", true, "rest=a;", "/"},
      {"/{x}/{rest...}", "GET /a/b", true, "x=a;rest=b;", "/a/"},
      {"GET /a", "GET /a", true},
      {"GET /a", "HEAD /a", true},
      {"GET /a", "POST /a", false},
      {"HEAD /a", "GET /a", false},
      {"POST /a", "HEAD /a", false},
      {"PROPPATCH /a", "PROPPATCH /a", true},
      {"PROPPATCH /a", "PROPFIND /a", false},
      {"a.com/", "GET A.com/", true, "", "/"},
      {"a.com/", "GET b.com/", false},
      {"a.com:8080/{$}", "GET a.com/", true},
      {"a.com:80/", "GET a.com/", false},
      {"*.a.com/{x}", "GET x.y.a.com/1", true, "x=1;"},
      {"[::1]/{x}", "GET [::1]/1", true, "x=1;"},
      {"/a b/é", "GET /a b/é", true},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.pattern + " <- " + c.request);
    const auto table = Build({c.pattern});
    ASSERT_NE(table, nullptr);
    RouteMatch match;
    ASSERT_EQ(Find(*table, c.request, &match), c.matches);
    if (!c.matches) continue;
    EXPECT_EQ(match.verdict, RouteVerdict::kForward);
    std::string captures;
    for (size_t i = 0; i < match.capture_count; ++i)
      absl::StrAppend(&captures, match.captures[i].name, "=", match.captures[i].value, ";");
    EXPECT_EQ(captures, c.captures);
    const std::string path = c.request.substr(c.request.find('/'));
    EXPECT_EQ(match.matched, c.matched.empty() ? path : c.matched);
    EXPECT_EQ(match.rest, path);
  }
}

TEST(Pattern, TheMoreSpecificWinsInAnyOrder) {
  const struct {
    std::string request;
    Texts patterns;  // the best first; all match
  } kCases[] = {
      {"GET /a/b",
       {"GET /a/b", "/a/b", "/a/{x}", "/a/{x...}", "/{x}/b", "/{x}/{y}", "/{x}/{y...}", "GET /{x...}", "/"}},
      {"GET /a/", {"/a/{$}", "/a/", "/{x}/{$}", "/{x}/", "/"}},
      {"HEAD /a", {"HEAD /a", "GET /a", "/a", "HEAD /{x}", "GET /{x}"}},
      {"GET b.a.com/x", {"b.a.com:8080/", "b.a.com/", "*.a.com/x", "*.a.com/", "*.com/x", "b.a.*/x", "b.*/x", "/x"}},
  };
  for (const auto& c : kCases) {
    for (size_t first = 0; first < c.patterns.size(); ++first) {
      // The winner last, and first.
      Texts rest(c.patterns.begin() + static_cast<std::ptrdiff_t>(first), c.patterns.end());
      for (int turn = 0; turn < 2; ++turn) {
        const std::string winner = c.patterns[first];
        const auto table = Build(rest);
        ASSERT_NE(table, nullptr);
        RouteMatch match;
        ASSERT_TRUE(Find(*table, c.request, &match));
        EXPECT_EQ(rest[match.route], winner);
        std::reverse(rest.begin(), rest.end());
      }
    }
  }
}

TEST(Pattern, GoesBackWhereALiteralLeadsNowhere) {
  const auto table = Build({"/a/b/c", "/{x}/b/d", "/a/{y}/e", "/{z...}"});
  const struct {
    const char* request;
    uint32_t route;
  } kCases[] = {{"GET /a/b/c", 0}, {"GET /a/b/d", 1}, {"GET /a/b/e", 2}, {"GET /a/b/f", 3}, {"GET /a/b", 3}};
  for (const auto& c : kCases) {
    RouteMatch match;
    ASSERT_TRUE(Find(*table, c.request, &match)) << c.request;
    EXPECT_EQ(match.route, c.route) << c.request;
  }
}

TEST(Pattern, ListsTheMethodsThatWouldDo) {
  const auto table = Build({"GET /a", "POST /a", "PUT /{x}", "DELETE a.com/a", "PATCH a.com/b", "/any", "GET /any"});
  const struct {
    const char* request;
    RouteVerdict verdict;
    const char* allowed;
  } kCases[] = {
      {"BREW /a", RouteVerdict::kMethodNotAllowed, "GET, HEAD, POST, PUT"},
      {"BREW a.com/a", RouteVerdict::kMethodNotAllowed, "DELETE, GET, HEAD, POST, PUT"},
      {"OPTIONS /b", RouteVerdict::kMethodNotAllowed, "PUT"},
      {"GET /b", RouteVerdict::kMethodNotAllowed, "PUT"},
      {"GET a.com/b", RouteVerdict::kMethodNotAllowed, "PATCH, PUT"},
      {"GET /a/b", RouteVerdict::kNone, ""},
      {"BREW /any", RouteVerdict::kForward, ""},
      {"HEAD /a", RouteVerdict::kForward, ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.request);
    RouteMatch match;
    EXPECT_EQ(Find(*table, c.request, &match), c.verdict == RouteVerdict::kForward);
    EXPECT_EQ(match.verdict, c.verdict);
    EXPECT_EQ(match.allowed.Joined(), c.allowed);
    EXPECT_EQ(match.allowed.empty(), std::string_view(c.allowed).empty());
  }
}

TEST(Pattern, AMatchAfterARefusalListsNoMethods) {
  const auto table = Build({"GET /a"});
  RouteMatch match;
  EXPECT_FALSE(Find(*table, "PUT /a", &match));
  EXPECT_FALSE(match.allowed.empty());
  EXPECT_TRUE(Find(*table, "GET /a", &match));
  EXPECT_TRUE(match.allowed.empty());
}

TEST(RouteMatch, ReadsCapturesAsIntegers) {
  const auto table = Build({"/{n}"});
  const auto read = [&](std::string path, auto zero) {
    RouteMatch match;
    path.insert(0, "GET /");
    EXPECT_TRUE(Find(*table, path, &match));
    return match.As<decltype(zero)>("n");
  };
  EXPECT_EQ(read("17", int64_t{0}), 17);
  EXPECT_EQ(read("-17", int32_t{0}), -17);
  EXPECT_EQ(read("255", uint8_t{0}), 255);
  EXPECT_EQ(read("256", uint8_t{0}), std::nullopt);
  EXPECT_EQ(read("-1", uint32_t{0}), std::nullopt);
  EXPECT_EQ(read("9223372036854775808", int64_t{0}), std::nullopt);
  for (const char* text : {"x", "1x", "+1", " 1", "0x1", "1.0"}) EXPECT_EQ(read(text, 0), std::nullopt) << text;
  RouteMatch none;
  EXPECT_EQ(none.As<int>("n"), std::nullopt);
}

}  // namespace
}  // namespace sluice::router
