// The generic cell rate algorithm: one number, the theoretical arrival time (when the bucket will be full again).
#include <algorithm>

#include "ratelimit/algorithm.h"

namespace sluice::ratelimit::token_bucket {
namespace {

constexpr Field kArrival{0, 74};  // in 2^-12 ns
constexpr Field kRate{74, kCodeBits};
// How often a charge found the bucket full, or the rate changed. While it stays the same no time was lost to a full
// bucket, and what a charge took can be given back exactly.
constexpr Field kFills{89, 12};

Word Interval(const Limit& limit) { return Word{limit.interval_ns()} << kFractionBits | limit.interval_fraction(); }

int64_t NanosecondsUp(Word time) { return static_cast<int64_t>((time + (1u << kFractionBits) - 1) >> kFractionBits); }

// The arrival time under another rate: as many tokens are missing as before, rounded up so that a change never refills.
Word CarryOver(Word arrival, Word now, uint64_t old_code, Word interval, uint64_t burst) {
  if (arrival <= now) return arrival;
  Word old_interval = Decode(old_code);
  Word missing = Divide(arrival - now + old_interval - 1, old_interval);
  return now + std::min<Word>(missing, burst) * interval;
}

// What is missing of the bucket after the charge, of which `missing` was before; all in 2^-12 ns. Units: uint64_t where
// all fits, for it is three times as fast, or Word.
template <typename Units>
Units Take(const Charge& charge, Units interval, Units missing, Verdict* verdict) {
  const uint64_t burst = charge.limit->size();
  const Units size = interval * burst;
  const bool possible = charge.cost <= burst;
  const Units charged = missing + interval * (possible ? charge.cost : 0);
  verdict->allowed = possible && charged <= size;
  if (verdict->allowed) {
    missing = charged;
  } else if (charge.penalize) {
    missing = std::max(missing, size);
  }
  verdict->limit = burst;
  verdict->refusal = verdict->allowed ? Refusal::kNone : Refusal::kLimit;
  verdict->remaining = missing >= size ? 0 : static_cast<uint64_t>(Divide(size - missing, interval));
  verdict->used = burst - verdict->remaining;
  verdict->reset_ns = NanosecondsUp(missing);
  verdict->retry_after_ns = !possible ? kNever : verdict->allowed ? 0 : NanosecondsUp(charged - size);
  return missing;
}

}  // namespace

Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict) {
  const Limit& limit = *charge.limit;
  const Word t = Word{Mono(now)} << kFractionBits;
  Word arrival = kArrival.Get(state);
  // A fresh entry starts its count of fills at the time, so that a receipt from an entry that was forgotten does not
  // fit it.
  uint64_t fills = state == 0 ? Mono(now) >> 16 : kFills.Get64(state);
  Step step;
  if (state != 0 && kRate.Get64(state) != limit.interval_code()) {
    arrival = CarryOver(arrival, t, kRate.Get64(state), Interval(limit), limit.size());
    step.carry = true;
    ++fills;
  }
  const Word before = arrival > t ? arrival - t : 0;
  const bool is_short = limit.short_interval() != 0 && before >> kShortBits == 0;
  const Word missing = is_short ? Take(charge, limit.short_interval(), static_cast<uint64_t>(before), verdict)
                                : Take(charge, Interval(limit), before, verdict);
  if (charge.cost > 0 && (verdict->allowed || charge.penalize)) {
    if (arrival < t) ++fills;
    arrival = t + missing;
  }
  step.state = kArrival.Put(arrival) | kRate.Put(limit.interval_code()) | kFills.Put(fills);
  verdict->receipt.mark = kFills.Get64(step.state);
  return step;
}

GiveBack Undo(const Limit& limit, Word state, const Receipt& receipt, uint64_t units) {
  const Word interval = Interval(limit), arrival = kArrival.Get(state);
  if (kFills.Get64(state) != receipt.mark || kRate.Get64(state) != limit.interval_code()) return {state, 0};
  const Word back = std::min(arrival, interval * units);
  return {state - kArrival.Put(back), units};
}

bool Dead(Word state, const Now& now) { return kArrival.Get(state) <= Word{Mono(now)} << kFractionBits; }

}  // namespace sluice::ratelimit::token_bucket
