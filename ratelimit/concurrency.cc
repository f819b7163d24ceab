// Two generations of requests in flight. A generation lasts one time-out; what it leaves behind lives through the next
// one and is then forgotten, so a request that is never released goes away between one and two time-outs after it
// began.
#include <algorithm>

#include "ratelimit/algorithm.h"

namespace sluice::ratelimit::concurrency {
namespace {

constexpr int kTickShift = 21;  // 2.1 ms

constexpr Field kStart{0, 40};  // of the young generation, in ticks
constexpr Field kYoung{40, 20};
constexpr Field kOld{60, 20};
constexpr Field kGeneration{80, 6};
constexpr Field kTimeout{86, kCodeBits};

uint64_t TicksUp(uint64_t ns) { return (ns + (uint64_t{1} << kTickShift) - 1) >> kTickShift; }

struct Flights {
  uint64_t start, young, old, generation;
};

Flights Unpack(Word state) {
  return {kStart.Get64(state), kYoung.Get64(state), kOld.Get64(state), kGeneration.Get64(state)};
}

Word Pack(const Flights& f, const Limit& limit) {
  uint64_t code = CodeUp(Word{static_cast<uint64_t>(limit.spec().period_ns)} << kFractionBits);
  return kStart.Put(f.start) | kYoung.Put(f.young) | kOld.Put(f.old) | kGeneration.Put(f.generation) |
         kTimeout.Put(code);
}

// Ages the generations up to `now`. The start moves by whole time-outs, so that it does not matter who does this and
// when.
Flights Aged(Word state, const Limit& limit, const Now& now) {
  Flights f = Unpack(state);
  // A fresh entry does not begin at 0, so that a receipt from an entry that was forgotten does not fit it.
  if (state == 0) f.generation = Mono(now) >> kTickShift;
  const uint64_t tick = Mono(now) >> kTickShift, timeout = TicksUp(static_cast<uint64_t>(limit.spec().period_ns));
  if (f.young + f.old == 0) return {TicksUp(Mono(now)), 0, 0, f.generation + 1};
  if (tick >= f.start + 2 * timeout) return {TicksUp(Mono(now)), 0, 0, f.generation + 2};
  if (tick >= f.start + timeout) return {f.start + timeout, 0, f.young, f.generation + 1};
  return f;
}

}  // namespace

Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict) {
  const Limit& limit = *charge.limit;
  Flights f = Aged(state, limit, now);
  const uint64_t units = std::min<uint64_t>(charge.cost, 1);
  const uint64_t timeout = TicksUp(static_cast<uint64_t>(limit.spec().period_ns));
  Count(limit.size(), f.young + f.old, units, verdict);
  if (verdict->allowed) f.young += units;
  // Nobody knows when a request will end; the time-out is the latest moment.
  const int64_t to_next = static_cast<int64_t>((f.start + timeout) << kTickShift) - static_cast<int64_t>(Mono(now));
  const int64_t to_second = to_next + static_cast<int64_t>(timeout << kTickShift);
  verdict->reset_ns = f.young > 0 ? to_second : f.old > 0 ? to_next : 0;
  if (!verdict->allowed) verdict->retry_after_ns = f.old > 0 ? to_next : to_second;
  verdict->receipt.mark = f.generation & kGeneration.Mask();
  Step step;
  step.state = Pack(f, limit);
  return step;
}

GiveBack Undo(const Limit& limit, Word state, const Receipt& receipt, uint64_t units, const Now& now) {
  // By then it has been forgotten; later the generation's number would return.
  if (now.mono_ns - receipt.mono_ns > 2 * limit.spec().period_ns) return {state, 0};
  const uint64_t age = (kGeneration.Get64(state) - receipt.mark) & static_cast<uint64_t>(kGeneration.Mask());
  const Field& field = age == 0 ? kYoung : kOld;
  if (age > 1) return {state, 0};
  units = std::min(units, field.Get64(state));
  return {state - field.Put(units), units};
}

bool Dead(Word state, const Now& now) {
  if (kYoung.Get(state) + kOld.Get(state) == 0) return true;
  const uint64_t timeout = TicksUp(static_cast<uint64_t>(Decode(kTimeout.Get64(state)) >> kFractionBits) + 1);
  return Mono(now) >> kTickShift >= kStart.Get64(state) + 2 * timeout;
}

}  // namespace sluice::ratelimit::concurrency
