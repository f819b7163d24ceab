#include "ratelimit/meters.h"

#include <algorithm>

namespace sluice::ratelimit {

// A name is written once, so a place that holds another one is never free again.
size_t Meters::Find(const LimitId& meter, bool claim) const {
  const Word name = Word{meter.hi} << 64 | meter.lo;
  size_t slot = static_cast<size_t>(Word{meter.lo} * slots_ >> 64);
  for (size_t i = std::min(kProbes, slots_); i > 0; --i) {
    Word there = names_[slot].Load();
    if (there == 0 && !claim) return kNoSlot;
    if (there == 0 && names_[slot].CompareExchange(0, name)) return slot;
    if (there == 0) there = names_[slot].Load();  // somebody was faster
    if (there == name) return slot;
    if (++slot == slots_) slot = 0;
  }
  return kNoSlot;
}

bool Meters::Add(const LimitId& meter, Ruling ruling, uint32_t stripe, uint64_t count) const {
  const size_t slot = Find(meter, true);
  if (slot == kNoSlot) return false;
  Counts& counts = counts_[stripe % kStripes * slots_ + slot];
  counts.of[static_cast<size_t>(ruling)].fetch_add(count, std::memory_order_relaxed);
  return true;
}

Tally Meters::Read(const LimitId& meter) const {
  Tally sum;
  const size_t slot = Find(meter, false);
  for (uint32_t stripe = 0; slot != kNoSlot && stripe < kStripes; ++stripe) {
    const Counts& counts = counts_[stripe * slots_ + slot];
    sum.allowed += counts.of[static_cast<size_t>(Ruling::kAllowed)].load(std::memory_order_relaxed);
    sum.refused += counts.of[static_cast<size_t>(Ruling::kRefused)].load(std::memory_order_relaxed);
    sum.shadow_refused += counts.of[static_cast<size_t>(Ruling::kShadowRefused)].load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace sluice::ratelimit
