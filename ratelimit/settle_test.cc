// What a request cost in the end.
#include <algorithm>
#include <cstdint>
#include <deque>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

const LimitSpec kSpecs[] = {LimitSpec::TokenBucket(100, kHour, 100), LimitSpec::SlidingWindow(100, kHour),
                            LimitSpec::FixedWindow(100, Calendar::kDay), LimitSpec::SlidingCounter(100, kHour)};

struct Trial {
  Limit limit;
  std::unique_ptr<Store> store = MakeStore(1 << 17);
  Charge charge{&limit, MakeKey(*store, limit, "alice")};
  Now now{20'000 * kDay, kDay};
  Verdict verdict;

  explicit Trial(const LimitSpec& spec) : limit(MakeLimit(spec)) {}
  bool Take(uint64_t cost) {
    charge.cost = cost;
    return ChargeAll(*store, &charge, 1, now, &verdict);
  }
  void Settle(uint64_t cost) { SettleAll(*store, &charge, &verdict, 1, cost, now); }
  uint64_t Used() const {
    Charge question = charge;
    question.cost = 0;
    return Peek(*store, question, now).used;
  }
};

TEST(Settle, GivesBackOrChargesTheDifference) {
  for (const LimitSpec& spec : kSpecs) {
    for (uint64_t cost : {uint64_t{0}, uint64_t{3}, uint64_t{10}, uint64_t{25}, uint64_t{80}}) {
      Trial trial(spec);
      ASSERT_TRUE(trial.Take(20));
      ASSERT_TRUE(trial.Take(10));
      trial.Settle(cost);
      EXPECT_EQ(trial.Used(), 20 + cost) << static_cast<int>(spec.kind);
    }
  }
}

TEST(Settle, ChargesNoMoreThanTheLimit) {
  for (const LimitSpec& spec : kSpecs) {
    for (uint64_t cost : {uint64_t{81}, uint64_t{1'000}, UINT64_MAX}) {
      Trial trial(spec);
      ASSERT_TRUE(trial.Take(20));
      ASSERT_TRUE(trial.Take(10));
      trial.Settle(cost);
      EXPECT_EQ(trial.Used(), 100u) << static_cast<int>(spec.kind);
      EXPECT_FALSE(trial.Take(1));
      const int64_t longest = spec.kind == LimitKind::kFixedWindow ? kDay : 2 * kHour;
      trial.now = {trial.now.wall_ns + longest, trial.now.mono_ns + longest};
      EXPECT_TRUE(trial.Take(100)) << "in debt, " << static_cast<int>(spec.kind);
    }
  }
}

TEST(Settle, LeavesConcurrencyAndQuestionsAlone) {
  Trial flights(LimitSpec::Concurrency(3));
  ASSERT_TRUE(flights.Take(1));
  flights.Settle(0);
  EXPECT_EQ(flights.Used(), 1u);
  flights.Settle(3);
  EXPECT_EQ(flights.Used(), 1u);
  Trial question(kSpecs[0]);
  ASSERT_TRUE(question.Take(0));
  question.Settle(5);
  EXPECT_EQ(question.Used(), 0u);
}

// A limit in shadow that would have refused took nothing, so it has nothing to give back.
TEST(Settle, GivesBackNothingThatAShadowDidNotTake) {
  for (const LimitSpec& spec : kSpecs) {
    Trial trial(spec);
    trial.charge.shadow = true;
    ASSERT_TRUE(trial.Take(100));
    ASSERT_TRUE(trial.Take(10));
    ASSERT_FALSE(trial.verdict.allowed);
    trial.Settle(0);
    EXPECT_EQ(trial.Used(), 100u);
  }
}

// Whoever is charged the most at first and settled downwards keeps the limit as if the costs had been known: at any
// moment no more is used than was really cost within the window.
TEST(Settle, KeepsAStrictWindowWhenSettledDownwards) {
  Random random(TestSeed());
  Trial trial(LimitSpec::SlidingWindow(50, kMinute));
  struct Use {
    int64_t at;
    uint64_t cost;
  };
  std::deque<Use> uses;
  for (int i = 0; i < 20'000; ++i) {
    const auto gap = static_cast<int64_t>(Pick(random, 0, 4 * kSecond));
    trial.now = {trial.now.wall_ns + gap, trial.now.mono_ns + gap};
    if (!trial.Take(10)) continue;
    const uint64_t cost = Pick(random, 0, 10);
    trial.Settle(cost);
    uses.push_back({trial.now.mono_ns, cost});
    while (uses.front().at <= trial.now.mono_ns - kMinute) uses.pop_front();
    uint64_t sum = 0;
    for (const Use& use : uses) sum += use.cost;
    ASSERT_LE(sum, 50u) << "step " << i;
    ASSERT_GE(trial.Used(), sum) << "step " << i;
  }
}

}  // namespace
}  // namespace sluice::ratelimit
