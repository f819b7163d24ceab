// Boundaries of fixed windows, in UTC.
#ifndef SLUICE_RATELIMIT_CALENDAR_H_
#define SLUICE_RATELIMIT_CALENDAR_H_

#include <cstdint>

#include "ratelimit/limit.h"

namespace sluice::ratelimit {

// The first boundary after `second` (since the epoch, not negative), for a calendar unit or, if kNone, for multiples of
// `length`.
int64_t WindowEnd(Calendar calendar, int64_t length_s, int64_t second);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_CALENDAR_H_
