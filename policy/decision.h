// What the gateway decided about one request. Plain data, borrowed: every view lives until the transaction that made it
// is reset, begun again or destroyed.
#ifndef SLUICE_POLICY_DECISION_H_
#define SLUICE_POLICY_DECISION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/request.h"

namespace sluice {

enum class Action : uint32_t {
  kForward = 1,  // send it to `upstream`, with the header changes
  kRespond = 2,  // answer it with `status`, `body` and the response headers
  kWait = 3,     // carry out Transaction::effect(), then Resume
};

enum class HeaderOp : uint32_t {
  kSet = 1,     // replace every header of that name
  kAdd = 2,     // keep those there are
  kRemove = 3,  // every header of that name; `value` is empty
};

// Changes are to be applied in order.
struct HeaderChange {
  HeaderOp op;
  std::string_view name;
  std::string_view value;
};

struct Capture {
  std::string_view name;  // of the regex group, or its number
  std::string_view value;
};

// Who is calling: the address of the connection as the host gives it, and what was asked for.
struct Client {
  std::string_view ip;
  std::string_view scheme;
  std::string_view host;  // without port, lower case
  uint32_t port = 0;
};

struct UpstreamChoice {
  std::string_view name;  // of the upstream entity, or of the service when its host is no upstream
  // Empty: the route has no service, nothing to forward to. "tls_passthrough": relay the client's TLS unopened.
  std::string_view scheme;
  std::string_view host;
  uint32_t port = 0;
  std::string_view path;  // path and query to send
  std::string_view host_header;
  uint32_t connect_timeout_ms = 0;
  uint32_t send_timeout_ms = 0;
  uint32_t read_timeout_ms = 0;
  uint32_t retries = 0;
};

// One limit that was looked at; for the caller to see, in the document's order.
struct LimitState {
  std::string_view name;
  uint64_t limit = 0;
  uint64_t remaining = 0;
  uint64_t reset_ms = 0;        // until the window ends or the bucket is full
  bool refused = false;         // this limit refused the request
  bool shadow_refused = false;  // it would have, but only counts and reports
};

struct Decision {
  Action action = Action::kRespond;
  uint32_t status = 0;       // of the answer; 0 unless kRespond. A connection without HTTP is closed; this is for logs
  std::string_view reason;   // stable code, e.g. "no_route"; empty on kForward
  std::string_view message;  // safe for the client
  std::string_view body;     // of the answer

  std::string_view route;
  std::string_view service;
  std::string_view consumer;  // username, else custom_id, else id
  std::string_view plan;
  std::span<const std::string_view> consumer_groups;
  std::span<const Capture> captures;
  Client client;
  UpstreamChoice upstream;
  std::span<const HeaderChange> request_headers;
  std::span<const HeaderChange> response_headers;
  std::span<const LimitState> limits;
};

// One step of a trace: what was looked at, how it ended, why, and the document's place that says so.
struct TraceStep {
  std::string_view step;     // "route", "jwt", "acl", "limit" …
  std::string_view verdict;  // "pass", "refuse", "skip", "wait", "shadow" (would have refused)
  std::string_view cause;    // with figures, never with secrets
  std::string_view file;     // of the document; empty when no place applies
  uint32_t line = 0;
  uint32_t column = 0;
};

// Whose fault a 4xx or 5xx is, and what to look at. Both are static texts.
struct Diagnosis {
  std::string_view fault;  // "none", "client", "gateway", "front_proxy", "upstream"
  std::string_view advice;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_DECISION_H_
