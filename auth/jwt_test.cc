#include "auth/jwt.h"

#include <gtest/gtest.h>

#include "auth/base64url.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'760'000'000 * kSecond + kSecond / 2;  // half past

// A token whose form is good and whose signature nobody asks for.
std::string Unsigned(std::string_view claims, std::string_view header = R"({"alg":"HS256"})") {
  return EncodeBase64Url(header) + "." + EncodeBase64Url(claims) + ".AAAA";
}

struct Checked {
  Verdict verdict;
  ClaimFigures figures;
};

Checked Check(const std::string& claims, const ClaimRules& rules, std::string_view header = R"({"alg":"HS256"})") {
  std::string compact = Unsigned(claims, header);
  Token token;
  Checked out;
  EXPECT_TRUE(token.Parse(compact).ok()) << claims;
  out.verdict = CheckClaims(token, rules, kNow, &out.figures);
  return out;
}

TEST(Token, GivesClaimsByName) {
  std::string compact =
      Unsigned(R"({"iss":"joe","n":7,"f":1.5,"b":true,"groups":["a","b"],"realm.roles":["x"],"o":{"p":1}})",
               R"({"alg":"RS256","kid":"k1","typ":"at+jwt"})");
  Token token;
  ASSERT_TRUE(token.Parse(compact).ok());
  EXPECT_EQ(token.kid(), "k1");
  EXPECT_EQ(token.algorithm(), Algorithm::kRs256);
  EXPECT_EQ(token.header().Member("typ").AsString(), "at+jwt");
  EXPECT_EQ(token.Claim("iss").AsString(), "joe");
  EXPECT_EQ(token.Claim("n").AsInteger(), 7);
  EXPECT_EQ(token.Claim("f").AsNumber(), 1.5);
  EXPECT_TRUE(token.Claim("b").AsBool());
  EXPECT_TRUE(HasString(token.Claim("groups"), "b"));
  EXPECT_TRUE(HasString(token.Claim("realm.roles"), "x")) << "a dot is a character";
  EXPECT_FALSE(token.Claim("o.p").exists());
  EXPECT_EQ(token.ClaimAt({"o", "p"}).AsInteger(), 1);
  EXPECT_TRUE(token.ClaimAt({"realm.roles"}).IsArray());
  for (const ClaimPath& path :
       {ClaimPath{}, {"o", "x"}, {"o", "p", "q"}, {"x", "p"}, {"realm", "roles"}, {"groups", "a"}})
    EXPECT_FALSE(token.ClaimAt(path).exists());
  EXPECT_FALSE(HasString(token.Claim("o"), "p"));
}

TEST(Token, RefusesClaimsThatAreNoStrictObject) {
  Token token;
  for (const char* claims : {"", "[]", "7", "{", R"({"sub":"a","sub":"b"})", "{\"sub\":\"\xff\"}", R"({"exp":1e999})"})
    EXPECT_EQ(token.Parse(Unsigned(claims)).reason, Reason::kMalformed) << claims;
  EXPECT_FALSE(token.Claim("sub").exists());
}

TEST(Token, TellsWhatIsWrongWithItsJsonAndForgetsIt) {
  Token token;
  EXPECT_EQ(token.Parse(Unsigned(R"({"a":1,"a":2})")).reason, Reason::kMalformed);
  EXPECT_STREQ(token.json_fault(), "a member appears twice");
  EXPECT_EQ(token.Parse("abc").reason, Reason::kMalformed);
  EXPECT_STREQ(token.json_fault(), "");
  EXPECT_EQ(token.Parse(Unsigned("{}", "[]")).reason, Reason::kMalformed);
  EXPECT_STREQ(token.json_fault(), "the root is not an object");
  EXPECT_TRUE(token.Parse(Unsigned("{}")).ok());
  EXPECT_STREQ(token.json_fault(), "");
}

TEST(Token, BoundsDepthAndNumberOfValues) {
  auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  auto list = [](size_t nodes) {  // the object, the list, and its elements
    std::string out = "{\"a\":[0";
    for (size_t i = 3; i < nodes; ++i) out += ",0";
    return out + "]}";
  };
  Token token;
  EXPECT_TRUE(token.Parse(Unsigned(nested(limits::kTokenDepth))).ok());
  EXPECT_EQ(token.Parse(Unsigned(nested(limits::kTokenDepth + 1))).reason, Reason::kMalformed);
  EXPECT_TRUE(token.Parse(Unsigned(list(limits::kTokenNodes))).ok());
  EXPECT_EQ(token.Parse(Unsigned(list(limits::kTokenNodes + 1))).reason, Reason::kMalformed);
}

TEST(Token, MayBeUsedAgainAndAgain) {
  Token token;
  for (int i = 0; i < 3; ++i) {
    std::string first = Unsigned(R"({"a":"a long enough string","b":1})"), second = Unsigned("{}");
    ASSERT_TRUE(token.Parse(first).ok());
    EXPECT_EQ(token.Claim("a").AsString(), "a long enough string");
    ASSERT_TRUE(token.Parse(second).ok());
    EXPECT_EQ(token.claims().size(), 0u);
  }
}

ClaimRules Rules(void (*change)(ClaimRules&)) {
  ClaimRules rules;
  change(rules);
  return rules;
}

TEST(CheckClaims, Times) {
  ClaimRules strict, loose = Rules([](ClaimRules&r) { r.require_exp = false; });
  ClaimRules leeway = Rules([](ClaimRules& r) { r.leeway_s = 10; });
  ClaimRules nbf = Rules([](ClaimRules& r) { r.require_nbf = true; });
  ClaimRules hour = Rules([](ClaimRules& r) { r.require_exp = false, r.max_lifetime_s = 3600; });
  ClaimRules blind = Rules([](ClaimRules& r) { r.require_exp = r.check_exp = r.check_nbf = false; });
  ClaimRules century = Rules([](ClaimRules& r) { r.leeway_s = INT64_MAX; });
  const struct {
    const char* claims;
    const ClaimRules& rules;
    Reason reason;
    int64_t off_by_s;
  } cases[] = {
      {R"({"exp":1760000001})", strict, Reason::kOk, 0},
      {R"({"exp":1760000000.75})", strict, Reason::kOk, 0},
      {R"({"exp":1760000000.5})", strict, Reason::kExpired, 0},  // on the very moment: expired
      {R"({"exp":1760000000.25})", strict, Reason::kExpired, 0},
      {R"({"exp":1760000000})", strict, Reason::kExpired, 0},
      {R"({"exp":1759999900})", strict, Reason::kExpired, 100},
      {R"({"exp":1.7599999e9})", strict, Reason::kExpired, 100},
      {R"({"exp":0})", strict, Reason::kExpired, 1760000000},
      {R"({"exp":-1})", strict, Reason::kExpired, 1760000001},
      {R"({"exp":-0.0})", strict, Reason::kExpired, 1760000000},
      {R"({"exp":9223372036854775807})", strict, Reason::kOk, 0},
      {R"({"exp":18446744073709551616})", strict, Reason::kOk, 0},
      {R"({"exp":1e300})", strict, Reason::kOk, 0},
      {R"({"exp":-9223372036854775808})", strict, Reason::kExpired, 9223372036},
      {R"({"exp":-1e300})", strict, Reason::kExpired, 9223372036},
      {R"({})", strict, Reason::kMissingExp, 0},
      {R"({})", loose, Reason::kOk, 0},
      {R"({"exp":1759999999})", loose, Reason::kExpired, 1},
      {R"({"exp":1759999991})", leeway, Reason::kOk, 0},
      {R"({"exp":1759999990})", leeway, Reason::kExpired, 10},
      {R"({"exp":9223372036854775807})", century, Reason::kOk, 0},
      {R"({"exp":"1760000100"})", strict, Reason::kBadClaim, 0},
      {R"({"exp":null})", strict, Reason::kBadClaim, 0},
      {R"({"exp":true})", loose, Reason::kBadClaim, 0},
      {R"({"exp":[1760000100]})", blind, Reason::kBadClaim, 0},
      {R"({"exp":1760000100,"nbf":1760000000.5})", strict, Reason::kOk, 0},
      {R"({"exp":1760000100,"nbf":1760000001})", strict, Reason::kNotYetValid, 0},
      {R"({"exp":1760000100,"nbf":1760000061})", strict, Reason::kNotYetValid, 60},
      {R"({"exp":1760000100,"nbf":1760000010})", leeway, Reason::kOk, 0},
      {R"({"exp":1760000100,"nbf":1760000011})", leeway, Reason::kNotYetValid, 10},
      {R"({"exp":1760000100,"nbf":1e300})", strict, Reason::kNotYetValid, 7463372036},
      {R"({"exp":1760000100,"nbf":-1e300})", strict, Reason::kOk, 0},
      {R"({"exp":1760000100,"nbf":"0"})", strict, Reason::kBadClaim, 0},
      {R"({"exp":1760000100,"iat":"0"})", strict, Reason::kBadClaim, 0},
      {R"({"exp":1760000100,"iat":1e300})", strict, Reason::kOk, 0},
      {R"({"exp":1760000100})", nbf, Reason::kMissingNbf, 0},
      {R"({"exp":1760000100,"nbf":0})", nbf, Reason::kOk, 0},
      {R"({"exp":1760003600})", hour, Reason::kOk, 0},
      {R"({"exp":1760003700})", hour, Reason::kLifetimeTooLong, 99},
      {R"({"exp":1e300})", hour, Reason::kLifetimeTooLong, 7463368436},
      {R"({})", hour, Reason::kMissingExp, 0},
      {R"({"exp":0,"nbf":1e300})", blind, Reason::kOk, 0},
  };
  for (const auto& c : cases) {
    Checked out = Check(c.claims, c.rules);
    EXPECT_EQ(out.verdict.reason, c.reason) << c.claims << " " << ReasonCode(out.verdict.reason);
    EXPECT_EQ(out.figures.off_by_s, c.off_by_s) << c.claims;
  }
}

TEST(CheckClaims, FiguresNameTheClaimAndTheRule) {
  Checked out = Check(R"({"exp":1759999900})", Rules([](ClaimRules& r) { r.leeway_s = 30; }));
  EXPECT_STREQ(out.figures.claim, "exp");
  EXPECT_EQ(out.figures.off_by_s, 100);
  EXPECT_EQ(out.figures.allowed_s, 30);
  EXPECT_STREQ(Check(R"({"exp":1760000100,"iat":[]})", {}).figures.claim, "iat");
  std::string compact = Unsigned(R"({"exp":0})");
  Token token;
  ASSERT_TRUE(token.Parse(compact).ok());
  EXPECT_EQ(CheckClaims(token, {}, kNow, nullptr).reason, Reason::kExpired) << "figures may be null";
}

TEST(CheckClaims, ExtremeClocksOverflowNothing) {
  std::string compact = Unsigned(R"({"exp":1e300,"nbf":-1e300})");
  Token token;
  ASSERT_TRUE(token.Parse(compact).ok());
  ClaimRules rules = Rules([](ClaimRules& r) { r.leeway_s = INT64_MAX, r.max_lifetime_s = INT64_MAX; });
  ClaimFigures figures;
  EXPECT_EQ(CheckClaims(token, {}, INT64_MIN, &figures).reason, Reason::kOk);
  EXPECT_EQ(CheckClaims(token, {}, INT64_MAX, &figures).reason, Reason::kExpired);
  EXPECT_EQ(CheckClaims(token, rules, INT64_MIN, &figures).reason, Reason::kLifetimeTooLong);
}

TEST(CheckClaims, IssuerAudienceAndType) {
  ClaimRules issuer = Rules([](ClaimRules& r) { r.require_exp = false, r.issuers = {"https://a", "https://b"}; });
  ClaimRules audience = Rules([](ClaimRules& r) { r.require_exp = false, r.audiences = {"api", "web"}; });
  ClaimRules type = Rules([](ClaimRules& r) { r.require_exp = false, r.types = {"at+jwt"}; });
  const struct {
    const char* claims;
    const ClaimRules& rules;
    Reason reason;
    const char* header = R"({"alg":"HS256"})";
  } cases[] = {
      {R"({"iss":"https://b"})", issuer, Reason::kOk},
      {R"({"iss":"https://B"})", issuer, Reason::kWrongIssuer},
      {R"({"iss":"https://b/"})", issuer, Reason::kWrongIssuer},
      {R"({"iss":["https://b"]})", issuer, Reason::kBadClaim},
      {R"({})", issuer, Reason::kWrongIssuer},
      {R"({"aud":"web"})", audience, Reason::kOk},
      {R"({"aud":["other","api"]})", audience, Reason::kOk},
      {R"({"aud":["other"]})", audience, Reason::kWrongAudience},
      {R"({"aud":[]})", audience, Reason::kWrongAudience},
      {R"({"aud":""})", audience, Reason::kWrongAudience},
      {R"({})", audience, Reason::kWrongAudience},
      {R"({"aud":["api",7]})", audience, Reason::kBadClaim},
      {R"({"aud":{"api":1}})", audience, Reason::kBadClaim},
      {R"({})", type, Reason::kOk, R"({"alg":"HS256","typ":"at+jwt"})"},
      {R"({})", type, Reason::kOk, R"({"alg":"HS256","typ":"application/AT+JWT"})"},
      {R"({})", type, Reason::kWrongType, R"({"alg":"HS256","typ":"JWT"})"},
      {R"({})", type, Reason::kWrongType, R"({"alg":"HS256","typ":"application/at+jwt/x"})"},
      {R"({})", type, Reason::kWrongType, R"({"alg":"HS256","typ":7})"},
      {R"({})", type, Reason::kWrongType},
  };
  for (const auto& c : cases)
    EXPECT_EQ(Check(c.claims, c.rules, c.header).verdict.reason, c.reason) << c.claims << c.header;
}

TEST(CheckClaims, RequiredClaimsAndScopes) {
  ClaimRules claims = Rules([](ClaimRules& r) { r.require_exp = false, r.required_claims = {{"tenant"}, {"a.b"}}; });
  ClaimRules nested = Rules([](ClaimRules& r) { r.require_exp = false, r.required_claims = {{"realm", "roles"}}; });
  ClaimRules scopes = Rules([](ClaimRules& r) { r.require_exp = false, r.required_scopes = {"read", "orders:write"}; });
  const struct {
    const char* claims;
    const ClaimRules& rules;
    Reason reason;
    const char* at_fault;
  } cases[] = {
      {R"({"tenant":"x","a.b":false})", claims, Reason::kOk, ""},
      {R"({"tenant":"","a.b":[]})", claims, Reason::kOk, ""},
      {R"({"tenant":null,"a.b":1})", claims, Reason::kMissingClaim, "tenant"},
      {R"({"tenant":1,"a":{"b":1}})", claims, Reason::kMissingClaim, "a.b"},
      {R"({"realm":{"roles":[]}})", nested, Reason::kOk, ""},
      {R"({"realm":{"role":[]}})", nested, Reason::kMissingClaim, "roles"},
      {R"({"realm":"roles"})", nested, Reason::kMissingClaim, "roles"},
      {R"({"realm":{"roles":null}})", nested, Reason::kMissingClaim, "roles"},
      {R"({"realm.roles":[]})", nested, Reason::kMissingClaim, "realm"},
      {R"({"scope":"orders:write read"})", scopes, Reason::kOk, ""},
      {R"({"scope":["read","orders:write"]})", scopes, Reason::kOk, ""},
      {R"({"scp":"orders:write  read x"})", scopes, Reason::kOk, ""},
      {R"({"scp":["x","orders:write read"]})", scopes, Reason::kOk, ""},
      {R"({"scope":"read","scp":["orders:write"]})", scopes, Reason::kOk, ""},
      {R"({"scope":"read"})", scopes, Reason::kInsufficientScope, "orders:write"},
      {R"({"scope":"reads orders:write"})", scopes, Reason::kInsufficientScope, "read"},
      {R"({"scope":"read orders:write:all"})", scopes, Reason::kInsufficientScope, "orders:write"},
      {R"({"scope":"READ orders:write"})", scopes, Reason::kInsufficientScope, "read"},
      {R"({"scope":{"read":1}})", scopes, Reason::kInsufficientScope, "read"},
      {R"({"scope":[7,null]})", scopes, Reason::kInsufficientScope, "read"},
      {R"({})", scopes, Reason::kInsufficientScope, "read"},
  };
  for (const auto& c : cases) {
    Checked out = Check(c.claims, c.rules);
    EXPECT_EQ(out.verdict.reason, c.reason) << c.claims;
    EXPECT_STREQ(out.figures.claim, c.at_fault) << c.claims;
  }
}

TEST(Reason, CodesAreStable) {
  EXPECT_STREQ(ReasonCode(Reason::kOk), "");
  EXPECT_STREQ(ReasonCode(Reason::kMalformed), "jwt_malformed");
  EXPECT_STREQ(ReasonCode(Reason::kUnknownKid), "jwt_unknown_kid");
  EXPECT_STREQ(ReasonCode(Reason::kExpired), "jwt_expired");
  EXPECT_STREQ(ReasonCode(Reason::kWrongType), "jwt_wrong_type");
  EXPECT_STREQ(ReasonCode(Reason::kInsufficientScope), "jwt_insufficient_scope");
}

}  // namespace
}  // namespace sluice::auth
