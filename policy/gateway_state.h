// What lives on in a gateway while policies come and go. Internal to policy/.
#ifndef SLUICE_POLICY_GATEWAY_STATE_H_
#define SLUICE_POLICY_GATEWAY_STATE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "auth/revocation.h"
#include "auth/token_cache.h"
#include "policy/gateway.h"
#include "policy/key_sets.h"
#include "policy/shared_servers.h"
#include "policy/world.h"
#include "ratelimit/store.h"

namespace sluice {

// Numbers that need to be spread, not secret: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) over a shared counter.
class SharedRandom {
 public:
  explicit SharedRandom(uint64_t seed) : state_(seed) {}

  template <size_t kCount>
  void Next(uint64_t (&out)[kCount]) {
    uint64_t state = state_.fetch_add(kGamma * kCount, std::memory_order_relaxed);
    for (uint64_t& word : out) word = Mix(state += kGamma);
  }

 private:
  static constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;
  static uint64_t Mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::atomic<uint64_t> state_;
};

class GatewayState {
 public:
  explicit GatewayState(const GatewayOptions& options);

  void Publish(std::shared_ptr<const Snapshot> snapshot);
  void PublishRevocations(const std::vector<auth::Revocation>& entries);
  std::optional<Effect> NextJob(Now now, int64_t* ask_again_mono_ns);
  void JobDone(uint64_t job, const HttpResult& result, Now now);
  std::shared_ptr<const Snapshot> snapshot();                   // in force; null before the first
  std::vector<std::shared_ptr<SharedServer>> shared_servers();  // of that

  std::unique_ptr<ratelimit::Store> store;
  std::unique_ptr<auth::TokenCache> tokens;  // null: no cache
  auth::TokenMarker marker;
  KeySets key_sets;
  SharedServers servers;
  Worlds worlds;
  SharedRandom random;
  std::atomic<uint64_t> correlations{0};

  // Round-robin turns by upstream name; two names that meet share one, which only shifts where they stand.
  static constexpr size_t kTurns = 256;
  std::array<std::atomic<uint32_t>, kTurns> turns{};

 private:
  std::shared_ptr<const auth::RevokedTokens> TableOf(const std::vector<auth::Revocation>& entries) const;
  void PublishWorld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(publishing_);

  absl::Mutex publishing_;  // one new world at a time
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(publishing_);
  uint64_t policy_generation_ ABSL_GUARDED_BY(publishing_) = 0;
  std::vector<KeySetView> views_ ABSL_GUARDED_BY(publishing_);
  std::vector<std::shared_ptr<SharedServer>> servers_ ABSL_GUARDED_BY(publishing_);
  std::shared_ptr<const auth::RevokedTokens> revoked_by_policy_ ABSL_GUARDED_BY(publishing_);
  std::shared_ptr<const auth::RevokedTokens> revoked_live_ ABSL_GUARDED_BY(publishing_);
  const size_t signed_token_cache_bytes_;
  std::shared_ptr<auth::SignedTokenCache> signed_tokens_ ABSL_GUARDED_BY(publishing_);  // once a policy signs
};

}  // namespace sluice

#endif  // SLUICE_POLICY_GATEWAY_STATE_H_
