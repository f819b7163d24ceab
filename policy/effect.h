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
  kHttp = 1,  // send this request; hand the answer to Gateway::JobDone
  kJob = 2,   // wait until the job with this id is done (Gateway::NextJob gives it out once), then resume
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
};

struct HttpResult {
  uint32_t status = 0;     // 0: no answer
  std::string_view error;  // why there is none: "timeout", "connect", "tls", "too_large" …
  std::span<const Header> headers;
  std::string_view body;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_EFFECT_H_
