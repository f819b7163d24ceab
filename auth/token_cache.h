// Tokens that were verified, or signed, before: a fixed-size table that any number of threads read and write without a
// lock.
//
//   TokenCache cache(16 << 20, seed);                      // bytes; 32 random bytes, fresh for each process
//   TokenCache::Key key = cache.KeyFor(compact, {verifier_id, generation});
//   CachedToken hit;
//   if (cache.Find(key, &hit) && now_ns < hit.exp_ns && now_ns >= hit.nbf_ns) …   // times: the caller's to check
//   …verify in full; only then:
//   cache.Insert(key, value);
//
// The token that an entry is found by is not kept. The key is a 128-bit MAC of the token under the secret seed (GMAC,
// NIST SP 800-38D: AES-256-GCM over no plaintext), with verifier and generation as its nonce. The MAC never leaves the
// process, so that it serves as a Carter-Wegman hash: a forged token of n 16-byte blocks meets a given entry with
// probability at most (n + 2) / 2^127, below 2^-116 for the longest token, that is below 2^-56 after 2^40 tries against
// 2^20 entries. A new generation of keys makes all old entries unreachable at once.
//
// Four entries a set. An entry of TokenCache, for tokens that were verified, has 256 bytes; one of SignedTokenCache,
// which keeps what was signed for an upstream under what it was signed for, 4 KiB. Each entry is a seqlock of relaxed
// atomic words: a reader that meets a writer reports a miss, a writer that meets a writer drops its entry; nobody
// waits. A full set replaces its oldest entry. Never allocates after construction. Insert only after success: an entry
// is never a refusal, so that nobody can lock anyone out by filling the table.
#ifndef SLUICE_AUTH_TOKEN_CACHE_H_
#define SLUICE_AUTH_TOKEN_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "auth/revocation.h"

namespace sluice::auth {

template <size_t kBytes>
struct BasicCachedToken {
  static constexpr size_t kPayloadBytes = kBytes;

  int64_t exp_ns = 0;  // wall clock, as TokenTimes
  int64_t nbf_ns = 0;
  uint64_t user[2] = {0, 0};         // the caller's: consumer index, key index …
  TokenMarks marks = {};             // whether it was revoked since
  uint64_t payload_size = 0;         // at most kPayloadBytes
  char payload[kPayloadBytes] = {};  // the caller's: claims that the policy wants later, or the signed token

  std::string_view payload_view() const { return {payload, static_cast<size_t>(payload_size)}; }
};

struct TokenCacheContext {
  uint64_t verifier = 0;    // which policy verified: issuer, rules; or which one signs
  uint64_t generation = 0;  // of its keys and rules
};

struct TokenCacheKey {
  uint64_t words[2] = {0, 0};
};

template <size_t kBytes>
class BasicTokenCache {
 public:
  using Value = BasicCachedToken<kBytes>;
  using Seed = std::array<uint8_t, 32>;

  using Context = TokenCacheContext;
  using Key = TokenCacheKey;

  // `bytes` is rounded down to a power of two of entries, at least one set.
  BasicTokenCache(size_t bytes, const Seed& seed);
  ~BasicTokenCache();
  BasicTokenCache(const BasicTokenCache&) = delete;
  BasicTokenCache& operator=(const BasicTokenCache&) = delete;

  Key KeyFor(std::string_view token, Context context) const;

  // False: not there (or being written at this moment).
  bool Find(const Key& key, Value* value) const;

  // False: dropped (payload too long, or the entry is being written by another thread).
  bool Insert(const Key& key, const Value& value);

  // Forgets everything; entries that other threads insert meanwhile may stay.
  void Clear();

  size_t bytes() const;
  size_t entries() const { return set_count_ * kWays; }

 private:
  static constexpr size_t kWays = 4;
  static constexpr size_t kWords = 11 + kBytes / 8;  // key, times, user, marks, size, payload
  struct Entry;

  Entry* SetOf(const Key& key) const;

  std::unique_ptr<const KeyedHash> hash_;
  std::unique_ptr<Entry[]> table_;
  size_t set_count_;
};

using CachedToken = BasicCachedToken<160>;
using TokenCache = BasicTokenCache<160>;
using CachedSignedToken = BasicCachedToken<4000>;
using SignedTokenCache = BasicTokenCache<4000>;
extern template class BasicTokenCache<160>;
extern template class BasicTokenCache<4000>;

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_TOKEN_CACHE_H_
