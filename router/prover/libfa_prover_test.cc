#include "router/prover/libfa_prover.h"

#include <cstdio>
#include <random>
#include <string>
#include <vector>

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
      {"~/a\\b", "~/a", Answer::kUnknown},
      {"~/\\pL$", "~/a", Answer::kUnknown},  // of too many parts
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

// Against RE2 itself: what two random expressions have in common is an example, or no text of many has both.
TEST(LibfaProver, AgreesWithRe2) {
  const std::vector<std::string> kPieces = {"a",      "b",          "/",  "[ab]",     "[^a]",
                                            "(a|b/)", "(?:ab)?",    "b*", "a+?",      "\\d",
                                            "1",      ".",          "$",  "\xc3\xa9", "[\xc3\xa0-\xe1\x80\x80]",
                                            "(?i:k)", "[^\xc3\xa9]"};
  const std::vector<std::string> kLetters = {"a", "b", "1", "a", "b", "\xc3\xa9", "\xe2\x84\xaa", "K", "/"};
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  const auto draw = [&] {
    std::string pattern = "/";
    for (size_t i = 0; i < 1 + random() % 4; ++i) pattern += kPieces[random() % kPieces.size()];
    return pattern;
  };
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    std::string text = "/";
    for (size_t n = random() % 5; n > 0; --n)
      text += kLetters[random() % (kLetters.size() - (text.back() == '/' ? 1 : 0))];
    texts.push_back(text);
  }
  const auto prover = MakeLibfaProver();
  for (int round = 0; round < 500; ++round) {
    const std::string a = draw(), b = draw();
    Regex::Error error;
    const auto first = Regex::Compile(a, Regex::Kind::kPath, &error);
    const auto second = Regex::Compile(b, Regex::Kind::kPath, &error);
    std::string example, reason;
    const Answer meet = prover->Overlap("~" + a, "~" + b, &example, &reason);
    const Answer contains = prover->Contains({"~" + a}, "~" + b);
    ASSERT_NE(reason, "a construct that was read otherwise than RE2 does") << a << " " << b << " " << example;
    for (const std::string& text : texts) {
      const bool in_first = first->Matches(text);
      if (!second->Matches(text)) continue;
      if (in_first) {
        ASSERT_NE(meet, Answer::kNo) << a << " " << b << " " << text;
        ASSERT_FALSE(prover->AreApart("~" + a, "~" + b)) << text;
      } else {
        ASSERT_NE(contains, Answer::kYes) << a << " " << b << " " << text;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::router
