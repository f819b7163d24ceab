#include "auth/digest.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <random>
#include <string>

namespace sluice::auth {
namespace {

std::string Hex(const uint8_t* bytes, size_t size) {
  std::string out;
  for (size_t i = 0; i < size; ++i) {
    char two[3];
    snprintf(two, sizeof(two), "%02x", bytes[i]);
    out += two;
  }
  return out;
}

std::string MacHex(Algorithm algorithm, const std::string& secret, const std::string& data) {
  std::shared_ptr<const HmacKey> key = HmacKey::Create(algorithm, secret);
  uint8_t out[HmacKey::kMaxBytes];
  key->Mac(data, out);
  return Hex(out, key->size());
}

// RFC 4231 section 4.3, test case 2.
TEST(Hmac, AgreesWithRfc4231) {
  const std::string data = "what do ya want for nothing?";
  EXPECT_EQ(MacHex(Algorithm::kHs256, "Jefe", data),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(MacHex(Algorithm::kHs384, "Jefe", data),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(MacHex(Algorithm::kHs512, "Jefe", data),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d"
            "4a6b4b636"
            "e070a38bce737");
}

TEST(Hmac, AgreesWithBoringSslForEveryLengthOfKey) {
  std::mt19937 random(7);
  const std::pair<Algorithm, const EVP_MD*> cases[] = {
      {Algorithm::kHs256, EVP_sha256()}, {Algorithm::kHs384, EVP_sha384()}, {Algorithm::kHs512, EVP_sha512()}};
  for (auto [algorithm, md] : cases)
    for (size_t size = 0; size <= 200; ++size) {
      std::string secret(size, '\0'), data(size * 3, '\0');
      for (char& c : secret) c = static_cast<char>(random());
      for (char& c : data) c = static_cast<char>(random());
      uint8_t expected[EVP_MAX_MD_SIZE];
      unsigned length = 0;
      HMAC(md, secret.data(), secret.size(), reinterpret_cast<const uint8_t*>(data.data()), data.size(), expected,
           &length);
      EXPECT_EQ(MacHex(algorithm, secret, data), Hex(expected, length)) << size;
    }
}

TEST(Hmac, VerifiesTheWholeMacOnly) {
  std::shared_ptr<const HmacKey> key = HmacKey::Create(Algorithm::kHs256, "secret");
  std::string mac(key->size(), '\0');
  key->Mac("data", reinterpret_cast<uint8_t*>(mac.data()));
  EXPECT_TRUE(key->Verify("data", mac));
  EXPECT_FALSE(key->Verify("date", mac));
  EXPECT_FALSE(key->Verify("data", mac.substr(0, 31)));
  EXPECT_FALSE(key->Verify("data", mac + '\0'));
  EXPECT_FALSE(key->Verify("data", ""));
}

TEST(Hmac, Sha1AgreesWithRfc2202) {  // case 2
  std::shared_ptr<const HmacKey> key = HmacKey::CreateSha1("Jefe");
  uint8_t mac[HmacKey::kMaxBytes];
  ASSERT_EQ(key->size(), 20u);
  key->Mac("what do ya want for nothing?", mac);
  EXPECT_EQ(Hex(mac, 20), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(Hmac, IsOnlyForItsAlgorithms) {
  EXPECT_EQ(HmacKey::Create(Algorithm::kRs256, "secret"), nullptr);
  EXPECT_EQ(HmacKey::Create(Algorithm::kEdDsa, "secret"), nullptr);
}

TEST(Sha256, AgreesWithFips180) {
  EXPECT_EQ(Hex(Sha256("abc").data(), 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(KeyedHash, DependsOnSeedContextAndEveryByte) {
  std::array<uint8_t, 32> seed{}, other{};
  other[31] = 1;
  KeyedHash hash(seed), other_hash(other);
  auto base = hash.Hash({1, 2}, "token");
  EXPECT_EQ(hash.Hash({1, 2}, "token"), base);
  EXPECT_EQ(KeyedHash(seed).Hash({1, 2}, "token"), base);
  EXPECT_NE(other_hash.Hash({1, 2}, "token"), base);
  EXPECT_NE(hash.Hash({2, 1}, "token"), base);
  EXPECT_NE(hash.Hash({1, 3}, "token"), base);
  EXPECT_NE(hash.Hash({1, 2}, "token "), base);
  EXPECT_NE(hash.Hash({1, 2}, std::string_view("token\0", 6)), base);
  EXPECT_NE(hash.Hash({1, 2}, "tokem"), base);
  EXPECT_NE(hash.Hash({1, 2}, ""), base);
}

}  // namespace
}  // namespace sluice::auth
