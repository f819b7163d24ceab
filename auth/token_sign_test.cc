#include "auth/token_sign.h"

#include <gtest/gtest.h>

#include <atomic>
#include <jwt/jwt.hpp>
#include <thread>
#include <vector>

#include "auth/base64url.h"
#include "auth/jwt.h"
#include "auth/minter.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr Algorithm kAll[] = {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512, Algorithm::kRs256,
                              Algorithm::kRs384, Algorithm::kRs512, Algorithm::kPs256, Algorithm::kPs384,
                              Algorithm::kPs512, Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512,
                              Algorithm::kEdDsa};

bool IsSecret(Algorithm algorithm) { return KeyTypeOf(algorithm) == KeyType::kSecret; }

std::string SigningKey(const Minter& minter, Algorithm algorithm) {
  return IsSecret(algorithm) ? minter.secret() : minter.PrivatePem();
}

std::shared_ptr<const TokenSigner> SignerOf(Algorithm algorithm, std::string_view key, std::string_view header = "{}") {
  std::string error;
  std::shared_ptr<const TokenSigner> signer = TokenSigner::Create(algorithm, key, header, &error);
  EXPECT_TRUE(signer) << AlgorithmName(algorithm) << ": " << error;
  return signer;
}

std::string ErrorOf(Algorithm algorithm, std::string_view key, std::string_view header = "{}") {
  std::string error;
  EXPECT_FALSE(TokenSigner::Create(algorithm, key, header, &error));
  return error;
}

Reason Verified(const std::string& compact, Algorithm algorithm, const Minter& minter) {
  std::string error;
  std::optional<Key> key = IsSecret(algorithm) ? Key::FromSecret(minter.secret(), algorithm, {}, &error)
                                               : Key::FromPem(minter.PublicPem(), algorithm, &error);
  Token token;
  Verdict verdict = token.Parse(compact);
  return verdict.ok() ? token.Verify(*key).reason : verdict.reason;
}

TEST(TokenSigner, SignsWithEveryAlgorithmWhatTheVerifierTakes) {
  std::string error;
  for (Algorithm algorithm : kAll) {
    Minter minter = Minter::Make(KeyTypeOf(algorithm)), other = Minter::Make(KeyTypeOf(algorithm));
    auto signer = SignerOf(algorithm, SigningKey(minter, algorithm), R"({"kid":"k"})");
    for (int i = 0; i < 20; ++i) {  // numbers of elliptic curves begin with a zero byte now and then
      std::string token = signer->Sign(R"({"sub":"a"})", &error).value_or(error);
      EXPECT_EQ(Verified(token, algorithm, minter), Reason::kOk) << AlgorithmName(algorithm) << ": " << token;
      EXPECT_EQ(Verified(token, algorithm, other), Reason::kBadSignature) << AlgorithmName(algorithm);
    }
  }
}

// The expected signature was computed with Python's hmac.
TEST(TokenSigner, WritesTheClaimsAsTheyStand) {
  std::string error;
  auto signer = SignerOf(Algorithm::kHs256, std::string_view("s\0cret", 6));
  // {"alg":"HS256","typ":"JWT"} . {"exp":2,"sub":"a"}
  EXPECT_EQ(signer->Sign(R"({"exp":2,"sub":"a"})", &error),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjIsInN1YiI6ImEifQ."
            "LB-bZ5CK4-IYh1grPDgY8qqIE4i35mIqgj95-oEYBfs");
  std::string odd = R"( {"z": 1.50, "a":"\u00e9"} )";
  std::string token = signer->Sign(odd, &error).value_or(error);
  EXPECT_NE(token.find("." + EncodeBase64Url(odd) + "."), std::string::npos) << token;
}

TEST(TokenSigner, TheHeaderHasWhatTheCallerAddsButNotItsAlgorithm) {
  std::string error;
  auto signer = SignerOf(Algorithm::kHs384, "secret", R"({"typ":"at+jwt","kid":"k","alg":"none","x":{"y":[1]}})");
  std::string token = signer->Sign("{}", &error).value_or(error);
  EXPECT_EQ(DecodeBase64Url(std::string_view(token).substr(0, token.find('.'))),
            R"({"alg":"HS384","kid":"k","typ":"at+jwt","x":{"y":[1]}})");
}

// cpp-jwt as a second opinion on what BoringSSL signed. It knows neither PS… nor EdDSA, and has ES512 wrong.
TEST(TokenSigner, CppJwtTakesWhatWasSigned) {
  std::string error;
  for (Algorithm algorithm : kAll) {
    if (KeyTypeOf(algorithm) == KeyType::kEcP521 || algorithm == Algorithm::kEdDsa) continue;
    if (algorithm >= Algorithm::kPs256 && algorithm <= Algorithm::kPs512) continue;
    Minter minter = Minter::Make(KeyTypeOf(algorithm));
    std::string token = SignerOf(algorithm, SigningKey(minter, algorithm))->Sign(R"({"sub":"a"})", &error).value();
    std::vector<std::string> names = {std::string(AlgorithmName(algorithm))};
    std::error_code failure;
    jwt::decode(token, jwt::params::algorithms(names), failure,
                jwt::params::secret(IsSecret(algorithm) ? minter.secret() : minter.PublicPem()),
                jwt::params::verify(true));
    EXPECT_FALSE(failure) << names[0] << ": " << failure.message();
  }
}

TEST(TokenSigner, RefusesKeysThatDoNotFitAndNeverShowsThem) {
  std::string p256 = Minter::Make(KeyType::kEcP256).PrivatePem();
  EXPECT_EQ(ErrorOf(Algorithm::kEs384, p256), "expected a private key for ES384, found another kind");
  EXPECT_EQ(ErrorOf(Algorithm::kRs256, p256), "expected a private key for RS256, found another kind");
  EXPECT_EQ(ErrorOf(Algorithm::kEdDsa, p256), "expected a private key for EdDSA, found another kind");
  EXPECT_EQ(ErrorOf(Algorithm::kEs256, Minter::Make(KeyType::kEd25519).PrivatePem()),
            "expected a private key for ES256, found another kind");
  EXPECT_EQ(ErrorOf(Algorithm::kRs256, Minter::MakeRsa(1024).PrivatePem()),
            "expected an RSA key of 2048 to 8192 bits, found `1024`");
  EXPECT_EQ(ErrorOf(Algorithm::kHs256, ""), "expected a key, found none: it is empty");
  for (std::string_view key : {std::string_view("sesame"), std::string_view("sesame\0-----BEGIN PRIVATE KEY-----", 34)})
    EXPECT_EQ(ErrorOf(Algorithm::kRs256, key),
              "expected an unencrypted private key in PEM, found none that can be read");
  EXPECT_EQ(ErrorOf(Algorithm::kEs256, Minter::Make(KeyType::kEcP256).PublicPem()),
            "expected an unencrypted private key in PEM, found none that can be read");
}

TEST(TokenSigner, BoundsItsKey) {
  std::string key(limits::kSigningKeyBytes, 'k');
  EXPECT_TRUE(SignerOf(Algorithm::kHs256, key));
  EXPECT_EQ(ErrorOf(Algorithm::kHs256, key + "k"), "expected a key of at most 65536 bytes, found `65537`");
}

TEST(TokenSigner, BoundsItsTokens) {
  std::string error;
  auto signer = SignerOf(Algorithm::kHs256, "secret");
  auto claims = [](size_t bytes) { return "{\"a\":\"" + std::string(bytes - 8, 'a') + "\"}"; };
  size_t others = 36 + 1 + 1 + 43;                          // header, dots, signature
  size_t most = DecodedSize(limits::kTokenBytes - others);  // of claims
  EXPECT_LE(signer->Sign(claims(most), &error).value_or("").size(), limits::kTokenBytes);
  EXPECT_EQ(signer->Sign(claims(most + 1), &error), std::nullopt);
  EXPECT_EQ(error.substr(0, 55), "expected a token of at most 16384 bytes, found `16385`:");
  EXPECT_EQ(signer->Sign(claims(limits::kTokenBytes + 1), &error), std::nullopt);
  EXPECT_EQ(error, "expected claims of at most 16384 bytes, found `16385`");
}

TEST(TokenSigner, RefusesWhatIsNoObject) {
  std::string error;
  auto signer = SignerOf(Algorithm::kHs256, "secret");
  for (std::string_view text : {"", "[]", "1", "{", "{} {}", "{\"a\":1,\"a\":2}", "{\"\xff\":1}", "{\"a\":1e999}"}) {
    EXPECT_EQ(signer->Sign(text, &error), std::nullopt) << text;
    EXPECT_EQ(error.find("expected claims as an object of JSON, found a text that "), 0U) << error;
    EXPECT_EQ(ErrorOf(Algorithm::kHs256, "secret", text).find("expected a header as an object of JSON"), 0U);
  }
  std::string deep;
  for (size_t i = 1; i < limits::kTokenDepth; ++i) deep += "{\"a\":";
  auto nested = [&](std::string_view inner) {
    return deep + std::string(inner) + std::string(limits::kTokenDepth - 1, '}');
  };
  EXPECT_TRUE(signer->Sign(nested("{}"), &error)) << error;
  EXPECT_FALSE(signer->Sign(nested("[[]]"), &error));
}

TEST(TokenSigner, SignsFromManyThreads) {
  for (Algorithm algorithm : {Algorithm::kHs256, Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEdDsa}) {
    Minter minter = Minter::Make(KeyTypeOf(algorithm));
    auto signer = SignerOf(algorithm, SigningKey(minter, algorithm));
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        std::string error;
        for (int i = 0; i < 20; ++i) {
          std::optional<std::string> token = signer->Sign("{\"n\":" + std::to_string(t * 100 + i) + "}", &error);
          good += token && Verified(*token, algorithm, minter) == Reason::kOk ? 1 : 0;
        }
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 80) << AlgorithmName(algorithm);
  }
}

}  // namespace
}  // namespace sluice::auth
