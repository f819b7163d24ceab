#include "auth/requirement.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::auth {
namespace {

// What is not met of `wanted` by these claims, in words; "" if all is.
std::string Missing(const Requirement& wanted, std::string claims) {
  Json json;
  EXPECT_TRUE(json.Parse(claims.data(), claims.size(), {16, 256})) << claims;
  const Requirement* unmet = Unmet(wanted, json.root());
  return unmet == nullptr ? "" : unmet->text;
}

TEST(Requirement, OfOneClaim) {
  const struct {
    const char* claims;
    bool met;
  } cases[] = {
      {R"({"c":"a"})", true},        {R"({"c":"b a"})", true},        {R"({"c":["b","a"]})", true},
      {R"({"c":["x a y"]})", false}, {R"({"c":"ab"})", false},        {R"({"c":"A"})", false},
      {R"({"c":["ab"]})", false},    {R"({"c":[["a"]]})", false},     {R"({"c":{"a":"a"}})", false},
      {R"({"c":null})", false},      {R"({"C":"a"})", false},         {R"({"c":[]})", false},
      {R"({"d":{"c":"a"}})", false}, {R"({"c":""})", false},          {R"({"c":"a,b"})", false},
      {R"({"c":"\u0061"})", true},   {R"({"c":[null,7,"a"]})", true},
  };
  for (const auto& c : cases) EXPECT_EQ(Missing(Claim({"c"}, "a"), c.claims), c.met ? "" : "c has `a`") << c.claims;
}

TEST(Requirement, OfNumbersAndTruth) {
  EXPECT_EQ(Missing(Claim({"c"}, "7"), R"({"c":7})"), "");
  EXPECT_EQ(Missing(Claim({"c"}, "-9223372036854775808"), R"({"c":-9223372036854775808})"), "");
  EXPECT_EQ(Missing(Claim({"c"}, "true"), R"({"c":true})"), "");
  EXPECT_EQ(Missing(Claim({"c"}, "false"), R"({"c":false})"), "");
  EXPECT_NE(Missing(Claim({"c"}, "7"), R"({"c":7.5})"), "");
  EXPECT_NE(Missing(Claim({"c"}, "7"), R"({"c":77})"), "");
  EXPECT_NE(Missing(Claim({"c"}, "true"), R"({"c":false})"), "");
  EXPECT_NE(Missing(Claim({"c"}, "0"), R"({"c":false})"), "");
}

TEST(Requirement, ThatAClaimIsThereOrNot) {
  const Requirement there = Claim({"a", "b.c"}), missing = NoClaim({"a", "b.c"});
  for (const char* with : {R"({"a":{"b.c":0}})", R"({"a":{"b.c":false}})", R"({"a":{"b.c":""}})"}) {
    EXPECT_EQ(Missing(there, with), "");
    EXPECT_EQ(Missing(missing, with), "a.b.c is not there");
  }
  for (const char* without : {"{}", R"({"a":{"b.c":null}})", R"({"a":{"b":{"c":1}}})", R"({"a":[{"b.c":1}]})"}) {
    EXPECT_EQ(Missing(there, without), "a.b.c");
    EXPECT_EQ(Missing(missing, without), "");
  }
}

TEST(Requirement, TreesNameWhatIsMissing) {
  const Requirement tree = AnyOf({AllOf({Claim({"scope"}, "read"), Claim({"scope"}, "write")}), Claim({"admin"})});
  EXPECT_EQ(Missing(tree, R"({"scope":"write read"})"), "");
  EXPECT_EQ(Missing(tree, R"({"scope":"read","admin":true})"), "");
  EXPECT_EQ(Missing(tree, R"({"scope":"read"})"), "any of (all of (scope has `read`, scope has `write`), admin)");
  const Requirement both = AllOf({Claim({"scope"}, "read"), tree});
  EXPECT_EQ(Missing(both, "{}"), "scope has `read`") << "the first part that is not met, not all of them";
}

TEST(Requirement, OfNothingIsMetAndAnyOfNothingIsNot) {
  EXPECT_EQ(Missing(AllOf({}), "{}"), "");
  EXPECT_EQ(Missing(AnyOf({}), "{}"), "any of ()");
  EXPECT_EQ(Missing(AnyOf({Claim({"c"})}), "{}"), "c") << "a group of one is that one";
}

// Against truth tables: random trees over eight claims, and which of them are there.
struct Random {
  std::mt19937 bits;
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(bits() % bound); }

  Requirement Tree(int depth) {
    const uint32_t kind = depth == 0 ? Below(2) : Below(4);
    const std::string name(1, static_cast<char>('a' + Below(8)));
    if (kind == 0) return Claim({name});
    if (kind == 1) return NoClaim({name});
    std::vector<Requirement> parts;
    for (uint32_t i = Below(4); i > 0; --i) parts.push_back(Tree(depth - 1));
    return kind == 2 ? AllOf(std::move(parts)) : AnyOf(std::move(parts));
  }
};

bool Truth(const Requirement& wanted, uint32_t there) {
  const uint32_t claim = wanted.claim.empty() ? 0 : static_cast<uint32_t>(wanted.claim[0][0] - 'a');
  switch (wanted.kind) {
    case Requirement::Kind::kClaim: return (there >> claim & 1) != 0;
    case Requirement::Kind::kMissing: return (there >> claim & 1) == 0;
    case Requirement::Kind::kAll: {
      size_t met = 0;
      for (const Requirement& part : wanted.parts) met += Truth(part, there);
      return met == wanted.parts.size();
    }
    default: {
      size_t met = 0;
      for (const Requirement& part : wanted.parts) met += Truth(part, there);
      return met > 0;
    }
  }
}

TEST(Requirement, AgreesWithTruthTables) {
  const uint32_t seed = std::random_device()();
  Random random{std::mt19937(seed)};
  for (int i = 0; i < 2000; ++i) {
    const Requirement tree = random.Tree(4);
    const uint32_t there = random.Below(256);
    std::string claims = "{";
    for (uint32_t c = 0; c < 8; ++c)
      if ((there >> c & 1) != 0) claims += (claims.size() > 1 ? ",\"" : "\"") + std::string(1, 'a' + c) + "\":1";
    EXPECT_EQ(Missing(tree, claims + "}").empty(), Truth(tree, there)) << tree.text << " seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::auth
