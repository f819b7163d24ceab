#include "ratelimit/table.h"

#include <unordered_map>
#include <vector>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr size_t kBuckets = 4;

struct TestTable {
  alignas(64) char memory[kBuckets * Table::kBucketEntries * kNarrowBytes] = {};
  std::atomic<uint64_t> reclaimed{0};
  Table table{memory, kBuckets, 0, &reclaimed};
};

Key NumberedKey(uint64_t number) { return SipHash128({1, 2}, std::to_string(number)); }

void MarkLive(Entry* entry) {
  const Word state = entry->state.Load();
  ASSERT_TRUE(entry->state.CompareExchange(state, state | 1'000'000));  // a bucket that is full again in 244 ns
}

TEST(Table, FindsWhatItClaimedAndNothingElse) {
  TestTable t;
  const Now now{0, 0};
  std::unordered_map<uint64_t, Entry*> entries;
  for (uint64_t i = 0; i < 100; ++i) {
    Found found = t.table.FindOrClaim(NumberedKey(i), LimitKind::kTokenBucket, true, now);
    if (found.entry == nullptr) continue;
    MarkLive(found.entry);
    entries[i] = found.entry;
  }
  EXPECT_GT(entries.size(), 24u);
  EXPECT_EQ(t.table.CountLive(now), entries.size());
  for (uint64_t i = 0; i < 200; ++i) {
    auto it = entries.find(i);
    EXPECT_EQ(t.table.Find(NumberedKey(i)).entry, it == entries.end() ? nullptr : it->second);
  }
  EXPECT_EQ(t.reclaimed.load(), 0u);
  // Later all of them are full buckets again.
  EXPECT_EQ(t.table.CountLive({0, 1'000}), 0u);
  for (uint64_t i = 1'000; i < 1'020; ++i) {
    EXPECT_NE(t.table.FindOrClaim(NumberedKey(i), LimitKind::kTokenBucket, true, {0, 1'000}).entry, nullptr);
  }
  EXPECT_GT(t.reclaimed.load(), 0u);
}

// A change of state that was prepared before the place went to another key must not reach that key.
TEST(Table, MakesAnOldSwapFailOnceThePlaceHasGone) {
  TestTable t;
  const Key first = NumberedKey(1);
  Found old = t.table.FindOrClaim(first, LimitKind::kTokenBucket, true, {0, 0});
  for (uint64_t i = 2; t.table.Find(first).entry != nullptr; ++i) {
    Found found = t.table.FindOrClaim(NumberedKey(i), LimitKind::kTokenBucket, true, {0, 0});
    if (found.entry != nullptr) MarkLive(found.entry);
    ASSERT_LT(i, 1'000u);
  }
  EXPECT_FALSE(old.entry->state.CompareExchange(old.state, old.state | 5));
}

// A process is killed between any two steps of a claim: whatever is left, the key can be charged at once, and other
// keys can have the place. The snapshots are the memory after each 16-byte write of a claim.
TEST(Table, RecoversFromAClaimLeftAtAnyStep) {
  const Key key = NumberedKey(1), other = NumberedKey(2);
  TestTable whole;
  Found found = whole.table.FindOrClaim(key, LimitKind::kTokenBucket, true, {0, 0});
  const size_t place = static_cast<size_t>(reinterpret_cast<char*>(found.entry) - whole.memory);
  constexpr Field kGeneration{77, 24};
  const Word claim =
      Field{0, 64}.Put(key.lo) | Field{64, 13}.Put(key.hi >> 24) | kGeneration.Put(0) | kTagField.Put(Tag(key));
  for (int step = 1; step <= 2; ++step) {
    for (const Key& next : {key, other}) {
      TestTable t;
      Entry* entry = reinterpret_cast<Entry*>(t.memory + place);
      ASSERT_TRUE(entry->state.CompareExchange(0, claim));
      if (step == 2) {
        ASSERT_TRUE(entry->identity.CompareExchange(0, Identity(key, 1)));
      }
      EXPECT_EQ(t.table.Find(key).entry, nullptr) << "a claim is no entry yet";
      EXPECT_EQ(t.table.CountLive({0, 0}), 0u);
      Found mine = t.table.FindOrClaim(next, LimitKind::kTokenBucket, true, {0, 0});
      ASSERT_NE(mine.entry, nullptr);
      EXPECT_TRUE(SameKey(mine.entry->identity.Load(), next));
      EXPECT_EQ(t.table.Find(next).entry, mine.entry);
      EXPECT_TRUE(next == other || mine.entry == entry) << "the dead process's claim is finished";
    }
  }
}

TEST(Table, WithdrawsAClaimWhenTheKeyHasACompleteEntry) {
  const Key key = NumberedKey(1);
  TestTable t;
  Found first = t.table.FindOrClaim(key, LimitKind::kTokenBucket, true, {0, 0});
  // Another thread had looked before that entry was there, and claims every other place of the table.
  const Word claim = Field{0, 64}.Put(key.lo) | Field{64, 13}.Put(key.hi >> 24) | kTagField.Put(Tag(key));
  for (size_t i = 0; i < kBuckets * Table::kBucketEntries; ++i) {
    Entry* entry = reinterpret_cast<Entry*>(t.memory) + i;
    ASSERT_TRUE(entry == first.entry || entry->state.CompareExchange(0, claim));
  }
  EXPECT_EQ(t.table.FindOrClaim(key, LimitKind::kTokenBucket, true, {0, 0}).entry, first.entry);
}

}  // namespace
}  // namespace sluice::ratelimit
