#include "auth/jwk_set.h"

#include <gtest/gtest.h>

#include "auth/base64url.h"
#include "auth/minter.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

struct Parsed {
  std::shared_ptr<const KeySet> keys;
  std::string error;
  Notes notes;

  explicit Parsed(const std::string& json, const JwkSetOptions& options = {}) {
    keys = KeySet::ParseJwkSet(json, options, &error, &notes);
  }
};

// One key of each type, made once.
const Minter& Idp(KeyType type) {
  static const Minter all[] = {Minter::Make(KeyType::kSecret), Minter::Make(KeyType::kRsa),
                               Minter::Make(KeyType::kEcP256), Minter::Make(KeyType::kEcP384),
                               Minter::Make(KeyType::kEcP521), Minter::Make(KeyType::kEd25519)};
  return all[static_cast<int>(type)];
}

std::string With(std::string jwk, const std::string& members) {
  jwk.back() = ',';
  return jwk + members + "}";
}

TEST(JwkSet, PinsEachKeyToItsAlgorithms) {
  const struct {
    std::string jwk;
    AlgorithmSet algorithms;
  } cases[] = {
      {Idp(KeyType::kRsa).Jwk("a", "RS384"), {Algorithm::kRs384}},
      {Idp(KeyType::kRsa).Jwk("a", "PS256"), {Algorithm::kPs256}},
      {Idp(KeyType::kRsa).Jwk("a", ""), AlgorithmSet::OfKeyType(KeyType::kRsa)},
      {Idp(KeyType::kEcP256).Jwk("a", ""), {Algorithm::kEs256}},
      {Idp(KeyType::kEcP384).Jwk("a", "ES384"), {Algorithm::kEs384}},
      {Idp(KeyType::kEcP521).Jwk("a", ""), {Algorithm::kEs512}},
      {Idp(KeyType::kEd25519).Jwk("a", "EdDSA"), {Algorithm::kEdDsa}},
  };
  for (const auto& c : cases) {
    Parsed p(JwkSet({c.jwk}));
    ASSERT_TRUE(p.keys) << p.error;
    ASSERT_EQ(p.keys->size(), 1u) << p.notes[0];
    EXPECT_TRUE(p.keys->key(0).algorithms() == c.algorithms) << c.jwk;
    EXPECT_EQ(p.keys->key(0).kid(), "a");
  }
}

TEST(JwkSet, SkipsUnfitKeysWithANoteAndServesTheRest) {
  std::string rsa = Idp(KeyType::kRsa).Jwk("bad", ""), ec = Idp(KeyType::kEcP256).Jwk("bad", "");
  std::string good = Idp(KeyType::kEcP256).Jwk("good", "ES256");
  const struct {
    std::string jwk;
    const char* note;
  } cases[] = {
      {R"({"kty":"AKP","alg":"ML-DSA-44","kid":"bad","pub":"AAAA"})", "unknown `kty` `AKP`"},
      {R"({"kid":"bad"})", "unknown `kty` ``"},
      {R"({"kty":"EC","crv":"secp256k1","kid":"bad","x":"AA","y":"AA"})", "unknown `crv` `secp256k1`"},
      {R"({"kty":"OKP","crv":"X25519","kid":"bad","x":"AA"})", "unknown `crv` `X25519`"},
      {R"({"kty":"OKP","crv":"P-256","kid":"bad","x":"AA","y":"AA"})", "unknown `crv` `P-256`"},
      {With(rsa, R"("alg":"RSA-OAEP")"), "`alg` `RSA-OAEP` is unknown"},
      {With(rsa, R"("alg":"ES256")"), "`alg` `ES256` is unknown, does not fit"},
      {With(rsa, R"("alg":"none")"), "`alg` `none` is unknown"},
      {With(rsa, R"("alg":7)"), "`alg` ``"},
      {With(ec, R"("alg":"ES384")"), "does not fit the key"},
      {With(rsa, R"("alg":"HS256")"), "does not fit the key"},
      {With(rsa, R"("use":"enc")"), "not for verifying"},
      {With(rsa, R"("use":7)"), "not for verifying"},
      {With(rsa, R"("key_ops":["encrypt","sign"])"), "not for verifying"},
      {With(rsa, R"("key_ops":"verify")"), "not for verifying"},
      {With(rsa, R"("d":"AAAA")"), "private members"},
      {With(ec, R"("d":"AAAA")"), "private members"},
      {Idp(KeyType::kSecret).Jwk("bad", "HS256"),
       "`alg` `HS256` is unknown, does not fit the key, or is not allowed here"},
      {Minter::MakeRsa(1024).Jwk("bad", "RS256"), "expected an RSA key of 2048"},
      {R"({"kty":"EC","crv":"P-256","kid":"bad","x":"AA","y":"AA"})", "expected coordinates of 32 bytes"},
      {R"({"kty":"EC","crv":"P-256","kid":"bad","x":"AA"})", "missing or not base64url"},
      {R"({"kty":"RSA","kid":"bad","n":"A+==","e":"AQAB"})", "missing or not base64url"},
      {R"({"kty":"RSA","kid":7})", "`kid` is not a string"},
      {R"(7)", "is not an object"},
      {R"({"kty":"bad\u0000\u0001` \n","kid":"x"})", "unknown `kty` `bad??? ?`"},
  };
  for (const auto& c : cases) {
    Parsed p(JwkSet({c.jwk, good}));
    ASSERT_TRUE(p.keys) << p.error << c.jwk;
    EXPECT_EQ(p.keys->size(), 1u) << c.jwk;
    EXPECT_TRUE(p.keys->HasKid("good"));
    EXPECT_FALSE(p.keys->HasKid("bad"));
    ASSERT_EQ(p.notes.size(), 1u) << c.jwk;
    EXPECT_NE(p.notes[0].find(c.note), std::string::npos) << p.notes[0];
    EXPECT_EQ(p.notes[0].find("key 0 (kid "), 0u) << p.notes[0];
  }
}

TEST(JwkSet, AcceptsUseSigAndKeyOpsVerifyAndIgnoresTheRest) {
  std::string jwk =
      With(Idp(KeyType::kRsa).Jwk("a", "RS256"),
           R"("use":"sig","key_ops":["sign","verify"],"x5c":["AAAA"],"x5u":"http://evil/","extra":{"d":1})");
  Parsed p(JwkSet({jwk}));
  ASSERT_TRUE(p.keys) << p.error;
  EXPECT_EQ(p.keys->size(), 1u) << p.notes[0];
}

TEST(JwkSet, TakesSharedSecretsOnlyWhereAllowed) {
  JwkSetOptions options{{Algorithm::kHs256}, true};
  std::string jwk = Idp(KeyType::kSecret).Jwk("s", "HS256");
  Parsed p(JwkSet({jwk}), options);
  ASSERT_TRUE(p.keys);
  ASSERT_EQ(p.keys->size(), 1u);
  EXPECT_TRUE(p.keys->key(0).algorithms() == AlgorithmSet{Algorithm::kHs256});
  options.allow_secrets = false;
  EXPECT_EQ(Parsed(JwkSet({jwk}), options).notes[0],
            "key 0 (kid `s`): skipped: shared secrets (`oct`) are not allowed here");
  options.allow_secrets = true;
  EXPECT_EQ(Parsed(JwkSet({Idp(KeyType::kSecret).Jwk("s", "")}), options).keys->size(), 0u) << "must name its alg";
  EXPECT_EQ(Parsed(JwkSet({Minter::FromSecret("short").Jwk("s", "HS256")}), options).keys->size(), 0u);
  EXPECT_EQ(Parsed(JwkSet({Minter::FromSecret("").Jwk("s", "HS256")}), options).keys->size(), 0u);
}

TEST(JwkSet, RefusesWhatIsNoKeySet) {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[)", R"({"keys":[],"keys":[]})", "<html>"}) {
    Parsed p(text);
    EXPECT_FALSE(p.keys) << text;
    EXPECT_EQ(p.error.find("expected a key set"), 0u) << p.error;
  }
  EXPECT_TRUE(Parsed(R"({"keys":[]})").keys) << "an empty set is a set";
}

TEST(JwkSet, BoundsBytesAndKeysExactly) {
  std::string json = R"({"keys":[]})";
  json.resize(limits::kJwkSetBytes, ' ');
  EXPECT_TRUE(Parsed(json).keys);
  EXPECT_FALSE(Parsed(json + " ").keys);
  std::vector<std::string> many(limits::kJwkSetKeys, Idp(KeyType::kEd25519).Jwk("same", ""));
  Parsed full(JwkSet(many));
  ASSERT_TRUE(full.keys);
  EXPECT_EQ(full.keys->size(), limits::kJwkSetKeys);
  many.push_back("{}");
  EXPECT_FALSE(Parsed(JwkSet(many)).keys);
  std::string nodes = R"({"keys":[],"x":[0)";
  for (size_t i = 0; i < limits::kJwkSetNodes; ++i) nodes += ",0";
  EXPECT_EQ(Parsed(nodes + "]}").error, "expected a key set, found a text that has too many values");
}

// Which key answers, over sets with and without key ids.
class KeySetVerify : public ::testing::Test {
 protected:
  static KeySet::Found Verify(const std::vector<std::string>& jwks, Algorithm algorithm, std::string_view kid,
                              const Minter& signer) {
    std::string token = signer.Mint(algorithm, "{}", kid);
    size_t dot = token.rfind('.');
    Parsed p(JwkSet(jwks));
    return p.keys->Verify(algorithm, kid, std::string_view(token).substr(0, dot),
                          *DecodeBase64Url(std::string_view(token).substr(dot + 1)));
  }

  Minter one_ = Minter::Make(KeyType::kEd25519), two_ = Minter::Make(KeyType::kEd25519);
  Minter ec_ = Minter::Make(KeyType::kEcP256);
};

TEST_F(KeySetVerify, ChoosesByKeyId) {
  std::vector<std::string> set = {one_.Jwk("1", ""), two_.Jwk("2", ""), ec_.Jwk("3", "")};
  KeySet::Found found = Verify(set, Algorithm::kEdDsa, "2", two_);
  EXPECT_EQ(found.reason, Reason::kOk);
  EXPECT_EQ(found.key, 1u);
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "1", two_).reason, Reason::kBadSignature);
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "3", two_).reason, Reason::kAlgNotAllowed);
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "4", two_).reason, Reason::kUnknownKid);
}

TEST_F(KeySetVerify, TriesEveryKeyOfASharedId) {
  std::vector<std::string> set = {one_.Jwk("same", ""), ec_.Jwk("same", ""), two_.Jwk("same", "")};
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "same", two_).key, 2u);
  EXPECT_EQ(Verify(set, Algorithm::kEs256, "same", ec_).key, 1u);
}

TEST_F(KeySetVerify, TriesAllKeysOfTheAlgorithmWithoutAnId) {
  std::vector<std::string> set = {one_.Jwk("1", ""), ec_.Jwk("", ""), two_.Jwk("2", "")};
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "", two_).key, 2u);
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "", Minter::Make(KeyType::kEd25519)).reason, Reason::kBadSignature);
  EXPECT_EQ(Verify({ec_.Jwk("", "")}, Algorithm::kEdDsa, "", one_).reason, Reason::kAlgNotAllowed);
  EXPECT_EQ(Verify({}, Algorithm::kEdDsa, "", one_).reason, Reason::kUnknownKid) << "a refetch may bring keys";
}

TEST_F(KeySetVerify, KeysWithoutAnIdMayAnswerForAnyId) {
  std::vector<std::string> set = {two_.Jwk("2", ""), one_.Jwk("", "")};
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "unlisted", one_).key, 1u);
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "unlisted", two_).reason, Reason::kUnknownKid) << "its id is another";
}

TEST_F(KeySetVerify, TriesABoundedNumberOfKeys) {
  std::vector<std::string> set(limits::kKeyTrials, two_.Jwk("", ""));
  set.push_back(one_.Jwk("", ""));
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "", one_).reason, Reason::kBadSignature);
  set.erase(set.begin());
  EXPECT_EQ(Verify(set, Algorithm::kEdDsa, "", one_).reason, Reason::kOk);
}

}  // namespace
}  // namespace sluice::auth
