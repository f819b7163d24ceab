#include <algorithm>
#include <utility>
#include <vector>

#include "ratelimit/entry.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

// The bucket by exact arithmetic: a level in units of token * period.
class ExactBucket {
 public:
  explicit ExactBucket(const LimitSpec& spec)
      : rate_(spec.amount),
        period_(static_cast<uint64_t>(spec.period_ns)),
        full_(Word{spec.burst} * period_),
        level_(full_) {}

  bool Holds(uint64_t cost, int64_t now) {
    Word gained = Word{static_cast<uint64_t>(now - last_)} * rate_;
    level_ = full_ - level_ < gained ? full_ : level_ + gained;
    last_ = now;
    return level_ >= Word{cost} * period_;
  }
  void Take(uint64_t cost) { level_ -= Word{cost} * period_; }

 private:
  uint64_t rate_, period_;
  Word full_, level_;
  int64_t last_ = 0;
};

// Times between requests that hit edges: nothing, one nanosecond, an interval more or less one, long pauses.
int64_t Gap(Random& random, const Limit& limit) {
  const int64_t interval = static_cast<int64_t>(limit.interval_ns());
  switch (Pick(random, 0, 6)) {
    case 0: return 0;
    case 1: return 1;
    case 2: return interval;
    case 3: return interval - 1;
    case 4: return interval + 1;
    case 5: return static_cast<int64_t>(Pick(random, 0, static_cast<uint64_t>(interval) * 2));
    default: return static_cast<int64_t>(Pick(random, 0, static_cast<uint64_t>(interval) * limit.size()) / 3);
  }
}

void RunTrace(const LimitSpec& spec, bool exact, int steps, Random& random) {
  const Limit limit = MakeLimit(spec);
  auto store = MakeStore();
  ExactBucket oracle(limit.spec());
  Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Now now{0, 0};
  for (int i = 0; i < steps; ++i) {
    now.mono_ns += Gap(random, limit);
    if (now.mono_ns > kMaxMono / 2) return;
    charge.cost = Pick(random, 0, 3) == 0 ? Pick(random, 1, limit.size() + 1) : 1;
    Verdict verdict;
    const bool allowed = ChargeAll(*store, &charge, 1, now, &verdict);
    const bool holds = oracle.Holds(charge.cost, now.mono_ns);
    ASSERT_TRUE(allowed == holds || (!exact && !allowed)) << "step " << i << ": " << allowed << " instead of " << holds;
    if (allowed) oracle.Take(charge.cost);
    ASSERT_EQ(verdict.used + verdict.remaining, limit.size());
    ASSERT_EQ(charge.cost > limit.size(), verdict.retry_after_ns == kNever);
    if (!allowed && charge.cost <= limit.size() && i % 16 == 0) ExpectExactRetry(*store, charge, verdict, now);
  }
}

// Rates whose interval is a whole number of 2^-12 ns: GCRA and the bucket are the same.
TEST(TokenBucket, AgreesWithExactArithmeticWhereTheIntervalIsExact) {
  Random random(TestSeed());
  for (const LimitSpec& spec :
       {LimitSpec::TokenBucket(20, kSecond, 40), LimitSpec::TokenBucket(1'000'000'000, kSecond, 1000),
        LimitSpec::TokenBucket(4096, kSecond, 5), LimitSpec::TokenBucket(60, kMinute),
        LimitSpec::TokenBucket(1, kMillisecond, 7)}) {
    RunTrace(spec, true, 40'000, random);
  }
  for (int i = 0; i < 300; ++i) RunTrace(LimitSpec::TokenBucket(1, kYear, Pick(random, 1, 9)), true, 1'000, random);
}

TEST(TokenBucket, NeverAdmitsWhatExactArithmeticRefuses) {
  Random random(TestSeed());
  for (int i = 0; i < 40; ++i) {
    const uint64_t rate = Pick(random, 1, 1'000'000);
    RunTrace(LimitSpec::TokenBucket(rate, kSecond, Pick(random, 1, 100)), false, 3'000, random);
  }
}

// What a burst of years leaves missing does not fit the arithmetic that the burst of seconds after it uses.
TEST(TokenBucket, StaysEmptyWhenItsBurstIsLowered) {
  const Limit large = MakeLimit(LimitSpec::TokenBucket(1, kSecond, 100'000'000));
  const Limit small = MakeLimit(LimitSpec::TokenBucket(1, kSecond, 10));
  ASSERT_EQ(large.short_interval(), 0u);
  ASSERT_NE(small.short_interval(), 0u);
  auto store = MakeStore();
  Verdict verdict;
  const Charge all{&large, MakeKey(*store, large, "alice"), 100'000'000};
  ASSERT_TRUE(ChargeAll(*store, &all, 1, {0, 0}, &verdict));
  const Charge one{&small, all.key};
  EXPECT_FALSE(ChargeAll(*store, &one, 1, {0, 0}, &verdict));
  EXPECT_EQ(verdict.remaining, 0u);
  EXPECT_EQ(verdict.reset_ns, 100'000'000 * kSecond);
  EXPECT_EQ(verdict.retry_after_ns, (100'000'000 - 9) * kSecond);
}

// The definition itself, by brute force over every interval of a log.
TEST(TokenBucket, AdmitsAtMostBurstPlusRateInEveryInterval) {
  Random random(TestSeed());
  const Limit limit = MakeLimit(LimitSpec::TokenBucket(7, kSecond, 5));
  auto store = MakeStore();
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  std::vector<int64_t> log;
  Now now{0, 0};
  for (int i = 0; i < 6'000; ++i) {
    now.mono_ns += Gap(random, limit);
    Verdict verdict;
    if (!ChargeAll(*store, &charge, 1, now, &verdict)) continue;
    log.push_back(now.mono_ns);
    for (size_t first = 0; first < log.size(); ++first) {
      const int64_t count = static_cast<int64_t>(log.size() - first), t = now.mono_ns - log[first];
      ASSERT_LE((count - 5) * kSecond, 7 * t);
    }
  }
}

TEST(TokenBucket, KeepsItsRateOverALongTime) {
  for (auto [rate, loss] : {std::pair<uint64_t, double>{700'000'000, 2.5e-4}, {999'983, 2.5e-7}, {3, 1e-12}}) {
    const Limit limit = MakeLimit(LimitSpec::TokenBucket(rate, kSecond, 1'000'000));
    auto store = MakeStore();
    const Charge charge{&limit, MakeKey(*store, limit, "alice")};
    Verdict verdict;
    uint64_t admitted = 0;
    const uint64_t piece = std::max<uint64_t>(rate / 7'000, 1);
    Charge many = charge;
    for (many.cost = piece; ChargeAll(*store, &many, 1, {0, 0}, &verdict);) {
    }
    const int64_t seconds = rate == 3 ? 100'000 : 1;
    for (int64_t now = 0; now <= seconds * kSecond;) {
      if (ChargeAll(*store, &many, 1, {0, now}, &verdict))
        admitted += piece;
      else
        now += verdict.retry_after_ns;
    }
    const double expected = static_cast<double>(rate) * static_cast<double>(seconds);
    EXPECT_LE(static_cast<double>(admitted), expected + static_cast<double>(piece));
    EXPECT_GE(static_cast<double>(admitted), expected * (1 - loss) - static_cast<double>(piece));
  }
}

TEST(TokenBucket, HoldsAtTheEdgesOfTime) {
  for (const LimitSpec& spec :
       {LimitSpec::TokenBucket(1, kYear, 50), LimitSpec::TokenBucket(1'000'000'000, kSecond, kMaxBurst)}) {
    const Limit limit = MakeLimit(spec);
    for (int64_t mono : {INT64_MIN, int64_t{-1}, int64_t{0}, kMaxMono - 1, kMaxMono, INT64_MAX}) {
      auto store = MakeStore();
      Charge charge{&limit, MakeKey(*store, limit, "alice")};
      charge.cost = limit.size();
      Verdict verdict;
      EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, mono}, &verdict));
      EXPECT_EQ(verdict.remaining, 0u);
      EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, mono}, &verdict));
      charge.cost = UINT64_MAX;
      EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, mono}, &verdict));
      EXPECT_EQ(verdict.retry_after_ns, kNever);
    }
  }
}

TEST(TokenBucket, IgnoresTheWallClock) {
  const Limit limit = MakeLimit(LimitSpec::TokenBucket(1, kMinute, 2));
  auto store = MakeStore();
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Verdict verdict;
  const int64_t today = 20'000 * kDay;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {today, kHour}, &verdict));
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {today + kDay, kHour}, &verdict));
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {today + 2 * kDay, kHour}, &verdict)) << "a day forwards refilled";
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {today - 2 * kDay, kHour}, &verdict));
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {today - kDay, kHour + kMinute}, &verdict)) << "a day backwards locked out";
}

// What was used is carried over, in tokens.
TEST(TokenBucket, KeepsWhatWasUsedWhenTheRateChanges) {
  const struct {
    LimitSpec before, after;
    uint64_t take;
    uint64_t remaining;  // under the new figures, at once
  } cases[] = {
      {LimitSpec::TokenBucket(1, kSecond, 10), LimitSpec::TokenBucket(1, kHour, 10), 10,
       0},  // lowering refills nothing
      // The rate is kept in 15 bits and what is missing is rounded up: one token less than 6.
      {LimitSpec::TokenBucket(1, kSecond, 10), LimitSpec::TokenBucket(1, kHour, 10), 4, 5},
      {LimitSpec::TokenBucket(1, kHour, 10), LimitSpec::TokenBucket(1, kSecond, 10), 10, 0},
      {LimitSpec::TokenBucket(1, kHour, 10), LimitSpec::TokenBucket(1, kSecond, 20), 10,
       9},  // raising the burst gives room
      {LimitSpec::TokenBucket(1, kSecond, 10), LimitSpec::TokenBucket(1, kSecond, 20), 10, 10},
      {LimitSpec::TokenBucket(1, kSecond, 100), LimitSpec::TokenBucket(1, kHour, 10), 60, 0},
  };
  for (const auto& c : cases) {
    const Limit before = MakeLimit(c.before), after = MakeLimit(c.after);
    auto store = MakeStore();
    Charge charge{&before, MakeKey(*store, before, "alice"), c.take};
    Verdict verdict;
    ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
    charge.limit = &after;
    charge.cost = 0;
    EXPECT_EQ(Peek(*store, charge, {0, kDay}).remaining, c.remaining);
    // Nobody is refused for longer than the new rule takes for one token.
    charge.cost = 1;
    const bool allowed = ChargeAll(*store, &charge, 1, {0, kDay}, &verdict);
    EXPECT_EQ(allowed, c.remaining > 0);
    const int64_t one_token = static_cast<int64_t>(after.interval_ns());
    if (!allowed) {
      EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay + one_token}, &verdict));
    }
  }
}

TEST(TokenBucket, RefundsWhatTimeHasNotGivenBack) {
  const Limit limit = MakeLimit(LimitSpec::TokenBucket(1, kSecond, 10));
  auto store = MakeStore();
  Charge charge{&limit, MakeKey(*store, limit, "alice"), 4};
  Verdict first, second;
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &first));
  Refund(*store, charge, &first.receipt, 3, {0, kDay});
  Refund(*store, charge, &first.receipt, 100, {0, kDay});  // only one unit is left on the receipt
  charge.cost = 10;
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &second));
  // The bucket fills up, and is emptied again: the old receipt is worth nothing.
  ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay + kMinute}, &first));
  Refund(*store, charge, &second.receipt, 10, {0, kDay + kMinute});
  charge.cost = 0;
  EXPECT_EQ(Peek(*store, charge, {0, kDay + kMinute}).remaining, 0u);
}

TEST(IntervalCode, RoundsAsItSays) {
  Random random(TestSeed());
  for (int i = 0; i < 100'000; ++i) {
    const Word interval =
        (Word{Pick(random, 1, kMaxFillTime)} << kFractionBits >> Pick(random, 0, 50)) + (1 << kFractionBits);
    const Word down = Decode(CodeDown(interval)), up = Decode(CodeUp(interval));
    ASSERT_TRUE(down <= interval && interval <= up);
    ASSERT_TRUE((up - down) * 512 <= interval);
    ASSERT_LT(CodeUp(interval), 1u << kCodeBits);
  }
}

}  // namespace
}  // namespace sluice::ratelimit
