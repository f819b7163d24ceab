#include "policy/compile/quota_policy.h"

#include <algorithm>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// Nominal where the calendar's units differ in length.
int64_t LengthNs(const ratelimit::LimitSpec& spec) {
  using ratelimit::Calendar;
  switch (spec.calendar) {
    case Calendar::kNone: return spec.period_ns;
    case Calendar::kSecond: return ratelimit::kSecond;
    case Calendar::kMinute: return ratelimit::kMinute;
    case Calendar::kHour: return ratelimit::kHour;
    case Calendar::kDay: return ratelimit::kDay;
    case Calendar::kMonth: return 30 * ratelimit::kDay;
    case Calendar::kYear: return ratelimit::kYear;
  }
  return spec.period_ns;
}

// The time in which the quota comes: of a bucket, from empty to full.
uint64_t WindowSeconds(const ratelimit::LimitSpec& spec) {
  absl::uint128 ns = static_cast<uint64_t>(LengthNs(spec));
  if (spec.kind == ratelimit::LimitKind::kTokenBucket) ns = ns * spec.burst / spec.amount;
  const absl::uint128 seconds = (ns + ratelimit::kSecond - 1) / ratelimit::kSecond;
  return std::max<uint64_t>(absl::Uint128Low64(seconds), 1);
}

}  // namespace

std::string QuotaPolicy(std::string_view name, const ratelimit::Limit& limit) {
  if (limit.kind() == ratelimit::LimitKind::kConcurrency)
    return absl::StrCat("\"", name, "\";q=", limit.size(), ";qu=\"concurrent-requests\"");
  return absl::StrCat("\"", name, "\";q=", limit.size(), ";w=", WindowSeconds(limit.spec()));
}

}  // namespace sluice
