#include "ratelimit/charge.h"

#include <cstdlib>
#include <new>
#include <vector>

#include "ratelimit/test_support.h"

namespace {
size_t g_allocations = 0;  // by this program, which has one thread
}  // namespace

void* operator new(size_t bytes) {
  ++g_allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace sluice::ratelimit {
namespace {

const LimitSpec kSpecs[] = {LimitSpec::TokenBucket(5, kHour, 5), LimitSpec::SlidingWindow(7, kHour),
                            LimitSpec::FixedWindow(9, Calendar::kDay), LimitSpec::Concurrency(11)};

struct Four {
  std::unique_ptr<Store> store = MakeStore();
  std::vector<Limit> limits;
  std::vector<Charge> charges;
  std::vector<Verdict> verdicts = std::vector<Verdict>(4);
  Now now{20'000 * kDay, kDay};

  Four() {
    for (size_t i = 0; i < 4; ++i) limits.push_back(MakeLimit(kSpecs[i], std::string(1, static_cast<char>('a' + i))));
    for (const Limit& limit : limits) charges.push_back({&limit, MakeKey(*store, limit, "alice")});
  }
  bool Charge4() { return ChargeAll(*store, charges.data(), 4, now, verdicts.data()); }
  std::vector<uint64_t> Used() const {
    std::vector<uint64_t> used;
    for (Charge charge : charges) {
      charge.cost = 0;
      used.push_back(Peek(*store, charge, now).used);
    }
    return used;
  }
};

using Counts = std::vector<uint64_t>;

TEST(ChargeAll, TakesFromEveryLimitOrFromNone) {
  Four f;
  for (uint64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(f.Charge4());
    EXPECT_EQ(f.Used(), Counts(4, i));
    for (const Verdict& verdict : f.verdicts) EXPECT_EQ(verdict.used, i);
  }
  ASSERT_FALSE(f.Charge4());
  EXPECT_EQ(f.Used(), Counts(4, 5));
  EXPECT_EQ(f.verdicts[0].refusal, Refusal::kLimit);
  EXPECT_EQ(f.verdicts[0].retry_after_ns, kHour / 5);
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_TRUE(f.verdicts[i].allowed);
    EXPECT_EQ(f.verdicts[i].used, 5u) << "told as if the refused request had been charged";
    EXPECT_EQ(f.verdicts[i].receipt.units, 0u);
  }
}

TEST(ChargeAll, RefundsAllAndReleasesOnlyWhatIsInFlight) {
  Four f;
  ASSERT_TRUE(f.Charge4());
  ReleaseAll(*f.store, f.charges.data(), f.verdicts.data(), 4, f.now);
  EXPECT_EQ(f.Used(), (Counts{1, 1, 1, 0}));
  RefundAll(*f.store, f.charges.data(), f.verdicts.data(), 4, f.now);
  EXPECT_EQ(f.Used(), Counts(4, 0));
  RefundAll(*f.store, f.charges.data(), f.verdicts.data(), 4, f.now);
  EXPECT_EQ(f.Used(), Counts(4, 0));
}

TEST(ChargeAll, NeverRefusesForAShadow) {
  Four f;
  f.charges[0].shadow = true;
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(f.Charge4());
  EXPECT_FALSE(f.verdicts[0].allowed);
  EXPECT_EQ(f.verdicts[0].refusal, Refusal::kLimit);
  ASSERT_FALSE(f.Charge4());
  EXPECT_EQ(f.Used(), (Counts{5, 7, 7, 7}));
}

TEST(ChargeAll, AsksAndTakesNothingAtNoCost) {
  Four f;
  for (Charge& charge : f.charges) charge.cost = 0;
  EXPECT_TRUE(f.Charge4());
  EXPECT_EQ(f.Used(), Counts(4, 0));
  EXPECT_EQ(f.store->Stats(f.now).other.live, 0u);
}

TEST(ChargeAll, ChargesOneKeyTwiceIfAskedTo) {
  Four f;
  const Charge twice[] = {f.charges[0], f.charges[0]};
  Verdict verdicts[2];
  EXPECT_TRUE(ChargeAll(*f.store, twice, 2, f.now, verdicts));
  EXPECT_TRUE(ChargeAll(*f.store, twice, 2, f.now, verdicts));
  EXPECT_FALSE(ChargeAll(*f.store, twice, 2, f.now, verdicts));  // one token is left
  EXPECT_EQ(f.Used()[0], 4u);
}

TEST(ChargeAll, RefusesMoreLimitsThanItHasRoomFor) {
  Four f;
  const std::vector<Charge> many(kMaxCharges + 1, f.charges[0]);
  std::vector<Verdict> verdicts(many.size());
  EXPECT_FALSE(ChargeAll(*f.store, many.data(), many.size(), f.now, verdicts.data()));
  EXPECT_EQ(verdicts[kMaxCharges].refusal, Refusal::kTooMany);
  for (Verdict& verdict : verdicts) verdict = Verdict();
  std::vector<Charge> all(kMaxCharges, f.charges[0]);
  for (Charge& charge : all) charge.cost = 0;
  EXPECT_TRUE(ChargeAll(*f.store, all.data(), all.size(), f.now, verdicts.data()));
  EXPECT_TRUE(verdicts[kMaxCharges - 1].allowed);
  EXPECT_TRUE(ChargeAll(*f.store, nullptr, 0, f.now, nullptr));
}

TEST(ChargeAll, BeginsAfreshWhenALimitChangesItsKind) {
  Four f;
  const Limit fixed = MakeLimit(LimitSpec::FixedWindow(5, Calendar::kDay), "a");
  ASSERT_TRUE(f.Charge4());
  f.charges[0].limit = &fixed;
  ASSERT_TRUE(f.Charge4());
  EXPECT_EQ(f.Used(), (Counts{1, 2, 2, 2}));
}

// Neither admitted, refused, nor met for the first time.
TEST(ChargeAll, AllocatesNothing) {
  Four f;
  const size_t before = g_allocations;
  int admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += f.Charge4();
  RefundAll(*f.store, f.charges.data(), f.verdicts.data(), 4, f.now);
  const Verdict verdict = Peek(*f.store, f.charges[0], f.now);
  EXPECT_EQ(g_allocations, before);
  EXPECT_EQ(admitted, 5);
  EXPECT_FALSE(verdict.allowed);
}

TEST(ChargeAll, RefusesForAllWhenTheStoreHasNoRoomForOne) {
  auto store = MakeStore(Store::kMinBytes);
  const Limit narrow = MakeLimit(kSpecs[0], "narrow"), wide = MakeLimit(kSpecs[1], "wide");
  Verdict verdicts[2];
  const Now now{0, kDay};
  bool full = false;
  for (int i = 0; i < 10'000 && !full; ++i) {
    const Charge charges[] = {{&narrow, MakeKey(*store, narrow, "alice"), 0},
                              {&wide, MakeKey(*store, wide, std::to_string(i))}};
    full = !ChargeAll(*store, charges, 2, now, verdicts);
  }
  ASSERT_TRUE(full);
  EXPECT_EQ(verdicts[1].refusal, Refusal::kFull);
  const Charge charges[] = {{&narrow, MakeKey(*store, narrow, "alice")}, {&wide, MakeKey(*store, wide, "9999999")}};
  for (int i = 0; i < 20; ++i) ChargeAll(*store, charges, 2, now, verdicts);
  EXPECT_EQ(Peek(*store, {&narrow, charges[0].key, 0}, now).used, verdicts[1].refusal == Refusal::kFull ? 0u : 5u);
}

// At that moment, and not a nanosecond before it, one more than what remains can be charged.
TEST(UntilMore, IsExactForEachKindWithAPace) {
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(7, kMinute, 9), LimitSpec::SlidingWindow(9, kMinute),
                                LimitSpec::SlidingCounter(9, kMinute), LimitSpec::FixedWindow(9, Calendar::kHour)}) {
    auto store = MakeStore();
    const Limit limit = MakeLimit(spec);
    Charge charge{&limit, MakeKey(*store, limit, "alice"), 3};
    Now now{20'000 * kDay + 7 * kSecond, kDay};
    Verdict verdict;
    EXPECT_EQ(UntilMore(*store, charge, Peek(*store, {&limit, charge.key, 0}, now), now), 0);
    for (int i = 0; i < 4; ++i) {  // the last one is refused
      ChargeAll(*store, &charge, 1, now, &verdict);
      const int64_t more = UntilMore(*store, charge, verdict, now);
      ASSERT_GT(more, 0);
      const Charge one_more{&limit, charge.key, verdict.remaining + 1};
      EXPECT_TRUE(Peek(*store, one_more, {now.wall_ns + more, now.mono_ns + more}).allowed);
      EXPECT_FALSE(Peek(*store, one_more, {now.wall_ns + more - 1, now.mono_ns + more - 1}).allowed);
      now = {now.wall_ns + kSecond, now.mono_ns + kSecond};
    }
  }
}

TEST(UntilMore, IsNotKnownOfConcurrency) {
  auto store = MakeStore();
  const Limit limit = MakeLimit(LimitSpec::Concurrency(1));
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Verdict verdict;
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
  EXPECT_EQ(UntilMore(*store, charge, verdict, {0, kDay}), 0);
}

}  // namespace
}  // namespace sluice::ratelimit
