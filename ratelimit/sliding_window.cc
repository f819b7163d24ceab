// A log of blocks: units are logged q at a time, each block with the time of its newest unit. The state says how many
// blocks there are and how far the newest is filled; the ring holds their times, which never decrease towards newer
// blocks.
//
// Why it is strict: every unit is counted in a block whose time is at least the unit's own. A block is dropped only
// when that time is outside the window, so every unit inside the window is counted, and admission requires counted +
// cost <= quota.
//
// Why the ring can be written before the state: ring times only grow, and a later time only keeps a block alive for
// longer. So a thread that was overtaken, or killed between the two, leaves the log correct.
#include <algorithm>

#include "ratelimit/algorithm.h"

namespace sluice::ratelimit::sliding_window {
namespace {

constexpr Field kNewest{0, 6};    // slot of the newest block
constexpr Field kBehind{6, 6};    // full blocks behind it
constexpr Field kFilled{12, 30};  // units in the newest block, 1 … q; 0: an empty log
constexpr Field kBlock{42, 30};   // q
constexpr Field kWindow{72, kCodeBits};
constexpr Field kVersion{87, 14};  // counts writes, so that a swap cannot succeed on a log that went round

struct Log {
  uint32_t newest, behind;
  uint64_t filled, block;
};

Log Unpack(Word state) {
  return {static_cast<uint32_t>(kNewest.Get(state)), static_cast<uint32_t>(kBehind.Get(state)), kFilled.Get64(state),
          kBlock.Get64(state)};
}

Word Pack(const Log& log, const Limit& limit, Word before) {
  uint64_t window = CodeUp(Word{static_cast<uint64_t>(limit.spec().period_ns)} << kFractionBits);
  return kNewest.Put(log.newest) | kBehind.Put(log.behind) | kFilled.Put(log.filled) | kBlock.Put(log.block) |
         kWindow.Put(window) | kVersion.Put(kVersion.Get(before) + 1);
}

uint32_t Back(uint32_t slot, uint32_t steps, uint32_t slots) {
  return slot >= steps ? slot - steps : slot + slots - steps;
}
uint32_t Ahead(uint32_t slot, uint64_t steps, uint32_t slots) { return static_cast<uint32_t>((slot + steps) % slots); }

// Drops the blocks that have left the window.
Log Live(Word state, const Ring& ring, uint64_t window, uint64_t now) {
  Log log = Unpack(state);
  auto live = [&](uint32_t steps) { return ring.Time(Back(log.newest, steps, ring.slots)) + window > now + 1; };
  if (log.filled == 0 || !live(0)) return {log.newest, 0, 0, log.block};
  uint32_t behind = 0;
  while (behind < log.behind && live(behind + 1)) ++behind;
  log.behind = behind;
  return log;
}

uint64_t Used(const Log& log) { return log.filled + log.behind * log.block; }

// Until `units` fewer are counted. At least one block is live.
int64_t WaitFor(uint64_t units, const Log& log, const Ring& ring, uint64_t window, uint64_t now) {
  uint32_t steps = log.behind;
  for (uint64_t freed = log.block; freed < units && steps > 0; freed += log.block) --steps;
  return static_cast<int64_t>(ring.Time(Back(log.newest, steps, ring.slots)) - 1 + window - now);
}

// Adds units to the log at `time`; says which slots must have that time first.
Log Append(Log log, uint64_t units, uint32_t slots, uint64_t time, Step* step) {
  const uint64_t total = log.filled + units;
  const uint64_t blocks = (total - 1) / log.block;  // that become full and are left behind
  const bool was_full = log.filled == log.block;    // then nothing is added to the newest, and it keeps its time
  step->first_slot = was_full ? Ahead(log.newest, 1, slots) : log.newest;
  step->slot_count = static_cast<uint32_t>(blocks) + (was_full ? 0 : 1);
  step->slot_time = std::max(step->slot_time, time);
  return {Ahead(log.newest, blocks, slots), log.behind + static_cast<uint32_t>(blocks), total - blocks * log.block,
          log.block};
}

// The same units in blocks of the size that a changed quota asks for, all as new as the newest.
Log Rebuild(const Log& log, uint64_t block, uint64_t quota, const Ring& ring, Step* step) {
  Log fresh{Ahead(log.newest, 1, ring.slots), 0, 0, block};
  const uint64_t used = std::min(Used(log), quota);
  return used == 0 ? fresh : Append(fresh, used, ring.slots, ring.Time(log.newest), step);
}

}  // namespace

Step Assess(const Charge& charge, Word state, const Ring& ring, const Now& now, Verdict* verdict) {
  const Limit& limit = *charge.limit;
  const uint64_t cost = charge.cost;
  const uint64_t window = static_cast<uint64_t>(limit.spec().period_ns), quota = limit.size(), t = Mono(now);
  const uint32_t blocks = ring.slots - 2;
  const uint64_t block = (quota + blocks - 1) / blocks;
  Log log = Live(state, ring, window, t);
  Count(quota, Used(log), cost, verdict);
  const int64_t newest = log.filled == 0 ? 0 : static_cast<int64_t>(ring.Time(log.newest) - 1 + window - t);
  verdict->reset_ns = verdict->allowed && cost > 0 ? std::max(newest, limit.spec().period_ns) : newest;
  if (!verdict->allowed) {
    if (cost <= quota) verdict->retry_after_ns = WaitFor(Used(log) + cost - quota, log, ring, window, t);
    if (!charge.penalize) return {state};
  }
  if (cost == 0) return {state};
  const uint64_t units = std::min(cost, quota);
  Step step;
  if (log.block != block || log.filled == 0) {
    log = Rebuild(log, block, quota - units, ring, &step);
    const uint32_t first = step.slot_count > 0 ? step.first_slot : log.newest;
    log = Append(log, units, ring.slots, t + 1, &step);
    step.slot_count = Back(log.newest, first, ring.slots) + 1;
    step.first_slot = first;
  } else {
    log = Append(log, units, ring.slots, t + 1, &step);
  }
  // Of more than the quota, after a penalty, the newest are enough to refuse all that the whole would refuse.
  log.behind = std::min(log.behind, static_cast<uint32_t>((quota - std::min(quota, log.filled) + block - 1) / block));
  step.state = Pack(log, limit, state);
  return step;
}

// Takes the newest units off the log after moving everybody's times on by as many units: unit i gets the time of unit i
// + units, at or after its own. Only blocks that may hold the receipt's units, or younger ones, are touched.
GiveBack Undo(const Limit& limit, Word state, const Ring& ring, const Receipt& receipt, uint64_t units,
              const Now& now) {
  const uint64_t window = static_cast<uint64_t>(limit.spec().period_ns), t = Mono(now),
                 charged = Mono({0, receipt.mono_ns});
  if (charged + window <= t) return {state, 0};
  Log log = Live(state, ring, window, t);
  if (log.filled == 0 || ring.Time(log.newest) <= charged) return {state, 0};
  uint32_t first = 0;  // steps back to the oldest block that the receipt may be in
  while (first < log.behind && ring.Time(Back(log.newest, first + 1, ring.slots)) > charged) ++first;
  const uint64_t total = log.filled + first * log.block;
  units = std::min(units, total);
  for (uint32_t i = 0; i <= first; ++i) {
    const uint64_t source = std::min<uint64_t>(i + (log.block - 1 + units) / log.block, first);
    ring.Raise(Back(log.newest, first - i, ring.slots),
               ring.Time(Back(log.newest, first - static_cast<uint32_t>(source), ring.slots)));
  }
  const uint64_t left = total - units;
  Log after{Back(log.newest, first, ring.slots), log.behind - first, 0, log.block};
  if (left > 0) {
    const uint32_t blocks = static_cast<uint32_t>((left - 1) / log.block);
    after = {Ahead(after.newest, blocks, ring.slots), after.behind + blocks, left - blocks * log.block, log.block};
  } else if (after.behind > 0) {
    after = {Back(after.newest, 1, ring.slots), after.behind - 1, log.block, log.block};
  }
  return {Pack(after, limit, state), units};
}

bool Dead(Word state, const Ring& ring, const Now& now) {
  if (kFilled.Get(state) == 0) return true;
  const uint64_t window = static_cast<uint64_t>(Decode(kWindow.Get64(state)) >> kFractionBits) + 1;
  return ring.Time(static_cast<uint32_t>(kNewest.Get(state))) + window <= Mono(now) + 1;
}

Breakdown BreakDown(const Limit& limit, Word state, const Ring& ring, const Now& now) {
  const uint64_t window = static_cast<uint64_t>(limit.spec().period_ns), t = Mono(now);
  const Log log = Live(state, ring, window, t);
  Breakdown breakdown;
  if (log.filled == 0) return breakdown;
  breakdown.oldest = log.behind > 0 ? log.block : log.filled;
  breakdown.oldest_leaves_ns = WaitFor(1, log, ring, window, t);
  return breakdown;
}

}  // namespace sluice::ratelimit::sliding_window
