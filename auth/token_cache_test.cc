#include "auth/token_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace sluice::auth {
namespace {

constexpr TokenCache::Seed kSeed = {1, 2, 3};

// A value all of whose words tell its number, so that a torn read shows.
CachedToken ValueOf(uint64_t number) {
  CachedToken value;
  value.exp_ns = static_cast<int64_t>(number);
  value.nbf_ns = -static_cast<int64_t>(number);
  value.user[0] = number;
  value.user[1] = ~number;
  value.payload_size = number % (CachedToken::kPayloadBytes + 1);
  std::memset(value.payload, static_cast<int>('a' + number % 26), value.payload_size);
  return value;
}

void ExpectValue(const CachedToken& value, uint64_t number) {
  CachedToken expected = ValueOf(number);
  EXPECT_EQ(value.exp_ns, expected.exp_ns);
  EXPECT_EQ(value.nbf_ns, expected.nbf_ns);
  EXPECT_EQ(value.user[0], expected.user[0]);
  EXPECT_EQ(value.user[1], expected.user[1]);
  EXPECT_EQ(value.payload_view(), expected.payload_view());
}

TEST(TokenCache, FindsWhatWasInserted) {
  TokenCache cache(64 << 10, kSeed);
  for (uint64_t i = 0; i < 30; ++i) {
    TokenCache::Key key = cache.KeyFor("token " + std::to_string(i), {1, 1});
    CachedToken value;
    EXPECT_FALSE(cache.Find(key, &value));
    EXPECT_TRUE(cache.Insert(key, ValueOf(i * 7)));
    ASSERT_TRUE(cache.Find(key, &value));
    ExpectValue(value, i * 7);
    EXPECT_TRUE(cache.Insert(key, ValueOf(i))) << "replaces";
    ASSERT_TRUE(cache.Find(key, &value));
    ExpectValue(value, i);
  }
}

TEST(TokenCache, KeysTellTokensVerifiersGenerationsAndSeedsApart) {
  TokenCache cache(64 << 10, kSeed), other(64 << 10, {9});
  ASSERT_TRUE(cache.Insert(cache.KeyFor("token", {1, 1}), {}));
  CachedToken value;
  EXPECT_TRUE(cache.Find(cache.KeyFor("token", {1, 1}), &value));
  EXPECT_FALSE(cache.Find(cache.KeyFor("tokem", {1, 1}), &value));
  EXPECT_FALSE(cache.Find(cache.KeyFor("token", {2, 1}), &value));
  EXPECT_FALSE(cache.Find(cache.KeyFor("token", {1, 2}), &value)) << "a new key set reaches no old entry";
  EXPECT_FALSE(cache.Find(other.KeyFor("token", {1, 1}), &value));
}

TEST(TokenCache, IsBoundedInBytes) {
  for (size_t bytes : {size_t{0}, size_t{1024}, size_t{2047}, size_t{2048}, size_t{100'000}, size_t{1} << 20}) {
    TokenCache cache(bytes, kSeed);
    EXPECT_LE(cache.bytes(), std::max(bytes, size_t{1024}));
    EXPECT_GT(2 * cache.bytes(), bytes) << "a power of two, and the largest";
    EXPECT_EQ(cache.entries(), cache.bytes() / 256);
  }
}

TEST(TokenCache, AFullSetReplacesItsOldestEntry) {
  TokenCache cache(1024, kSeed);  // one set of four
  std::vector<TokenCache::Key> keys;
  for (uint64_t i = 0; i < 10; ++i) {
    keys.push_back(cache.KeyFor("token " + std::to_string(i), {}));
    ASSERT_TRUE(cache.Insert(keys[i], ValueOf(i)));
    for (uint64_t j = 0; j <= i; ++j) {
      CachedToken value;
      EXPECT_EQ(cache.Find(keys[j], &value), j + 4 > i) << j << " of " << i;
    }
  }
}

TEST(TokenCache, RefusesWhatDoesNotFit) {
  TokenCache cache(1024, kSeed);
  CachedToken value;
  value.payload_size = CachedToken::kPayloadBytes;
  EXPECT_TRUE(cache.Insert(cache.KeyFor("t", {}), value));
  value.payload_size = CachedToken::kPayloadBytes + 1;
  EXPECT_FALSE(cache.Insert(cache.KeyFor("u", {}), value));
  EXPECT_FALSE(cache.Insert(TokenCache::Key{}, CachedToken{})) << "the mark of an empty entry";
  EXPECT_FALSE(cache.Find(TokenCache::Key{}, &value));
}

TEST(TokenCache, ClearForgetsEverything) {
  TokenCache cache(16 << 10, kSeed);
  std::vector<TokenCache::Key> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(cache.KeyFor("token " + std::to_string(i), {}));
    cache.Insert(keys.back(), {});
  }
  cache.Clear();
  CachedToken value;
  for (const TokenCache::Key& key : keys) EXPECT_FALSE(cache.Find(key, &value));
  EXPECT_TRUE(cache.Insert(keys[0], {}));
  EXPECT_TRUE(cache.Find(keys[0], &value));
}

// Readers and writers of one small table: every hit is whole, and belongs to its key. Under TSan this is the proof that
// nothing races.
TEST(TokenCache, ThreadsNeverSeeATornEntry) {
  TokenCache cache(4096, kSeed);
  constexpr uint64_t kTokens = 64;
  std::vector<TokenCache::Key> keys;
  for (uint64_t i = 0; i < kTokens; ++i) keys.push_back(cache.KeyFor(std::to_string(i), {}));
  std::atomic<uint64_t> hits{0}, torn{0};
  auto work = [&](uint64_t thread) {
    uint64_t x = thread * 0x9e3779b97f4a7c15 + 1;
    for (int i = 0; i < 40'000; ++i) {
      x = x * 6364136223846793005 + 1442695040888963407;
      uint64_t token = (x >> 33) % kTokens, version = (x >> 40) % 1000;
      if (x >> 63) cache.Insert(keys[token], ValueOf(version * kTokens + token));
      if (i % 10'000 == 9'999) cache.Clear();
      CachedToken value;
      if (!cache.Find(keys[token], &value)) continue;
      ++hits;
      CachedToken expected = ValueOf(value.user[0]);
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
