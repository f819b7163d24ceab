// A count and the boundary at which it ends.
#include <algorithm>

#include "ratelimit/algorithm.h"
#include "ratelimit/calendar.h"

namespace sluice::ratelimit::fixed_window {
namespace {

constexpr Field kEnd{0, 40};  // in seconds since the epoch
constexpr Field kCount{40, 54};
constexpr Field kRule{94, 7};

// A caller whose clock reading is this much older than the newest one still charges the newest window.
constexpr int64_t kLateSeconds = 10;

int64_t Seconds(const Now& now) { return Wall(now) / kSecond; }

// Tells windows of one rule from those of another, well enough.
uint64_t RuleCode(const LimitSpec& spec) {
  if (spec.calendar != Calendar::kNone) return static_cast<uint64_t>(spec.calendar);
  return 8 + static_cast<uint64_t>(spec.period_ns / kSecond) % 119;
}

struct Window {
  int64_t end;
  uint64_t count;
  bool carried;  // from a window of another rule, or one that the wall clock has stepped back from
};

Window CurrentWindow(const Limit& limit, Word state, const Now& now) {
  const LimitSpec& spec = limit.spec();
  const int64_t second = Seconds(now), length = spec.period_ns / kSecond;
  const int64_t end = WindowEnd(spec.calendar, length, second);
  const int64_t old_end = static_cast<int64_t>(kEnd.Get64(state));
  const uint64_t count = kCount.Get64(state);
  if (state == 0 || old_end <= second) return {end, 0, false};
  if (kRule.Get64(state) == RuleCode(spec)) {
    if (old_end == end) return {end, count, false};
    if (old_end <= std::max(end + kLateSeconds, WindowEnd(spec.calendar, length, end))) return {old_end, count, false};
  }
  return {end, count, true};  // all of it: were it cut to a lower limit, raising that again would refill
}

}  // namespace

Step Assess(const Charge& charge, Word state, const Now& now, Verdict* verdict) {
  const Limit& limit = *charge.limit;
  Window window = CurrentWindow(limit, state, now);
  Count(limit.size(), window.count, charge.cost, verdict);
  verdict->reset_ns = window.end * kSecond - Wall(now);
  if (!verdict->allowed && verdict->retry_after_ns != kNever) verdict->retry_after_ns = verdict->reset_ns;
  if (verdict->allowed) {
    window.count += charge.cost;
  } else if (charge.penalize && charge.cost > 0) {
    window.count = std::max(window.count, limit.size());
  }
  verdict->receipt.mark = static_cast<uint64_t>(window.end);
  Step step;
  step.state =
      kEnd.Put(static_cast<uint64_t>(window.end)) | kCount.Put(window.count) | kRule.Put(RuleCode(limit.spec()));
  step.carry = window.carried;
  return step;
}

GiveBack Undo(Word state, const Receipt& receipt, uint64_t units) {
  if (kEnd.Get64(state) != receipt.mark) return {state, 0};
  units = std::min(units, kCount.Get64(state));
  return {state - kCount.Put(units), units};
}

bool Dead(Word state, const Now& now) {
  return kCount.Get(state) == 0 || static_cast<int64_t>(kEnd.Get64(state)) <= Seconds(now);
}

}  // namespace sluice::ratelimit::fixed_window
