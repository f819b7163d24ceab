// The arithmetic of the kinds, as functions of (charge, state, now): no table, no concurrency but the sliding
// window's ring. A state of 0 is a fresh one: nothing used.
#ifndef SLUICE_RATELIMIT_ALGORITHM_H_
#define SLUICE_RATELIMIT_ALGORITHM_H_

#include <cstdint>

#include "base/request.h"
#include "ratelimit/charge.h"
#include "ratelimit/entry.h"
#include "ratelimit/limit.h"

namespace sluice::ratelimit {

// The times of a sliding window's blocks. Empty for the other kinds, and for a key that has no entry yet.
struct Ring {
  RingTime* times = nullptr;
  uint32_t slots = 0;
  uint64_t Time(uint32_t slot) const { return times == nullptr ? 0 : times[slot].load(std::memory_order_acquire); }
  void Raise(uint32_t slot, uint64_t time) const;  // to at least `time`
};

// What to write if nobody was faster: of a charge that is refused, its penalty. Ring times are raised before the state
// is swapped: if the swap never happens they only make a block expire later.
struct Step {
  Word state = 0;
  bool carry = false;  // refused, and yet to be written: the state as carried over to a changed limit
  uint32_t first_slot = 0;
  uint32_t slot_count = 0;
  uint64_t slot_time = 0;
};

// What of `units` can be given back, and the state after it.
struct GiveBack {
  Word state = 0;
  uint64_t units = 0;
};

namespace token_bucket {
Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict);
GiveBack Undo(const Limit& limit, Word state, const Receipt& receipt, uint64_t units);
bool Dead(Word state, const Now& now);
}  // namespace token_bucket

namespace fixed_window {
Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict);
GiveBack Undo(Word state, const Receipt& receipt, uint64_t units);
bool Dead(Word state, const Now& now);
}  // namespace fixed_window

namespace concurrency {
Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict);
GiveBack Undo(const Limit& limit, Word state, const Receipt& receipt, uint64_t units, const Now& now);
bool Dead(Word state, const Now& now);
}  // namespace concurrency

namespace sliding_window {
Step Assess(const Charge& charge, Word state, const Ring& ring, const Now& now, Verdict* verdict);
GiveBack Undo(const Limit& limit, Word state, const Ring& ring, const Receipt& receipt, uint64_t units, const Now& now);
bool Dead(Word state, const Ring& ring, const Now& now);
Breakdown BreakDown(const Limit& limit, Word state, const Ring& ring, const Now& now);
}  // namespace sliding_window

namespace sliding_counter {
Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict);
GiveBack Undo(const Limit& limit, Word state, const Receipt& receipt, uint64_t units);
bool Dead(Word state, const Now& now);
Breakdown BreakDown(const Limit& limit, Word state, const Now& now);
}  // namespace sliding_counter

// By the limit's kind.
inline Step Assess(const Charge& charge, Word state, const Ring& ring, const Now& now, Verdict* verdict) {
  switch (charge.limit->kind()) {
    case LimitKind::kTokenBucket: return token_bucket::Assess(charge, state, now, verdict);
    case LimitKind::kSlidingWindow: return sliding_window::Assess(charge, state, ring, now, verdict);
    case LimitKind::kFixedWindow: return fixed_window::Assess(charge, state, now, verdict);
    case LimitKind::kConcurrency: return concurrency::Assess(charge, state, now, verdict);
    case LimitKind::kSlidingCounter: return sliding_counter::Assess(charge, state, now, verdict);
  }
  return {};
}
GiveBack Undo(const Limit& limit, Word state, const Ring& ring, const Receipt& receipt, uint64_t units, const Now& now);
bool Dead(LimitKind kind, Word state, const Ring& ring, const Now& now);
Breakdown BreakDown(const Limit& limit, Word state, const Ring& ring, const Now& now);

// Fills in `allowed`, `refusal`, `limit`, `used` and `remaining` of a verdict for a limit counted in whole units.
void Count(uint64_t size, uint64_t used_before, uint64_t cost, Verdict* verdict);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_ALGORITHM_H_
