#include "policy/gateway.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "policy/compile/compiler.h"
#include "policy/document/parse.h"
#include "policy/gateway_state.h"
#include "policy/seed.h"
#include "policy/snapshot.h"

namespace sluice {
namespace {

Seed SeedOf(const GatewayOptions& options) {
  Seed seed;
  std::copy(std::begin(options.seed), std::end(options.seed), seed.begin());
  return std::all_of(seed.begin(), seed.end(), [](uint8_t byte) { return byte == 0; }) ? RandomSeed() : seed;
}

// Different uses get different words of the seed.
uint64_t Word(const Seed& seed, size_t index) {
  uint64_t word;
  std::memcpy(&word, seed.data() + index * sizeof word, sizeof word);
  return word;
}

std::unique_ptr<ratelimit::Store> StoreOf(const GatewayOptions& options, const Seed& seed) {
  std::string error;
  ratelimit::HashKey key{Word(seed, 0), Word(seed, 1)};
  std::unique_ptr<ratelimit::Store> store =
      options.region != nullptr
          ? ratelimit::Store::Create(options.region, options.region_bytes, key, ratelimit::StoreOptions(), &error)
          : ratelimit::Store::CreatePrivate(options.region_bytes, key, ratelimit::StoreOptions(), &error);
  if (store == nullptr) throw std::runtime_error(error);
  return store;
}

}  // namespace

GatewayState::GatewayState(const GatewayOptions& options)
    : marker(RandomSeed()),
      key_sets(Word(RandomSeed(), 0)),
      servers(Word(RandomSeed(), 0)),
      random(Word(RandomSeed(), 0)),
      signed_token_cache_bytes_(options.signed_token_cache_bytes) {
  Seed seed = SeedOf(options);
  store = StoreOf(options, seed);
  if (options.token_cache_bytes > 0) tokens = std::make_unique<auth::TokenCache>(options.token_cache_bytes, seed);
}

std::shared_ptr<const auth::RevokedTokens> GatewayState::TableOf(const std::vector<auth::Revocation>& entries) const {
  return entries.empty() ? nullptr : std::make_shared<const auth::RevokedTokens>(marker, entries);
}

void GatewayState::PublishWorld() {
  worlds.Publish(std::make_unique<World>(
      World{snapshot_, policy_generation_, views_, servers_, revoked_by_policy_, revoked_live_, signed_tokens_}));
}

void GatewayState::Publish(std::shared_ptr<const Snapshot> snapshot) {
  std::shared_ptr<const auth::RevokedTokens> revoked = TableOf(snapshot->revoked);
  absl::MutexLock lock(&publishing_);
  // Megabytes that few policies need. First, for if there is no memory for them nothing may have changed.
  if (signed_tokens_ == nullptr && !snapshot->jwt_signer.empty() && signed_token_cache_bytes_ > 0)
    signed_tokens_ = std::make_shared<auth::SignedTokenCache>(signed_token_cache_bytes_, RandomSeed());
  revoked_by_policy_ = std::move(revoked);
  views_ = key_sets.Adopt(snapshot->key_sources);
  servers_ = servers.Adopt(snapshot->redis);
  snapshot_ = std::move(snapshot);
  ++policy_generation_;
  PublishWorld();
}

void GatewayState::PublishRevocations(const std::vector<auth::Revocation>& entries) {
  std::shared_ptr<const auth::RevokedTokens> revoked = TableOf(entries);
  absl::MutexLock lock(&publishing_);
  revoked_live_ = std::move(revoked);
  if (snapshot_ != nullptr) PublishWorld();  // else the first policy brings it in
}

std::optional<Effect> GatewayState::NextJob(Now now, int64_t* ask_again_mono_ns) {
  std::optional<Effect> job = key_sets.NextJob(now, ask_again_mono_ns);
  if (job) return job;
  int64_t servers_ask_again = 0;
  job = servers.NextJob(now, &servers_ask_again);
  *ask_again_mono_ns = std::min(*ask_again_mono_ns, servers_ask_again);
  return job;
}

std::shared_ptr<const Snapshot> GatewayState::snapshot() {
  absl::MutexLock lock(&publishing_);
  return snapshot_;
}

std::vector<std::shared_ptr<SharedServer>> GatewayState::shared_servers() {
  absl::MutexLock lock(&publishing_);
  return servers_;
}

void GatewayState::JobDone(uint64_t job, const HttpResult& result, Now now) {
  if (SharedServers::Owns(job)) return servers.JobDone(job, result, now, *store);
  if (!key_sets.JobDone(job, result, now)) return;
  absl::MutexLock lock(&publishing_);
  views_ = key_sets.Refreshed(std::move(views_));
  PublishWorld();
}

Gateway::Gateway(const GatewayOptions& options) : state_(std::make_unique<GatewayState>(options)) {}
Gateway::~Gateway() = default;

void Gateway::Publish(std::shared_ptr<const Snapshot> snapshot) { state_->Publish(std::move(snapshot)); }

Diagnostics Gateway::PublishRevocations(std::string_view list) {
  policy::ParseOptions options;
  options.file_name = "revocations";
  policy::ParseResult parsed = policy::ParseRevoked(list, options);
  if (parsed.ok()) state_->PublishRevocations(RevocationsOf(parsed.document));
  return std::move(parsed.diagnostics);
}

std::optional<std::string> Gateway::PublicKeys(std::string_view key_set) const {
  const std::shared_ptr<const Snapshot> snapshot = state_->snapshot();
  if (snapshot == nullptr) return std::nullopt;
  auto found = snapshot->public_keys.find(key_set);
  return found == snapshot->public_keys.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Effect> Gateway::NextJob(Now now, int64_t* ask_again_mono_ns) {
  return state_->NextJob(now, ask_again_mono_ns);
}

void Gateway::JobDone(uint64_t job, const HttpResult& result, Now now) { state_->JobDone(job, result, now); }

}  // namespace sluice
