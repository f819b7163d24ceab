// What a node has in hand for one caller, bit by bit; of leases.h. A lease is 16 bytes that change only by
// compare-and-swap:
//
//   | expires, monotonic ns 64 | generation 32 | units 32 |
//
// The generation differs between any two leases that a slot ever held, so that a swap fails once the lease is another,
// or the slot another caller's. Everything else in a slot only informs.
#ifndef SLUICE_RATELIMIT_LEASE_SLOT_H_
#define SLUICE_RATELIMIT_LEASE_SLOT_H_

#include <atomic>
#include <cstdint>

#include "ratelimit/entry.h"
#include "ratelimit/key.h"
#include "ratelimit/lease_set.h"

namespace sluice::ratelimit {

inline constexpr Field kLeaseUnits{0, 32};
inline constexpr Field kLeaseGeneration{32, 32};
inline constexpr Field kLeaseExpires{64, 64};

// Of a lease that may be spent at `mono`; 0 of one that has ended.
inline uint64_t UsableUnits(Word lease, uint64_t mono) {
  return mono < kLeaseExpires.Get64(lease) ? kLeaseUnits.Get64(lease) : 0;
}

struct alignas(64) LeaseSlot {
  // Two, so that the next one can come while the former is being spent.
  static constexpr uint32_t kLeases = 2;
  AtomicWord leases[kLeases];
  std::atomic<uint64_t> key_lo{0}, key_hi{0};  // both 0: nobody's
  // Why there is no use in asking.
  std::atomic<int64_t> refused_until{0};
  std::atomic<int64_t> retry_at{0};  // what to tell the caller; kNever: never
  std::atomic<uint64_t> refused_cost{0};
  std::atomic<int64_t> broken_until{0};  // the server cannot use this bucket's key
  std::atomic<int64_t> spent{0};         // units, since the last ask; below 0 when units of before were put back
  std::atomic<uint64_t> debt{0};         // units admitted without the server
  // As the server said last.
  struct Figure {
    std::atomic<uint64_t> remaining{0};
    std::atomic<int64_t> reset_at{0};
  };
  Figure figures[kMaxLeaseLimits];
  uint32_t generation = 0;  // guarded by the mutex of Leases

  bool Is(const Key& key) const {
    return key_lo.load(std::memory_order_acquire) == key.lo && key_hi.load(std::memory_order_acquire) == key.hi;
  }
  bool Free() const { return Is(Key{}); }
  uint64_t Usable(uint64_t mono) const {
    return UsableUnits(leases[0].Load(), mono) + UsableUnits(leases[1].Load(), mono);
  }
  // Whether a lease could be spent at `mono`, had it units.
  bool Lasts(uint64_t mono) const {
    return mono < kLeaseExpires.Get64(leases[0].Load()) || mono < kLeaseExpires.Get64(leases[1].Load());
  }

  // Takes `cost` units of the lease that ends first of those that have them. `which` and `lease`: where from.
  bool Spend(const Key& key, uint64_t cost, uint64_t mono, uint32_t* which, Word* lease);
  // Unless that lease is no more.
  void Unspend(uint32_t which, Word lease, uint64_t cost);

  // Under the mutex. The lease with fewer units to spend.
  uint32_t Poorer(uint64_t mono) const;
  // Puts a lease in place of what `which` held; the units of that which were not spent.
  uint64_t Replace(uint32_t which, uint64_t units, int64_t expires);
  // Everything but key and leases, for the next caller.
  void Clear();
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASE_SLOT_H_
