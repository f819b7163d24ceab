// Sluice for C++17 hosts: ownership, string_view and exceptions over the C ABI. Header only.
//
//   #include <sluice.hpp>
//
//   namespace host = sluice::host;
//   host::Gateway gateway;
//   gateway.Publish(host::Policy(text, "policy.yaml"));        // throws host::Error: all that is wrong, with places
//
//   host::Request request("GET", "/orders/7?x=1");
//   request.AddHeader("Host", "api.example.com");
//   request->peer = host::Str("203.0.113.9:51234");
//
//   host::Transaction txn(gateway, request, host::Clock());
//   while (txn.waits()) { CarryOutJobs(gateway); txn.Resume(host::Clock()); }   // docs/c_abi.md shows CarryOutJobs
//   sluice_decision decision = txn.decision();
//   if (decision.action == SLUICE_ACTION_FORWARD) Forward(host::View(decision.upstream_host), …);
//   else Answer(decision.status, host::View(decision.body));
//   txn.Report(200, std::chrono::milliseconds(12), host::Clock());
//
// Everything that sluice.h says holds here too: what is borrowed, what is thread-safe, what never happens. Each class
// owns one handle and can be moved. Texts given to a Request must live until its transaction ends.
// Errors: Policy, Gateway and the calls that take a moment throw host::Error where the C ABI returns a status.
// The namespace is sluice::host, so that a program may also link the C++ targets from source (policy/gateway.h).
#ifndef SLUICE_HPP_
#define SLUICE_HPP_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#if __has_include("capi/sluice.h")
#include "capi/sluice.h"
#else
#include <sluice.h>
#endif

namespace sluice::host {

inline sluice_str Str(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view View(sluice_str text) { return {text.data, text.size}; }

// A struct of the ABI with its struct_size set and all else 0.
template <typename T>
T Sized() {
  T value = T();
  value.struct_size = sizeof(T);
  return value;
}

// Now, on both clocks. The library reads none: pass this, or a moment of your own.
inline sluice_now Clock() {
  using std::chrono::duration_cast;
  using std::chrono::nanoseconds;
  return {duration_cast<nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
          duration_cast<nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

class Error : public std::runtime_error {
 public:
  Error(sluice_status status, const std::string& text) : std::runtime_error(text), status_(status) {}
  sluice_status status() const { return status_; }

 private:
  sluice_status status_;
};

namespace internal {

struct Free {
  void operator()(sluice_error* error) const { sluice_error_free(error); }
  void operator()(sluice_policy* policy) const { sluice_policy_free(policy); }
  void operator()(sluice_gateway* gateway) const { sluice_gateway_free(gateway); }
  void operator()(sluice_txn* txn) const { sluice_txn_free(txn); }
  void operator()(sluice_metrics* metrics) const { sluice_metrics_free(metrics); }
};

template <typename Handle>
using Owned = std::unique_ptr<Handle, Free>;

inline const char* StatusText(sluice_status status) {
  switch (status) {
    case SLUICE_E_ARGUMENT: return "sluice: an argument is out of range";
    case SLUICE_E_POLICY: return "sluice: the document has errors";
    case SLUICE_E_MEMORY: return "sluice: out of memory";
    case SLUICE_E_STATE: return "sluice: the call does not fit what the object is doing now";
    case SLUICE_E_BUFFER: return "sluice: the buffer is too small";
    default: return "sluice: failed";
  }
}

// Throws unless `status` is SLUICE_OK or SLUICE_WAIT, which it hands through.
inline sluice_status Check(sluice_status status, sluice_error* error = nullptr) {
  Owned<sluice_error> owned(error);
  if (status == SLUICE_OK || status == SLUICE_WAIT) return status;
  if (owned == nullptr) throw Error(status, StatusText(status));
  throw Error(status, std::string(View(sluice_error_message(owned.get()))));
}

}  // namespace internal

// A compiled document. A gateway that uses it keeps it: this may go at once.
class Policy {
 public:
  explicit Policy(std::string_view document, std::string_view file_name = "policy") {
    sluice_policy_options options = Sized<sluice_policy_options>();
    options.file_name = Str(file_name);
    Compile(document, options);
  }
  Policy(std::string_view document, const sluice_policy_options& options) { Compile(document, options); }

  const std::string& warnings() const { return warnings_; }  // a line each; empty if there is none
  const sluice_policy* get() const { return policy_.get(); }

 private:
  void Compile(std::string_view document, const sluice_policy_options& options) {
    sluice_policy* policy = nullptr;
    sluice_error* error = nullptr;
    sluice_status status = sluice_policy_compile(Str(document), &options, &policy, &error);
    policy_.reset(policy);
    if (status != SLUICE_OK) internal::Check(status, error);
    internal::Owned<sluice_error> warnings(error);
    if (warnings != nullptr) warnings_ = View(sluice_error_message(error));
  }

  internal::Owned<sluice_policy> policy_;
  std::string warnings_;
};

// Counters, caches, key sets and the policy in force. Any number of threads may use it at once.
class Gateway {
 public:
  Gateway() : Gateway(Sized<sluice_gateway_options>()) {}
  explicit Gateway(const sluice_gateway_options& options) {
    sluice_gateway* gateway = nullptr;
    sluice_error* error = nullptr;
    sluice_status status = sluice_gateway_new(&options, &gateway, &error);
    gateway_.reset(gateway);
    internal::Check(status, error);
  }

  void Publish(const Policy& policy) { internal::Check(sluice_gateway_publish(get(), policy.get())); }

  // Replaces the live list of revoked tokens: {"revoked":[{"jti":"4f1c"}]}.
  void PublishRevocations(std::string_view revocations) {
    sluice_error* error = nullptr;
    const sluice_status status = sluice_gateway_publish_revocations(get(), Str(revocations), &error);
    internal::Check(status, error);
  }

  // The public keys of a key set of the policy in force, as a JWK set. Throws if there is no such set.
  std::string PublicKeys(std::string_view key_set) const {
    std::string text;
    size_t size = 0;
    // Another policy, with more keys, may be published in between.
    sluice_status status = sluice_gateway_public_keys(get(), Str(key_set), nullptr, 0, &size);
    while (status == SLUICE_E_BUFFER) {
      text.resize(size);
      status = sluice_gateway_public_keys(get(), Str(key_set), text.data(), text.size(), &size);
    }
    internal::Check(status);
    text.resize(size);
    return text;
  }

  // A job to carry out, or nothing until `*ask_again_mono_ns` or until a transaction waits.
  std::optional<sluice_effect> NextJob(const sluice_now& now, int64_t* ask_again_mono_ns) {
    sluice_effect effect = Sized<sluice_effect>();
    sluice_status status = internal::Check(sluice_gateway_next_job(get(), &now, &effect, ask_again_mono_ns));
    if (status == SLUICE_WAIT) return std::nullopt;
    return effect;
  }
  void JobDone(uint64_t id, const sluice_http_result& result, const sluice_now& now) {
    internal::Check(sluice_gateway_job_done(get(), id, &result, &now));
  }

  sluice_gateway* get() const { return gateway_.get(); }

 private:
  internal::Owned<sluice_gateway> gateway_;
};

// What a gateway has counted until `now`. For a scrape: Answer(200, host::View(metrics.values().prometheus)).
class Metrics {
 public:
  Metrics(const Gateway& gateway, const sluice_now& now) {
    sluice_metrics* metrics = nullptr;
    internal::Check(sluice_gateway_metrics(gateway.get(), &now, &metrics));
    metrics_.reset(metrics);
  }

  sluice_metrics_values values() const {  // its views live as long as this
    sluice_metrics_values values = Sized<sluice_metrics_values>();
    internal::Check(sluice_metrics_read(metrics_.get(), &values));
    return values;
  }

 private:
  internal::Owned<sluice_metrics> metrics_;
};

// A sluice_request and the list of its headers. Borrows every text.
class Request {
 public:
  Request(std::string_view method, std::string_view target) {
    request_.method = Str(method);
    request_.target = Str(target);
    request_.content_length = -1;
  }

  void AddHeader(std::string_view name, std::string_view value) { headers_.push_back({Str(name), Str(value)}); }
  sluice_request* operator->() { return &request_; }  // for all that is not set above
  sluice_request get() const {
    sluice_request request = request_;
    request.headers = headers_.data();
    request.header_count = headers_.size();
    return request;
  }

 private:
  sluice_request request_ = Sized<sluice_request>();
  std::vector<sluice_pair> headers_;
};

// One request on its way. One thread at a time; it may migrate. The request must outlive it.
class Transaction {
 public:
  Transaction(Gateway& gateway, const Request& request, const sluice_now& now) {
    sluice_request given = request.get();
    sluice_txn* txn = nullptr;
    waits_ = internal::Check(sluice_txn_begin(gateway.get(), &given, &now, &txn)) == SLUICE_WAIT;
    txn_.reset(txn);
  }

  bool waits() const { return waits_; }
  sluice_effect effect() const {
    sluice_effect effect = Sized<sluice_effect>();
    internal::Check(sluice_txn_effect(get(), &effect));
    return effect;
  }
  void Resume(const sluice_now& now) { waits_ = internal::Check(sluice_txn_resume(get(), &now)) == SLUICE_WAIT; }

  sluice_decision decision() const {
    sluice_decision decision = Sized<sluice_decision>();
    internal::Check(sluice_txn_decision(get(), &decision));
    return decision;
  }
  std::string_view Json() {
    sluice_str json = {};
    internal::Check(sluice_txn_decision_json(get(), &json));
    return View(json);
  }

  // `status`: what the client got; 0 if it went away first. `error`: "", "timeout", "connect", "reset", "tls". `cost`:
  // what it cost after all; 0 if that is what it was charged.
  sluice_diagnosis Report(uint32_t status, std::chrono::nanoseconds latency, const sluice_now& now,
                          std::string_view error = {}, uint32_t cost = 0) {
    sluice_outcome outcome = Sized<sluice_outcome>();
    outcome.status = status;
    outcome.latency_ns = latency.count();
    outcome.error = Str(error);
    outcome.cost = cost;
    sluice_diagnosis diagnosis = Sized<sluice_diagnosis>();
    internal::Check(sluice_txn_report(get(), &outcome, &now, &diagnosis));
    return diagnosis;
  }

  sluice_txn* get() const { return txn_.get(); }

 private:
  internal::Owned<sluice_txn> txn_;
  bool waits_ = false;
};

}  // namespace sluice::host

#endif  // SLUICE_HPP_
