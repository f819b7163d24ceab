// How often each limit let pass and refused: counters in the store's region, so that all processes count together and a
// reload loses nothing.
//
// A meter is found by the 128 bits of its name among `slots` places, and takes the first free one it meets, for good.
// Its counts stand once for each of eight stripes, whose cache lines are apart: processors that add to different ones
// do not wait for each other, and those that share one still count right. Lock-free; a killed process leaves at worst
// one count out.
#ifndef SLUICE_RATELIMIT_METERS_H_
#define SLUICE_RATELIMIT_METERS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ratelimit/entry.h"
#include "ratelimit/store.h"

namespace sluice::ratelimit {

class Meters {
 public:
  static constexpr uint32_t kStripes = 8;

  // What was counted for one limit in one stripe; by Ruling.
  struct alignas(32) Counts {
    std::atomic<uint64_t> of[3];
  };
  static constexpr size_t kSlotBytes = sizeof(AtomicWord) + kStripes * sizeof(Counts);

  // Over slots * kSlotBytes of zeros, or meters of the same shape, at `base` (aligned to 64; slots a multiple of 4).
  Meters(void* base, size_t slots)
      : names_(static_cast<AtomicWord*>(base)), counts_(reinterpret_cast<Counts*>(names_ + slots)), slots_(slots) {}

  // False: there is no place for this meter.
  bool Add(const LimitId& meter, Ruling ruling, uint32_t stripe, uint64_t count) const;
  Tally Read(const LimitId& meter) const;

 private:
  static constexpr size_t kProbes = 64;  // places looked at; a meter that finds none of them free is not counted
  static constexpr size_t kNoSlot = SIZE_MAX;
  size_t Find(const LimitId& meter, bool claim) const;

  AtomicWord* names_;
  Counts* counts_;  // slots of stripe 0, slots of stripe 1 …
  size_t slots_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_METERS_H_
