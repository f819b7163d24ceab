#include "auth/key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "auth/minter.h"
#include "auth/public_key.h"

namespace sluice::auth {
namespace {

std::string ErrorOf(std::string_view pem, Algorithm algorithm) {
  std::string error;
  EXPECT_FALSE(Key::FromPem(pem, algorithm, &error).has_value());
  return error;
}

TEST(KeyFromPem, ReadsSpkiAndPkcs1) {
  Minter rsa = Minter::Make(KeyType::kRsa);
  std::string error;
  EXPECT_TRUE(Key::FromPem(rsa.PublicPem(), Algorithm::kRs256, &error)) << error;
  EXPECT_TRUE(Key::FromPem(rsa.Pkcs1Pem(), Algorithm::kPs512, &error)) << error;
  EXPECT_TRUE(Key::FromPem("a comment before it\n" + rsa.PublicPem() + "\n\n", Algorithm::kRs256, &error)) << error;
  const std::pair<KeyType, Algorithm> cases[] = {{KeyType::kEcP256, Algorithm::kEs256},
                                                 {KeyType::kEcP384, Algorithm::kEs384},
                                                 {KeyType::kEcP521, Algorithm::kEs512},
                                                 {KeyType::kEd25519, Algorithm::kEdDsa}};
  for (auto [type, algorithm] : cases)
    EXPECT_TRUE(Key::FromPem(Minter::Make(type).PublicPem(), algorithm, &error)) << error;
}

TEST(KeyFromPem, RefusesWhatIsNotAPublicKeyForTheAlgorithm) {
  Minter rsa = Minter::Make(KeyType::kRsa), ec = Minter::Make(KeyType::kEcP256);
  std::string broken = rsa.PublicPem();
  broken[60] = broken[60] == 'A' ? 'B' : 'A';  // within the header of the DER
  const struct {
    std::string pem;
    Algorithm algorithm;
    const char* text;
  } cases[] = {
      {rsa.PublicPem(), Algorithm::kEs256, "another type or curve"},
      {ec.PublicPem(), Algorithm::kEs384, "another type or curve"},
      {ec.PublicPem(), Algorithm::kRs256, "another type or curve"},
      {rsa.PublicPem(), Algorithm::kHs256, "expected a secret"},
      {rsa.PrivatePem(), Algorithm::kRs256, "replace the private one"},
      {"", Algorithm::kRs256, "found none that can be read"},
      {"-----BEGIN PUBLIC KEY-----\n", Algorithm::kRs256, "found none that can be read"},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Algorithm::kRs256, "found `CERTIFICATE`"},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", Algorithm::kRs256, "cannot be read"},
      {"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", Algorithm::kRs256, "cannot be read"},
      {broken, Algorithm::kRs256, "expected"},
      {std::string(20 << 10, 'A'), Algorithm::kRs256, "at most 16 KiB"},
  };
  for (const auto& c : cases) EXPECT_NE(ErrorOf(c.pem, c.algorithm).find(c.text), std::string::npos) << c.text;
}

TEST(KeyFromPem, RefusesShortRsa) {
  EXPECT_EQ(ErrorOf(Minter::MakeRsa(1024).PublicPem(), Algorithm::kRs256),
            "expected an RSA key of 2048 to 8192 bits, found `1024`");
}

TEST(PublicKey, RefusesInsaneRsaNumbers) {
  std::string n(256, '\xc1'), error;
  EXPECT_NE(PublicKey::FromRsa(n, std::string("\x01\x00\x01", 3), &error), nullptr) << error;
  const struct {
    std::string n, e;
  } cases[] = {
      {n, std::string("\x01", 1)},  // every text would be its own signature
      {n, std::string("\x00", 1)},
      {n, ""},
      {n, std::string("\x02", 1)},                  // even
      {n, std::string("\x04\x00\x00\x00\x01", 5)},  // 35 bits
      {n, std::string(17, '\x01')},
      {"", "\x03"},
      {std::string(255, '\xc1'), "\x03"},   // 2040 bits
      {std::string(1025, '\xc1'), "\x03"},  // 8200 bits
      {std::string(100'000, '\xc1'), "\x03"},
      {std::string(255, '\xc1') + '\xc0', "\x03"},  // even modulus
  };
  for (const auto& c : cases) {
    error.clear();
    EXPECT_EQ(PublicKey::FromRsa(c.n, c.e, &error), nullptr) << c.n.size();
    EXPECT_NE(error, "");
  }
  EXPECT_NE(PublicKey::FromRsa(std::string(1, '\0') + n, "\x03", &error), nullptr) << "leading zero: " << error;
}

TEST(PublicKey, RefusesPointsOffTheCurve) {
  std::string error;
  EXPECT_EQ(PublicKey::FromEc(KeyType::kEcP256, std::string(32, '\x01'), std::string(32, '\x01'), &error), nullptr);
  EXPECT_EQ(error, "expected a point on the curve P-256");
  EXPECT_EQ(PublicKey::FromEc(KeyType::kEcP256, std::string(32, '\0'), std::string(32, '\0'), &error), nullptr);
  EXPECT_EQ(PublicKey::FromEc(KeyType::kEcP256, std::string(32, '\xff'), std::string(32, '\xff'), &error), nullptr);
  EXPECT_EQ(PublicKey::FromEc(KeyType::kEcP256, std::string(31, '\x01'), std::string(32, '\x01'), &error), nullptr);
  EXPECT_EQ(error, "expected coordinates of 32 bytes for P-256, found `31` and `32`");
  EXPECT_EQ(PublicKey::FromEc(KeyType::kRsa, "", "", &error), nullptr);
  EXPECT_EQ(PublicKey::FromEd25519(std::string(31, '\x01'), &error), nullptr);
}

// y of a point, the least significant byte first.
std::string Ed25519Point(uint8_t low) { return std::string(1, static_cast<char>(low)) + std::string(31, '\0'); }

TEST(PublicKey, RefusesPointsOffTheEdwardsCurve) {
  const std::set<int> on_curve = {
      3,  4,  5,  6,  9,  10, 14, 15, 16, 18, 19, 21, 23,
      24, 25, 26, 27, 28, 29, 30, 32, 33, 35, 37, 39};  // by Euler's criterion, computed elsewhere
  for (int y = 2; y < 40; ++y) {
    std::string error;
    const bool taken = PublicKey::FromEd25519(Ed25519Point(static_cast<uint8_t>(y)), &error) != nullptr;
    EXPECT_EQ(taken, on_curve.count(y) == 1) << y;
    if (!taken) {
      EXPECT_EQ(error, "expected an Ed25519 key that is a point on the curve, and none of small order");
    }
  }
}

// Under such a key a signature that nobody made is good: R = A = the neutral point and s = 0 for any text.
TEST(PublicKey, RefusesPointsOfSmallOrder) {
  const std::string beyond(30, '\xff');
  const std::string points[] = {Ed25519Point(1),
                                Ed25519Point(0),
                                "\xec" + beyond + "\x7f",
                                std::string("\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
                                            "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"),
                                std::string("\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
                                            "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"),
                                "\xed" + beyond + "\x7f",
                                "\xee" + beyond + "\x7f"};  // the last two: 0 and 1 in another spelling
  for (std::string point : points) {
    for (int sign = 0; sign < 2; ++sign) {
      std::string error;
      ASSERT_EQ(point.size(), 32u);
      EXPECT_EQ(PublicKey::FromEd25519(point, &error), nullptr) << static_cast<int>(point[0]) << " " << sign;
      point.back() = static_cast<char>(point.back() ^ '\x80');
    }
  }
}

TEST(KeyFromSecret, WantsTheLengthOfTheHashUnlessAllowed) {
  const std::pair<Algorithm, size_t> cases[] = {
      {Algorithm::kHs256, 32}, {Algorithm::kHs384, 48}, {Algorithm::kHs512, 64}};
  for (auto [algorithm, least] : cases) {
    std::string error;
    EXPECT_TRUE(Key::FromSecret(std::string(least, 'k'), algorithm, {}, &error));
    EXPECT_FALSE(Key::FromSecret(std::string(least - 1, 'k'), algorithm, {}, &error));
    EXPECT_NE(error.find("expected a secret of at least " + std::to_string(least) + " bytes"), std::string::npos);
    EXPECT_TRUE(Key::FromSecret("k", algorithm, {true}, &error));
    EXPECT_FALSE(Key::FromSecret("", algorithm, {true}, &error)) << "an empty secret is never accepted";
  }
  std::string error;
  EXPECT_FALSE(Key::FromSecret(std::string(64, 'k'), Algorithm::kRs256, {}, &error));
}

TEST(Key, ErrorsHoldNoKeyMaterial) {
  std::string error;
  EXPECT_FALSE(Key::FromSecret("hunter2", Algorithm::kHs256, {}, &error));
  EXPECT_EQ(error.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace sluice::auth
