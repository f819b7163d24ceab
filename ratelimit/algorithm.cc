#include "ratelimit/algorithm.h"

#include <algorithm>

namespace sluice::ratelimit {

void Ring::Raise(uint32_t slot, uint64_t time) const {
  uint64_t old = times[slot].load(std::memory_order_acquire);
  while (old < time && !times[slot].compare_exchange_weak(old, time)) {
  }
}

void Count(uint64_t size, uint64_t used_before, uint64_t cost, Verdict* verdict) {
  verdict->allowed = cost <= size && used_before <= size - cost;
  verdict->refusal = verdict->allowed ? Refusal::kNone : Refusal::kLimit;
  verdict->limit = size;
  verdict->used = std::min(size, used_before + (verdict->allowed ? cost : 0));
  verdict->remaining = size - verdict->used;
  verdict->retry_after_ns = cost > size ? kNever : 0;
}

GiveBack Undo(const Limit& limit, Word state, const Ring& ring, const Receipt& receipt, uint64_t units,
              const Now& now) {
  switch (limit.kind()) {
    case LimitKind::kTokenBucket: return token_bucket::Undo(limit, state, receipt, units);
    case LimitKind::kSlidingWindow: return sliding_window::Undo(limit, state, ring, receipt, units, now);
    case LimitKind::kFixedWindow: return fixed_window::Undo(state, receipt, units);
    case LimitKind::kConcurrency: return concurrency::Undo(limit, state, receipt, units, now);
    case LimitKind::kSlidingCounter: return sliding_counter::Undo(limit, state, receipt, units);
  }
  return {state, 0};
}

bool Dead(LimitKind kind, Word state, const Ring& ring, const Now& now) {
  if (state == 0) return true;
  switch (kind) {
    case LimitKind::kTokenBucket: return token_bucket::Dead(state, now);
    case LimitKind::kSlidingWindow: return sliding_window::Dead(state, ring, now);
    case LimitKind::kFixedWindow: return fixed_window::Dead(state, now);
    case LimitKind::kConcurrency: return concurrency::Dead(state, now);
    case LimitKind::kSlidingCounter: return sliding_counter::Dead(state, now);
  }
  return false;
}

Breakdown BreakDown(const Limit& limit, Word state, const Ring& ring, const Now& now) {
  switch (limit.kind()) {
    case LimitKind::kSlidingWindow: return sliding_window::BreakDown(limit, state, ring, now);
    case LimitKind::kSlidingCounter: return sliding_counter::BreakDown(limit, state, now);
    case LimitKind::kTokenBucket:
    case LimitKind::kFixedWindow:
    case LimitKind::kConcurrency: break;  // a verdict says it all
  }
  return {};
}

}  // namespace sluice::ratelimit
