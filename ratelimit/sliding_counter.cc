// Two counts: of this window and of the one before, which is taken to have come evenly. Windows begin with the first
// charge and follow each other while the key is in use.
//
// Lengths are rounded up to a whole tick (2.5 ms: seconds are whole), so that windows that follow each other stay
// exact; a longer window is a stricter one. The former count is kept in 16 bits, rounded up: exact below 2,048, at most
// 0.1 % more above.
#include <algorithm>

#include "ratelimit/algorithm.h"

namespace sluice::ratelimit::sliding_counter {
namespace {

constexpr uint64_t kTick = 2'500'000;  // ns; all of time is 2^40 of them
static_assert(kMaxMono / kTick < uint64_t{1} << 40);

constexpr Field kStart{0, 40};  // of this window, in ticks
constexpr Field kCount{40, 30};
constexpr Field kFormer{70, 16};
constexpr Field kLength{86, kCodeBits};

constexpr int kMantissaBits = 11;

uint64_t Shorten(uint64_t count) {
  uint64_t shift = 0;
  while (count >> kMantissaBits != 0) {
    count = (count + 1) >> 1;
    ++shift;
  }
  return shift << kMantissaBits | count;
}

uint64_t Restore(uint64_t code) { return (code & ((1u << kMantissaBits) - 1)) << (code >> kMantissaBits); }

uint64_t CodeOf(const Limit& limit) {
  return CodeUp(Word{static_cast<uint64_t>(limit.spec().period_ns)} << kFractionBits);
}

uint64_t TicksUp(uint64_t ns) { return (ns + kTick - 1) / kTick; }

// In ticks; of a limit known only by its code, a little longer.
uint64_t LengthOf(const Limit& limit) { return TicksUp(static_cast<uint64_t>(limit.spec().period_ns)); }
uint64_t LengthOf(uint64_t code) { return TicksUp(static_cast<uint64_t>(Decode(code) >> kFractionBits) + 1); }

struct Windows {
  uint64_t start, count, former;
};

Windows Unpack(Word state) { return {kStart.Get64(state), kCount.Get64(state), Restore(kFormer.Get64(state))}; }

// As they are at `tick`. A reading from before this window belongs to its first moment.
Windows Moved(Windows w, uint64_t length, uint64_t tick) {
  if (w.count + w.former == 0 || tick >= w.start + 2 * length) return {tick, 0, 0};
  if (tick >= w.start + length) return {w.start + length, 0, Restore(Shorten(w.count))};
  return w;
}

uint64_t Elapsed(const Windows& w, uint64_t now) {
  const uint64_t start = w.start * kTick;
  return now > start ? now - start : 0;
}

// What of the former window is taken to be less than one window old.
uint64_t Overlap(const Windows& w, uint64_t length, uint64_t now) {
  const uint64_t ns = length * kTick;
  return static_cast<uint64_t>(Divide(Word{w.former} * (ns - Elapsed(w, now)) + ns - 1, ns));
}

// Until at most `room` of `former`, in a window of `ns`, still count; from that window's beginning.
uint64_t WaitFor(uint64_t room, uint64_t former, uint64_t ns) {
  return former <= room ? 0 : ns - static_cast<uint64_t>(Divide(Word{room} * ns, former));
}

// Either the former window shrinks enough within this one, or this one has become the former one and does.
int64_t RetryAfter(const Windows& w, uint64_t size, uint64_t cost, uint64_t length, uint64_t now) {
  const uint64_t ns = length * kTick, room = size - cost;
  uint64_t wait = w.count <= room ? WaitFor(room - w.count, w.former, ns) : ns;
  if (wait >= ns) wait = ns + WaitFor(room, Restore(Shorten(w.count)), ns);
  return static_cast<int64_t>(w.start * kTick + wait - now);
}

// The same use under a window of another length: all of it counts as used now, so that a change never refills.
Windows CarryOver(Word state, uint64_t now) {
  const uint64_t length = LengthOf(kLength.Get64(state)), tick = now / kTick;
  const Windows w = Moved(Unpack(state), length, tick);
  return {tick, std::min<uint64_t>(w.count + Overlap(w, length, now), kCount.Mask()), 0};
}

Word Pack(const Windows& w, uint64_t code) {
  return kStart.Put(w.start) | kCount.Put(w.count) | kFormer.Put(Shorten(w.former)) | kLength.Put(code);
}

}  // namespace

Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict) {
  const Limit& limit = *charge.limit;
  const uint64_t cost = charge.cost;
  const uint64_t length = LengthOf(limit), code = CodeOf(limit), t = Mono(now);
  Step step;
  step.carry = state != 0 && kLength.Get64(state) != code;
  Windows w = Moved(step.carry ? CarryOver(state, t) : Unpack(state), length, t / kTick);
  const uint64_t used = w.count + Overlap(w, length, t);
  Count(limit.size(), used, cost, verdict);
  if (!verdict->allowed && cost <= limit.size()) {
    verdict->retry_after_ns = RetryAfter(w, limit.size(), cost, length, t);
  }
  if (verdict->allowed || charge.penalize) w.count += std::min<uint64_t>(cost, kCount.Mask() - w.count);
  const uint64_t windows = w.count > 0 ? 2 : w.former > 0 ? 1 : 0;
  const uint64_t end = (w.start + windows * length) * kTick;
  verdict->reset_ns = windows == 0 ? 0 : static_cast<int64_t>(end - t);
  verdict->receipt.mark = w.start;
  step.state = Pack(w, code);
  return step;
}

GiveBack Undo(const Limit& limit, Word state, const Receipt& receipt, uint64_t units) {
  Windows w = Unpack(state);
  uint64_t* count = w.start == receipt.mark                     ? &w.count
                    : w.start == receipt.mark + LengthOf(limit) ? &w.former
                                                                : nullptr;
  if (count == nullptr || kLength.Get64(state) != CodeOf(limit)) return {state, 0};
  units = std::min(units, *count);
  *count -= units;
  return {Pack(w, kLength.Get64(state)), units};
}

bool Dead(Word state, const Now& now) {
  const Windows w = Unpack(state);
  const uint64_t windows = w.count > 0 ? 2 : w.former > 0 ? 1 : 0;
  return Mono(now) / kTick >= w.start + windows * LengthOf(kLength.Get64(state));
}

Breakdown BreakDown(const Limit& limit, Word state, const Now& now) {
  const uint64_t length = LengthOf(limit), t = Mono(now);
  const bool carry = state != 0 && kLength.Get64(state) != CodeOf(limit);
  const Windows w = Moved(carry ? CarryOver(state, t) : Unpack(state), length, t / kTick);
  Breakdown breakdown;
  breakdown.former = w.former;
  breakdown.carried = Overlap(w, length, t);
  breakdown.count = w.count;
  breakdown.elapsed_ns = static_cast<int64_t>(Elapsed(w, t));
  breakdown.length_ns = static_cast<int64_t>(length * kTick);
  return breakdown;
}

}  // namespace sluice::ratelimit::sliding_counter
