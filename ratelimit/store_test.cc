#include "ratelimit/store.h"

#include <cstring>
#include <string>

#include "ratelimit/meters.h"
#include "ratelimit/region.h"
#include "ratelimit/table.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr size_t kBytes = 1 << 18;

std::string ErrorOf(void* region, size_t bytes, const StoreOptions& options = StoreOptions()) {
  std::string error;
  return Store::Create(region, bytes, kTestSeed, options, &error) == nullptr ? error : "";
}

StoreOptions With(uint32_t sliding_percent, uint32_t fine_percent) { return {sliding_percent, fine_percent}; }

TEST(Store, RefusesMemoryAndOptionsItCannotUse) {
  SharedMemory memory(kBytes);
  char* data = static_cast<char*>(memory.data());
  EXPECT_EQ(ErrorOf(nullptr, kBytes), "expected a region, found `null`");
  EXPECT_NE(ErrorOf(data + 8, kBytes - 8).find("expected a region aligned to 64 bytes, found `0x"), std::string::npos);
  EXPECT_EQ(ErrorOf(data, Store::kMinBytes - 1),
            "expected a region of at least 65536 bytes, found `65535`; give the store more memory");
  EXPECT_EQ(ErrorOf(data, kBytes, With(0, 10)), "expected a share for sliding windows from 1 to 98 percent, found `0`");
  EXPECT_EQ(ErrorOf(data, kBytes, With(99, 1)),
            "expected a share for sliding windows from 1 to 98 percent, found `99`");
  EXPECT_EQ(ErrorOf(data, kBytes, With(40, 0)),
            "expected a share for sliding windows of 60 from 1 to 98 percent, found `0`");
  EXPECT_EQ(ErrorOf(data, kBytes, With(1, 99)),
            "expected a share for sliding windows of 60 from 1 to 98 percent, found `99`");
  EXPECT_EQ(ErrorOf(data, kBytes, With(50, 50)),
            "expected shares for sliding windows of at most 99 percent together, found `100`");
  EXPECT_EQ(ErrorOf(data, kBytes), "") << "a refusal must leave the region as it was";
  std::string error;
  EXPECT_EQ(Store::CreatePrivate(1000, kTestSeed, StoreOptions(), &error), nullptr);
  EXPECT_EQ(error, "expected at least 65536 bytes for the limits' store, found `1000`; give it more memory");
}

TEST(Store, RefusesARegionOfSomethingElseOrOfOtherSettings) {
  SharedMemory foreign(kBytes), memory(kBytes);
  std::memcpy(foreign.data(), "ELF.....", 8);
  EXPECT_EQ(
      ErrorOf(foreign.data(), kBytes),
      "expected a region of zeros, or one that sluice has made, found `0x2e2e2e2e2e464c45`; clear it, or give another");
  ASSERT_EQ(ErrorOf(memory.data(), kBytes), "");
  const std::string advice = "; use the same settings in every process, or a new region";
  EXPECT_EQ(ErrorOf(memory.data(), kBytes / 2), "expected a region made with size 131072, found `262144`" + advice);
  EXPECT_EQ(ErrorOf(memory.data(), kBytes, With(20, 10)),
            "expected a region made with sliding_percent 20, found `40`" + advice);
  EXPECT_EQ(ErrorOf(memory.data(), kBytes, With(40, 20)),
            "expected a region made with fine_percent 20, found `10`" + advice);
  static_cast<RegionHeader*>(memory.data())->version.store(kRegionVersion - 1);
  EXPECT_EQ(ErrorOf(memory.data(), kBytes), "expected a region made with layout version 4, found `3`" + advice);
}

TEST(Store, SharesSeedAndStateAtAnyAddress) {
  SharedMemory memory(kBytes);
  void* elsewhere = mremap(memory.data(), 0, kBytes, MREMAP_MAYMOVE);  // the same pages a second time
  ASSERT_NE(elsewhere, MAP_FAILED);
  std::string error;
  auto first = Store::Create(memory.data(), kBytes, {7, 8}, StoreOptions(), &error);
  auto second = Store::Create(elsewhere, kBytes, {9, 10}, StoreOptions(), &error);
  ASSERT_TRUE(first != nullptr && second != nullptr) << error;
  EXPECT_EQ(second->hash_key().lo, 7u);
  EXPECT_EQ(second->hash_key().hi, 8u);
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(1, kHour, 2), LimitSpec::SlidingWindow(2, kHour)}) {
    const Limit limit = MakeLimit(spec);
    const Charge charge{&limit, MakeKey(*first, limit, "alice")};
    Verdict verdict;
    EXPECT_TRUE(ChargeAll(*first, &charge, 1, {0, kDay}, &verdict));
    EXPECT_TRUE(ChargeAll(*second, &charge, 1, {0, kDay}, &verdict));
    EXPECT_FALSE(ChargeAll(*first, &charge, 1, {0, kDay}, &verdict));
  }
  first.reset();
  second.reset();
  munmap(elsewhere, kBytes);
}

// A process that dies half way through initialisation, at any word.
TEST(Store, FinishesWhatADeadProcessBegan) {
  for (size_t words = 0; words < 7; ++words) {
    SharedMemory complete(kBytes), memory(kBytes);
    ASSERT_EQ(ErrorOf(complete.data(), kBytes), "");
    // All words but the first, which is set last.
    std::memcpy(static_cast<char*>(memory.data()) + 8, static_cast<char*>(complete.data()) + 8, words * 8);
    EXPECT_EQ(ErrorOf(memory.data(), kBytes), "");
    EXPECT_EQ(std::memcmp(memory.data(), complete.data(), kHeaderBytes), 0);
  }
}

TEST(Store, LaysItsTablesOutWithinTheRegionAndApart) {
  for (size_t bytes : {Store::kMinBytes, size_t{100'000}, size_t{1} << 22}) {
    for (const StoreOptions& options : {StoreOptions(), With(1, 1), With(98, 1), With(1, 98), With(49, 50)}) {
      const RegionLayout layout = LayOut(bytes, options);
      EXPECT_GE(layout.meters, 16u);
      size_t end = kHeaderBytes + layout.meters * Meters::kSlotBytes;
      auto expect_next = [&](const TablePlaces& places, size_t entry_bytes) {
        for (const TablePlace& place : {places.main, places.overflow}) {
          EXPECT_GE(place.offset, end);
          EXPECT_EQ(place.offset % 16, 0u);
          EXPECT_GE(place.buckets, 2u);
          end = place.offset + place.buckets * Table::kBucketEntries * entry_bytes;
        }
      };
      expect_next(layout.narrow, kNarrowBytes);
      expect_next(layout.wide, 128);
      expect_next(layout.fine, 528);
      EXPECT_LE(end, bytes);
      EXPECT_GT(end, bytes - 8 * 528 - 2 * Store::kAlignment);
    }
  }
}

Charge ForCaller(const Store& store, const Limit& limit, uint64_t caller, bool known = false) {
  Charge charge{&limit, MakeKey(store, limit, std::to_string(caller))};
  charge.known = known;
  return charge;
}

// By the table that is flooded.
class Flood : public testing::TestWithParam<LimitSpec> {
 protected:
  LimitSpec Spec() const { return GetParam(); }
};

const LimitSpec kFloods[] = {LimitSpec::TokenBucket(2, kHour, 2), LimitSpec::SlidingWindow(2, kHour),
                             LimitSpec::SlidingWindow(2, kHour, kFineSubWindows)};

std::string TableName(const LimitSpec& spec) {
  if (spec.kind != LimitKind::kSlidingWindow) return "Other";
  return spec.sub_windows == kFineSubWindows ? "Fine" : "Sliding";
}

TEST_P(Flood, EvictsNoHistoryAndKeepsNoKnownCallerOut) {
  const Limit limit = MakeLimit(Spec());
  auto store = MakeStore(1 << 21, With(50, 40));
  Verdict verdict;
  const Now now{0, kDay};
  constexpr uint64_t kCallers = 100;
  for (uint64_t caller = 0; caller < kCallers; ++caller) {
    const Charge abuser = ForCaller(*store, limit, caller);
    while (ChargeAll(*store, &abuser, 1, now, &verdict)) {
    }
  }
  uint64_t refused = 0;
  for (uint64_t made_up = 1'000'000; made_up < 1'100'000; ++made_up) {
    const Charge charge = ForCaller(*store, limit, made_up);
    if (ChargeAll(*store, &charge, 1, now, &verdict)) continue;
    ASSERT_EQ(verdict.refusal, Refusal::kFull);
    ASSERT_GT(verdict.retry_after_ns, 0);
    ++refused;
  }
  for (uint64_t caller = 0; caller < kCallers; ++caller) {
    const Charge abuser = ForCaller(*store, limit, caller);
    EXPECT_FALSE(ChargeAll(*store, &abuser, 1, now, &verdict));
    EXPECT_EQ(verdict.refusal, Refusal::kLimit) << "history was lost";
    const Charge newcomer = ForCaller(*store, limit, 5'000 + caller, true);
    EXPECT_TRUE(ChargeAll(*store, &newcomer, 1, now, &verdict)) << "a known caller was kept out";
  }
  const StoreStats full = store->Stats(now);
  EXPECT_EQ(full.full_refusals, refused);
  EXPECT_EQ(full.reclaimed, 0u);
  for (const auto& [name, table] :
       {std::pair{"Other", full.other}, std::pair{"Sliding", full.sliding}, std::pair{"Fine", full.fine}}) {
    const bool flooded = name == TableName(Spec());
    EXPECT_LT(table.live, table.capacity);
    EXPECT_GE(table.live, flooded ? table.capacity / 2 : 0u) << name;
    EXPECT_EQ(table.live > 0, flooded) << name;
  }
  EXPECT_GT(refused, 90'000u);
  // Once their windows are over all those entries give way.
  const Now later{0, kDay + 2 * kHour};
  const StoreStats empty = store->Stats(later);
  EXPECT_EQ(empty.sliding.live + empty.fine.live + empty.other.live, 0u);
  const Charge charge = ForCaller(*store, limit, 77);
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, later, &verdict));
}

Charge OverflowingForCaller(const Store& store, const Limit& limit, uint64_t caller) {
  Charge charge = ForCaller(store, limit, caller);
  charge.on_full = OnFull::kOverflow;
  return charge;
}

// The first of new callers that is counted with others.
Charge FillUntilOverflow(Store& store, const Limit& limit, const Now& now, Verdict* verdict) {
  Charge charge;
  *verdict = Verdict();
  for (uint64_t caller = 0; !verdict->receipt.overflow; ++caller) {
    charge = OverflowingForCaller(store, limit, caller);
    EXPECT_TRUE(ChargeAll(store, &charge, 1, now, verdict));
  }
  return charge;
}

TEST_P(Flood, SharesOneOverflowEntryWhenAskedTo) {
  const Limit limit = MakeLimit(Spec());
  auto store = MakeStore(Store::kMinBytes);
  Verdict verdict;
  const Now now{0, kDay};
  uint64_t overflowed = 0;
  for (uint64_t caller = 0; caller < 10'000; ++caller) {
    const Charge charge = OverflowingForCaller(*store, limit, caller);
    if (ChargeAll(*store, &charge, 1, now, &verdict))
      overflowed += verdict.receipt.overflow;
    else
      ASSERT_EQ(verdict.refusal, Refusal::kLimit);
  }
  EXPECT_EQ(overflowed, limit.size());
  EXPECT_EQ(store->Stats(now).full_refusals, 0u);
  EXPECT_GT(store->Stats(now).overflowed, 5'000u);
}

TEST_P(Flood, RefundsToTheOverflowEntry) {
  const Limit limit = MakeLimit(Spec());
  auto store = MakeStore(Store::kMinBytes);
  const Now now{0, kDay};
  Verdict verdict;
  const Charge overflowing = FillUntilOverflow(*store, limit, now, &verdict);
  RefundAll(*store, &overflowing, &verdict, 1, now);
  for (uint64_t i = 0; i < limit.size(); ++i) EXPECT_TRUE(ChargeAll(*store, &overflowing, 1, now, &verdict));
  EXPECT_FALSE(ChargeAll(*store, &overflowing, 1, now, &verdict));
}

// Until there is no place in any table for a key that nobody vouches for.
void FillUp(Store& store, const Now& now) {
  for (const LimitSpec& spec : kFloods) {
    const Limit limit = MakeLimit(spec, "filler");
    Verdict verdict;
    for (uint64_t caller = 0; caller < 20'000; ++caller) {
      const Charge charge = ForCaller(store, limit, caller);
      ChargeAll(store, &charge, 1, now, &verdict);
    }
  }
}

TEST_P(Flood, TellsWhoIsCountedWithOthersAlsoWhenItRefuses) {
  const Limit limit = MakeLimit(Spec());
  auto store = MakeStore(Store::kMinBytes);
  const Now now{0, kDay};
  FillUp(*store, now);
  Verdict verdict;
  Charge charge = OverflowingForCaller(*store, limit, 1);
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, now, &verdict));
  charge = OverflowingForCaller(*store, limit, 2);
  EXPECT_EQ(Peek(*store, charge, now).remaining, 0u) << "one was used, and this one";
  EXPECT_TRUE(Peek(*store, charge, now).receipt.overflow);
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, now, &verdict));
  for (bool penalize : {false, true}) {
    charge.penalize = penalize;
    EXPECT_FALSE(ChargeAll(*store, &charge, 1, now, &verdict));
    EXPECT_EQ(verdict.refusal, Refusal::kLimit);
    EXPECT_TRUE(verdict.receipt.overflow);
    EXPECT_GT(UntilMore(*store, charge, verdict, now), 0);
    EXPECT_EQ(Peek(*store, charge, now).refusal, Refusal::kLimit);
  }
  charge.on_full = OnFull::kRefuse;  // each charge decides for itself
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, now, &verdict));
  EXPECT_EQ(verdict.refusal, Refusal::kFull);
  EXPECT_FALSE(verdict.receipt.overflow);
}

// As those of the plans that callers have, whose counters are found by the limit's name alone.
TEST_P(Flood, LimitsOfOneNameAndOtherFiguresDoNotResetEachOther) {
  LimitSpec larger = Spec();
  larger.amount = 50;
  larger.burst = larger.kind == LimitKind::kTokenBucket ? 50 : 0;
  const Limit limits[] = {MakeLimit(Spec()), MakeLimit(larger), MakeLimit(LimitSpec::FixedWindow(10, kHour))};
  auto store = MakeStore(Store::kMinBytes);
  const Now now{0, kDay};
  FillUp(*store, now);
  Verdict verdict;
  uint64_t admitted[3] = {};
  for (uint64_t caller = 0; caller < 200; ++caller) {
    for (size_t i = 0; i < 3; ++i) {
      const Charge charge = OverflowingForCaller(*store, limits[i], caller);
      admitted[i] += ChargeAll(*store, &charge, 1, now, &verdict);
    }
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(admitted[i], limits[i].size()) << i;
}

INSTANTIATE_TEST_SUITE_P(Tables, Flood, testing::ValuesIn(kFloods),
                         [](const auto& info) { return TableName(info.param); });

TEST(Store, ServesWellUpToEightyPercent) {
  const Limit limit = MakeLimit(LimitSpec::TokenBucket(1, kHour));
  auto store = MakeStore(1 << 22);
  const uint64_t narrow = LayOut(1 << 22, StoreOptions()).narrow.main.buckets * Table::kBucketEntries;
  Verdict verdict;
  uint64_t refused = 0;
  for (uint64_t caller = 0; caller < narrow * 8 / 10; ++caller) {
    const Charge charge = ForCaller(*store, limit, caller, true);
    refused += !ChargeAll(*store, &charge, 1, {0, kDay}, &verdict);
  }
  EXPECT_LE(refused, narrow / 400);
}

}  // namespace
}  // namespace sluice::ratelimit
