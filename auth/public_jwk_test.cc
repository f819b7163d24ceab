#include "auth/public_jwk.h"

#include <gtest/gtest.h>

#include "auth/jwk_set.h"
#include "auth/jws.h"
#include "auth/minter.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

std::shared_ptr<const KeySet> SetOf(const std::string& jwk) {
  std::string error;
  Notes notes;
  auto set = KeySet::ParseJwkSet(JwkSet({jwk}), {}, &error, &notes);
  EXPECT_TRUE(set && notes.empty()) << error << (notes.empty() ? "" : notes[0]);
  return set;
}

std::string ErrorOf(std::string_view pem, const PublicJwkOptions& options = {}) {
  std::string error;
  EXPECT_EQ(PublicJwk(pem, options, &error), std::nullopt);
  return error;
}

TEST(PublicJwk, OfEveryKindVerifiesWhatThePrivateHalfSigned) {
  for (Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs384, Algorithm::kEs256, Algorithm::kEs384,
                              Algorithm::kEs512, Algorithm::kEdDsa}) {
    Minter minter = Minter::Make(KeyTypeOf(algorithm));
    std::string error, token = minter.Mint(algorithm, "{}", "k");
    Jws jws;
    ASSERT_TRUE(jws.Parse(token).ok());
    for (const std::string& pem : {minter.PrivatePem(), minter.PublicPem()}) {
      std::string jwk = PublicJwk(pem, {.kid = "k"}, &error).value_or(error);
      for (const char* secret : {"\"d\"", "\"p\"", "\"q\"", "\"dp\""}) EXPECT_EQ(jwk.find(secret), jwk.npos);
      auto set = SetOf(jwk);
      ASSERT_TRUE(set && set->HasKid("k")) << jwk;
      EXPECT_TRUE(jws.Verify(*set).ok()) << AlgorithmName(algorithm);
      bool rsa = KeyTypeOf(algorithm) == KeyType::kRsa;
      EXPECT_EQ(jwk.find("\"alg\"") == jwk.npos, rsa);
      std::string pinned = PublicJwk(pem, {.kid = "k", .algorithm = algorithm}, &error).value_or(error);
      EXPECT_EQ(SetOf(pinned)->key(0).algorithms(), AlgorithmSet{algorithm});
    }
  }
}

// RFC 8037, A.2 and A.3: the key and its thumbprint.
TEST(PublicJwk, ItsIdIsTheThumbprint) {
  std::string error;
  EXPECT_EQ(PublicJwk("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                      "-----END PRIVATE KEY-----\n",
                      {}, &error),
            R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
            R"("kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","use":"sig","alg":"EdDSA"})");
}

TEST(PublicJwk, RefusesWhatFitsNot) {
  std::string p256 = Minter::Make(KeyType::kEcP256).PrivatePem();
  EXPECT_EQ(ErrorOf("sesame"), "expected an unencrypted private key or a public key in PEM, found none");
  EXPECT_EQ(ErrorOf(""), "expected an unencrypted private key or a public key in PEM, found none");
  EXPECT_EQ(ErrorOf(p256, {.algorithm = Algorithm::kEs384}), "expected a key for ES384, found another kind");
  EXPECT_EQ(ErrorOf(p256, {.algorithm = Algorithm::kHs256}), "expected a key for HS256, found another kind");
  EXPECT_EQ(ErrorOf(Minter::MakeRsa(1024).PublicPem()), "expected an RSA key of 2048 to 8192 bits, found `1024`");
  for (std::string_view kid : {"a\"", "a\",\"d\":\"b", "a\\", "\n", "\xff"})
    EXPECT_EQ(ErrorOf(p256, {.kid = kid}), "expected a key id of plain text, without quotes and `\\`");
  EXPECT_EQ(ErrorOf(p256 + std::string(limits::kSigningKeyBytes + 1 - p256.size(), '\n')),
            "expected a key of at most 65536 bytes, found `65537`");
  std::string error;
  EXPECT_TRUE(PublicJwk(p256 + std::string(limits::kSigningKeyBytes - p256.size(), '\n'), {}, &error)) << error;
}

}  // namespace
}  // namespace sluice::auth
