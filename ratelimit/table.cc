#include "ratelimit/table.h"

#include <algorithm>
#include <iterator>

namespace sluice::ratelimit {
namespace {

// A claim holds the tag, the generation it found, and 79 more bits of the key: with the tag, 103 in all.
constexpr Field kClaimKeyLow{0, 64};
constexpr Field kClaimKeyHigh{64, 13};
constexpr Field kClaimGeneration{77, 24};

Word Claim(const Key& key, uint64_t generation) {
  return kClaimKeyLow.Put(key.lo) | kClaimKeyHigh.Put(key.hi >> 24) | kClaimGeneration.Put(generation) |
         kTagField.Put(Tag(key));
}

bool IsClaimOf(Word state, const Key& key) { return Claim(key, kClaimGeneration.Get64(state)) == state; }

// By simulation: with 3, of new keys 0.15 % find no room at 80 % full and 1.3 % at 90 %, and 1 key in 6 lives in its
// second bucket.
constexpr uint32_t kSpareEnough = 3;

constexpr int kHighShift = 64;
bool MayBelongTo(uint64_t state_high, const Key& key) {
  constexpr int tag = kTagField.shift - kHighShift, complete = kCompleteField.shift - kHighShift;
  return state_high >> tag == Tag(key) && (state_high >> complete & 1) != 0;
}

bool Complete(Word state) { return kCompleteField.Get(state) != 0; }

Word Fresh(const Key& key, LimitKind kind) {
  return kTagField.Put(Tag(key)) | kCompleteField.Put(1) | kKindField.Put(KindCode(kind));
}

uint64_t Scale(uint64_t hash, uint64_t count) { return static_cast<uint64_t>(Word{hash} * count >> 64); }

}  // namespace

Table::Buckets Table::BucketsOf(const Key& key) const {
  uint64_t first = Scale(key.lo, buckets_), second = Scale(key.hi, buckets_);
  if (second == first) second = second + 1 < buckets_ ? second + 1 : 0;
  return {first, second};
}

const Table::Order& Table::OrderOf(const Key& key) {
  static constexpr Order kOrders[] = {{0, 1, 2, 3, 4, 5, 6, 7}, {2, 3, 4, 5, 0, 1, 6, 7}, {4, 5, 0, 1, 2, 3, 6, 7}};
  // By bits that neither choose a bucket nor stand in the tag.
  return kOrders[Scale(key.lo << 32, std::size(kOrders))];
}

template <typename Visit>
Entry* Table::FirstOf(const Key& key, Visit visit) const {
  const Buckets buckets = BucketsOf(key);
  const Order& order = OrderOf(key);
  for (uint64_t bucket : {buckets.first, buckets.second}) {
    for (uint8_t i : order)
      if (Entry* entry = At(bucket, i); visit(entry)) return entry;
  }
  return nullptr;
}

void Table::Prefetch(const Key& key) const { __builtin_prefetch(At(BucketsOf(key).first, OrderOf(key)[0])); }

inline Found Table::FindIn(uint64_t bucket, const Key& key) const {
  for (uint8_t i : OrderOf(key)) {
    Entry* entry = At(bucket, i);
    if (!MayBelongTo(entry->state.LoadHigh(), key)) continue;
    const Word state = entry->state.Load();
    if (MayBelongTo(static_cast<uint64_t>(state >> kHighShift), key) && SameKey(entry->identity.Load(), key))
      return {entry, state};
  }
  return {};
}

Found Table::Find(const Key& key) const {
  if (buckets_ == 0) return {};
  const Buckets buckets = BucketsOf(key);
  __builtin_prefetch(At(buckets.second, OrderOf(key)[0]));
  if (Found found = FindIn(buckets.first, key); found.entry != nullptr) return found;
  return FindIn(buckets.second, key);
}

Entry* Table::FindClaim(const Key& key) const {
  return FirstOf(key, [&](Entry* entry) { return IsClaimOf(entry->state.Load(), key); });
}

bool Table::Reclaimable(Entry* entry, Word state, const Now& now) const {
  if (!Complete(state)) return true;
  return Dead(KindOf(state, ring_slots_ > 0), kStateField.Get(state), RingOf(entry), now);
}

uint32_t Table::SpareIn(uint64_t bucket, const Key& key, bool known, const Now& now, Victim* victim) const {
  uint32_t spare = 0;
  for (uint8_t i : OrderOf(key)) {
    if (!known && i >= kOpenEntries) break;
    Entry* entry = At(bucket, i);
    Word state = entry->state.Load();
    if (!Reclaimable(entry, state, now)) continue;
    // A known key takes the places kept for it last, so that they stay free while others are.
    if (spare++ == 0) *victim = {entry, state};
  }
  return spare;
}

// The first bucket while it has some places to spare, because it is looked at first; then the emptier one.
Table::Victim Table::FindVictim(const Key& key, bool known, const Now& now) const {
  const Buckets buckets = BucketsOf(key);
  Victim first, second;
  uint32_t spare = SpareIn(buckets.first, key, known, now, &first);
  if (spare >= kSpareEnough) return first;
  return SpareIn(buckets.second, key, known, now, &second) > spare ? second : first;
}

bool Table::HasRoom(const Key& key, bool known, const Now& now) const {
  return buckets_ > 0 && FindVictim(key, known, now).entry != nullptr;
}

Found Table::FindOrClaim(const Key& key, LimitKind kind, bool known, const Now& now) const {
  if (buckets_ == 0) return {};
  for (;;) {
    if (Found found = Find(key); found.entry != nullptr) return found;
    if (Entry* entry = FindClaim(key)) {
      Word claim = entry->state.Load();
      if (IsClaimOf(claim, key)) Finish(entry, key, claim, kind);
      continue;
    }
    Victim victim = FindVictim(key, known, now);
    if (victim.entry == nullptr) return {};
    const Word claim = Claim(key, kIdentityGeneration.Get64(victim.entry->identity.Load()));
    if (!victim.entry->state.CompareExchange(victim.state, claim)) continue;
    if (Complete(victim.state)) reclaimed_->fetch_add(1, std::memory_order_relaxed);
    Finish(victim.entry, key, claim, kind);
  }
}

// Steps 2 to 4. The claim ends as a complete entry or withdrawn, whoever carries it out.
void Table::Finish(Entry* entry, const Key& key, Word claim, LimitKind kind) const {
  const uint64_t generation = kClaimGeneration.Get64(claim);
  const Word ours = Identity(key, generation + 1);
  Word identity = entry->identity.Load();
  while (identity != ours && kIdentityGeneration.Get64(identity) == generation) {
    if (entry->identity.CompareExchange(identity, ours))
      identity = ours;
    else
      identity = entry->identity.Load();
  }
  const bool wins = identity == ours && BeatsRivals(entry, key);
  entry->state.CompareExchange(claim, wins ? Fresh(key, kind) : 0);
}

bool Table::BeatsRivals(Entry* entry, const Key& key) const {
  Entry* winner = FirstOf(key, [&](Entry* rival) {
    if (rival == entry) return false;
    Word state = rival->state.Load();
    while (IsClaimOf(state, key)) {
      if (rival < entry) return true;
      if (rival->state.CompareExchange(state, 0)) return false;
      state = rival->state.Load();
    }
    return Complete(state) && kTagField.Get64(state) == Tag(key) && SameKey(rival->identity.Load(), key);
  });
  return winner == nullptr;
}

uint64_t Table::CountLive(const Now& now) const {
  uint64_t live = 0;
  for (uint64_t i = 0; i < capacity(); ++i) {
    Entry* entry = At(i / kBucketEntries, static_cast<uint32_t>(i % kBucketEntries));
    if (!Reclaimable(entry, entry->state.Load(), now)) ++live;
  }
  return live;
}

}  // namespace sluice::ratelimit
