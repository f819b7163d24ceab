// What RateLimit-Policy says of a limit (draft-ietf-httpapi-ratelimit-headers-11, section 3.1).
#ifndef SLUICE_POLICY_COMPILE_QUOTA_POLICY_H_
#define SLUICE_POLICY_COMPILE_QUOTA_POLICY_H_

#include <string>
#include <string_view>

#include "ratelimit/limit.h"

namespace sluice {

// `"pace";q=40;w=2`. The name is printable ASCII without `"` and `\`.
std::string QuotaPolicy(std::string_view name, const ratelimit::Limit& limit);

}  // namespace sluice

#endif  // SLUICE_POLICY_COMPILE_QUOTA_POLICY_H_
