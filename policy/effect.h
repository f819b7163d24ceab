// What the gateway asks its host to do for it: it does no I/O of its own.
#ifndef SLUICE_POLICY_EFFECT_H_
#define SLUICE_POLICY_EFFECT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/request.h"

namespace sluice {

enum class EffectKind : uint32_t {
  kHttp = 1,   // send this request; hand the answer to Gateway::JobDone
  kJob = 2,    // wait until the job with this id is done (Gateway::NextJob gives it out once), then resume
  kRedis = 3,  // run `redis` in Redis; hand the answer to Gateway::JobDone
};

struct RedisAddress {
  std::string_view host;
  uint32_t port = 0;
};

// A script to run (EVALSHA, or EVAL if the server does not know it), and where. All keys are in one cluster slot.
struct RedisCall {
  enum class Where : uint8_t {
    kServer,    // host and port, or socket
    kSentinel,  // the master that one of `nodes`, which are sentinels, names
    kCluster,   // the node that has the keys' slot; `nodes` are some of the cluster
  };
  Where where = Where::kServer;
  std::string_view host;
  std::string_view socket;  // not empty: the path of a Unix socket, in place of host and port
  std::span<const RedisAddress> nodes;
  std::string_view sentinel_master;
  std::string_view sentinel_username;
  std::string_view sentinel_password;
  uint32_t max_redirections = 0;
  uint32_t port = 0;
  uint32_t database = 0;
  std::string_view username;  // may be empty with a password
  std::string_view password;
  bool tls = false;
  bool verify = false;           // the server's certificate
  std::string_view server_name;  // for TLS; empty: the host
  std::string_view script;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> arguments;
};

// Views live until JobDone for that id (jobs), or until the transaction ends (a transaction's effect).
struct Effect {
  EffectKind kind = EffectKind::kHttp;
  uint64_t id = 0;
  std::string_view method;
  std::string_view url;
  std::span<const Header> headers;
  int64_t timeout_ms = 0;     // give up after this long: report failure, or resume without an answer
  size_t max_body_bytes = 0;  // an answer with more is a failure
  bool allow_plain_http = false;
  const RedisCall* redis = nullptr;  // of kRedis, whose url only names the server: "redis://host:6379/0"
};

// Of kRedis: status 200 and the text that the script returned as body. Anything else is a failure: an error of the
// server ("READONLY …"), no text, no answer in time. A failure's body, if there is one, says for people who gave no
// answer and why, with no secret: traces show it.
struct HttpResult {
  uint32_t status = 0;     // 0: no answer
  std::string_view error;  // why there is none: "timeout", "connect", "tls", "too_large" …
  std::span<const Header> headers;
  std::string_view body;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_EFFECT_H_
