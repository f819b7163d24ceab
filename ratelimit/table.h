// Finds the place of a key, and makes one. Lock-free; a thread that is killed or overtaken at any instruction leaves
// nothing that others cannot finish or undo.
//
// A key may be in any of the 16 places of its two buckets. How it takes one:
//   1. Claim. The state of a place that says nothing (dead, or never used) is swapped for a claim: this key,
//      incomplete, with the generation that the place's identity has. This evicts the former key; had that just been
//      charged, the swap would fail.
//   2. Identify. The identity is swapped for this key's, with the next generation. A thread left over from an older
//      claim cannot disturb it, because its swap expects an older generation.
//   3. Compare. The other 15 places are searched for the same key. A complete entry wins: the claim is withdrawn.
//      Of two claims the one at the lower address wins: the other is withdrawn. Both rivals claimed before they
//      looked, so at least one sees the other.
//   4. Complete. The state is swapped for a complete, fresh one.
// Any thread that meets a claim of its own key carries out steps 2 to 4. Claims say nothing yet, so other keys may take
// the place. Hence a key never has two complete entries, and only complete ones are charged.
#ifndef SLUICE_RATELIMIT_TABLE_H_
#define SLUICE_RATELIMIT_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/request.h"
#include "ratelimit/algorithm.h"
#include "ratelimit/entry.h"

namespace sluice::ratelimit {

// An entry and what its state was when it was found.
struct Found {
  Entry* entry = nullptr;
  Word state = 0;
};

class Table {
 public:
  static constexpr uint32_t kBucketEntries = 8;
  static constexpr uint32_t kOpenEntries = 6;  // those of a bucket that keys nobody vouches for may take

  // Over `buckets` buckets of zeros, or a table of the same shape, at `base` (aligned to 16). `reclaimed` counts, in
  // shared memory.
  Table(void* base, size_t buckets, uint32_t ring_slots, std::atomic<uint64_t>* reclaimed)
      : base_(static_cast<char*>(base)),
        buckets_(buckets),
        ring_slots_(ring_slots),
        entry_bytes_(sizeof(Entry) + ring_slots * sizeof(RingTime)),
        bucket_bytes_(kBucketEntries * entry_bytes_),
        reclaimed_(reclaimed) {}

  Found Find(const Key& key) const;

  // Has the line brought from memory in which most keys are.
  void Prefetch(const Key& key) const;

  // Null when there is no room.
  Found FindOrClaim(const Key& key, LimitKind kind, bool known, const Now& now) const;

  // Whether FindOrClaim would find a place for a key that has none.
  bool HasRoom(const Key& key, bool known, const Now& now) const;

  Ring RingOf(Entry* entry) const { return {ring_slots_ > 0 ? entry->ring() : nullptr, ring_slots_}; }
  uint32_t ring_slots() const { return ring_slots_; }

  uint64_t capacity() const { return buckets_ * kBucketEntries; }
  uint64_t CountLive(const Now& now) const;

 private:
  struct Buckets {
    uint64_t first, second;
  };
  struct Victim {
    Entry* entry = nullptr;
    Word state = 0;
  };

  // The places of a bucket in the order in which they are looked at and taken: a key begins at one of the three pairs
  // (cache lines, where entries are narrow) that are open to all. So most keys are found in the first line.
  using Order = std::array<uint8_t, kBucketEntries>;
  static const Order& OrderOf(const Key& key);

  Buckets BucketsOf(const Key& key) const;
  Entry* At(uint64_t bucket, uint32_t i) const {
    return reinterpret_cast<Entry*>(base_ + bucket * bucket_bytes_ + i * entry_bytes_);
  }
  template <typename Visit>
  Entry* FirstOf(const Key& key, Visit visit) const;
  bool Reclaimable(Entry* entry, Word state, const Now& now) const;
  Entry* FindClaim(const Key& key) const;
  Victim FindVictim(const Key& key, bool known, const Now& now) const;
  Found FindIn(uint64_t bucket, const Key& key) const;
  uint32_t SpareIn(uint64_t bucket, const Key& key, bool known, const Now& now, Victim* victim) const;
  void Finish(Entry* entry, const Key& key, Word claim, LimitKind kind) const;
  bool BeatsRivals(Entry* entry, const Key& key) const;

  char* base_;
  uint64_t buckets_;
  uint32_t ring_slots_;
  size_t entry_bytes_;
  size_t bucket_bytes_;
  std::atomic<uint64_t>* reclaimed_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_TABLE_H_
