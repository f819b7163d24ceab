#include "policy/key_sets.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"

namespace sluice {
namespace {

// A job's id names its source's slot and the source's own flight.
constexpr int kSlotShift = 40;
uint64_t JobId(uint32_t slot, uint64_t flight) { return (uint64_t{slot} + 1) << kSlotShift | flight; }
uint32_t SlotOf(uint64_t job) { return static_cast<uint32_t>((job >> kSlotShift) - 1); }
uint64_t FlightOf(uint64_t job) { return job & ((uint64_t{1} << kSlotShift) - 1); }

std::string_view HeaderValue(const HttpResult& result, std::string_view name) {
  for (const Header& header : result.headers)
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  return {};
}

auth::FetchResult FetchResultOf(const HttpResult& result) {
  auth::FetchResult fetched;
  fetched.status = static_cast<int>(result.status);
  fetched.error = result.error;
  fetched.body = result.body;
  fetched.etag = HeaderValue(result, "etag");
  fetched.cache_control = HeaderValue(result, "cache-control");
  fetched.expires = HeaderValue(result, "expires");
  fetched.date = HeaderValue(result, "date");
  fetched.age = HeaderValue(result, "age");
  return fetched;
}

Effect EffectOf(uint64_t job, const auth::Fetch& fetch, std::span<const Header> headers) {
  Effect effect;
  effect.kind = EffectKind::kHttp;
  effect.id = job;
  effect.method = "GET";
  effect.url = fetch.url;
  effect.headers = headers;
  effect.timeout_ms = fetch.timeout_ms;
  effect.max_body_bytes = fetch.max_bytes;
  effect.allow_plain_http = absl::StartsWithIgnoreCase(fetch.url, "http:");
  return effect;
}

}  // namespace

std::vector<KeySetView> KeySets::Adopt(const std::vector<auth::KeySetSourceOptions>& sources) {
  absl::MutexLock lock(&mutex_);
  std::vector<KeySetView> views;
  std::vector<bool> named(entries_.size() + sources.size());
  for (const auth::KeySetSourceOptions& options : sources) {
    uint32_t slot = SlotFor(options);
    named[slot] = true;
    views.push_back(ViewOf(slot));
  }
  for (size_t slot = 0; slot < entries_.size(); ++slot)
    if (!named[slot]) entries_[slot].reset();
  return views;
}

uint32_t KeySets::SlotFor(const auth::KeySetSourceOptions& options) {
  std::string identity = auth::SourceIdentity(options);
  for (size_t slot = 0; slot < entries_.size(); ++slot)
    if (entries_[slot] != nullptr && entries_[slot]->identity == identity) return static_cast<uint32_t>(slot);
  auth::KeySetSourceOptions seeded = options;
  seeded.seed = seed_ + entries_.size();
  // Never a slot that was used before: a late answer to a dropped source's job must not reach another.
  entries_.push_back(std::unique_ptr<Entry>(new Entry{std::move(identity), auth::KeySetSource(seeded)}));
  return static_cast<uint32_t>(entries_.size() - 1);
}

KeySetView KeySets::ViewOf(uint32_t slot) const {
  const auth::KeySetSource& source = entries_[slot]->source;
  return {slot, source.keys(), source.generation(), source.usable_until_mono_ns()};
}

std::vector<KeySetView> KeySets::Refreshed(std::vector<KeySetView> views) {
  absl::MutexLock lock(&mutex_);
  for (KeySetView& view : views)
    if (entries_[view.slot] != nullptr) view = ViewOf(view.slot);
  return views;
}

std::optional<Effect> KeySets::NextJob(Now now, int64_t* ask_again_mono_ns) {
  absl::MutexLock lock(&mutex_);
  *ask_again_mono_ns = std::numeric_limits<int64_t>::max();
  for (size_t slot = 0; slot < entries_.size(); ++slot) {
    Entry* entry = entries_[slot].get();
    if (entry == nullptr) continue;
    int64_t ask_again = std::numeric_limits<int64_t>::max();
    std::optional<auth::Fetch> fetch = entry->source.NextFetch(now, &ask_again);
    *ask_again_mono_ns = std::min(*ask_again_mono_ns, ask_again);
    if (!fetch) continue;
    auto flight = std::make_unique<Flight>();
    flight->fetch = *std::move(fetch);
    for (const auto& [name, value] : flight->fetch.headers) flight->headers.push_back({name, value});
    Effect effect = EffectOf(JobId(static_cast<uint32_t>(slot), flight->fetch.id), flight->fetch, flight->headers);
    flights_[effect.id] = std::move(flight);
    return effect;
  }
  return std::nullopt;
}

bool KeySets::JobDone(uint64_t job, const HttpResult& result, Now now) {
  absl::MutexLock lock(&mutex_);
  flights_.erase(job);
  uint32_t slot = SlotOf(job);
  if (slot >= entries_.size() || entries_[slot] == nullptr) return false;
  auth::KeySetSource::Change change = entries_[slot]->source.OnResult(FlightOf(job), FetchResultOf(result), now);
  return change == auth::KeySetSource::Change::kSwapped || change == auth::KeySetSource::Change::kRefreshed;
}

auth::KeySetSource::Want KeySets::WantKey(uint32_t slot, std::string_view kid, Now now) {
  absl::MutexLock lock(&mutex_);
  if (entries_[slot] == nullptr) return {auth::KeySetSource::State::kUnavailable, 0, false};
  auth::KeySetSource::Want want = entries_[slot]->source.WantKey(kid, now);
  want.flight = JobId(slot, want.flight);
  return want;
}

}  // namespace sluice
