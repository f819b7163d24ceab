// The library's front door: from a policy document to decisions.
//
//   sluice::CompileResult compiled = sluice::Compile(text, {.file_name = "policy.yaml"});
//   for (const sluice::Diagnostic& d : compiled.diagnostics) std::cerr << sluice::ToText(d) << "\n";
//   if (!compiled.snapshot) return 1;
//
//   sluice::Gateway gateway;
//   gateway.Publish(compiled.snapshot);
//
//   sluice::Transaction txn(gateway);                 // one per thread or connection; reused from request to request
//   txn.Begin(request, now);
//   while (txn.decision().action == sluice::Action::kWait) {
//     CarryOut(txn.effect());                         // e.g. wait for a key set; io/ does this with libcurl
//     txn.Resume(now);
//   }
//   const sluice::Decision& d = txn.decision();       // forward it or answer it
//   txn.Report({.status = 200}, now);                 // releases what is in flight, keeps the counters honest
//
// Threads: Compile and Gateway may be used from any number of threads at once; a Transaction by one at a time.
// Allocation: Begin, Resume and Report allocate nothing once a transaction is warm and the token is in the cache; they
//   neither lock nor block. (RE2 guards its own cache with a lock: a policy with regex routes or headers takes it.)
// Errors: nothing throws but std::bad_alloc from Compile, Publish, construction, and a transaction that still grows.
// Time is an argument everywhere; no clock is read, no thread started, no socket opened: safe before and after fork.
#ifndef SLUICE_POLICY_GATEWAY_H_
#define SLUICE_POLICY_GATEWAY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/request.h"
#include "policy/decision.h"
#include "policy/effect.h"
#include "router/route_spec.h"

namespace sluice {

namespace router {
class RegexProver;
}

class Snapshot;      // a compiled policy; immutable
class GatewayState;  // what lives on across policies: counters, caches, key sets

struct CompileOptions {
  std::string file_name = {};  // for diagnostics; default "policy"
  enum class Format { kAuto, kYaml, kJson } format = Format::kAuto;
  // Answers decK's ${{ env "DECK_X" }}; unset: every such reference is an error.
  std::function<std::optional<std::string>(std::string_view name)> environment = {};
  // Finds conflicts among regular expressions of routes as well (router/prover/libfa_prover.h). Null leaves them out,
  // which is for whoever loads a policy that `sluice check` has seen. Used during Compile only.
  router::RegexProver* route_prover = nullptr;
  // Also reports which routes win requests that others match, for a review (router/conflicts/conflicts.h).
  bool report_overlaps = false;
  // Sets CompileResult::routes, for those who show them (sluice routes, sluice explain).
  bool keep_routes = false;
};

struct CompileResult {
  std::shared_ptr<const Snapshot> snapshot;  // null when `diagnostics` has an error
  Diagnostics diagnostics;
  std::vector<router::RouteSpec> routes;    // of enabled services, as the table was built from them
  std::vector<std::string> route_services;  // the name of the service of each; empty: none
};

CompileResult Compile(std::string_view document, const CompileOptions& options);

struct GatewayOptions {
  // Memory for counters, shared by all processes that map it (an nginx zone, an mmap); it outlives the gateway. Null:
  // a private region of `region_bytes`.
  void* region = nullptr;
  size_t region_bytes = size_t{8} << 20;
  // Verified tokens kept, in bytes. 0 verifies every token anew.
  size_t token_cache_bytes = size_t{4} << 20;
  // Tokens kept that were signed for upstreams, in bytes: 4 KiB each. Allocated with the first policy that signs. 0
  // signs one for every request.
  size_t signed_token_cache_bytes = size_t{8} << 20;
  // Secret of this process group: keys the caches' and counters' hashes. All zero: taken from the system.
  uint8_t seed[32] = {};
};

// What one limit of the policy in force had to say of all requests that it applied to, whether or not another one
// refused them. Counted in the region: by all processes, and over reloads for as long as plan (or plugin) and limit
// keep their names.
struct LimitMetrics {
  std::string scope;  // "plan/free", or "plugin/" and the plugin with what it is bound to:
                      // "plugin/rate-limiting/service:orders"
  std::string limit;  // its name; of plugins the window's: "minute"
  uint64_t allowed = 0;
  uint64_t refused = 0;
  uint64_t shadow_refused = 0;  // it would have refused, but only counts and reports
};

// The memory where limits count. A policy that keeps callers apart by address may fill it; then new callers are
// refused, so that a share of live entries near 0.8 asks for a larger region.
struct LimitTableMetrics {
  // "sliding": of sliding windows; "sliding_60": of those with 60 sub-windows; "other": of all other limits.
  std::string table;
  uint64_t capacity = 0;  // entries
  uint64_t live = 0;      // entries that say something
};

struct ServerErrorCount {
  std::string error;  // "connect", "timeout", "tls", "auth", "readonly", "out_of_memory", "loading", "cluster",
                      // "sentinel", "protocol", "key" (of one caller, holds something else) or "other"
  uint64_t count = 0;
};

// A Redis server in which the policy in force shares limits. Counters are of all processes of the region; what is so
// now is of this gateway alone.
struct ServerMetrics {
  std::string server;          // "redis://host:6379/0": no user, no password; several ways to use one server are one
  uint64_t granted = 0;        // answers with units
  uint64_t refused = 0;        // answers without any, to who needed some
  uint64_t told = 0;           // answers to who needed none: it was told what was spent without it, or given back
  uint64_t granted_units = 0;  // of those answers
  std::vector<ServerErrorCount> errors;  // each kind
  // Now.
  bool up = true;              // the last question was answered
  uint64_t backoff_ms = 0;     // if not: it is asked again after so long
  uint64_t callers = 0;        // of whom something is known
  uint64_t leases = 0;         // that have units left
  uint64_t units_in_hand = 0;  // those units
  uint64_t held_refusals = 0;  // callers whom it refused, and about whom it is not asked again yet
};

struct GatewayMetrics {
  std::vector<LimitMetrics> limits;  // plans first, then plugins
  std::vector<LimitTableMetrics> tables;
  uint64_t reclaimed_entries = 0;      // that gave way to other callers
  uint64_t full_refusals = 0;          // charges refused because there was no room for another caller
  uint64_t overflowed = 0;             // charges that went to an entry which all callers without room share
  uint64_t unmetered = 0;              // rulings and answers not counted here, for want of a counter in the region
  std::vector<ServerMetrics> servers;  // of shared limits
};

// The text exposition format of Prometheus (version 0.0.4), for a scrape:
// sluice_limit_rulings_total{scope="plan/free",limit="pace",ruling="refused"} 7
std::string PrometheusText(const GatewayMetrics& metrics);

class Transaction;

class Gateway {
 public:
  explicit Gateway(const GatewayOptions& options = {});  // throws std::runtime_error when the region cannot be used
  ~Gateway();                                            // after all its transactions
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Swaps the policy in; transactions under way keep the one they began with. Counters and caches live on.
  void Publish(std::shared_ptr<const Snapshot> snapshot);

  // Replaces the list of tokens that are revoked beside those of the policy's own `revoked`: a document of that one
  // member, in YAML or JSON ({"revoked":[{"jti":"4f1c"}]}). Requests that begin after the call see it, also for tokens
  // in the cache; it lives on when policies are swapped. With an error among the diagnostics nothing changes: the list
  // before stays in force.
  [[nodiscard]] Diagnostics PublishRevocations(std::string_view list);

  // The public keys of a key set of the policy in force as a JWK set, for who verifies what jwt-signer signs (usually
  // at /.well-known/jwks.json): all of its keys, and nothing private. Nothing: there is no policy, or no such set.
  std::optional<std::string> PublicKeys(std::string_view key_set) const;

  // The next thing to do in the background, or nothing until `*ask_again_mono_ns` (or until a decision waits).
  std::optional<Effect> NextJob(Now now, int64_t* ask_again_mono_ns);
  void JobDone(uint64_t job, const HttpResult& result, Now now);

  // Reads all counters and, for `live`, the whole region: a few milliseconds for each 8 MiB. Not for requests.
  GatewayMetrics Metrics(Now now) const;

  GatewayState& state() { return *state_; }

 private:
  std::unique_ptr<GatewayState> state_;
};

struct BeginOptions {
  bool trace = false;    // collect Transaction::trace(); costs allocations, and a lock for limits in Redis
  bool can_wait = true;  // false: a decision that would wait takes the policy's fallback at once
};

class Transaction {
 public:
  explicit Transaction(Gateway& gateway);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Decides. The request's views must live until the next Begin, Reset or destruction. A transaction that was begun
  // before and not reported is given up (what it held in flight is released).
  void Begin(const Request& request, Now now, const BeginOptions& options = {});
  // After a wait: the effect is done, or its time is up.
  void Resume(Now now);

  const Decision& decision() const;
  const Effect& effect() const;              // valid while decision().action is kWait
  std::span<const TraceStep> trace() const;  // empty unless asked for

  // What came of it, and perhaps what it cost: limits are settled to that. Once per Begin; only after a decision other
  // than kWait.
  Diagnosis Report(const Outcome& outcome, Now now);

  // Drops the request and what is held for it; the memory stays.
  void Reset(Now now);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  Impl* impl_;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_GATEWAY_H_
