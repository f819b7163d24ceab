#include "router/regex.h"

#include <string>

#include "base/limits.h"
#include "gtest/gtest.h"

namespace sluice::router {
namespace {

std::unique_ptr<const Regex> Path(std::string_view pattern) {
  Regex::Error error;
  auto regex = Regex::Compile(pattern, Regex::Kind::kPath, &error);
  EXPECT_NE(regex, nullptr) << pattern << ": " << error.message;
  return regex;
}

TEST(Regex, APathIsAnchoredAtItsStartAlone) {
  EXPECT_TRUE(Path("/a\\d+")->Matches("/a12/b"));
  EXPECT_FALSE(Path("/a\\d+")->Matches("/x/a12"));
  EXPECT_TRUE(Path("/a$")->Matches("/a"));
  EXPECT_FALSE(Path("/a$")->Matches("/a/b"));
  // The whole alternation, not its first branch only.
  EXPECT_TRUE(Path("/a|/b")->Matches("/b"));
  EXPECT_FALSE(Path("/a|/b")->Matches("/x/b"));
}

TEST(Regex, AHeaderIsFoundAnywhereWithoutCase) {
  Regex::Error error;
  auto regex = Regex::Compile("windows|os\\s+X", Regex::Kind::kHeader, &error);
  ASSERT_NE(regex, nullptr);
  EXPECT_TRUE(regex->Matches("Mozilla (WINDOWS)"));
  EXPECT_TRUE(regex->Matches("mac os  x"));
  EXPECT_FALSE(regex->Matches("linux"));
}

TEST(Regex, CapturesByNumberAndName) {
  const auto regex = Path("/(?<user>[a-z]+)(?:/(?P<id>\\d+))?(/z)?");
  std::string_view matched;
  RouteCapture captures[kMaxRouteCaptures];
  size_t count = 0;
  ASSERT_TRUE(regex->Capture("/bob/17x", &matched, captures, &count));
  EXPECT_EQ(matched, "/bob/17");
  ASSERT_EQ(count, 3u);
  EXPECT_EQ(captures[0].name, "user");
  EXPECT_EQ(captures[0].value, "bob");
  EXPECT_EQ(captures[1].name, "id");
  EXPECT_EQ(captures[1].value, "17");
  EXPECT_EQ(captures[2].name, "");
  EXPECT_EQ(captures[2].value.data(), nullptr);
  EXPECT_FALSE(regex->Capture("/1", &matched, captures, &count));
}

TEST(Regex, NamedGroupsAreFoundOnlyWhereTheyAre) {
  EXPECT_TRUE(Path("/[(?<a>]")->Matches("/?"));
  EXPECT_TRUE(Path("/[]?(<]")->Matches("/]"));
  EXPECT_TRUE(Path("/[^](?<]")->Matches("/a"));
  EXPECT_TRUE(Path("/[[:alpha:](?<]")->Matches("/a"));
  EXPECT_TRUE(Path("/\\(?<a")->Matches("/(<a"));
  EXPECT_TRUE(Path("/\\Q(?<a>\\E(?<b>x)")->Matches("/(?<a>x"));
}

TEST(Regex, KnowsWhatEveryMatchBeginsWith) {
  const struct {
    const char* pattern;
    const char* prefix;
  } kCases[] = {
      {"/users/\\d+/profile", "/users/"},
      {"/a/b", "/a/b"},
      {"/ab?c", "/a"},
      {"/a.*", "/a"},
      {"/x|/y", "/"},
      {"(?i)/abc", "/"},
      {"/a(b|c)d", "/a"},
      {"/(foo|foobar)", "/foo"},
      {"/?", ""},
  };
  for (const auto& c : kCases) {
    const std::string prefix = Path(c.pattern)->literal_prefix();
    // RE2 may find less of it, never more.
    EXPECT_EQ(std::string_view(c.prefix).substr(0, prefix.size()), prefix) << c.pattern;
  }
  EXPECT_EQ(Path("/users/\\d+/profile")->literal_prefix(), "/users/");
}

TEST(Regex, RefusesAndNamesTheConstruct) {
  const struct {
    std::string pattern;
    const char* code;
    const char* named;
  } kCases[] = {
      {"/a(?=b)", "bad_regex", "(?="},
      {"/a(?!b)", "bad_regex", "(?!"},
      {"/(?<=a)b", "bad_regex", "(?<"},
      {"/(a)\\1", "bad_regex", "\\1"},
      {"/a++", "bad_regex", "++"},
      {"/(?>a)", "bad_regex", "(?>"},
      {"/(a", "bad_regex", "missing )"},
      {"/a)(b", "bad_regex", "unexpected )"},
      {"/[a", "bad_regex", "missing ]"},
      {"/(?<a>x)(?<a>y)", "bad_regex", "`a` again"},
      {"/a{2000}", "bad_regex", "{2000}"},
      {"/((a{100}){100}){100}", "bad_regex", ""},
      {"/(\\pL{300}){3}", "regex_too_large", "memory"},
      {"/" + std::string(limits::kRegexBytes, 'a'), "regex_too_large", "4096"},
      {"/()()()()()()()()()()()()()()()()()", "regex_too_large", "17"},
  };
  for (const auto& c : kCases) {
    Regex::Error error;
    EXPECT_EQ(Regex::Compile(c.pattern, Regex::Kind::kPath, &error), nullptr) << c.pattern;
    EXPECT_EQ(error.code, c.code) << c.pattern << ": " << error.message;
    EXPECT_NE(error.message.find(c.named), std::string::npos) << error.message;
    EXPECT_FALSE(error.hint.empty());
  }
  Regex::Error error;
  EXPECT_NE(Regex::Compile("/" + std::string(limits::kRegexBytes - 1, 'a'), Regex::Kind::kPath, &error), nullptr);
  EXPECT_NE(Regex::Compile("/()()()()()()()()()()()()()()()()", Regex::Kind::kPath, &error), nullptr);
}

std::unique_ptr<const Regex> Letters(int count, Regex::Error* error) {
  return Regex::Compile("/\\pL{" + std::to_string(count) + "}", Regex::Kind::kPath, error);
}

TEST(Regex, ItsMemoryIsBounded) {
  Regex::Error error;
  int most = 1;  // the largest pattern of its kind that fits; RE2 takes repetitions of at most 1000
  for (int step = 512; step > 0; step /= 2)
    if (most + step <= 1000 && Letters(most + step, &error) != nullptr) most += step;
  ASSERT_LT(most, 1000) << "no pattern is too large";
  // RE2 bounds a program before it flattens it, which adds to it.
  const size_t bytes = Letters(most, &error)->instructions() * Regex::kInstructionBytes;
  EXPECT_LE(bytes, 2 * limits::kRegexMemoryBytes);
  EXPECT_GE(bytes, limits::kRegexMemoryBytes / 4);
  EXPECT_EQ(Letters(most + 1, &error), nullptr);
  EXPECT_EQ(error.code, "regex_too_large");
  EXPECT_NE(error.message.find(std::to_string(limits::kRegexMemoryBytes) + " bytes"), std::string::npos)
      << error.message;
}

}  // namespace
}  // namespace sluice::router
