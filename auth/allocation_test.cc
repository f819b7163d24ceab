// Once warm, what the hot path of a decision calls allocates nothing through operator new: parsing, HMAC and Ed25519
// verification, claims, the token cache, API keys. (RSA and ECDSA allocate inside BoringSSL, through malloc.)
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "auth/api_key.h"
#include "auth/jwt.h"
#include "auth/minter.h"
#include "auth/token_cache.h"

namespace {
size_t allocations = 0;
}

void* operator new(size_t size) {
  ++allocations;
  void* p = std::malloc(size);
  if (!p) throw std::bad_alloc();
  return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace sluice::auth {
namespace {

constexpr int64_t kNow = 1'760'000'000'000'000'000;

template <typename Work>
size_t AllocationsOnceWarm(Work work) {
  work();
  size_t before = allocations;
  for (int i = 0; i < 100; ++i) work();
  return allocations - before;
}

TEST(Allocation, VerifyingATokenAllocatesNothingOnceWarm) {
  std::string claims =
      R"({"iss":"https://idp","aud":["a","b"],"exp":1760000100,"groups":["x","y","z"],"a":1,"b":2,"c":3,)"
      R"("d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"n":14,"o":15})";
  ClaimRules rules;
  rules.issuers = {"https://idp"};
  rules.audiences = {"b"};
  for (KeyType type : {KeyType::kSecret, KeyType::kEd25519}) {
    bool secret = type == KeyType::kSecret;
    Minter minter = Minter::Make(type);
    std::string compact = minter.Mint(secret ? Algorithm::kHs256 : Algorithm::kEdDsa, claims, "k"), error;
    std::shared_ptr<const KeySet> keys = KeySet::ParseJwkSet(
        JwkSet({minter.Jwk("other", secret ? "HS256" : ""), minter.Jwk("k", secret ? "HS256" : "")}),
        {{Algorithm::kHs256, Algorithm::kEdDsa}, true}, &error, nullptr);
    ASSERT_TRUE(keys) << error;
    Token token;
    bool good = true;
    EXPECT_EQ(AllocationsOnceWarm([&] {
                good = good && token.Parse(compact).ok() && token.Verify(*keys).ok() &&
                       CheckClaims(token, rules, kNow, nullptr).ok() && HasString(token.Claim("groups"), "z");
              }),
              0u);
    EXPECT_TRUE(good);
  }
}

TEST(Allocation, RefusingATokenAllocatesNothingOnceWarm) {
  Token token;
  EXPECT_EQ(AllocationsOnceWarm([&] {
              token.Parse("eyJhbGciOiJIUzI1NiJ9.e30.AAAA");
              token.Parse("a.b.c");
              token.Parse("eyJhbGciOiJIUzI1NiJ9.eyJhIjoxLCJhIjoxfQ.AAAA");
            }),
            0u);
}

TEST(Allocation, CachesAndTablesAllocateNothingAfterConstruction) {
  TokenCache cache(64 << 10, {1});
  std::string error;
  std::optional<ApiKeyTable> table = ApiKeyTable::Build({{"key", 1}}, {2}, &error);
  bool good = true;
  EXPECT_EQ(AllocationsOnceWarm([&] {
              TokenCache::Key key = cache.KeyFor("token", {1, 2});
              CachedToken value;
              cache.Insert(key, value);
              good = good && cache.Find(key, &value) && table->Find("key") == 1u && !table->Find("nobody");
            }),
            0u);
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace sluice::auth
