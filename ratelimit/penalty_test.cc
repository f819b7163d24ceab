// What is refused counts too.
#include <algorithm>
#include <cstdint>

#include "ratelimit/exact_log.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

struct Trial {
  Limit limit;
  std::unique_ptr<Store> store = MakeStore(1 << 17);
  Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Now now{20'000 * kDay, 0};
  Verdict verdict;

  explicit Trial(const LimitSpec& spec) : limit(MakeLimit(spec)) { charge.penalize = true; }
  bool Take(uint64_t cost = 1) {
    charge.cost = cost;
    return ChargeAll(*store, &charge, 1, now, &verdict);
  }
  void Pass(int64_t ns) { now = {now.wall_ns + ns, now.mono_ns + ns}; }
};

// The oracle logs every request, admitted or not. Small quotas are logged exactly, so admission is the oracle's.
TEST(Penalty, SlidingWindowCountsWhatItRefuses) {
  Random random(TestSeed());
  for (uint64_t quota : {1, 2, 7, 10, 57, 1'000}) {
    Trial trial(LimitSpec::SlidingWindow(quota, kMinute));
    ExactLog oracle;
    const uint64_t block = (quota + 9) / 10;
    int admitted = 0;
    for (int i = 0; i < 30'000; ++i) {
      trial.Pass(Pick(random, 0, 40) == 0 ? static_cast<int64_t>(Pick(random, 0, kMinute))
                                          : Gap(random, kMinute, quota));
      const uint64_t cost = Pick(random, 0, 9) == 0 ? Pick(random, 1, quota + 1) : 1;
      const uint64_t before = oracle.UsedAt(trial.now.mono_ns, kMinute);
      if (trial.Take(cost)) {
        ++admitted;
        ASSERT_LE(before + cost, quota) << "step " << i;
      } else {
        ASSERT_GT(before + cost + block - 1, quota) << "step " << i;
        if (cost <= quota && i % 8 == 0) ExpectExactRetry(*trial.store, trial.charge, trial.verdict, trial.now);
      }
      oracle.Add(trial.now.mono_ns, std::min(cost, quota));
    }
    EXPECT_GT(admitted, 100) << quota;
  }
}

// The oracle keeps the time at which the bucket will be full.
TEST(Penalty, BucketIsEmptyAfterARefusal) {
  Random random(TestSeed());
  constexpr int64_t kBurst = 5;
  Trial trial(LimitSpec::TokenBucket(1, kSecond, kBurst));
  int64_t full = 0, admitted = 0;
  for (int i = 0; i < 30'000; ++i) {
    trial.Pass(static_cast<int64_t>(Pick(random, 0, 3)) * kSecond / 2 + static_cast<int64_t>(Pick(random, 0, 1)));
    const int64_t cost = static_cast<int64_t>(Pick(random, 1, kBurst + 1)), t = trial.now.mono_ns;
    const int64_t charged = std::max(full, t) + cost * kSecond;
    const bool expected = charged <= t + kBurst * kSecond;
    full = expected ? charged : t + kBurst * kSecond;
    ASSERT_EQ(trial.Take(static_cast<uint64_t>(cost)), expected) << "step " << i;
    ASSERT_EQ(trial.verdict.reset_ns, full - t);
    if (!expected && cost <= kBurst) {
      ASSERT_EQ(trial.verdict.retry_after_ns, cost * kSecond);
    }
    admitted += expected;
  }
  EXPECT_GT(admitted, 100);
}

TEST(Penalty, FixedWindowIsFullUntilItEnds) {
  Trial trial(LimitSpec::FixedWindow(10, Calendar::kHour));
  EXPECT_TRUE(trial.Take(8));
  EXPECT_FALSE(trial.Take(3));
  EXPECT_FALSE(trial.Take());
  trial.Pass(kHour);
  EXPECT_TRUE(trial.Take(10));
}

// At three times the quota everything but the first window's is refused, for as long as it goes on.
TEST(Penalty, SlidingCounterLetsNobodyInWhoDoesNotWait) {
  Trial trial(LimitSpec::SlidingCounter(100, kMinute));
  int admitted = 0;
  for (int i = 0; i < 3'000; ++i, trial.Pass(kMinute / 300)) admitted += trial.Take();
  EXPECT_EQ(admitted, 100);
  trial.Pass(2 * kMinute);
  EXPECT_TRUE(trial.Take(100));
}

TEST(Penalty, CountsWithoutOverflow) {
  Trial trial(LimitSpec::SlidingCounter(kMaxSlidingQuota, kMinute));
  for (int i = 0; i < 5; ++i) trial.Take(UINT64_MAX);
  EXPECT_FALSE(trial.Take());
  trial.Pass(2 * kMinute);
  EXPECT_TRUE(trial.Take());
}

TEST(Penalty, NewKeysAreChargedForWhatTheyCouldNeverHave) {
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(1, kHour, 5), LimitSpec::SlidingWindow(5, kHour),
                                LimitSpec::FixedWindow(5, Calendar::kDay), LimitSpec::SlidingCounter(5, kHour)}) {
    Trial trial(spec);
    EXPECT_FALSE(trial.Take(6));
    EXPECT_EQ(trial.verdict.retry_after_ns, kNever);
    EXPECT_FALSE(trial.Take()) << static_cast<int>(spec.kind);
  }
}

// Limits that do not penalize stay all or none; whichever limit refuses, those that do are charged, once.
TEST(Penalty, FallsOnTheLimitsThatAskForIt) {
  auto store = MakeStore();
  const Limit tight = MakeLimit(LimitSpec::TokenBucket(1, kHour), "tight"),
              counts = MakeLimit(LimitSpec::FixedWindow(100, Calendar::kDay), "counts"),
              spares = MakeLimit(LimitSpec::SlidingWindow(100, kDay), "spares"),
              parallel = MakeLimit(LimitSpec::Concurrency(100), "parallel");
  Charge charges[] = {{&counts, MakeKey(*store, counts, "a")},
                      {&tight, MakeKey(*store, tight, "a")},
                      {&spares, MakeKey(*store, spares, "a")},
                      {&parallel, MakeKey(*store, parallel, "a")}};
  charges[0].penalize = charges[3].penalize = true;
  Verdict verdicts[4];
  const Now now{20'000 * kDay, kDay};
  for (int i = 0; i < 10; ++i) ChargeAll(*store, charges, 4, now, verdicts);
  EXPECT_EQ(verdicts[0].used, 10u);
  EXPECT_EQ(verdicts[1].refusal, Refusal::kLimit);
  EXPECT_EQ(verdicts[2].used, 1u);
  EXPECT_EQ(verdicts[3].used, 1u);
  RefundAll(*store, charges, verdicts, 4, now);
  charges[0].cost = 0;
  EXPECT_EQ(Peek(*store, charges[0], now).used, 10u) << "a penalty was given back";
}

}  // namespace
}  // namespace sluice::ratelimit
