#include <map>

#include "ratelimit/calendar.h"
#include "ratelimit/entry.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr int64_t kToday = 20'000 * kDay;

TEST(FixedWindow, CountsEachWindowOnItsOwn) {
  Random random(TestSeed());
  for (const LimitSpec& spec :
       {LimitSpec::FixedWindow(5, Calendar::kSecond), LimitSpec::FixedWindow(20, Calendar::kMinute),
        LimitSpec::FixedWindow(50, Calendar::kHour), LimitSpec::FixedWindow(300, Calendar::kDay),
        LimitSpec::FixedWindow(1'000, Calendar::kMonth), LimitSpec::FixedWindow(9'000, Calendar::kYear),
        LimitSpec::FixedWindow(7, 90 * kSecond)}) {
    const Limit limit = MakeLimit(spec);
    auto store = MakeStore();
    std::map<int64_t, uint64_t> oracle;  // units by window
    Charge charge{&limit, MakeKey(*store, limit, "alice")};
    Now now{kToday, 0};
    for (int i = 0; i < 20'000; ++i) {
      const int64_t end = WindowEnd(spec.calendar, spec.period_ns / kSecond, now.wall_ns / kSecond) * kSecond;
      // Mostly within a window, sometimes to its very end or just before.
      const uint64_t rest = static_cast<uint64_t>(end - now.wall_ns);
      const uint64_t choice = Pick(random, 0, 99);
      now.wall_ns += static_cast<int64_t>(choice == 0 ? rest : choice == 1 ? rest - 1 : Pick(random, 0, rest / 200));
      if (now.wall_ns > kMaxWall / 2) break;
      charge.cost = Pick(random, 1, 3);
      uint64_t& used = oracle[WindowEnd(spec.calendar, spec.period_ns / kSecond, now.wall_ns / kSecond)];
      Verdict verdict;
      const bool allowed = ChargeAll(*store, &charge, 1, now, &verdict);
      ASSERT_EQ(allowed, used + charge.cost <= spec.amount) << "step " << i;
      if (allowed) used += charge.cost;
      ASSERT_EQ(verdict.used, used);
      if (!allowed && i % 16 == 0) ExpectExactRetry(*store, charge, verdict, now);
    }
  }
}

TEST(FixedWindow, TakesTheLargestFigures) {
  const Limit limit = MakeLimit(LimitSpec::FixedWindow(kMaxFixedQuota, kMaxWindow));
  for (int64_t wall : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    auto store = MakeStore();
    Charge charge{&limit, MakeKey(*store, limit, "alice"), kMaxFixedQuota};
    Verdict verdict;
    EXPECT_TRUE(ChargeAll(*store, &charge, 1, {wall, 0}, &verdict));
    EXPECT_FALSE(ChargeAll(*store, &charge, 1, {wall, 0}, &verdict));
    EXPECT_GE(verdict.reset_ns, 0);
  }
}

TEST(FixedWindow, ChargesAReadingThatIsALittleLateToTheNewestWindow) {
  const Limit limit = MakeLimit(LimitSpec::FixedWindow(2, Calendar::kMinute));
  auto store = MakeStore();
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Verdict verdict;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kToday - 1, 0}, &verdict));
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict)) << "the late reading opened the window anew";
}

TEST(FixedWindow, CarriesTheCountAlongWhenTheWallClockStepsBack) {
  const Limit limit = MakeLimit(LimitSpec::FixedWindow(2, Calendar::kHour));
  auto store = MakeStore();
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Verdict verdict;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {kToday - kDay, 0}, &verdict)) << "stepping back refilled";
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kToday - kDay + kHour, 0}, &verdict)) << "stepping back locked out";
}

TEST(FixedWindow, KeepsWhatWasUsedWhenTheRuleChanges) {
  const struct {
    LimitSpec before, after;
    uint64_t remaining;
    bool next_hour;  // whether a unit passes an hour later
  } cases[] = {
      {LimitSpec::FixedWindow(10, Calendar::kHour), LimitSpec::FixedWindow(20, Calendar::kHour), 14, true},
      {LimitSpec::FixedWindow(10, Calendar::kHour), LimitSpec::FixedWindow(4, Calendar::kHour), 0, true},
      {LimitSpec::FixedWindow(10, Calendar::kHour), LimitSpec::FixedWindow(6, Calendar::kDay), 0, false},
      {LimitSpec::FixedWindow(10, Calendar::kDay), LimitSpec::FixedWindow(6, Calendar::kHour), 0, true},
  };
  for (const auto& c : cases) {
    const Limit before = MakeLimit(c.before), after = MakeLimit(c.after);
    auto store = MakeStore();
    Charge charge{&before, MakeKey(*store, before, "alice"), 6};
    Verdict verdict;
    ASSERT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
    charge.limit = &after;
    charge.cost = 0;
    EXPECT_EQ(Peek(*store, charge, {kToday, 0}).remaining, c.remaining);
    charge.cost = 1;
    ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict);
    EXPECT_EQ(ChargeAll(*store, &charge, 1, {kToday + kHour, 0}, &verdict), c.next_hour);
  }
}

TEST(FixedWindow, RefillsNothingWhenALimitIsLoweredAndRaisedAgain) {
  const Limit high = MakeLimit(LimitSpec::FixedWindow(100, Calendar::kHour)),
              low = MakeLimit(LimitSpec::FixedWindow(10, Calendar::kDay));
  auto store = MakeStore();
  Charge charge{&high, MakeKey(*store, high, "alice"), 80};
  Verdict verdict;
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
  charge.cost = 1;
  charge.limit = &low;
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
  EXPECT_EQ(verdict.used, 10u) << "told of more than the limit";
  charge.limit = &high;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &verdict));
  EXPECT_EQ(verdict.remaining, 19u);
}

TEST(FixedWindow, RefundsOnlyWithinTheWindow) {
  const Limit limit = MakeLimit(LimitSpec::FixedWindow(10, Calendar::kMinute));
  auto store = MakeStore();
  Charge charge{&limit, MakeKey(*store, limit, "alice"), 6};
  Verdict old, verdict;
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {kToday, 0}, &old));
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {kToday + kMinute, 0}, &verdict));
  Refund(*store, charge, &old.receipt, 6, {kToday + kMinute, 0});
  Refund(*store, charge, &verdict.receipt, 2, {kToday + kMinute, 0});
  charge.cost = 0;
  EXPECT_EQ(Peek(*store, charge, {kToday + kMinute, 0}).used, 4u);
}

}  // namespace
}  // namespace sluice::ratelimit
