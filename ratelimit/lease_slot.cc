#include "ratelimit/lease_slot.h"

namespace sluice::ratelimit {
namespace {

bool SameLease(Word a, Word b) {
  return kLeaseGeneration.Get(a) == kLeaseGeneration.Get(b) && kLeaseExpires.Get(a) == kLeaseExpires.Get(b);
}

}  // namespace

bool LeaseSlot::Spend(const Key& key, uint64_t cost, uint64_t mono, uint32_t* which, Word* lease) {
  for (;;) {
    const Word held[kLeases] = {leases[0].Load(), leases[1].Load()};
    // Looked at again after the loads: whoever takes the slot over empties the leases first and renames it then.
    if (!Is(key)) return false;
    *which = kLeases;
    for (uint32_t i = 0; i < kLeases; ++i) {
      if (UsableUnits(held[i], mono) < cost) continue;
      if (*which == kLeases || kLeaseExpires.Get64(held[i]) < kLeaseExpires.Get64(held[*which])) *which = i;
    }
    if (*which == kLeases) return false;
    *lease = held[*which] - kLeaseUnits.Put(cost);
    if (!leases[*which].CompareExchange(held[*which], *lease)) continue;
    spent.fetch_add(static_cast<int64_t>(cost), std::memory_order_relaxed);
    return true;
  }
}

void LeaseSlot::Unspend(uint32_t which, Word lease, uint64_t cost) {
  for (;;) {
    const Word held = leases[which].Load();
    if (!SameLease(held, lease)) return;
    if (!leases[which].CompareExchange(held, held + kLeaseUnits.Put(cost))) continue;
    spent.fetch_sub(static_cast<int64_t>(cost), std::memory_order_relaxed);
    return;
  }
}

uint32_t LeaseSlot::Poorer(uint64_t mono) const {
  return UsableUnits(leases[0].Load(), mono) <= UsableUnits(leases[1].Load(), mono) ? 0 : 1;
}

uint64_t LeaseSlot::Replace(uint32_t which, uint64_t units, int64_t expires) {
  const Word next =
      kLeaseUnits.Put(units) | kLeaseGeneration.Put(++generation) | kLeaseExpires.Put(static_cast<uint64_t>(expires));
  for (;;) {
    const Word held = leases[which].Load();
    if (leases[which].CompareExchange(held, next)) return kLeaseUnits.Get64(held);
  }
}

void LeaseSlot::Clear() {
  for (std::atomic<int64_t>* time : {&refused_until, &retry_at, &broken_until, &spent}) time->store(0);
  for (std::atomic<uint64_t>* units : {&refused_cost, &debt}) units->store(0);
  for (Figure& figure : figures) {
    figure.remaining.store(0);
    figure.reset_at.store(0);
  }
}

}  // namespace sluice::ratelimit
