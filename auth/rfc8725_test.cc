// JSON Web Token Best Current Practices: one test for each rule of RFC 8725 section 3 (and the threat of section 2 that
// it answers) that a verifier can break.
#include <gtest/gtest.h>

#include "auth/base64url.h"
#include "auth/jwt.h"
#include "auth/minter.h"

namespace sluice::auth {
namespace {

constexpr int64_t kNow = 1'760'000'000'000'000'000;
constexpr const char* kClaims = R"({"iss":"https://idp","aud":"api","exp":1760000100})";

Key KeyOf(const Minter& minter, Algorithm algorithm) {
  std::string error;
  std::optional<Key> key = KeyTypeOf(algorithm) == KeyType::kSecret
                               ? Key::FromSecret(minter.secret(), algorithm, {true}, &error)
                               : Key::FromPem(minter.PublicPem(), algorithm, &error);
  EXPECT_TRUE(key) << error;
  return *std::move(key);
}

Reason ParseAndVerify(const std::string& compact, const Key& key) {
  Token token;
  Verdict v = token.Parse(compact);
  return v.ok() ? token.Verify(key).reason : v.reason;
}

std::shared_ptr<const KeySet> SetOf(const std::vector<std::string>& jwks, const JwkSetOptions& options = {}) {
  std::string error;
  Notes notes;
  return KeySet::ParseJwkSet(JwkSet(jwks), options, &error, &notes);
}

std::string Signature(const std::string& compact) { return compact.substr(compact.rfind('.') + 1); }

std::string WithSignature(const std::string& compact, std::string_view raw) {
  return compact.substr(0, compact.rfind('.') + 1) + EncodeBase64Url(raw);
}

TEST(Rfc8725, EveryAlgorithmVerifiesWithItsOwnKeyAndNoOther) {
  Minter rsa = Minter::Make(KeyType::kRsa);
  for (int i = 0; i < kAlgorithmCount; ++i) {
    Algorithm signed_with = static_cast<Algorithm>(i);
    Minter minter = KeyTypeOf(signed_with) == KeyType::kRsa ? rsa : Minter::Make(KeyTypeOf(signed_with));
    std::string token = minter.Mint(signed_with, kClaims);
    for (int j = 0; j < kAlgorithmCount; ++j) {
      Algorithm pinned = static_cast<Algorithm>(j);
      if (KeyTypeOf(pinned) != KeyTypeOf(signed_with)) continue;
      Reason expected = i == j ? Reason::kOk : Reason::kAlgNotAllowed;
      EXPECT_EQ(ParseAndVerify(token, KeyOf(minter, pinned)), expected)
          << AlgorithmName(signed_with) << " by a key for " << AlgorithmName(pinned);
    }
  }
}

// 3.1, 2.1: the public key of RS256, which everybody has, used as the secret of HS256.
TEST(Rfc8725, Rule31PublicKeyIsNoHmacSecret) {
  Minter idp = Minter::Make(KeyType::kRsa);
  Key key = KeyOf(idp, Algorithm::kRs256);
  std::shared_ptr<const KeySet> set = SetOf({idp.Jwk("k", "")});
  for (const std::string& secret : {idp.PublicPem(), idp.Pkcs1Pem(), idp.Jwk("k", "")}) {
    std::string forged = Minter::FromSecret(secret).Mint(Algorithm::kHs256, kClaims, "k");
    EXPECT_EQ(ParseAndVerify(forged, key), Reason::kAlgNotAllowed);
    Token token;
    ASSERT_TRUE(token.Parse(forged).ok());
    EXPECT_EQ(token.Verify(*set).reason, Reason::kAlgNotAllowed);
  }
}

TEST(Rfc8725, Rule31TheKeysAlgorithmIsPinnedInASet) {
  Minter rsa = Minter::Make(KeyType::kRsa);
  std::shared_ptr<const KeySet> set = SetOf({rsa.Jwk("k", "RS256")});
  Token token;
  std::string ps = rsa.Mint(Algorithm::kPs256, kClaims, "k"), rs = rsa.Mint(Algorithm::kRs256, kClaims, "k");
  ASSERT_TRUE(token.Parse(ps).ok());
  EXPECT_EQ(token.Verify(*set).reason, Reason::kAlgNotAllowed);
  ASSERT_TRUE(token.Parse(rs).ok());
  EXPECT_EQ(token.Verify(*set).reason, Reason::kOk);
}

TEST(Rfc8725, Rule32NoneIsNeverAllowedInAnySpelling) {
  Minter secret = Minter::Make(KeyType::kSecret);
  Key key = KeyOf(secret, Algorithm::kHs256);
  for (const char* alg : {"none", "None", "NONE", "nOnE", "", "null", "HS257", "hs256", "HS256 "}) {
    std::string header = EncodeBase64Url(std::string(R"({"alg":")") + alg + "\"}");
    for (const char* signature : {"", "AAAA"}) {
      std::string token = header + "." + EncodeBase64Url(kClaims) + "." + signature;
      EXPECT_EQ(ParseAndVerify(token, key), Reason::kAlgNotAllowed) << alg;
    }
  }
}

TEST(Rfc8725, Rule32PssSaltIsAsLongAsTheHash) {
  Minter rsa = Minter::Make(KeyType::kRsa);
  std::string token = rsa.Mint(Algorithm::kPs256, kClaims);
  EXPECT_EQ(ParseAndVerify(token, KeyOf(rsa, Algorithm::kPs256)), Reason::kOk);
  std::string shorter = rsa.SignPss(Algorithm::kPs256, R"({"alg":"PS256"})", kClaims, 20);
  EXPECT_EQ(ParseAndVerify(shorter, KeyOf(rsa, Algorithm::kPs256)), Reason::kBadSignature);
  EXPECT_EQ(
      ParseAndVerify(rsa.SignPss(Algorithm::kPs256, R"({"alg":"PS256"})", kClaims, 32), KeyOf(rsa, Algorithm::kPs256)),
      Reason::kOk);
}

TEST(Rfc8725, Rule33TheWholeSignatureIsValidated) {
  for (Algorithm algorithm :
       {Algorithm::kHs256, Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEdDsa}) {
    Minter minter = Minter::Make(KeyTypeOf(algorithm));
    Key key = KeyOf(minter, algorithm);
    std::string token = minter.Mint(algorithm, kClaims), raw = *DecodeBase64Url(Signature(token));
    EXPECT_EQ(ParseAndVerify(token, key), Reason::kOk);
    for (const std::string& bad : {std::string(), raw.substr(1), raw.substr(0, raw.size() - 1), raw + '\0', '\0' + raw,
                                   std::string(raw.size(), '\0'), std::string(raw.size(), '\xff')})
      EXPECT_EQ(ParseAndVerify(WithSignature(token, bad), key), Reason::kBadSignature) << AlgorithmName(algorithm);
  }
}

// 3.4: r and s of zero or beyond the order (CVE-2022-21449, "psychic signatures"), and DER where raw is due.
TEST(Rfc8725, Rule34CryptographicInputsAreValidated) {
  Minter ec = Minter::Make(KeyType::kEcP256);
  Key key = KeyOf(ec, Algorithm::kEs256);
  std::string token = ec.Mint(Algorithm::kEs256, kClaims), raw = *DecodeBase64Url(Signature(token));
  std::string zero(32, '\0'), r = raw.substr(0, 32), s = raw.substr(32);
  const unsigned char order[] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
  std::string n(reinterpret_cast<const char*>(order), sizeof(order));
  for (const std::string& bad : {zero + zero, r + zero, zero + s, n + s, r + n, n + n, ec.DerSignature(token)})
    EXPECT_EQ(ParseAndVerify(WithSignature(token, bad), key), Reason::kBadSignature);
  EXPECT_EQ(
      SetOf({R"({"kty":"EC","crv":"P-256","x":")" + EncodeBase64Url(r) + R"(","y":")" + EncodeBase64Url(s) + "\"}"})
          ->size(),
      0u)
      << "a point off the curve is no key";
}

TEST(Rfc8725, Rule35KeysHaveEnoughEntropy) {
  std::string error;
  EXPECT_FALSE(Key::FromSecret("secret", Algorithm::kHs256, {}, &error));
  EXPECT_FALSE(Key::FromSecret("", Algorithm::kHs256, {true}, &error));
  EXPECT_FALSE(Key::FromPem(Minter::MakeRsa(1024).PublicPem(), Algorithm::kRs256, &error));
}

TEST(Rfc8725, Rule37OnlyUtf8IsJson) {
  Key key = KeyOf(Minter::FromSecret("k"), Algorithm::kHs256);
  Minter idp = Minter::FromSecret("k");
  for (const char* claims : {"\xef\xbb\xbf{}", "{\"sub\":\"\xc3\x28\"}", "{\"sub\":\"\\udc00\"}"})
    EXPECT_EQ(ParseAndVerify(idp.Mint(Algorithm::kHs256, claims), key), Reason::kMalformed);
  std::string utf16("{\0}\0", 4);
  EXPECT_EQ(ParseAndVerify(idp.Mint(Algorithm::kHs256, utf16), key), Reason::kMalformed);
}

TEST(Rfc8725, Rule38IssuerIsValidated) {
  Minter idp = Minter::FromSecret("k");
  std::string compact = idp.Mint(Algorithm::kHs256, kClaims);
  Token token;
  ASSERT_TRUE(token.Parse(compact).ok());
  ClaimRules rules;
  rules.issuers = {"https://other"};
  EXPECT_EQ(CheckClaims(token, rules, kNow, nullptr).reason, Reason::kWrongIssuer);
  rules.issuers = {"https://idp"};
  EXPECT_EQ(CheckClaims(token, rules, kNow, nullptr).reason, Reason::kOk);
}

TEST(Rfc8725, Rule39AudienceIsValidated) {
  std::string compact = Minter::FromSecret("k").Mint(Algorithm::kHs256, kClaims);
  Token token;
  ASSERT_TRUE(token.Parse(compact).ok());
  ClaimRules rules;
  rules.audiences = {"billing"};
  EXPECT_EQ(CheckClaims(token, rules, kNow, nullptr).reason, Reason::kWrongAudience);
  rules.audiences = {"billing", "api"};
  EXPECT_EQ(CheckClaims(token, rules, kNow, nullptr).reason, Reason::kOk);
}

// 3.10: a token that brings its own key, or says where it is, is verified with ours all the same.
TEST(Rfc8725, Rule310KeysOfTheHeaderAreIgnored) {
  Minter idp = Minter::Make(KeyType::kEd25519), thief = Minter::Make(KeyType::kEd25519);
  Key key = KeyOf(idp, Algorithm::kEdDsa);
  std::string header =
      R"({"alg":"EdDSA","jku":"http://127.0.0.1/keys","x5u":"http://127.0.0.1/","x5c":["AAAA"],"jwk":)" +
      thief.Jwk("", "EdDSA") + "}";
  EXPECT_EQ(ParseAndVerify(thief.Sign(Algorithm::kEdDsa, header, kClaims), key), Reason::kBadSignature);
  EXPECT_EQ(ParseAndVerify(idp.Sign(Algorithm::kEdDsa, header, kClaims), key), Reason::kOk);
}

TEST(Rfc8725, Rule310HostileKeyIdsAreOnlyLookedUp) {
  Minter idp = Minter::Make(KeyType::kEd25519);
  std::shared_ptr<const KeySet> set = SetOf({idp.Jwk("k", "")});
  Token token;
  for (const char* kid : {"../../../dev/null", "' OR 1=1 --", "K", "k ", "k\\u0000"}) {
    std::string compact = idp.Mint(Algorithm::kEdDsa, kClaims, kid);
    ASSERT_TRUE(token.Parse(compact).ok());
    EXPECT_EQ(token.Verify(*set).reason, Reason::kUnknownKid) << kid;
  }
}

TEST(Rfc8725, Rule311ExplicitTypingIsHonoured) {
  Minter idp = Minter::FromSecret("k");
  ClaimRules rules;
  rules.types = {"at+jwt"};
  Token token;
  std::string plain = idp.Mint(Algorithm::kHs256, kClaims);
  ASSERT_TRUE(token.Parse(plain).ok());
  EXPECT_EQ(CheckClaims(token, rules, kNow, nullptr).reason, Reason::kWrongType);
  std::string typed = idp.Sign(Algorithm::kHs256, R"({"alg":"HS256","typ":"at+jwt"})", kClaims);
  ASSERT_TRUE(token.Parse(typed).ok());
  EXPECT_EQ(CheckClaims(token, rules, kNow, nullptr).reason, Reason::kOk);
}

// 3.6: nothing is ever inflated, whatever a header says of compression.
TEST(Rfc8725, Rule36NothingIsDecompressed) {
  Minter idp = Minter::FromSecret("k");
  std::string bomb("\x4b\x4c\x1c\x05\xa3\x60\x28\x00\x00", 9);  // 4000 letters, deflated
  Jws jws;
  std::string error, compact = idp.Sign(Algorithm::kHs256, R"({"alg":"HS256","zip":"DEF"})", bomb);
  ASSERT_TRUE(jws.Parse(compact).ok());
  EXPECT_TRUE(jws.Verify(KeyOf(idp, Algorithm::kHs256)).ok());
  EXPECT_EQ(jws.payload(), bomb);
  EXPECT_EQ(Token().Parse(compact).reason, Reason::kMalformed) << "and is no JSON as it is";
}

// 3.12: tokens of one issuer and one key, for two purposes; the rules for each refuse the other.
TEST(Rfc8725, Rule312KindsOfTokensExcludeEachOther) {
  Minter idp = Minter::FromSecret("k");
  std::string id_token = idp.Sign(Algorithm::kHs256, R"({"alg":"HS256","typ":"JWT"})",
                                  R"({"iss":"https://idp","aud":"app","exp":1760000100,"nonce":"n"})");
  std::string access_token = idp.Sign(Algorithm::kHs256, R"({"alg":"HS256","typ":"at+jwt"})",
                                      R"({"iss":"https://idp","aud":"api","exp":1760000100,"scope":"read"})");
  ClaimRules by_type, by_audience, by_claim, by_scope;
  by_type.types = {"at+jwt"};
  by_audience.audiences = {"api"};
  by_claim.required_claims = {{"scope"}};
  by_scope.required_scopes = {"read"};
  Token token;
  for (const ClaimRules& rules : {by_type, by_audience, by_claim, by_scope}) {
    ASSERT_TRUE(token.Parse(access_token).ok());
    EXPECT_TRUE(CheckClaims(token, rules, kNow, nullptr).ok());
    ASSERT_TRUE(token.Parse(id_token).ok());
    EXPECT_FALSE(CheckClaims(token, rules, kNow, nullptr).ok());
  }
}

// RFC 7515 section 4.1.11, the extension point that 2.x attacks go through.
TEST(Rfc8725, CriticalExtensionsAreRefusedEvenWhenSigned) {
  Minter idp = Minter::FromSecret("k");
  Key key = KeyOf(idp, Algorithm::kHs256);
  EXPECT_EQ(
      ParseAndVerify(idp.Sign(Algorithm::kHs256, R"({"alg":"HS256","crit":["http://x"],"http://x":1})", kClaims), key),
      Reason::kCritical);
}

// Flipping any one bit of a valid token never yields acceptance: base64url has no second spelling to hide in.
TEST(Mutation, NoFlippedBitIsAccepted) {
  for (Algorithm algorithm :
       {Algorithm::kHs256, Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256, Algorithm::kEdDsa}) {
    Minter minter = Minter::Make(KeyTypeOf(algorithm));
    Key key = KeyOf(minter, algorithm);
    std::string token = minter.Mint(algorithm, kClaims, "k");
    ASSERT_EQ(ParseAndVerify(token, key), Reason::kOk);
    for (size_t bit = 0; bit < token.size() * 8; ++bit) {
      std::string flipped = token;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      ASSERT_NE(ParseAndVerify(flipped, key), Reason::kOk) << AlgorithmName(algorithm) << " bit " << bit;
    }
    for (size_t size = 0; size < token.size(); ++size)
      ASSERT_NE(ParseAndVerify(token.substr(0, size), key), Reason::kOk);
  }
}

}  // namespace
}  // namespace sluice::auth
