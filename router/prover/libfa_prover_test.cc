#include "router/prover/libfa_prover.h"

#include <cstdio>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "router/prover/regex_language.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

TEST(LibfaProver, DecidesWhetherTwoPathsMeet) {
  const struct {
    const char* a;
    const char* b;
    Answer answer;
  } kCases[] = {
      {"~/a/\\d+$", "~/a/[0-9a-f]+$", Answer::kYes},
      {"~/a/\\d+$", "~/a/[a-f]+$", Answer::kNo},
      {"~/a/\\d+", "~/a/[a-f]+", Answer::kNo},
      {"~/a", "~/ab", Answer::kYes},
      {"~/a$", "~/ab", Answer::kNo},
      {"~/users/[^/]+/posts$", "~/users/me/.*", Answer::kYes},
      {"~/(?<x>a|b)/c$", "/b/c", Answer::kYes},
      {"~/(?<x>a|b)/c$", "/c", Answer::kNo},
      {"~/(?:a|b$)", "~/bc", Answer::kNo},
      {"~/a*?b$", "~/aab$", Answer::kYes},
      {"~/(?i)ab$", "~/AB$", Answer::kYes},
      {"~/x{2,3}$", "~/xxxx", Answer::kNo},
      {"~/.$", "~/\\.$", Answer::kNo},  // `/.` is not in normal form
      {"~/a|/b", "~/b$", Answer::kYes},
      {"~/\\Qa.b\\E$", "~/a\\.b$", Answer::kYes},
      {"~/[^/]$", "~/[^a]$", Answer::kYes},
      {"~/[\\]\\^a-]$", "~/\\]$", Answer::kYes},
      {"~/a\\b", "~/a", Answer::kYes},  // without a proof: RE2 takes the other one's shortest path, too
      {"~/a\\b", "~/a[a-z]", Answer::kUnknown},
      {"~/a\\b", "/b/../c", Answer::kNo},     // in no case
      {"~/\\pL$", "~/ab", Answer::kUnknown},  // of too many parts
      {"~/caf\xc3\xa9$", "/caf\xc3\xa9", Answer::kYes},
      {"~/[\xc3\xa0-\xc3\xa9]$", "~/[\xc3\xa9-\xc3\xbf]$", Answer::kYes},
      {"~/[\xc3\xa0-\xc3\xa8]$", "~/[\xc3\xa9-\xc3\xbf]$", Answer::kNo},
      {"~/[^\xc3\xa9]$", "/\xc3\xa9", Answer::kNo},
      {"~/(?i)k$", "~/\xe2\x84\xaa$", Answer::kYes},  // the sign of Kelvin
      {"~/(?i)\xc3\xa9$", "/\xc3\x89", Answer::kYes},
  };
  const auto prover = MakeLibfaProver();
  for (const auto& c : kCases) {
    std::string path, reason;
    EXPECT_EQ(prover->Overlap(c.a, c.b, &path, &reason), c.answer) << c.a << " " << c.b << " " << path << reason;
    EXPECT_EQ(reason.empty(), c.answer != Answer::kUnknown) << reason;
  }
}

TEST(LibfaProver, DecidesWhetherAPathContainsAnother) {
  const struct {
    const char* outer;
    const char* inner;
    Answer answer;
  } kCases[] = {
      {"~/a/.*", "/a/b", Answer::kYes},
      {"~/a/.*$", "/a/b", Answer::kNo},  // `.` takes neither a newline nor a byte that is no UTF-8
      {"~/a", "/a/b", Answer::kYes},
      {"~/a$", "/a", Answer::kNo},
      {"~/\\w+", "~/[a-z]+", Answer::kYes},
      {"~/[a-z]+", "~/\\w+", Answer::kNo},
      {"~/[^/]+", "~/[a-z]+/x$", Answer::kYes},
      {"~/a\\b", "/a", Answer::kUnknown},
  };
  const auto prover = MakeLibfaProver();
  for (const auto& c : kCases) EXPECT_EQ(prover->Contains({c.outer}, c.inner), c.answer) << c.outer << " " << c.inner;
}

TEST(LibfaProver, DecidesWhetherTwoValuesMeet) {
  using Texts = RegexProver::Texts;
  const struct {
    std::vector<Texts> all;
    Texts none;
    Answer answer;
    const char* example = nullptr;
  } kCases[] = {
      {{{"~*^win"}, {"~*dows$"}}, {}, Answer::kYes, "windows"},
      {{{"~*^win"}, {"~*dows$"}}, {"Windows"}, Answer::kYes, "winadows"},
      {{{"~*^win$"}, {"~*^lin$"}}, {}, Answer::kNo},
      {{{"~*^win$", "~*^mac$"}, {"~*^lin$", "MAC"}}, {}, Answer::kYes, "mac"},
      {{{"~*^[ab]$"}}, {"A", "~*b"}, Answer::kNo},
      {{{"~*"}}, {}, Answer::kYes, ""},
      {{{"~*"}}, {""}, Answer::kYes, "a"},
      {{{""}, {"~*^$"}}, {}, Answer::kYes, ""},
      {{{"~*^ "}}, {}, Answer::kNo},  // white space is no part of a value at its ends
      {{{"~*^a b$"}}, {}, Answer::kYes, "a b"},
      {{{"~*\\x01"}}, {}, Answer::kNo},
      {{{"~*a^"}}, {}, Answer::kNo},
      {{{"~*^^a"}, {"~*a$$"}}, {}, Answer::kYes, "a"},
      {{{"~*(?-i)A"}, {"a"}}, {}, Answer::kYes, "A"},
      {{{"~*(?-i)^A$"}, {"~*(?-i)^a$"}}, {}, Answer::kNo},
      {{{"~*(^a|b)c"}, {"~*^xac$"}}, {}, Answer::kNo},
      {{{"~*(^a|b)c"}, {"~*^xbc$"}}, {}, Answer::kYes, "xbc"},
      {{{"\xc3\xa9"}, {"~*^\xc3\x89$"}}, {}, Answer::kYes, "\xc3\xa9"},
      {{{"\xc3\xa9"}, {"\xc3\x89"}}, {}, Answer::kNo},  // a value's case is that of ASCII
      {{{"~*\\bv\\b"}, {"v"}}, {}, Answer::kYes, "v"},
      {{{"~*\\bv\\b"}, {"~*v[a-z]"}}, {}, Answer::kUnknown},
      {{{"~*^v"}}, {"~*v\\b.*w"}, Answer::kYes, "v"},
      {{{"~*^v"}}, {"~*\\bv"}, Answer::kUnknown},
      {{{"~*^v$"}}, {"~*\\bw", "~*v"}, Answer::kNo},  // whatever the other one takes
  };
  const auto prover = MakeLibfaProver();
  for (const auto& c : kCases) {
    std::string value, reason;
    EXPECT_EQ(prover->FindValue(c.all, c.none, &value, &reason), c.answer) << c.all[0][0] << " " << value << reason;
    EXPECT_EQ(reason.empty(), c.answer != Answer::kUnknown) << c.all[0][0] << " " << reason;
    EXPECT_EQ(value, c.example == nullptr ? value : c.example);
  }
}

TEST(LibfaProver, WhatNeverMatches) {
  const auto prover = MakeLibfaProver();
  for (const char* path :
       {"~/a//b", "~/a/\\./b", "~/a/\\.\\./b", "~/a\\?x=1", "~/%41", "~/%2f", "~/a$b", "~/a^b", "~/#"}) {
    std::string example, reason;
    EXPECT_EQ(prover->Overlap(path, "/", &example, &reason), Answer::kNo) << path << " " << example << reason;
  }
  for (const char* path : {"~/a/\\.well-known", "~/%2F", "~/a b", "~/a$", "~/%25", "~/\xc3\xa9?x"}) {
    std::string example, reason;
    EXPECT_NE(prover->Overlap(path, "/", &example, &reason), Answer::kNo) << path;
  }
}

TEST(LibfaProver, FindsAPathInAllAndInNone) {
  const auto prover = MakeLibfaProver();
  std::string path, reason;
  EXPECT_EQ(prover->FindPath({"~/a/\\w+$"}, {"~/a/\\d", "/a/a"}, &path, &reason), Answer::kYes);
  EXPECT_EQ(path, "/a/A");
  EXPECT_EQ(prover->FindPath({"~/[ab]$"}, {"~/a$", "~/b$"}, &path, &reason), Answer::kNo);  // only both together
  EXPECT_EQ(prover->Contains({"~/a", "~/b", "/c"}, "~/[a-c]x"), Answer::kYes);
  EXPECT_EQ(prover->Contains({"~/a", "~/b"}, "~/[a-c]x"), Answer::kNo);
  EXPECT_EQ(prover->FindPath({"~/x", "/xy", "~/.*z$"}, {"/xya"}, &path, &reason), Answer::kYes);
  EXPECT_EQ(path, "/xyz");
}

// Without a proof: by the bytes at places of segments.
TEST(LibfaProver, SeesThatPathsAreApart) {
  const struct {
    const char* a;
    const char* b;
    bool apart;
  } kCases[] = {
      {"~/users/\\d+/thing17$", "~/users/\\d+/thing18$", true},
      {"~/users/\\d+/thing1$", "~/users/\\d+/thing11$", true},
      {"~/users/\\d+/thing1", "~/users/\\d+/thing11$", false},
      {"~/(v1|v2)/[a-z]+-17/items?", "~/(v1|v2)/[a-z]+-117/items?", true},  // from a segment's end
      {"~/f/.*\\.png$", "~/f/.*\\.jpg$", true},                             // from the path's end
      {"~/f/.*\\.png", "~/f/.*\\.jpg", false},
      {"~/a/[^/]+$", "~/a/[^/]+/b$", true},  // fewer segments
      {"~/a/[^/]*$", "~/a$", true},
      {"~/a/?$", "~/a$", false},
      {"~/a/?$", "/a/", false},
      {"~/a.*z$", "/a/b/c/d/e/f/g/h/i", false},
      {"~/[0-9]{3}$", "~/[0-9]{4}$", true},  // by length
      {"~/x/[0-9]{9}$", "~/x/[0-9]{12}$", false},
      {"~/a//b", "~/a//b", true},  // no path at all
      {"~/a\\b", "~/b", false},    // not known
  };
  const auto prover = MakeLibfaProver();
  for (const auto& c : kCases) EXPECT_EQ(prover->AreApart(c.a, c.b), c.apart) << c.a << " " << c.b;
}

// Found without a look at each two, they are what a look at each two finds.
TEST(LibfaProver, FindsThePairsThatAreNotApart) {
  std::vector<std::string> paths = {"~/users/\\d+/.*", "~/users/\\d+/thing7\\w*$", "~/a\\b", "/users/1/", "~/other$"};
  for (int i = 0; i < 150; ++i) paths.push_back(absl::StrCat("~/users/\\d+/thing", i, i % 3 == 0 ? "" : "$"));
  const auto prover = MakeLibfaProver();
  std::set<std::pair<uint32_t, uint32_t>> expected, found;
  for (uint32_t i = 0; i < paths.size(); ++i)
    for (uint32_t j = i + 1; j < paths.size(); ++j)
      if (!prover->AreApart(paths[i], paths[j])) expected.emplace(i, j);
  const size_t all_pairs = paths.size() * (paths.size() - 1) / 2;
  size_t looks = all_pairs;
  RegexProver::Pairs pairs;
  ASSERT_TRUE(prover->FindPairsNotApart(paths, &looks, &pairs));
  for (const auto& [a, b] : pairs) EXPECT_TRUE(found.insert(std::minmax(a, b)).second) << paths[a] << " " << paths[b];
  EXPECT_EQ(found, expected);
  EXPECT_LT(all_pairs - looks, all_pairs);
  looks = 100;
  pairs.clear();
  EXPECT_FALSE(prover->FindPairsNotApart(paths, &looks, &pairs));
}

TEST(LibfaProver, LargeExpressionsAreNotTried) {
  const auto prover = MakeLibfaProver();
  std::string example, reason;
  EXPECT_EQ(prover->Overlap("~/" + std::string(kRegexPositions - 1, 'a'), "/", &example, &reason), Answer::kYes);
  EXPECT_EQ(prover->Overlap("~/" + std::string(kRegexPositions, 'a'), "/", &example, &reason), Answer::kUnknown);
  EXPECT_EQ(reason, "an expression this large");
  EXPECT_EQ(prover->Overlap("~/(?:aa){250}$", "/", &example, &reason), Answer::kYes);
  EXPECT_EQ(prover->Overlap("~/(?:aaa){250}$", "/", &example, &reason), Answer::kUnknown);
}

// Deterministic automata of these have 2^n states, or products of all their states.
TEST(LibfaProver, HostileExpressionsAreGivenUpOn) {
  const std::vector<std::string> kHostile = {
      "~/[ab]*a[ab]{60}$",       "~/(?:a?){250}a{250}$",        "~/(?:(?:a*)*)*$",
      "~/(?:[a-z]?[0-9]?){30}$", "~/(?:a|b|ab|ba|aa|bb){25}c$", "~/(?:.*a){40}$",
      "~/(?:a+b?|b+a?){60}x$",   "~/.*a.{30}b.{30}$",           "~/(?:[^/]*/){60}$",
  };
  constexpr size_t kAutomatonWork = 20'000'000;
  const auto prover = MakeLibfaProver();
  std::string example, reason;
  for (const std::string& path : kHostile) {
    const size_t before = prover->work();
    prover->Overlap(path, "/", &example, &reason);
    EXPECT_NE(reason, "an expression this large") << path;
    EXPECT_LE(prover->work() - before, kAutomatonWork + 2 * kProofWork) << path;
  }
  for (const std::string& a : kHostile) {
    for (const std::string& b : kHostile) {
      const size_t before = prover->work();
      prover->Overlap(a, b, &example, &reason);
      prover->Contains({a}, b);
      EXPECT_LE(prover->work() - before, 4 * kProofWork) << a << " " << b;  // two searches for each question
    }
  }
  EXPECT_EQ(prover->Contains({"~/[ab]*a[ab]{60}$"}, "~/[ab]*aa[ab]{59}$"), Answer::kUnknown);
}

// What two random expressions have in common is an example, which the prover has asked RE2 about, or no text of many
// has both.
struct Agreement {
  const char* begin;  // of an expression, with its mark
  Regex::Kind kind;
  std::vector<std::string> pieces;
  bool is_path = false;
};

class ProverAgreement : public testing::TestWithParam<Agreement> {
 protected:
  size_t Below(size_t n) { return random_() % n; }

  std::string DrawExpression() {
    std::string text = GetParam().begin;
    for (size_t n = 1 + Below(4); n > 0; --n) text += GetParam().pieces[Below(GetParam().pieces.size())];
    return text;
  }

  std::string DrawText() {
    const std::vector<std::string> kLetters = {"a", "b", "1", "a", "b", "\xc3\xa9", "\xe2\x84\xaa", "K", "/"};
    std::string text = GetParam().is_path ? "/" : "";
    for (size_t n = Below(5); n > 0; --n)
      text += kLetters[Below(kLetters.size() - (absl::EndsWith(text, "/") ? 1 : 0))];
    return text;
  }

  Answer Find(const std::vector<std::string>& all, const std::vector<std::string>& none, std::string* reason) {
    std::string example;
    if (GetParam().is_path) return prover_->FindPath(all, none, &example, reason);
    std::vector<std::vector<std::string>> lists;
    for (const std::string& text : all) lists.push_back({text});
    return prover_->FindValue(lists, none, &example, reason);
  }

  std::unique_ptr<const Regex> Compiled(const std::string& expression) {
    Regex::Error error;
    return Regex::Compile(expression.substr(GetParam().is_path ? 1 : 2), GetParam().kind, &error);
  }

  const uint32_t seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  const std::unique_ptr<RegexProver> prover_ = MakeLibfaProver();
};

TEST_P(ProverAgreement, WithRe2) {
  std::printf("seed %u\n", seed_);
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(DrawText());
  for (int round = 0; round < 500; ++round) {
    const std::string a = DrawExpression(), b = DrawExpression();
    const auto first = Compiled(a), second = Compiled(b);
    std::string meet_reason, escape_reason;
    const Answer meet = Find({a, b}, {}, &meet_reason);
    const Answer escapes = Find({b}, {a}, &escape_reason);
    for (const std::string& reason : {meet_reason, escape_reason})
      ASSERT_NE(reason, "a construct that was read otherwise than RE2 does") << a << " " << b;
    for (const std::string& text : texts) {
      if (!second->Matches(text)) continue;
      if (first->Matches(text)) {
        ASSERT_NE(meet, Answer::kNo) << a << " " << b << " " << text;
        ASSERT_FALSE(GetParam().is_path && prover_->AreApart(a, b)) << text;
      } else {
        ASSERT_NE(escapes, Answer::kNo) << a << " " << b << " " << text;
      }
    }
  }
}

const Agreement kAgreements[] = {
    {"~/",
     Regex::Kind::kPath,
     {"a", "b", "/", "[ab]", "[^a]", "(a|b/)", "(?:ab)?", "b*", "a+?", "\\d", "1", ".", "$", "\xc3\xa9",
      "[\xc3\xa0-\xe1\x80\x80]", "(?i:k)", "[^\xc3\xa9]"},
     true},
    {"~*",
     Regex::Kind::kHeader,
     {"a", "b", "/", "[ab]", "[^a]",   "(a|b/)",   "(?:ab)?", "b*",      "a+?",        "\\d",        "1",
      ".", "$", "^", "^a",   "(^a|b)", "\xc3\xa9", "k",       "(?-i:K)", "(?-i:[kA])", "[^\xc3\xa9]"},
     false},
};

INSTANTIATE_TEST_SUITE_P(Kinds, ProverAgreement, testing::ValuesIn(kAgreements),
                         [](const auto& info) { return info.param.is_path ? "Paths" : "Values"; });

}  // namespace
}  // namespace sluice::router
