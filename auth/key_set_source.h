// A key set behind a URL, kept fresh, as a state machine without I/O: time and answers are arguments.
//
//   KeySetSourceOptions options;
//   options.url = "https://idp.example.com/jwks";
//   options.seed = random;                                 // spreads refreshes of many gateways
//   KeySetSource source(options);
//
//   // A background job, from the host's timer:
//   int64_t ask_again_ns;
//   if (auto fetch = source.NextFetch(now, &ask_again_ns)) StartHttpGet(*fetch);
//   …
//   if (source.OnResult(fetch_id, result, now) == KeySetSource::Change::kSwapped) Publish(source.keys());
//
//   // A request whose token names a key id that the published set lacks:
//   KeySetSource::Want want = source.WantKey(kid, now);
//   kHave: verify · kWait: wait for want.flight (NextFetch hands it out if it is not yet under way) ·
//   kUnknown: 401 · kUnavailable: the policy's fallback, 503 by default
//
// With `issuers` the URL is that of an issuer's discovery document (auth/discovery.h), which says where the keys are:
// it is fetched first, as a flight of its own, and again once it is no longer fresh or the keys could not be fetched.
//
// Promises:
//  - At most one fetch is under way. A storm of made-up key ids causes at most one fetch of keys per cooldown (and one
//    of a discovery document that is no longer fresh), an IdP that is down is asked only as the back-off allows.
//  - A set is taken whole or not at all; a bad answer changes nothing. Equal bytes keep the generation.
//  - Keys outlive their freshness by `stale_s` while the IdP fails, and no longer: see usable_until_mono_ns().
//  - A fetch whose result never comes counts as failed a second after its deadline.
// Not thread-safe: guard it with a mutex, off the hot path. The KeySet it gives out is immutable and may be shared.
// Only NextFetch, OnResult and a WantKey that starts a fetch allocate.
#ifndef SLUICE_AUTH_KEY_SET_SOURCE_H_
#define SLUICE_AUTH_KEY_SET_SOURCE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/jwk_set.h"
#include "base/limits.h"
#include "base/request.h"

namespace sluice::auth {

class HmacKey;  // auth/digest.h

struct KeySetSourceOptions {
  std::string url;                   // https; see allow_http
  bool allow_http = false;           // plain http lets anyone on the way sign: for loopback and tests
  std::vector<std::string> issuers;  // not empty: `url` is of a discovery document, which must be of one of these

  // How long a set is fresh: what its answer says (Cache-Control max-age less Age, else Expires less Date), within
  // these bounds. A shorter maximum ends removed keys sooner; a longer minimum spares an IdP that says `no-cache`.
  int64_t default_fresh_s = 300;
  int64_t min_fresh_s = 60;
  int64_t max_fresh_s = 86400;

  int64_t stale_s = 3600;       // beyond freshness, while the IdP fails; 0: none
  int64_t cooldown_s = 30;      // least time between two fetches that unknown key ids cause
  int64_t negative_s = 60;      // how long a key id that a fetch did not bring causes no fetch
  int64_t backoff_first_s = 1;  // after the first failure; doubles, with jitter, up to:
  int64_t backoff_max_s = 60;
  int64_t timeout_ms = 5000;  // of one fetch
  size_t max_bytes = limits::kJwkSetBytes;
  JwkSetOptions keys;
  uint64_t seed = 0;  // for jitter and for hashing key ids: give each process a random one
};

// Equal for options that differ in nothing but the seed: one source serves them all.
std::string SourceIdentity(const KeySetSourceOptions& options);

// What the host shall do: GET `url`, following no redirect.
struct Fetch {
  uint64_t id = 0;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // Accept, and If-None-Match
  int64_t timeout_ms = 0;
  int64_t deadline_mono_ns = 0;
  size_t max_bytes = 0;  // give up on a longer body
};

// What came of it. Views are borrowed for the call.
struct FetchResult {
  int status = 0;          // HTTP status; 0: no answer, see `error`
  std::string_view error;  // "connect timed out": for the operator
  std::string_view body;
  std::string_view etag;  // these five: header values, empty if absent
  std::string_view cache_control;
  std::string_view expires;
  std::string_view date;
  std::string_view age;
};

class KeySetSource {
 public:
  enum class Change { kNone, kDiscovered, kSwapped, kRefreshed, kFailed };
  enum class State { kHave, kWait, kUnknown, kUnavailable };
  struct Want {
    State state;
    uint64_t flight = 0;   // kWait: the Fetch::id to wait for
    bool started = false;  // kWait: this call caused it; false: it was under way
    bool follows = false;  // kWait: it goes on where the flight of a discovery document ended
  };

  // An error text if the options make no sense ("expected an https url, found `http://…`"), else empty.
  static std::string Check(const KeySetSourceOptions& options);

  explicit KeySetSource(KeySetSourceOptions options);

  // The fetch to start now, if any: the first, a refresh before expiry, a retry, or one that WantKey caused.
  // `ask_again_mono_ns` tells when to call again even if nothing happens before.
  std::optional<Fetch> NextFetch(Now now, int64_t* ask_again_mono_ns);

  // Hands in what came of a fetch, also if the host gave it up (status 0). Results of other ids than the one under way
  // change nothing.
  Change OnResult(uint64_t fetch_id, const FetchResult& result, Now now);

  // Asks for the key of an id that the caller's set lacks; "" asks for any key at all. kUnavailable: there is no usable
  // set, or the last fetch failed, so that nobody can say whether the key exists.
  Want WantKey(std::string_view kid, Now now);

  const std::shared_ptr<const KeySet>& keys() const { return keys_; }  // null before the first
  uint64_t generation() const { return generation_; }                  // changes with every swap; 0 before the first

  // Until when the current keys may be used; a caller that publishes keys() publishes this with it.
  int64_t usable_until_mono_ns() const { return usable_until_ns_; }

  // For the operator: notes of the last set, the last failure ("" after a success), failures in a row.
  const Notes& notes() const { return notes_; }
  const std::string& last_error() const { return last_error_; }
  int failures() const { return failures_; }

 private:
  static constexpr int64_t kLongAgo = std::numeric_limits<int64_t>::min();
  enum class Flight { kNone, kWanted, kUnderWay };
  struct Absent {
    uint64_t hash = 0;
    int64_t until_ns = 0;
  };

  int64_t Between(int64_t ns, int least_percent, int most_percent);  // a random part of `ns`
  uint64_t HashKid(std::string_view kid) const;
  bool HasKey(std::string_view kid) const;
  bool KnownAbsent(uint64_t hash, int64_t mono_ns) const;
  void RememberAbsent(int64_t mono_ns);
  Want JoinFlight(uint64_t kid_hash, bool started);
  bool NeedsDiscovery(int64_t mono_ns) const;
  int64_t FreshNs(const FetchResult& result, Now now) const;
  std::string Fault(const FetchResult& result) const;
  Change Discover(const FetchResult& result, Now now);
  void EndFlight(int64_t mono_ns);
  void ExpireFlight(int64_t mono_ns);
  Fetch MakeFetch() const;
  Change Fail(std::string error, int64_t mono_ns);
  Change Take(const FetchResult& result, Now now);
  Change Refresh(const FetchResult& result, Now now, Change change);

  KeySetSourceOptions options_;
  std::shared_ptr<const KeySet> keys_;
  uint64_t generation_ = 0;
  std::array<uint8_t, 32> body_digest_{};
  std::string etag_;
  Notes notes_;
  std::string last_error_;
  int failures_ = 0;

  Flight flight_ = Flight::kNone;
  bool flight_on_demand_ = false;  // an unknown key id caused it
  bool discovering_ = false;       // it is for the discovery document
  bool follows_ = false;           // it goes on where that ended
  uint64_t flight_id_ = 0;
  int64_t flight_deadline_ns_ = 0;
  std::string jwks_url_;                 // where the keys are; empty: not discovered yet
  int64_t discovery_due_ns_ = kLongAgo;  // when to ask again where they are
  int64_t due_ns_ = kLongAgo;            // next scheduled fetch
  int64_t usable_until_ns_ = kLongAgo;
  int64_t cooldown_until_ns_ = kLongAgo;
  uint64_t random_;
  std::shared_ptr<const HmacKey> kid_hash_;
  std::array<uint64_t, 64> waiting_{};  // hashes of key ids that wait for the flight
  size_t waiting_count_ = 0;
  std::array<Absent, 64> absent_{};  // the negative cache, a ring
  size_t absent_next_ = 0;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_KEY_SET_SOURCE_H_
