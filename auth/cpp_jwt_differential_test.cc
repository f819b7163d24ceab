// A second opinion: cpp-jwt and Sluice judge the same tokens, honest, forged, expired and mangled. Where both must
// agree, random tokens show that they do; where they are known to differ, a table says how and why Sluice is the
// stricter. cpp-jwt reads the clock of the system, so that dates are far from now.
#include <gtest/gtest.h>

#include <jwt/jwt.hpp>
#include <random>

#include "auth/base64url.h"
#include "auth/jwt.h"
#include "auth/minter.h"

namespace sluice::auth {
namespace {

constexpr int64_t kNow = 1'760'000'000'000'000'000;

bool CppJwtAccepts(const std::string& token, const std::vector<std::string>& algorithms, const std::string& key) {
  try {
    std::error_code error;
    jwt::decode(token, jwt::params::algorithms(algorithms), error, jwt::params::secret(key), jwt::params::verify(true));
    return !error;
  } catch (const std::exception&) {
    return false;
  }
}

Reason SluiceSays(const std::string& compact, const Key& key) {
  ClaimRules rules;
  rules.require_exp = false;  // cpp-jwt knows no such rule
  Token token;
  Verdict v = token.Parse(compact);
  if (v.ok()) v = token.Verify(key);
  if (v.ok()) v = CheckClaims(token, rules, kNow, nullptr);
  return v.reason;
}

struct Signer {
  Algorithm algorithm;
  Minter minter;
  Key key;
  std::string cpp_jwt_key;
};

Signer SignerOf(Algorithm algorithm, const Minter& minter) {
  bool secret = KeyTypeOf(algorithm) == KeyType::kSecret;
  std::string error;
  std::optional<Key> key = secret ? Key::FromSecret(minter.secret(), algorithm, {}, &error)
                                  : Key::FromPem(minter.PublicPem(), algorithm, &error);
  return {algorithm, minter, *std::move(key), secret ? minter.secret() : minter.PublicPem()};
}

std::vector<Signer> Signers() {
  Minter secret = Minter::Make(KeyType::kSecret), rsa = Minter::Make(KeyType::kRsa);
  std::vector<Signer> all;
  for (Algorithm a : {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}) all.push_back(SignerOf(a, secret));
  for (Algorithm a : {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512}) all.push_back(SignerOf(a, rsa));
  for (Algorithm a : {Algorithm::kEs256, Algorithm::kEs384}) all.push_back(SignerOf(a, Minter::Make(KeyTypeOf(a))));
  return all;
}

class TokenMaker {
 public:
  explicit TokenMaker(uint32_t seed) : random_(seed) {}

  std::string Claims() {
    std::string out = R"({"sub":"user-)" + std::to_string(random_() % 1000) + "\"";
    if (random_() % 2) out += R"(,"exp":)" + Date();
    if (random_() % 2) out += R"(,"nbf":)" + Date();
    if (random_() % 3 == 0) out += R"(,"groups":["a","b",{"c":[1,2,null,true,-1.5e3]}])";
    return out + "}";
  }

  // Leaves the token, or changes one character of its payload or signature into another of the alphabet.
  std::string Mangled(const std::string& token) {
    if (random_() % 2) return token;
    size_t first = token.find('.') + 1, at = first + random_() % (token.size() - first);
    if (token[at] == '.') return token;
    std::string out = token;
    out[at] = "ABCDwxyz0189-_"[random_() % 14];
    return out;
  }

 private:
  std::string Date() { return random_() % 4 ? "4102444800" : "1000000000"; }  // 2100 or 2001

  std::mt19937 random_;
};

TEST(CppJwtDifferential, BothAgreeOnRandomTokens) {
  uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  TokenMaker maker(seed);
  int accepted = 0, refused = 0;
  for (const Signer& signer : Signers()) {
    std::vector<std::string> algorithms = {std::string(AlgorithmName(signer.algorithm))};
    for (int i = 0; i < 300; ++i) {
      std::string token = maker.Mangled(signer.minter.Mint(signer.algorithm, maker.Claims()));
      bool theirs = CppJwtAccepts(token, algorithms, signer.cpp_jwt_key);
      Reason reason = SluiceSays(token, signer.key);
      bool ours = reason == Reason::kOk;
      // Never more lenient; stricter only where the last character of a segment has bits that mean nothing.
      EXPECT_TRUE(ours == theirs || (theirs && reason == Reason::kMalformed)) << token << " " << ReasonCode(reason);
      ++(ours ? accepted : refused);
    }
  }
  EXPECT_GT(accepted, 300);
  EXPECT_GT(refused, 300);
}

TEST(CppJwtDifferential, KnownDifferences) {
  Minter rsa = Minter::Make(KeyType::kRsa), secret = Minter::Make(KeyType::kSecret);
  Signer rs = SignerOf(Algorithm::kRs256, rsa), hs = SignerOf(Algorithm::kHs256, secret);
  auto hs_token = [&](const std::string& header, const std::string& claims) {
    return secret.Sign(Algorithm::kHs256, header, claims);
  };
  std::string plain = secret.Mint(Algorithm::kHs256, R"({"sub":"a"})");
  const struct {
    const char* why;
    std::string token;
    const Signer& signer;
    std::vector<std::string> algorithms;
    bool theirs;
    Reason ours;
  } cases[] = {
      {"a public key serves as HMAC secret when both algorithms are allowed",
       Minter::FromSecret(rsa.PublicPem()).Mint(Algorithm::kHs256, "{}"),
       rs,
       {"RS256", "HS256"},
       true,
       Reason::kAlgNotAllowed},
      {"a fourth segment", plain + ".AAAA", hs, {"HS256"}, false, Reason::kMalformed},
      {"duplicate claims: it takes the last",
       hs_token(R"({"alg":"HS256"})", R"({"sub":"a","sub":"b"})"),
       hs,
       {"HS256"},
       true,
       Reason::kMalformed},
      {"critical extensions are ignored",
       hs_token(R"({"alg":"HS256","crit":["x"],"x":1})", "{}"),
       hs,
       {"HS256"},
       true,
       Reason::kCritical},
      {"claims that are a list", hs_token(R"({"alg":"HS256"})", "[]"), hs, {"HS256"}, true, Reason::kMalformed},
      {"`exp` as a string is a number to nobody",
       hs_token(R"({"alg":"HS256"})", R"({"exp":"4102444800"})"),
       hs,
       {"HS256"},
       false,
       Reason::kBadClaim},
      {"typ other than JWT", hs_token(R"({"alg":"HS256","typ":"at+jwt"})", "{}"), hs, {"HS256"}, false, Reason::kOk},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(CppJwtAccepts(c.token, c.algorithms, c.signer.cpp_jwt_key), c.theirs) << c.why;
    EXPECT_EQ(SluiceSays(c.token, c.signer.key), c.ours) << c.why;
  }
}

}  // namespace
}  // namespace sluice::auth
