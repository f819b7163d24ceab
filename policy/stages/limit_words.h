// What a limit is and how it stands, in words for whoever reads traces.
#ifndef SLUICE_POLICY_STAGES_LIMIT_WORDS_H_
#define SLUICE_POLICY_STAGES_LIMIT_WORDS_H_

#include <cstdint>
#include <string>

#include "base/request.h"
#include "ratelimit/charge.h"
#include "ratelimit/limit.h"

namespace sluice {

// "50 ms", "1.5 s", "2 min 30 s": rounded up, so that nobody comes too early.
std::string SpanOf(int64_t ns);

// The rule: "20 per second, burst 40".
std::string RuleOf(const ratelimit::Limit& limit);

// What is used of it: "40 of 40 used". `breakdown` is empty of limits that a server counts.
std::string UseOf(const ratelimit::Limit& limit, const ratelimit::Verdict& verdict,
                  const ratelimit::Breakdown& breakdown);

// What comes back when: "one more every 50 ms, all in 2 s"; empty if nothing has to.
std::string RefillOf(const ratelimit::Limit& limit, const ratelimit::Verdict& verdict,
                     const ratelimit::Breakdown& breakdown, Now now);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_LIMIT_WORDS_H_
