#include "cli/token_sign.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>

#include <memory>

#include "gtest/gtest.h"

namespace sluice::cli {
namespace {

std::string NewEcKey(int curve) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  EXPECT_EQ(EC_KEY_generate_key(ec.get()), 1);
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec.get());
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio.get(), &data, &size);
  return std::string(reinterpret_cast<const char*>(data), size);
}

// The expected signature was computed with Python's hmac.
TEST(SignToken, SignsWithASharedSecret) {
  std::string error;
  TokenSpec spec = {.alg = "HS256", .header = {}, .claims = {{"sub", "\"a\""}, {"exp", "1"}, {"exp", "2"}}};
  std::optional<std::string> token = SignToken(spec, std::string("s\0cret", 6), &error);
  ASSERT_TRUE(token) << error;
  // {"alg":"HS256","typ":"JWT"} . {"exp":2,"sub":"a"}
  EXPECT_EQ(*token,
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjIsInN1YiI6ImEifQ."
            "LB-bZ5CK4-IYh1grPDgY8qqIE4i35mIqgj95-oEYBfs");
}

TEST(SignToken, SignsWithAPrivateKeyOfTheRightCurve) {
  std::string error;
  std::string p256 = NewEcKey(NID_X9_62_prime256v1);
  std::optional<std::string> token = SignToken({.alg = "ES256", .header = {}, .claims = {}}, p256, &error);
  ASSERT_TRUE(token) << error;
  EXPECT_NE(token->find(".e30."), std::string::npos) << "no claims are {}: " << *token;
  EXPECT_EQ(SignToken({.alg = "ES384", .header = {}, .claims = {}}, p256, &error), std::nullopt);
  EXPECT_EQ(error, "the key is not one for ES384");
  EXPECT_EQ(SignToken({.alg = "RS256", .header = {}, .claims = {}}, p256, &error), std::nullopt);
  EXPECT_EQ(error, "the key is not one for RS256");
}

TEST(SignToken, SaysWhatIsWrongWithoutTheKey) {
  std::string error;
  for (std::string_view alg : {"none", "hs256", "", "PS256", "UNKN"}) {
    EXPECT_EQ(TakesSecret(alg), std::nullopt);
    EXPECT_EQ(SignToken({.alg = std::string(alg), .header = {}, .claims = {}}, "sesame", &error), std::nullopt);
    EXPECT_EQ(error.find("sesame"), std::string::npos);
    EXPECT_NE(error.find("unknown algorithm"), std::string::npos);
  }
  EXPECT_EQ(SignToken({.alg = "RS256", .header = {}, .claims = {}}, "sesame", &error), std::nullopt);
  EXPECT_EQ(error, "the key is no unencrypted private key in PEM");
  EXPECT_EQ(SignToken({.alg = "HS256", .header = {}, .claims = {}}, "", &error), std::nullopt);
  EXPECT_EQ(error, "the key is empty");
  EXPECT_EQ(SignToken({.alg = "HS256", .header = {}, .claims = {{"a", "{"}}}, "k", &error), std::nullopt);
  EXPECT_EQ(error, "claim `a` is not valid JSON");
}

}  // namespace
}  // namespace sluice::cli
