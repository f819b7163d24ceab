#include <deque>
#include <utility>

#include "ratelimit/exact_log.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

struct Trace {
  uint64_t quota;
  int64_t window;
  uint32_t sub_windows;
  int steps;
};

void RunTrace(const Trace& trace, Random& random) {
  SCOPED_TRACE(testing::Message() << trace.quota << " in " << trace.window << " ns, " << trace.sub_windows
                                  << " sub-windows");
  const Limit limit = MakeLimit(LimitSpec::SlidingWindow(trace.quota, trace.window, trace.sub_windows));
  auto store = MakeStore(1 << 17);
  const uint64_t block = (trace.quota + trace.sub_windows - 1) / trace.sub_windows;
  ExactLog oracle;
  Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Now now{0, 0};
  for (int i = 0; i < trace.steps; ++i) {
    now.mono_ns += Gap(random, trace.window, trace.quota);
    charge.cost = Pick(random, 0, 9) == 0 ? Pick(random, 1, trace.quota) : 1;
    const uint64_t before = oracle.UsedAt(now.mono_ns, trace.window);
    Verdict verdict;
    if (ChargeAll(*store, &charge, 1, now, &verdict)) {
      ASSERT_LE(before + charge.cost, trace.quota) << "step " << i;
      oracle.Add(now.mono_ns, charge.cost);
      ASSERT_GE(verdict.used, before + charge.cost);
    } else {
      ASSERT_GT(before + charge.cost + block - 1, trace.quota) << "refused too early at step " << i;
      if (i % 8 == 0) ExpectExactRetry(*store, charge, verdict, now);
    }
    ASSERT_EQ(verdict.used + verdict.remaining, trace.quota);
  }
}

TEST(SlidingWindow, IsStrictAndNeverRefusesBelowTheQuotaLessABlock) {
  Random random(TestSeed());
  for (int i = 0; i < 60; ++i) {
    const uint64_t quota = Pick(random, 0, 1) == 0 ? Pick(random, 1, 40) : Pick(random, 41, 5'000);
    const int64_t window = kSecond * static_cast<int64_t>(Pick(random, 1, 4'000));
    for (uint32_t sub_windows : {kCoarseSubWindows, kFineSubWindows})
      RunTrace({quota, window, sub_windows, 4'000}, random);
  }
}

TEST(SlidingWindow, IsAnExactLogForSmallQuotas) {
  Random random(TestSeed());
  for (uint64_t quota = 1; quota <= 10; ++quota) RunTrace({quota, kMinute, kCoarseSubWindows, 10'000}, random);
  for (uint64_t quota = 1; quota <= 60; ++quota) RunTrace({quota, kMinute, kFineSubWindows, 4'000}, random);
}

// What finer sub-windows are for. One unit at a time, so that each has a moment of its own; then the same pace goes on
// at the quota, and is refused until the first sub-window is over.
TEST(SlidingWindow, HoldsBackATenthOrASixtiethOfTheQuota) {
  for (const auto& [sub_windows, held_back] : {std::pair{kCoarseSubWindows, 60u}, std::pair{kFineSubWindows, 10u}}) {
    const Limit limit = MakeLimit(LimitSpec::SlidingWindow(600, kMinute, sub_windows));
    auto store = MakeStore(1 << 17);
    const Charge charge{&limit, MakeKey(*store, limit, "alice")};
    Verdict verdict;
    Now now{0, 0};
    uint64_t admitted = 0, refused = 0;
    for (int i = 0; i < 1'200; ++i, now.mono_ns += kMinute / 600)
      ++(ChargeAll(*store, &charge, 1, now, &verdict) ? admitted : refused);
    EXPECT_EQ(admitted + refused, 1'200u);
    EXPECT_GT(refused, held_back / 2);
    EXPECT_LE(refused, held_back);
  }
}

// They are kept elsewhere, so none takes the other's for its own.
TEST(SlidingWindow, BeginsAfreshWithOtherSubWindows) {
  const Limit coarse = MakeLimit(LimitSpec::SlidingWindow(5, kMinute));
  const Limit fine = MakeLimit(LimitSpec::SlidingWindow(5, kMinute, kFineSubWindows));
  auto store = MakeStore(1 << 17);
  Verdict verdict;
  for (const Limit* limit : {&coarse, &fine}) {
    const Charge charge{limit, MakeKey(*store, *limit, "alice"), 5};
    EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
    EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
  }
  EXPECT_EQ(store->Stats({0, kDay}).sliding.live, 1u);
  EXPECT_EQ(store->Stats({0, kDay}).fine.live, 1u);
}

TEST(SlidingWindow, StaysStrictWhenChargesAreRefunded) {
  Random random(TestSeed());
  for (const auto& [quota, sub_windows] : {std::pair{3u, kCoarseSubWindows},
                                           {10u, kCoarseSubWindows},
                                           {57u, kCoarseSubWindows},
                                           {1'000u, kCoarseSubWindows},
                                           {3u, kFineSubWindows},
                                           {60u, kFineSubWindows},
                                           {1'000u, kFineSubWindows}}) {
    const Limit limit = MakeLimit(LimitSpec::SlidingWindow(quota, kMinute, sub_windows));
    auto store = MakeStore(1 << 17);
    ExactLog oracle;
    std::deque<std::pair<int64_t, Receipt>> open;
    Charge charge{&limit, MakeKey(*store, limit, "alice")};
    Now now{0, 0};
    uint64_t refunded = 0;
    for (int i = 0; i < 30'000; ++i) {
      now.mono_ns += Gap(random, kMinute, quota);
      charge.cost = Pick(random, 1, (quota + 2) / 3);
      const uint64_t before = oracle.UsedAt(now.mono_ns, kMinute);
      Verdict verdict;
      if (ChargeAll(*store, &charge, 1, now, &verdict)) {
        ASSERT_LE(before + charge.cost, quota) << "step " << i;
        oracle.Add(now.mono_ns, charge.cost);
        open.push_back({now.mono_ns, verdict.receipt});
      }
      if (open.empty() || Pick(random, 0, 1) == 0) continue;
      const size_t which = Pick(random, 0, open.size() - 1);
      const uint64_t units = Pick(random, 1, open[which].second.units);
      charge.cost = 0;
      const uint64_t counted = Peek(*store, charge, now).used;
      Refund(*store, charge, &open[which].second, units, now);
      refunded += counted - Peek(*store, charge, now).used;
      oracle.Remove(open[which].first, units);
      open.erase(open.begin() + static_cast<ptrdiff_t>(which));
    }
    EXPECT_GT(refunded, 1'000u);
  }
}

TEST(SlidingWindow, TakesTheLargestFigures) {
  for (uint32_t sub_windows : {kCoarseSubWindows, kFineSubWindows}) {
    const Limit limit = MakeLimit(LimitSpec::SlidingWindow(kMaxSlidingQuota, kMaxWindow, sub_windows));
    auto store = MakeStore();
    Charge charge{&limit, MakeKey(*store, limit, "alice"), kMaxSlidingQuota};
    Verdict verdict;
    for (int64_t mono : {int64_t{0}, kMaxWindow, 2 * kMaxWindow, int64_t{INT64_MAX}}) {
      EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, mono}, &verdict));
      EXPECT_EQ(verdict.remaining, 0u);
      EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, mono}, &verdict));
    }
  }
}

TEST(SlidingWindow, IgnoresTheWallClock) {
  const Limit limit = MakeLimit(LimitSpec::SlidingWindow(1, kHour));
  auto store = MakeStore();
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Verdict verdict;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kYear, kDay}, &verdict));
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {kYear + kDay, kDay + kHour - 1}, &verdict));
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kYear - kDay, kDay + kHour}, &verdict));
}

TEST(SlidingWindow, KeepsWhatWasUsedWhenTheQuotaOrTheWindowChanges) {
  const struct {
    LimitSpec before, after;
    uint64_t remaining;
  } cases[] = {
      {LimitSpec::SlidingWindow(100, kHour), LimitSpec::SlidingWindow(1'000, kHour), 940},
      {LimitSpec::SlidingWindow(100, kHour), LimitSpec::SlidingWindow(70, kHour), 10},
      {LimitSpec::SlidingWindow(100, kHour), LimitSpec::SlidingWindow(50, kHour), 0},
      {LimitSpec::SlidingWindow(100, kHour), LimitSpec::SlidingWindow(100, kDay), 40},
      {LimitSpec::SlidingWindow(100, kHour), LimitSpec::SlidingWindow(100, kSecond), 100},  // it was a minute ago
  };
  for (const auto& c : cases) {
    const Limit before = MakeLimit(c.before), after = MakeLimit(c.after);
    auto store = MakeStore();
    Charge charge{&before, MakeKey(*store, before, "alice")};
    Verdict verdict;
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
    const Now now{0, kDay + kMinute};
    charge.limit = &after;
    charge.cost = 0;
    EXPECT_EQ(Peek(*store, charge, now).remaining, c.remaining);
    charge.cost = 1;
    uint64_t admitted = 0;
    while (ChargeAll(*store, &charge, 1, now, &verdict)) ++admitted;
    EXPECT_EQ(admitted, c.remaining);
    charge.cost = after.size();
    EXPECT_TRUE(Peek(*store, charge, {0, now.mono_ns + after.spec().period_ns}).allowed)
        << "refused beyond the new window";
  }
}

}  // namespace
}  // namespace sluice::ratelimit
