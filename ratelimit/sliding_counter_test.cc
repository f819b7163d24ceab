#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "ratelimit/entry.h"
#include "ratelimit/exact_log.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr int64_t kTick = 2'500'000;  // lengths are rounded up to it

// A limit, an entry, and the oracle.
struct Trial {
  uint64_t quota;
  int64_t window;  // whole ticks, so that the oracle's is the same
  Limit limit = MakeLimit(LimitSpec::SlidingCounter(quota, window));
  std::unique_ptr<Store> store = MakeStore(1 << 16);
  Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Now now{0, 0};
  ExactLog log;
  Verdict verdict;

  Trial(uint64_t q, int64_t w) : quota(q), window(w) {}
  uint64_t Used() { return log.UsedAt(now.mono_ns, window); }
  bool Take(uint64_t cost = 1) {
    charge.cost = cost;
    const bool allowed = ChargeAll(*store, &charge, 1, now, &verdict);
    if (allowed) log.Add(now.mono_ns, cost);
    return allowed;
  }
};

// The most that any window ending within the last two lengths has held.
class RecentPeak {
 public:
  void Add(int64_t time, uint64_t used) { seen_.push_back({time, used}); }
  uint64_t Since(int64_t time) {
    while (!seen_.empty() && seen_.front().first < time) seen_.pop_front();
    uint64_t peak = 0;
    for (const auto& [when, used] : seen_) peak = std::max(peak, used);
    return peak;
  }

 private:
  std::deque<std::pair<int64_t, uint64_t>> seen_;
};

TEST(SlidingCounter, KeepsItsBoundsOnRandomTraces) {
  Random random(TestSeed());
  for (int round = 0; round < 60; ++round) {
    const uint64_t quota = round % 2 == 0 ? Pick(random, 1, 40) : Pick(random, 41, 8'000);
    Trial trial(quota, kTick * static_cast<int64_t>(Pick(random, 500, 2'000'000)));
    SCOPED_TRACE(testing::Message() << quota << " in " << trial.window << " ns");
    RecentPeak peak;
    uint64_t refused = 0;
    for (int i = 0; i < 4'000; ++i) {
      trial.now.mono_ns += Gap(random, trial.window, quota);
      const uint64_t cost = Pick(random, 0, 9) == 0 ? Pick(random, 1, quota) : 1, before = trial.Used();
      if (trial.Take(cost)) {
        ASSERT_LE(before + cost, 2 * quota - 1) << "step " << i;
        peak.Add(trial.now.mono_ns, before + cost);
      } else {
        ++refused;
        const uint64_t most = std::max(before + cost, peak.Since(trial.now.mono_ns - 2 * trial.window));
        ASSERT_GT(2 * most, quota - quota / 1'000) << "refused below half the quota at step " << i;
        if (i % 8 == 0) ExpectExactRetry(*trial.store, trial.charge, trial.verdict, trial.now);
      }
      ASSERT_EQ(trial.verdict.used + trial.verdict.remaining, quota);
    }
    EXPECT_GT(refused, 0u);
  }
}

// All that the former window held came at its very end: the worst that the estimate can be told.
TEST(SlidingCounter, AdmitsUpToTwiceTheQuotaInTheWorstCaseAndNoMore) {
  for (uint64_t quota : {2, 10, 100, 2'000}) {
    Trial trial(quota, 1'000 * kTick);
    ASSERT_TRUE(trial.Take());  // begins the window
    trial.now.mono_ns = trial.window - 1;
    while (trial.Take()) {
    }
    trial.now.mono_ns = 2 * trial.window - 2;
    while (trial.Take()) {
    }
    EXPECT_EQ(trial.Used(), 2 * quota - 2) << quota;
  }
}

TEST(SlidingCounter, AdmitsAtMostOneQuotaMoreThanManyWindowsAllow) {
  Random random(TestSeed());
  for (uint64_t quota : {1, 7, 100, 5'000}) {
    Trial trial(quota, 1'000 * kTick);
    uint64_t admitted = 0;
    constexpr int kWindows = 50;
    const int64_t gap = std::max<int64_t>(1, trial.window / static_cast<int64_t>(3 * quota));
    while (trial.now.mono_ns < kWindows * trial.window) {
      admitted += trial.Take();
      trial.now.mono_ns += static_cast<int64_t>(Pick(random, 1, static_cast<uint64_t>(2 * gap)));
    }
    EXPECT_LE(admitted, (kWindows + 1) * quota);
    EXPECT_GE(admitted, kWindows * (quota - 1) / 2);
  }
}

TEST(SlidingCounter, NeverRefusesAnEvenPace) {
  for (uint64_t quota : {2, 3, 60, 1'000, 2'047}) {
    Trial trial(quota, 1'000 * kTick);
    trial.now.mono_ns = 12'345'678;
    const int64_t pace = trial.window / static_cast<int64_t>(quota - 1) + 1;
    for (int i = 0; i < 10'000; ++i, trial.now.mono_ns += pace) ASSERT_TRUE(trial.Take()) << quota << ", step " << i;
  }
}

// Cloudflare's example: 42 in the former minute, 18 in the first quarter of this one; 42 * 3/4 + 18 = 49.5.
TEST(SlidingCounter, EstimatesAsCloudflareDoes) {
  Trial trial(100, kMinute);
  EXPECT_TRUE(trial.Take(42));
  trial.now.mono_ns = kMinute;
  EXPECT_TRUE(trial.Take(18));
  trial.now.mono_ns = kMinute + kMinute / 4;
  trial.charge.cost = 0;
  const Verdict verdict = Peek(*trial.store, trial.charge, trial.now);
  EXPECT_EQ(verdict.used, 50u);
  EXPECT_EQ(verdict.reset_ns, 2 * kMinute - kMinute / 4);
}

TEST(SlidingCounter, IsFreshAfterTwoIdleWindows) {
  Trial trial(10, 1'000 * kTick);
  EXPECT_TRUE(trial.Take(10));
  EXPECT_EQ(trial.store->Stats(trial.now).other.live, 1u);
  trial.now.mono_ns = 2 * trial.window;
  EXPECT_TRUE(trial.Take(10));
  trial.now.mono_ns += 2 * trial.window + trial.window / 100;  // dead by its code, which is rounded up
  EXPECT_EQ(trial.store->Stats(trial.now).other.live, 0u);
}

TEST(SlidingCounter, IgnoresTheWallClockAndLateReadings) {
  Trial trial(10, kHour);
  trial.now = {20'000 * kDay, kDay};
  EXPECT_TRUE(trial.Take(10));
  for (int64_t step : {-kDay, kDay, -10 * kYear, 10 * kYear}) {
    EXPECT_FALSE(ChargeAll(*trial.store, &trial.charge, 1, {20'000 * kDay + step, kDay}, &trial.verdict));
  }
  trial.charge.cost = 1;
  EXPECT_FALSE(ChargeAll(*trial.store, &trial.charge, 1, {0, kDay - kHour}, &trial.verdict)) << "a late reading";
  EXPECT_FALSE(ChargeAll(*trial.store, &trial.charge, 1, {0, INT64_MIN}, &trial.verdict));
  EXPECT_TRUE(ChargeAll(*trial.store, &trial.charge, 1, {0, INT64_MAX}, &trial.verdict));
}

TEST(SlidingCounter, KeepsWhatWasUsedWhenTheLimitChanges) {
  const struct {
    LimitSpec after;
    uint64_t remaining;
  } cases[] = {
      {LimitSpec::SlidingCounter(20, kHour), 14}, {LimitSpec::SlidingCounter(4, kHour), 0},
      {LimitSpec::SlidingCounter(20, kDay), 14},  {LimitSpec::SlidingCounter(20, kSecond), 14},
      {LimitSpec::SlidingCounter(5, kDay), 0},
  };
  for (const auto& c : cases) {
    Trial trial(10, kHour);
    ASSERT_TRUE(trial.Take(6));
    const Limit after = MakeLimit(c.after);
    Charge charge = trial.charge;
    charge.limit = &after;
    charge.cost = 0;
    EXPECT_EQ(Peek(*trial.store, charge, trial.now).remaining, c.remaining);
    // Refused or not, the first charge writes the state of the new rule, which then runs out as its own would.
    charge.cost = 1;
    Verdict verdict;
    EXPECT_EQ(ChargeAll(*trial.store, &charge, 1, trial.now, &verdict), c.remaining > 0);
    const Now later{0, 2 * c.after.period_ns};
    charge.cost = c.after.amount;
    EXPECT_TRUE(ChargeAll(*trial.store, &charge, 1, later, &verdict));
  }
}

// There and back again is no way to more.
TEST(SlidingCounter, NeverRefillsByChangesOfLength) {
  Random random(TestSeed());
  const Limit limits[] = {MakeLimit(LimitSpec::SlidingCounter(50, kHour)),
                          MakeLimit(LimitSpec::SlidingCounter(50, kMinute)),
                          MakeLimit(LimitSpec::SlidingCounter(30, kDay))};
  for (int round = 0; round < 100; ++round) {
    auto store = MakeStore(1 << 16);
    Now now{0, kDay};
    uint64_t admitted = 0;
    for (int i = 0; i < 300; ++i) {
      const Limit& limit = limits[Pick(random, 0, 2)];
      const Charge charge{&limit, MakeKey(*store, limit, "alice"), Pick(random, 1, 3)};
      Verdict verdict;
      if (ChargeAll(*store, &charge, 1, now, &verdict)) admitted += charge.cost;
      ASSERT_LE(admitted, 50u);
    }
  }
}

TEST(SlidingCounter, RefundsToTheWindowThatWasCharged) {
  Trial trial(10, 1'000 * kTick);
  ASSERT_TRUE(trial.Take(6));
  Receipt first = trial.verdict.receipt;
  trial.now.mono_ns = trial.window;
  ASSERT_TRUE(trial.Take(2));
  Receipt second = trial.verdict.receipt;
  auto used = [&] {
    trial.charge.cost = 0;
    return Peek(*trial.store, trial.charge, trial.now).used;
  };
  EXPECT_EQ(used(), 8u);
  Refund(*trial.store, trial.charge, &first, 5, trial.now);
  EXPECT_EQ(used(), 3u);
  Refund(*trial.store, trial.charge, &second, 9, trial.now);
  EXPECT_EQ(used(), 1u);
  Refund(*trial.store, trial.charge, &second, 9, trial.now);
  EXPECT_EQ(used(), 1u);
  trial.now.mono_ns = 3 * trial.window;
  ASSERT_TRUE(trial.Take(4));
  Refund(*trial.store, trial.charge, &first, 1, trial.now);
  EXPECT_EQ(used(), 4u) << "a receipt of a window that is over took from another";
}

TEST(SlidingCounter, TakesTheLargestFigures) {
  for (int64_t mono : {int64_t{0}, kYear, kMaxMono - 1}) {
    Trial trial(kMaxSlidingQuota, kMaxWindow);
    trial.now.mono_ns = mono;
    ASSERT_TRUE(trial.Take(kMaxSlidingQuota));
    EXPECT_FALSE(trial.Take());
    EXPECT_GT(trial.verdict.retry_after_ns, 0);
    EXPECT_GT(trial.verdict.reset_ns, 0);
  }
}

}  // namespace
}  // namespace sluice::ratelimit
