// lease.lua in a real server: its bounds against an adversary, and what it makes of whatever may befall a server.
#include <algorithm>
#include <string>
#include <vector>

#include "ratelimit/calendar.h"
#include "ratelimit/lease_simulation.h"

namespace sluice::ratelimit {
namespace {

constexpr int64_t kUs = 1'000;                        // ns
constexpr int64_t kStart = Simulation::kEpoch / kUs;  // us
constexpr int64_t kSecondUs = kSecond / kUs;

class LeaseScript : public ::testing::Test {
 protected:
  RedisServer server_;
  Central central_{server_};
  Random random_{TestSeed()};
};

// Asks for as much as there is, at any time, and spends what it gets at the worst moment: at once, or as late as it
// may. Gives some of it back unspent, much later perhaps.
std::vector<int64_t> Adversary(Central& central, const std::shared_ptr<const LeaseSet>& set, int64_t most_gap_us,
                               int asks, Random& random) {
  struct Unspent {
    uint64_t units;
    int64_t of_us;
  };
  std::vector<int64_t> spent;
  std::vector<Unspent> unspent;
  const std::string bucket = "adversary" + std::to_string(random());
  int64_t clock = kStart;
  for (int i = 0; i < asks; ++i) {
    clock += static_cast<int64_t>(Pick(random, 0, 3) == 0 ? 0 : Pick(random, 0, static_cast<uint64_t>(most_gap_us)));
    Ask ask = MakeAsk(set, Pick(random, 1, 3), Pick(random, 1, set->smallest()), bucket);
    if (!unspent.empty() && Pick(random, 0, 2) == 0) {
      std::swap(unspent[Pick(random, 0, unspent.size() - 1)], unspent.back());
      ask.returned = unspent.back().units;
      ask.returned_of_us = unspent.back().of_us;
      unspent.pop_back();
    }
    const Answer answer = central.Get(ask, clock);
    if (answer.granted == 0) continue;
    const uint64_t keep = Pick(random, 0, 3) == 0 ? Pick(random, 0, answer.granted) : 0;
    if (keep > 0) unspent.push_back({keep, answer.granted_at_us});
    const int64_t last = answer.usable_ns > 0 ? answer.usable_ns - 1 : 0;
    const int64_t at = (clock - kStart) * kUs + (Pick(random, 0, 1) == 0 ? 0 : last);
    spent.insert(spent.end(), answer.granted - keep, at);
  }
  std::sort(spent.begin(), spent.end());
  return spent;
}

TEST_F(LeaseScript, AnAdversaryNeverSpendsMoreThanASlidingWindowAllows) {
  for (const int64_t window : {kSecond, 10 * kSecond}) {
    for (const int64_t lease : {int64_t{0}, kSecond}) {
      const auto set = MakeSet({LimitSpec::SlidingWindow(100, window)}, lease);
      const std::vector<int64_t> spent = Adversary(central_, set, window / 10 / kUs, 2'000, random_);
      EXPECT_LE(MostWithin(spent, window), 100u) << set->lease_ns();
      EXPECT_GT(MostWithin(spent, window), 80u);
    }
  }
}

TEST_F(LeaseScript, AnAdversaryNeverSpendsMoreThanABucketAllows) {
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(100, kSecond, 100), LimitSpec::TokenBucket(7, kMinute, 3),
                                LimitSpec::TokenBucket(1'000'000'000, kSecond, 500)}) {
    for (const int64_t lease : {int64_t{0}, kSecond}) {
      const auto set = MakeSet({spec}, lease);
      // At least 1: the server forgets idle buckets by its own clock, so the simulated one must not stand still.
      const int64_t fill = spec.period_ns * static_cast<int64_t>(spec.burst) / static_cast<int64_t>(spec.amount);
      const int64_t gap = std::max<int64_t>(fill / kUs, 1);
      EXPECT_TRUE(WithinBucket(Adversary(central_, set, gap, 2'000, random_), spec)) << spec.amount << " " << lease;
    }
  }
}

TEST_F(LeaseScript, AnAdversaryNeverSpendsMoreThanAFixedWindowAllows) {
  const auto set = MakeSet({LimitSpec::FixedWindow(100, 2 * kSecond)});
  const std::vector<int64_t> spent = Adversary(central_, set, kSecondUs / 5, 2'000, random_);
  EXPECT_EQ(MostOnCalendar(spent, 2 * kSecond), 100u);
}

TEST_F(LeaseScript, ABucketNeitherDriftsNorLosesItsRate) {
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(3, kSecond, 10), LimitSpec::TokenBucket(7'777, kHour, 10),
                                LimitSpec::TokenBucket(123'456'789, kSecond, 1'000'000)}) {
    const auto set = MakeSet({spec}, 0);
    const int64_t fill = spec.period_ns / kUs * static_cast<int64_t>(spec.burst) / static_cast<int64_t>(spec.amount);
    int64_t clock = kStart;
    uint64_t granted = central_.Get(MakeAsk(set, 1, spec.burst, std::to_string(spec.amount)), clock).granted;
    EXPECT_EQ(granted, spec.burst);
    for (int i = 0; i < 3'000; ++i) {
      clock += static_cast<int64_t>(Pick(random_, 1, static_cast<uint64_t>(fill / 3)));
      granted += central_.Get(MakeAsk(set, 1, spec.burst, std::to_string(spec.amount)), clock).granted;
    }
    const double due = static_cast<double>(clock - kStart) * static_cast<double>(spec.amount) * kUs /
                       static_cast<double>(spec.period_ns);
    EXPECT_LE(static_cast<double>(granted), static_cast<double>(spec.burst) + due);
    EXPECT_GE(static_cast<double>(granted), due - 1);
  }
}

TEST_F(LeaseScript, ARefusalSaysWhenToComeBack) {
  const auto set = MakeSet({LimitSpec::TokenBucket(10, kSecond, 10), LimitSpec::SlidingWindow(25, 10 * kSecond),
                            LimitSpec::FixedWindow(1'000, Calendar::kMonth)},
                           0);
  int64_t clock = kStart;
  for (int i = 0; i < 300; ++i) {
    const uint64_t need = Pick(random_, 1, 10);
    const Answer refused = central_.Get(MakeAsk(set, need, need), clock);
    if (refused.granted > 0) continue;
    ASSERT_GT(refused.retry_ns, 0);
    EXPECT_EQ(central_.Get(MakeAsk(set, need, need), clock + refused.retry_ns / kUs - 2).granted, 0u);
    clock += refused.retry_ns / kUs;
    EXPECT_EQ(central_.Get(MakeAsk(set, need, need), clock).granted, need);
  }
}

TEST_F(LeaseScript, NeverIsSaidOfACostAboveTheLimit) {
  EXPECT_EQ(central_.Get(MakeAsk(MakeSet({LimitSpec::FixedWindow(5, kMinute)}), 6, 6), kStart).retry_ns, -1);
}

TEST_F(LeaseScript, MonthsAndYearsEndAsTheCalendarSays) {
  for (const Calendar calendar : {Calendar::kMonth, Calendar::kYear}) {
    const auto set = MakeSet({LimitSpec::FixedWindow(5, calendar)});
    for (int i = 0; i < 500; ++i) {
      const int64_t second = static_cast<int64_t>(Pick(random_, 0, uint64_t{300} * 365 * 86'400));
      const Answer answer = central_.Get(MakeAsk(set, 1, 1, std::to_string(second)), second * kSecondUs);
      EXPECT_EQ(second + answer.figures[0].reset_ns / kSecond, WindowEnd(calendar, 0, second)) << second;
    }
  }
}

TEST_F(LeaseScript, AGrantOfAFixedWindowEndsWithIt) {
  const auto set = MakeSet({LimitSpec::FixedWindow(5, kMinute)});
  const int64_t end = (kStart / (60 * kSecondUs) + 1) * 60 * kSecondUs;
  EXPECT_EQ(central_.Get(MakeAsk(set, 1, 1), end - 1'000).usable_ns, 1'000 * kUs);
}

TEST_F(LeaseScript, AClockSetBackRefillsNothingAndLocksNobodyOut) {
  const auto set = MakeSet({LimitSpec::SlidingWindow(20, 10 * kSecond)}, 0);
  const auto bucket = MakeSet({LimitSpec::TokenBucket(10, kSecond, 20)}, 0);
  const auto window = MakeSet({LimitSpec::FixedWindow(20, kMinute)}, 0);
  const int64_t day = 86'400 * kSecondUs;
  for (const auto& one : {set, bucket, window}) {
    const std::string name = std::to_string(one->id().lo);
    EXPECT_EQ(central_.Get(MakeAsk(one, 1, 20, name), kStart).granted, 20u);
    EXPECT_EQ(central_.Get(MakeAsk(one, 1, 20, name), kStart - day).granted, 0u);
    EXPECT_GT(central_.Get(MakeAsk(one, 1, 20, name), kStart - day + 60 * kSecondUs).granted, 0u);
  }
}

TEST_F(LeaseScript, UnspentUnitsComeBackOnceAndNotTooLate) {
  const auto set = MakeSet({LimitSpec::SlidingWindow(64, 16 * kSecond)}, kSecond);
  const Answer first = central_.Get(MakeAsk(set, 10, 10), kStart);
  central_.Get(MakeAsk(set, 54, 54), kStart + 1);
  Ask back = MakeAsk(set, 0, 0);
  back.returned = 10;
  back.returned_of_us = first.granted_at_us;
  EXPECT_EQ(central_.Get(back, kStart + 2).figures[0].remaining, 10u);
  // Those 10 have left the window by themselves; the others have not.
  back.returned_of_us = kStart - 1;
  EXPECT_EQ(central_.Get(back, kStart + 17 * kSecondUs - 1).figures[0].remaining, 10u);
}

TEST_F(LeaseScript, DebtsAreChargedBeyondTheLimit) {
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(10, kSecond, 20), LimitSpec::SlidingWindow(20, 10 * kSecond),
                                LimitSpec::FixedWindow(20, kDay)}) {
    Ask ask = MakeAsk(MakeSet({spec}, 0), 1, 1, std::to_string(static_cast<int>(spec.kind)));
    ask.debt = 25;
    const Answer answer = central_.Get(ask, kStart);
    EXPECT_EQ(answer.granted, 0u);
    EXPECT_EQ(answer.figures[0].remaining, 0u);
  }
}

// One request may report any cost.
TEST_F(LeaseScript, ADebtOfAnySizeIsAnswered) {
  for (const LimitSpec& spec : {LimitSpec::TokenBucket(1, kDay, 20), LimitSpec::SlidingWindow(20, 10 * kSecond),
                                LimitSpec::FixedWindow(20, kDay)}) {
    Ask ask = MakeAsk(MakeSet({spec}, 0), 1, 1, std::to_string(static_cast<int>(spec.kind)));
    ask.debt = uint64_t{1} << 63;
    EXPECT_GT(central_.Get(ask, kStart).retry_ns, 0);
    ask.debt = 0;
    EXPECT_EQ(central_.Get(ask, kStart + 1).granted, 0u);
  }
}

TEST_F(LeaseScript, AChangedLimitKeepsWhatWasUsed) {
  for (const auto& [less, more] :
       {std::pair{LimitSpec::TokenBucket(1, kMinute, 10), LimitSpec::TokenBucket(1, kMinute, 30)},
        std::pair{LimitSpec::SlidingWindow(10, kHour), LimitSpec::SlidingWindow(30, kHour)},
        std::pair{LimitSpec::FixedWindow(10, kDay), LimitSpec::FixedWindow(30, kDay)}}) {
    const std::string name = std::to_string(static_cast<int>(less.kind));
    EXPECT_EQ(central_.Get(MakeAsk(MakeSet({less}, 0), 10, 10, name), kStart).granted, 10u);
    EXPECT_EQ(central_.Get(MakeAsk(MakeSet({more}, 0), 20, 20, name), kStart).granted, 20u);
    EXPECT_EQ(central_.Get(MakeAsk(MakeSet({less}, 0), 1, 1, name), kStart).granted, 0u);
    EXPECT_EQ(central_.Get(MakeAsk(MakeSet({more}, 0), 1, 1, name), kStart).granted, 0u);
  }
}

// ---- What may befall a server ----

std::shared_ptr<const LeaseSet> Hourly(OnLoss on_loss) {
  return MakeSet({LimitSpec::SlidingWindow(100, kHour), LimitSpec::FixedWindow(100, kDay)}, kSecond, on_loss);
}

Ask Knowing(Ask ask, const Answer& seen) {
  ask.seen_generation = seen.generation;
  ask.seen_version = seen.version;
  return ask;
}

TEST_F(LeaseScript, ANodeThatRemembersKeepsAServerThatLostEverythingFromGrantingAgain) {
  const auto set = Hourly(OnLoss::kRemember);
  const Answer before = central_.Get(MakeAsk(set, 100, 100), kStart);
  EXPECT_EQ(before.granted, 100u);
  server_.Restart();
  central_.Load();
  EXPECT_EQ(central_.Get(Knowing(MakeAsk(set, 1, 1), before), kStart + kSecondUs).granted, 0u);
  EXPECT_EQ(central_.Get(MakeAsk(set, 1, 1), kStart + kSecondUs).granted, 0u);  // nor to anybody else
  EXPECT_EQ(central_.Get(MakeAsk(set, 1, 1), kStart + 86'400 * kSecondUs).granted, 1u);
}

TEST_F(LeaseScript, AFlushIsNoRestart) {
  const auto set = Hourly(OnLoss::kRemember);
  const Answer before = central_.Get(MakeAsk(set, 100, 100), kStart);
  server_.Run({"FLUSHALL"});  // an operator who lets everybody begin anew
  EXPECT_EQ(central_.Get(Knowing(MakeAsk(set, 100, 100), before), kStart + kSecondUs).granted, 100u);
}

TEST_F(LeaseScript, HoldGrantsNothingThatMayHaveBeenGrantedBefore) {
  const auto set = Hourly(OnLoss::kHold);
  EXPECT_EQ(central_.Get(MakeAsk(set, 1, 1), kStart).granted, 0u);  // nobody knows what was before
  const int64_t next_day = (kStart / (86'400 * kSecondUs) + 1) * 86'400 * kSecondUs;
  EXPECT_EQ(central_.Get(MakeAsk(set, 100, 100), next_day).granted, 100u);
  EXPECT_EQ(central_.Get(MakeAsk(set, 100, 100, "bob"), next_day).granted, 0u);  // of a part begun today
  EXPECT_EQ(central_.Get(MakeAsk(set, 100, 100), next_day + 86'400 * kSecondUs).granted, 100u);
}

TEST_F(LeaseScript, ResetBelievesWhatThereIs) {
  const auto set = Hourly(OnLoss::kReset);
  const Answer before = central_.Get(MakeAsk(set, 100, 100), kStart);
  server_.Restart();
  central_.Load();
  EXPECT_EQ(central_.Get(Knowing(MakeAsk(set, 100, 100), before), kStart).granted, 100u);
}

TEST(LeaseScriptKept, ARestartThatLostNothingHoldsNothing) {
  RedisServer server({"--appendonly", "yes", "--appendfsync", "always"});
  Central central(server);
  const auto set = Hourly(OnLoss::kRemember);
  const Answer before = central.Get(MakeAsk(set, 60, 60), kStart);
  server.Restart();
  central.Load();
  const Answer after = central.Get(Knowing(MakeAsk(set, 40, 40), before), kStart + kSecondUs);
  EXPECT_NE(after.generation, before.generation);
  EXPECT_EQ(after.granted, 40u);
  EXPECT_EQ(central.Get(Knowing(MakeAsk(set, 1, 1), before), kStart + kSecondUs).granted, 0u);
}

TEST_F(LeaseScript, ARestartForgetsTheScript) {
  server_.Restart();
  EXPECT_EQ(central_.Run(MakeAsk(Hourly(OnLoss::kRemember), 1, 1), kStart).substr(0, 9), "-NOSCRIPT");
}

TEST_F(LeaseScript, AKeyOfAnotherTypeOrMakerIsLeftAlone) {
  const Ask ask = MakeAsk(Hourly(OnLoss::kRemember), 1, 1);
  const std::string key = ToText(ask, "sluice:").keys[0];
  server_.Run({"LPUSH", key, "1"});
  EXPECT_EQ(central_.Run(ask, kStart), "E WRONGTYPE");
  server_.Run({"DEL", key});
  for (const std::string foreign : {"hello", "", "\x81\xa1x\x01", "\xc1"}) {
    server_.Run({"SET", key, foreign});
    EXPECT_EQ(central_.Run(ask, kStart), "E FOREIGN");
    EXPECT_EQ(server_.Run({"GET", key}), foreign);
  }
}

TEST_F(LeaseScript, AFullServerAndAReplicaGrantNothing) {
  const Ask ask = MakeAsk(Hourly(OnLoss::kRemember), 1, 1);
  server_.Run({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(central_.Run(ask, kStart).substr(0, 4), "-OOM");
  server_.Run({"CONFIG", "SET", "maxmemory", "0"});
  server_.Run({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_EQ(central_.Run(ask, kStart).substr(0, 9), "-READONLY");
  server_.Run({"REPLICAOF", "NO", "ONE"});
  EXPECT_EQ(central_.Get(ask, kStart).granted, 1u);
}

// Which was a master before, a replica meanwhile, and is a master again: in between others may have granted.
TEST_F(LeaseScript, APromotionIsAnotherGeneration) {
  const Ask ask = MakeAsk(Hourly(OnLoss::kRemember), 1, 1);
  const Answer before = central_.Get(ask, kStart);
  server_.Run({"REPLICAOF", "127.0.0.1", "1"});
  server_.Run({"REPLICAOF", "NO", "ONE"});
  EXPECT_NE(central_.Get(ask, kStart).generation, before.generation);
}

TEST_F(LeaseScript, BucketsGoWhenTheySayNothingAnyMore) {
  const Ask ask = MakeAsk(MakeSet({LimitSpec::TokenBucket(10, kSecond, 20)}), 10, 10);
  const Answer answer = central_.Get(ask, kStart);
  const int64_t ttl = std::stoll(server_.Run({"PTTL", ToText(ask, "sluice:").keys[0]}));
  EXPECT_LE(ttl, answer.ttl_ns / kMillisecond);
  EXPECT_GE(ttl, 1'500);
  EXPECT_LE(ttl, 5'000);
}

TEST_F(LeaseScript, BothKeysAreInOneClusterSlot) {
  const AskText text = ToText(MakeAsk(Hourly(OnLoss::kRemember), 1, 1), "sluice:");
  ASSERT_EQ(text.keys.size(), 2u);
  const auto tag = [](const std::string& key) { return key.substr(key.find('{'), key.find('}') - key.find('{')); };
  EXPECT_EQ(tag(text.keys[0]), tag(text.keys[1]));
  EXPECT_EQ(text.keys[0].substr(0, 8), "sluice:{");
}

}  // namespace
}  // namespace sluice::ratelimit
