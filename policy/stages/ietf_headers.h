// What callers are told of limits in the terms of draft-ietf-httpapi-ratelimit-headers-11: RateLimit-Policy and
// RateLimit as structured fields, and the problem type of its section 5.1.
#ifndef SLUICE_POLICY_STAGES_IETF_HEADERS_H_
#define SLUICE_POLICY_STAGES_IETF_HEADERS_H_

#include <cstdint>
#include <span>

#include "policy/snapshot.h"
#include "policy/transaction.h"

namespace sluice {

// One limit that is announced so, as it stands after the charge.
struct AnnouncedLimit {
  const CompiledLimit* limit = nullptr;
  uint64_t remaining = 0;
  int64_t more_s = 0;  // until more than that is available, rounded up; 0: not known, or all of it is
  bool refused = false;
};

void AddIetfHeaders(Txn& t, std::span<const AnnouncedLimit> limits);

// Answers with the names of those that refused; one at least did.
Step RefuseAsProblem(Txn& t, uint32_t status, std::string_view message, std::span<const AnnouncedLimit> limits);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_IETF_HEADERS_H_
