#include "auth/token_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace sluice::auth {
namespace {

constexpr TokenCache::Seed kSeed = {1, 2, 3};

// A value all of whose words tell its number, so that a torn read shows.
template <typename Value>
Value ValueOf(uint64_t number) {
  Value value;
  value.exp_ns = static_cast<int64_t>(number);
  value.nbf_ns = -static_cast<int64_t>(number);
  value.user[0] = number;
  value.user[1] = ~number;
  value.payload_size = number * 61 % (Value::kPayloadBytes + 1);
  std::memset(value.payload, static_cast<int>('a' + number % 26), value.payload_size);
  return value;
}

template <typename Value>
void ExpectValue(const Value& value, uint64_t number) {
  auto expected = ValueOf<Value>(number);
  EXPECT_EQ(value.exp_ns, expected.exp_ns);
  EXPECT_EQ(value.nbf_ns, expected.nbf_ns);
  EXPECT_EQ(value.user[0], expected.user[0]);
  EXPECT_EQ(value.user[1], expected.user[1]);
  EXPECT_EQ(value.payload_view(), expected.payload_view());
}

// Both sizes of entries.
template <typename Cache>
class TokenCacheTest : public ::testing::Test {
 protected:
  using Key = TokenCacheKey;
  using Value = typename Cache::Value;
  static constexpr size_t kEntryBytes = 96 + Value::kPayloadBytes;
  static constexpr size_t kSetBytes = 4 * kEntryBytes;
};

using Caches = ::testing::Types<TokenCache, SignedTokenCache>;
TYPED_TEST_SUITE(TokenCacheTest, Caches);

TYPED_TEST(TokenCacheTest, FindsWhatWasInserted) {
  using Value = typename TestFixture::Value;
  TypeParam cache(32 * TestFixture::kSetBytes, kSeed);
  for (uint64_t i = 0; i < 30; ++i) {
    TokenCacheKey key = cache.KeyFor("token " + std::to_string(i), {1, 1});
    Value value;
    EXPECT_FALSE(cache.Find(key, &value));
    EXPECT_TRUE(cache.Insert(key, ValueOf<Value>(i * 7)));
    ASSERT_TRUE(cache.Find(key, &value));
    ExpectValue(value, i * 7);
    EXPECT_TRUE(cache.Insert(key, ValueOf<Value>(i))) << "replaces";
    ASSERT_TRUE(cache.Find(key, &value));
    ExpectValue(value, i);
  }
}

TYPED_TEST(TokenCacheTest, KeysTellTokensVerifiersGenerationsAndSeedsApart) {
  using Value = typename TestFixture::Value;
  TypeParam cache(32 * TestFixture::kSetBytes, kSeed), other(32 * TestFixture::kSetBytes, {9});
  ASSERT_TRUE(cache.Insert(cache.KeyFor("token", {1, 1}), {}));
  Value value;
  EXPECT_TRUE(cache.Find(cache.KeyFor("token", {1, 1}), &value));
  EXPECT_FALSE(cache.Find(cache.KeyFor("tokem", {1, 1}), &value));
  EXPECT_FALSE(cache.Find(cache.KeyFor("token", {2, 1}), &value));
  EXPECT_FALSE(cache.Find(cache.KeyFor("token", {1, 2}), &value)) << "a new key set reaches no old entry";
  EXPECT_FALSE(cache.Find(other.KeyFor("token", {1, 1}), &value));
}

TYPED_TEST(TokenCacheTest, IsBoundedInBytes) {
  constexpr size_t kSet = TestFixture::kSetBytes;
  for (size_t bytes : {size_t{0}, kSet, 2 * kSet - 1, 2 * kSet, 100 * kSet, 1024 * kSet}) {
    TypeParam cache(bytes, kSeed);
    EXPECT_LE(cache.bytes(), std::max(bytes, kSet));
    EXPECT_GT(2 * cache.bytes(), bytes) << "a power of two, and the largest";
    EXPECT_EQ(cache.entries(), cache.bytes() / TestFixture::kEntryBytes);
  }
}

TYPED_TEST(TokenCacheTest, AFullSetReplacesItsOldestEntry) {
  using Value = typename TestFixture::Value;
  TypeParam cache(TestFixture::kSetBytes, kSeed);  // one set of four
  std::vector<TokenCacheKey> keys;
  for (uint64_t i = 0; i < 10; ++i) {
    keys.push_back(cache.KeyFor("token " + std::to_string(i), {}));
    ASSERT_TRUE(cache.Insert(keys[i], ValueOf<Value>(i)));
    for (uint64_t j = 0; j <= i; ++j) {
      Value value;
      EXPECT_EQ(cache.Find(keys[j], &value), j + 4 > i) << j << " of " << i;
    }
  }
}

TYPED_TEST(TokenCacheTest, RefusesWhatDoesNotFit) {
  using Value = typename TestFixture::Value;
  TypeParam cache(TestFixture::kSetBytes, kSeed);
  Value value;
  value.payload_size = Value::kPayloadBytes;
  EXPECT_TRUE(cache.Insert(cache.KeyFor("t", {}), value));
  value.payload_size = Value::kPayloadBytes + 1;
  EXPECT_FALSE(cache.Insert(cache.KeyFor("u", {}), value));
  EXPECT_FALSE(cache.Insert(TokenCacheKey{}, Value{})) << "the mark of an empty entry";
  EXPECT_FALSE(cache.Find(TokenCacheKey{}, &value));
}

TYPED_TEST(TokenCacheTest, ClearForgetsEverything) {
  using Value = typename TestFixture::Value;
  TypeParam cache(16 * TestFixture::kSetBytes, kSeed);
  std::vector<TokenCacheKey> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(cache.KeyFor("token " + std::to_string(i), {}));
    cache.Insert(keys.back(), {});
  }
  cache.Clear();
  Value value;
  for (const TokenCacheKey& key : keys) EXPECT_FALSE(cache.Find(key, &value));
  EXPECT_TRUE(cache.Insert(keys[0], {}));
  EXPECT_TRUE(cache.Find(keys[0], &value));
}

// Readers and writers of one small table: every hit is whole, and belongs to its key. Under TSan this is the proof that
// nothing races.
TYPED_TEST(TokenCacheTest, ThreadsNeverSeeATornEntry) {
  using Value = typename TestFixture::Value;
  TypeParam cache(4 * TestFixture::kSetBytes, kSeed);
  constexpr uint64_t kTokens = 64;
  constexpr int kRounds = std::is_same_v<TypeParam, TokenCache> ? 40'000 : 20'000;
  std::vector<TokenCacheKey> keys;
  for (uint64_t i = 0; i < kTokens; ++i) keys.push_back(cache.KeyFor(std::to_string(i), {}));
  std::atomic<uint64_t> hits{0}, torn{0};
  auto work = [&](uint64_t thread) {
    uint64_t x = thread * 0x9e3779b97f4a7c15 + 1;
    for (int i = 0; i < kRounds; ++i) {
      x = x * 6364136223846793005 + 1442695040888963407;
      uint64_t token = (x >> 33) % kTokens, version = (x >> 40) % 1000;
      if (x >> 63) cache.Insert(keys[token], ValueOf<Value>(version * kTokens + token));
      if (i % (kRounds / 4) == kRounds / 4 - 1) cache.Clear();
      Value value;
      if (!cache.Find(keys[token], &value)) continue;
      ++hits;
      Value expected = ValueOf<Value>(value.user[0]);
      bool whole = value.user[0] % kTokens == token && value.exp_ns == expected.exp_ns &&
                   value.nbf_ns == expected.nbf_ns && value.user[1] == expected.user[1] &&
                   value.payload_view() == expected.payload_view();
      if (!whole) ++torn;
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_GT(hits, 1000u);
}

}  // namespace
}  // namespace sluice::auth
