#include "cli/token_sign.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::cli {
namespace {

std::string PemOf(const EVP_PKEY* key) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), const_cast<EVP_PKEY*>(key), nullptr, nullptr, 0, nullptr, nullptr);
  const uint8_t* data = nullptr;
  size_t size = 0;
  BIO_mem_contents(bio.get(), &data, &size);
  return std::string(reinterpret_cast<const char*>(data), size);
}

std::string NewEcKey(int curve) {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  EXPECT_EQ(EC_KEY_generate_key(ec.get()), 1);
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec.get());
  return PemOf(key.get());
}

// Whether a token's signature is good by BoringSSL's own check; `hash` null: EdDSA.
bool IsSigned(std::string_view token, EVP_PKEY* key, const EVP_MD* hash) {
  std::string_view text = token.substr(0, token.rfind('.'));
  std::string signature;
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_TRUE(absl::WebSafeBase64Unescape(token.substr(text.size() + 1), &signature));
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), &options, hash, nullptr, key), 1);
  if (hash != nullptr) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, static_cast<int>(EVP_MD_size(hash)));
  }
  return EVP_DigestVerify(context.get(), reinterpret_cast<const uint8_t*>(signature.data()), signature.size(),
                          reinterpret_cast<const uint8_t*>(text.data()), text.size()) == 1;
}

bssl::UniquePtr<EVP_PKEY> NewKey(int type) {
  bssl::UniquePtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(type, nullptr));
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
  if (type == EVP_PKEY_RSA) EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048);
  EXPECT_EQ(EVP_PKEY_keygen(context.get(), &key), 1);
  return bssl::UniquePtr<EVP_PKEY>(key);
}

TEST(SignToken, SignsWhatCppJwtCannot) {
  const struct {
    std::string alg;
    int type;
    const EVP_MD* hash;
    std::string_view header;  // base64url of {"alg":"…","kid":"k","typ":"JWT"}
  } cases[] = {
      {"PS256", EVP_PKEY_RSA, EVP_sha256(), "eyJhbGciOiJQUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ"},
      {"PS384", EVP_PKEY_RSA, EVP_sha384(), "eyJhbGciOiJQUzM4NCIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ"},
      {"PS512", EVP_PKEY_RSA, EVP_sha512(), "eyJhbGciOiJQUzUxMiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ"},
      {"EdDSA", EVP_PKEY_ED25519, nullptr, "eyJhbGciOiJFZERTQSIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ"},
  };
  for (const auto& c : cases) {
    bssl::UniquePtr<EVP_PKEY> key = NewKey(c.type);
    std::string error;
    TokenSpec spec = {.alg = c.alg, .header = {{"kid", "\"k\""}}, .claims = {{"sub", "\"a\""}}};
    std::optional<std::string> token = SignToken(spec, PemOf(key.get()), &error);
    ASSERT_TRUE(token) << c.alg << ": " << error;
    EXPECT_EQ(token->substr(0, token->rfind('.')), absl::StrCat(c.header, ".eyJzdWIiOiJhIn0"));
    EXPECT_TRUE(IsSigned(*token, key.get(), c.hash)) << c.alg;
    (*token)[token->find('.') + 1] = 'f';
    EXPECT_FALSE(IsSigned(*token, key.get(), c.hash)) << c.alg;
    EXPECT_EQ(SignToken(spec, NewEcKey(NID_X9_62_prime256v1), &error), std::nullopt);
    EXPECT_EQ(error, absl::StrCat("the key is not one for ", c.alg));
  }
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
  for (std::string_view alg : {"none", "hs256", "", "PS1", "UNKN"}) {
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
  EXPECT_EQ(SignToken({.alg = "HS256", .header = {}, .claims = {{"\xff", "1"}}}, "k", &error), std::nullopt);
  EXPECT_EQ(error, "the name of a claim is not plain UTF-8 text");
}

}  // namespace
}  // namespace sluice::cli
