#include "auth/key_set_source.h"

#include <algorithm>
#include <cstring>

#include "auth/digest.h"
#include "auth/discovery.h"
#include "auth/http_freshness.h"
#include "base/ascii.h"

namespace sluice::auth {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kGraceNs = kSecond;  // between a fetch's deadline and giving it up: the host's timers are coarse
constexpr size_t kEtagBytes = 256;
constexpr int64_t kMostSeconds = 366 * 86400;

// The next of a fixed sequence of well-mixed numbers (Steele et al., "SplitMix", 2014).
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

struct NamedBound {
  const char* name;
  int64_t value, least;
};

}  // namespace

std::string KeySetSource::Check(const KeySetSourceOptions& o) {
  std::string error = CheckFetchUrl(o.url, o.allow_http);
  if (!error.empty()) return error;
  for (const NamedBound& b : {NamedBound{"min_fresh_s", o.min_fresh_s, 1},
                              {"max_fresh_s", o.max_fresh_s, o.min_fresh_s},
                              {"default_fresh_s", o.default_fresh_s, 1},
                              {"stale_s", o.stale_s, 0},
                              {"cooldown_s", o.cooldown_s, 1},
                              {"negative_s", o.negative_s, 0},
                              {"backoff_first_s", o.backoff_first_s, 1},
                              {"backoff_max_s", o.backoff_max_s, o.backoff_first_s},
                              {"timeout_ms", o.timeout_ms, 1}})
    if (b.value < b.least || b.value > kMostSeconds)
      return std::string("expected ") + b.name + " from " + std::to_string(b.least) + " to " +
             std::to_string(kMostSeconds) + ", found `" + std::to_string(b.value) + "`";
  if (o.max_bytes == 0 || o.max_bytes > limits::kJwkSetBytes)
    return "expected max_bytes from 1 to " + std::to_string(limits::kJwkSetBytes) + ", found `" +
           std::to_string(o.max_bytes) + "`";
  return "";
}

std::string SourceIdentity(const KeySetSourceOptions& o) {
  std::string identity = o.url + "\n";
  for (const std::string& issuer : o.issuers) identity += issuer + "\n";
  for (int64_t value : {int64_t{o.allow_http}, o.default_fresh_s, o.min_fresh_s, o.max_fresh_s, o.stale_s, o.cooldown_s,
                        o.negative_s, o.backoff_first_s, o.backoff_max_s, o.timeout_ms,
                        static_cast<int64_t>(o.max_bytes), int64_t{o.keys.allow_secrets}})
    identity += std::to_string(value) + " ";
  for (int i = 0; i < kAlgorithmCount; ++i) identity += o.keys.algorithms.Has(static_cast<Algorithm>(i)) ? '1' : '0';
  return identity;
}

KeySetSource::KeySetSource(KeySetSourceOptions options) : options_(std::move(options)), random_(options_.seed) {
  if (options_.issuers.empty()) jwks_url_ = options_.url;
  char secret[32];
  for (size_t i = 0; i < sizeof(secret); i += 8) {
    uint64_t word = NextRandom(&random_);
    std::memcpy(secret + i, &word, sizeof(word));
  }
  kid_hash_ = HmacKey::Create(Algorithm::kHs256, {secret, sizeof(secret)});
}

std::optional<Fetch> KeySetSource::NextFetch(Now now, int64_t* ask_again_mono_ns) {
  ExpireFlight(now.mono_ns);
  if (flight_ == Flight::kNone && now.mono_ns >= due_ns_) JoinFlight(0, true);
  if (flight_ == Flight::kWanted) {
    flight_ = Flight::kUnderWay;
    discovering_ = !follows_ && NeedsDiscovery(now.mono_ns);
    flight_deadline_ns_ = now.mono_ns + options_.timeout_ms * 1'000'000;
    *ask_again_mono_ns = flight_deadline_ns_ + kGraceNs;
    return MakeFetch();
  }
  *ask_again_mono_ns = flight_ == Flight::kUnderWay ? flight_deadline_ns_ + kGraceNs : due_ns_;
  return std::nullopt;
}

bool KeySetSource::NeedsDiscovery(int64_t mono_ns) const {
  return !options_.issuers.empty() && (jwks_url_.empty() || mono_ns >= discovery_due_ns_);
}

Fetch KeySetSource::MakeFetch() const {
  Fetch fetch;
  fetch.id = flight_id_;
  fetch.url = discovering_ ? options_.url : jwks_url_;
  fetch.headers.emplace_back("Accept",
                             discovering_ ? "application/json" : "application/jwk-set+json, application/json");
  if (!discovering_ && !etag_.empty()) fetch.headers.emplace_back("If-None-Match", etag_);
  fetch.timeout_ms = options_.timeout_ms;
  fetch.deadline_mono_ns = flight_deadline_ns_;
  fetch.max_bytes = discovering_ ? limits::kDiscoveryBytes : options_.max_bytes;
  return fetch;
}

// Why an answer that should bring something does not; "" if it does.
std::string KeySetSource::Fault(const FetchResult& result) const {
  if (result.status == 0) return result.error.empty() ? "no answer" : std::string(result.error.substr(0, 200));
  if (result.status != 200) return "expected status 200, found `" + std::to_string(result.status) + "`";
  if (result.body.size() > options_.max_bytes)
    return "expected at most " + std::to_string(options_.max_bytes) + " bytes, found more";
  return "";
}

KeySetSource::Change KeySetSource::OnResult(uint64_t fetch_id, const FetchResult& result, Now now) {
  if (flight_ != Flight::kUnderWay || fetch_id != flight_id_) return Change::kNone;
  if (discovering_) return Discover(result, now);
  EndFlight(now.mono_ns);
  if (result.status == 304 && keys_ && !etag_.empty()) return Refresh(result, now, Change::kRefreshed);
  std::string fault = Fault(result);
  return fault.empty() ? Take(result, now) : Fail(std::move(fault), now.mono_ns);
}

// Whoever waits goes on waiting, for the keys.
KeySetSource::Change KeySetSource::Discover(const FetchResult& result, Now now) {
  std::string url;
  std::string fault = Fault(result);
  if (fault.empty()) fault = ReadDiscovery(result.body, options_.issuers, options_.allow_http, &url);
  if (!fault.empty()) {
    EndFlight(now.mono_ns);
    return Fail(std::move(fault), now.mono_ns);
  }
  if (url != jwks_url_) etag_.clear();
  jwks_url_ = std::move(url);
  discovery_due_ns_ = now.mono_ns + FreshNs(result, now);
  flight_ = Flight::kWanted;
  ++flight_id_;
  follows_ = true;
  return Change::kDiscovered;
}

KeySetSource::Change KeySetSource::Take(const FetchResult& result, Now now) {
  std::array<uint8_t, 32> digest = Sha256(result.body);
  bool same = keys_ && digest == body_digest_;
  if (!same) {
    std::string error;
    Notes notes;
    std::shared_ptr<const KeySet> keys = KeySet::ParseJwkSet(result.body, options_.keys, &error, &notes);
    if (!keys) return Fail(error, now.mono_ns);
    keys_ = std::move(keys);
    notes_ = std::move(notes);
    body_digest_ = digest;
    ++generation_;
  }
  bool fit = result.etag.size() <= kEtagBytes && IsVisible(result.etag);
  etag_ = fit ? std::string(result.etag) : std::string();
  return Refresh(result, now, same ? Change::kRefreshed : Change::kSwapped);
}

int64_t KeySetSource::FreshNs(const FetchResult& result, Now now) const {
  std::optional<int64_t> said =
      FreshSeconds({result.cache_control, result.expires, result.date, result.age}, now.wall_ns / kSecond);
  return std::clamp(said.value_or(options_.default_fresh_s), options_.min_fresh_s, options_.max_fresh_s) * kSecond;
}

KeySetSource::Change KeySetSource::Refresh(const FetchResult& result, Now now, Change change) {
  int64_t fresh_ns = FreshNs(result, now);
  due_ns_ = now.mono_ns + Between(fresh_ns, 80, 95);
  usable_until_ns_ = now.mono_ns + fresh_ns + options_.stale_s * kSecond;
  failures_ = 0;
  last_error_.clear();
  RememberAbsent(now.mono_ns);
  return change;
}

KeySetSource::Change KeySetSource::Fail(std::string error, int64_t mono_ns) {
  last_error_ = std::move(error);
  discovery_due_ns_ = kLongAgo;  // the keys may have moved
  failures_ = std::min(failures_ + 1, 1'000'000);
  int64_t wait_s = options_.backoff_first_s;
  for (int i = 1; i < failures_ && wait_s < options_.backoff_max_s; ++i) wait_s *= 2;
  due_ns_ = mono_ns + Between(std::min(wait_s, options_.backoff_max_s) * kSecond, 50, 100);
  waiting_count_ = 0;
  return Change::kFailed;
}

KeySetSource::Want KeySetSource::WantKey(std::string_view kid, Now now) {
  ExpireFlight(now.mono_ns);
  bool usable = keys_ && now.mono_ns < usable_until_ns_;
  if (usable && HasKey(kid)) return {State::kHave};
  uint64_t hash = HashKid(kid);
  if (flight_ != Flight::kNone) return JoinFlight(hash, false);
  if (!usable || failures_ > 0)  // what is scheduled anyway decides, also against a storm
    return now.mono_ns >= due_ns_ ? JoinFlight(hash, true) : Want{State::kUnavailable};
  if (now.mono_ns < cooldown_until_ns_ || KnownAbsent(hash, now.mono_ns)) return {State::kUnknown};
  flight_on_demand_ = true;
  return JoinFlight(hash, true);
}

// Waits for the flight, and begins it if `started`.
KeySetSource::Want KeySetSource::JoinFlight(uint64_t kid_hash, bool started) {
  if (started) {
    flight_ = Flight::kWanted;
    ++flight_id_;
    follows_ = false;
    waiting_count_ = 0;
  }
  if (kid_hash != 0 && waiting_count_ < waiting_.size()) waiting_[waiting_count_++] = kid_hash;
  return {State::kWait, flight_id_, started, follows_};
}

void KeySetSource::EndFlight(int64_t mono_ns) {
  flight_ = Flight::kNone;
  if (flight_on_demand_) cooldown_until_ns_ = mono_ns + options_.cooldown_s * kSecond;
  flight_on_demand_ = false;
  discovering_ = follows_ = false;
}

void KeySetSource::ExpireFlight(int64_t mono_ns) {
  if (flight_ != Flight::kUnderWay || mono_ns <= flight_deadline_ns_ + kGraceNs) return;
  EndFlight(mono_ns);
  Fail("expected an answer within " + std::to_string(options_.timeout_ms) + " ms, found none", mono_ns);
}

bool KeySetSource::HasKey(std::string_view kid) const { return kid.empty() ? keys_->size() > 0 : keys_->HasKid(kid); }

uint64_t KeySetSource::HashKid(std::string_view kid) const {
  uint8_t mac[HmacKey::kMaxBytes];
  kid_hash_->Mac(kid, mac);
  uint64_t hash;
  std::memcpy(&hash, mac, sizeof(hash));
  return hash | 1;  // never 0, which stands for no key id
}

bool KeySetSource::KnownAbsent(uint64_t hash, int64_t mono_ns) const {
  return std::any_of(absent_.begin(), absent_.end(),
                     [&](const Absent& a) { return a.hash == hash && mono_ns < a.until_ns; });
}

// Of the key ids that waited for this flight, remembers those that it did not bring.
void KeySetSource::RememberAbsent(int64_t mono_ns) {
  for (size_t i = 0; i < keys_->size(); ++i) {
    uint64_t present = HashKid(keys_->key(i).kid());
    std::replace(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(waiting_count_), present, uint64_t{0});
  }
  for (size_t i = 0; i < waiting_count_; ++i) {
    if (waiting_[i] == 0 || KnownAbsent(waiting_[i], mono_ns)) continue;
    absent_[absent_next_] = {waiting_[i], mono_ns + options_.negative_s * kSecond};
    absent_next_ = (absent_next_ + 1) % absent_.size();
  }
  waiting_count_ = 0;
}

int64_t KeySetSource::Between(int64_t ns, int least_percent, int most_percent) {
  int64_t per_mille =
      least_percent * 10 +
      static_cast<int64_t>(NextRandom(&random_) % static_cast<uint64_t>((most_percent - least_percent) * 10 + 1));
  return ns / 1000 * per_mille;
}

}  // namespace sluice::auth
