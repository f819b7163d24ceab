// What BreakDown says of the sliding kinds adds up to what their verdicts say.
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr Now At(int64_t ns) { return {ns, ns}; }

struct Caller {
  explicit Caller(const LimitSpec& spec) : limit(MakeLimit(spec)), store(MakeStore()) {
    charge = {&limit, MakeKey(*store, limit, "alice")};
  }
  Verdict Take(uint64_t cost, int64_t ns) {
    charge.cost = cost;
    Verdict verdict;
    ChargeAll(*store, &charge, 1, At(ns), &verdict);
    return verdict;
  }
  Breakdown Look(const Verdict& verdict, int64_t ns) { return BreakDown(*store, charge, verdict.receipt, At(ns)); }

  Limit limit;
  std::unique_ptr<Store> store;
  Charge charge;
};

TEST(BreakDown, IsEmptyOfWhatAVerdictSaysAlready) {
  for (const LimitSpec& spec :
       {LimitSpec::TokenBucket(5, kSecond), LimitSpec::FixedWindow(5, kMinute), LimitSpec::Concurrency(5)}) {
    Caller caller(spec);
    const Breakdown b = caller.Look(caller.Take(3, kSecond), kSecond);
    EXPECT_EQ(b.oldest + b.former + b.carried + b.count, 0u);
    EXPECT_EQ(b.length_ns, 0);
  }
}

TEST(BreakDown, OfAnExactLogNamesTheOldestUnitsAndWhenTheyLeave) {
  Caller caller(LimitSpec::SlidingWindow(10, kMinute));
  EXPECT_EQ(caller.Look({}, 0).oldest, 0u);  // nobody was here
  caller.Take(1, 10 * kSecond);
  const Verdict verdict = caller.Take(2, 30 * kSecond);
  Breakdown b = caller.Look(verdict, 40 * kSecond);
  EXPECT_EQ(b.oldest, 1u);
  EXPECT_EQ(b.oldest_leaves_ns, 30 * kSecond);
  b = caller.Look(verdict, 70 * kSecond);  // the first has left
  EXPECT_EQ(b.oldest, 1u);
  EXPECT_EQ(b.oldest_leaves_ns, 20 * kSecond);
  EXPECT_EQ(caller.Look(verdict, 90 * kSecond).oldest, 0u);
}

TEST(BreakDown, OfALogOfBlocksNamesTheOldestBlock) {
  Caller caller(LimitSpec::SlidingWindow(100, kMinute));  // blocks of 10
  caller.Take(10, 0);
  const Verdict verdict = caller.Take(5, 20 * kSecond);
  EXPECT_EQ(caller.Look(verdict, 30 * kSecond).oldest, 10u);
  EXPECT_EQ(caller.Look(verdict, 30 * kSecond).oldest_leaves_ns, 30 * kSecond);
  EXPECT_EQ(caller.Look(verdict, 60 * kSecond).oldest, 5u);
}

// At any time, whatever was charged: the sum is the use, and the oldest units leave when one more is to be had.
TEST(BreakDown, AgreesWithTheVerdicts) {
  Random random(TestSeed());
  for (const LimitSpec& spec : {LimitSpec::SlidingWindow(200, kMinute), LimitSpec::SlidingCounter(200, kMinute)}) {
    Caller caller(spec);
    int64_t ns = kSecond;
    for (int i = 0; i < 3'000; ++i) {
      ns += static_cast<int64_t>(Pick(random, 0, kSecond));
      const Verdict verdict = caller.Take(Pick(random, 1, 9), ns);
      const Breakdown b = caller.Look(verdict, ns);
      if (spec.kind == LimitKind::kSlidingCounter) {
        ASSERT_EQ(b.carried + b.count, verdict.used) << "step " << i;
        ASSERT_LE(b.carried, b.former);
        ASSERT_LT(b.elapsed_ns, b.length_ns);
      } else if (verdict.remaining < verdict.limit) {
        ASSERT_EQ(b.oldest_leaves_ns, UntilMore(*caller.store, caller.charge, verdict, At(ns))) << "step " << i;
        ASSERT_GT(b.oldest, 0u);
        ASSERT_LE(b.oldest, verdict.used);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::ratelimit
