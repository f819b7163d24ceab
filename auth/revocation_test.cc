#include "auth/revocation.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "auth/minter.h"

namespace sluice::auth {
namespace {

using Match = RevokedTokens::Match;

constexpr int64_t kSecond = 1'000'000'000;
constexpr std::array<uint8_t, 32> kSeed = {7, 1, 8};

TokenMarks MarksOf(const TokenMarker& marker, const std::string& claims) {
  std::string compact = Minter::FromSecret("secret").Mint(Algorithm::kHs256, claims);
  Token token;
  EXPECT_TRUE(token.Parse(compact).ok()) << claims;
  return marker.MarksOf(token);
}

TEST(RevokedTokens, ByJti) {
  TokenMarker marker(kSeed);
  RevokedTokens revoked(marker, {{.jti = "a"}, {.jti = "b", .issuer = "i"}, {.jti = "c", .until_ns = 100 * kSecond}});
  const struct {
    const char* claims;
    int64_t now_s;
    Match match;
  } cases[] = {
      {R"({"jti":"a"})", 0, Match::kToken},          {R"({"jti":"a","iss":"x"})", 0, Match::kToken},
      {R"({"jti":"A"})", 0, Match::kNone},           {R"({"jti":["a"]})", 0, Match::kNone},
      {R"({"sub":"a","iss":"a"})", 0, Match::kNone}, {R"({})", 0, Match::kNone},
      {R"({"jti":"b"})", 0, Match::kNone},           {R"({"jti":"b","iss":"j"})", 0, Match::kNone},
      {R"({"jti":"i","iss":"b"})", 0, Match::kNone}, {R"({"jti":"b","iss":"i"})", 0, Match::kToken},
      {R"({"jti":"c"})", 99, Match::kToken},         {R"({"jti":"c"})", 100, Match::kNone},
  };
  for (const auto& c : cases)
    EXPECT_EQ(revoked.Find(MarksOf(marker, c.claims), c.now_s * kSecond), c.match) << c.claims << c.now_s;
}

TEST(RevokedTokens, BySubjectAndMoment) {
  TokenMarker marker(kSeed);
  RevokedTokens revoked(marker,
                        {{.issuer = "i", .subject = "al", .before_ns = 50 * kSecond, .until_ns = 100 * kSecond}});
  const struct {
    const char* claims;
    int64_t now_s;
    Match match;
  } cases[] = {
      {R"({"iss":"i","sub":"al","iat":49})", 60, Match::kSubject},
      {R"({"iss":"i","sub":"al","iat":49.999})", 60, Match::kSubject},
      {R"({"iss":"i","sub":"al","iat":50})", 60, Match::kNone},
      {R"({"iss":"i","sub":"al","iat":49})", 100, Match::kNone},
      {R"({"iss":"i","sub":"al"})", 60, Match::kSubject},
      {R"({"iss":"i","sub":"al","iat":"60"})", 60, Match::kSubject},
      {R"({"iss":"ia","sub":"l","iat":49})", 60, Match::kNone},
      {R"({"iss":"al","sub":"i","iat":49})", 60, Match::kNone},
      {R"({"iss":"i","jti":"al","iat":49})", 60, Match::kNone},
      {R"({"sub":"al","iat":49})", 60, Match::kNone},
  };
  for (const auto& c : cases)
    EXPECT_EQ(revoked.Find(MarksOf(marker, c.claims), c.now_s * kSecond), c.match) << c.claims << c.now_s;
}

TEST(RevokedTokens, OfTwoEntriesForTheSameTheLaterMomentsCount) {
  TokenMarker marker(kSeed);
  auto entry = [](int64_t before_s, int64_t until_s) {
    return Revocation{.issuer = "i", .subject = "al", .before_ns = before_s * kSecond, .until_ns = until_s * kSecond};
  };
  const TokenMarks before_50 = MarksOf(marker, R"({"iss":"i","sub":"al","iat":49})");
  const TokenMarks at_50 = MarksOf(marker, R"({"iss":"i","sub":"al","iat":50})");
  for (const auto& entries : {std::vector{entry(50, 60), entry(20, 100)}, std::vector{entry(20, 100), entry(50, 60)}}) {
    RevokedTokens revoked(marker, entries);
    EXPECT_EQ(revoked.Find(before_50, 99 * kSecond), Match::kSubject);
    EXPECT_EQ(revoked.Find(before_50, 100 * kSecond), Match::kNone);
    EXPECT_EQ(revoked.Find(at_50, 0), Match::kNone);
  }
  const TokenMarks a = MarksOf(marker, R"({"jti":"a"})");
  for (int64_t first_s : {10, 90})
    EXPECT_EQ(RevokedTokens(marker, {{.jti = "a", .until_ns = first_s * kSecond},
                                     {.jti = "a", .until_ns = (100 - first_s) * kSecond}})
                  .Find(a, 89 * kSecond),
              Match::kToken);
  RevokedTokens early(marker, {{.jti = "a", .until_ns = -kSecond}, {.jti = "a", .until_ns = -2 * kSecond}});
  EXPECT_EQ(early.Find(a, -2 * kSecond), Match::kToken);
  EXPECT_EQ(early.Find(a, 0), Match::kNone);
}

TEST(RevokedTokens, EmptyListRevokesNothing) {
  TokenMarker marker(kSeed);
  EXPECT_EQ(RevokedTokens(marker, {}).Find(MarksOf(marker, R"({"jti":"a"})"), 0), Match::kNone);
}

TEST(TokenMarker, MarksDependOnTheSeed) {
  EXPECT_EQ(TokenMarker(kSeed).JtiMark("a"), TokenMarker(kSeed).JtiMark("a"));
  EXPECT_NE(TokenMarker(kSeed).JtiMark("a"), TokenMarker({1}).JtiMark("a"));
}

// Against a map, on random lists of all sizes.
TEST(RevokedTokens, AgreesWithAMap) {
  uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  TokenMarker marker(kSeed);
  for (size_t size : {1, 2, 3, 4, 5, 100, 5000}) {
    std::map<std::string, int64_t> until;
    std::vector<Revocation> entries;
    while (until.size() < size) {
      std::string jti = std::to_string(random() % (4 * size));
      if (until.emplace(jti, random() % 10 * kSecond).second) entries.push_back({.jti = jti, .until_ns = until[jti]});
    }
    RevokedTokens revoked(marker, entries);
    for (size_t i = 0; i < 4 * size; ++i) {
      std::string jti = std::to_string(i);
      TokenMarks marks;
      marks.jti = marker.JtiMark(jti);
      int64_t now = random() % 10 * kSecond;
      auto found = until.find(jti);
      bool expected = found != until.end() && now < found->second;
      EXPECT_EQ(revoked.Find(marks, now) == Match::kToken, expected) << jti << " of " << size;
    }
  }
}

}  // namespace
}  // namespace sluice::auth
