// A node's side alone: what it asks, what it spends, and when it keeps quiet. The test answers in the server's place.
#include "ratelimit/leases.h"

#include <atomic>
#include <thread>

#include "ratelimit/lease_test_support.h"

namespace sluice::ratelimit {
namespace {

using Outcome = Leases::Outcome;

constexpr int64_t kMs = kMillisecond;

Now At(int64_t ms) { return {1'760'000'000 * kSecond + ms * kMs, 1'000 * kSecond + ms * kMs}; }

struct Reply {
  uint64_t granted = 0;
  int64_t retry_ms = 0;
  int64_t usable_ms = 1'000;
  uint64_t remaining = 100;
  uint64_t version = 1;
};

class LeasesTest : public ::testing::Test {
 protected:
  Outcome Take(int64_t ms, uint64_t cost = 1) { return leases_.Take(*set_, key_, cost, At(ms), verdicts_, &ticket_); }
  uint64_t Want(int64_t ms, uint64_t cost = 1) { return leases_.Want(set_, key_, "alice", cost, At(ms)); }
  std::optional<Ask> Next(int64_t ms) { return leases_.NextAsk(At(ms), &ask_again_); }
  void Answer(const Ask& ask, int64_t ms, const Reply& reply) {
    std::string text = "G " + std::to_string(reply.granted) + " " + std::to_string(reply.usable_ms * 1'000) + " " +
                       std::to_string(7'000 + ms) + " " + std::to_string(reply.version) + " gen 60000 " +
                       std::to_string(reply.retry_ms * 1'000);
    for (size_t i = 0; i < set_->limits().size(); ++i) text += " " + std::to_string(reply.remaining) + " 5000000";
    leases_.Answered(ask.id, text, At(ms));
  }
  // Has so many units from `ms` on.
  void Lease(int64_t ms, uint64_t units) {
    ASSERT_NE(Want(ms), 0u);
    const std::optional<Ask> ask = Next(ms);
    ASSERT_TRUE(ask);
    Answer(*ask, ms, {units});
  }

  std::shared_ptr<const LeaseSet> set_ = MakeSet({LimitSpec::FixedWindow(1'000, kHour)});
  Key key_{1, 2};
  Leases leases_{Leases::Options()};
  Verdict verdicts_[kMaxLeaseLimits];
  Leases::Ticket ticket_;
  int64_t ask_again_ = 0;
};

TEST_F(LeasesTest, ANewCallerIsAskedForOnceHoweverManyWait) {
  EXPECT_EQ(Take(0), Outcome::kAsk);
  const uint64_t id = Want(0);
  EXPECT_EQ(Want(0, 2), id);
  const std::optional<Ask> ask = Next(0);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->id, id);
  EXPECT_EQ(ask->need, 2u);  // the largest; the rest is for the others
  EXPECT_GE(ask->want, 3u);
  EXPECT_EQ(ask->bucket, "alice");
  EXPECT_FALSE(Next(0));
  EXPECT_EQ(Want(1), id);  // under way
  Answer(*ask, 2, {4});
  EXPECT_EQ(Take(2), Outcome::kAllowed);
}

TEST_F(LeasesTest, SpendsWhatItHasAndNoMoreAndNoLonger) {
  Lease(0, 3);
  EXPECT_EQ(Take(1, 2), Outcome::kAllowed);
  EXPECT_EQ(verdicts_[0].limit, 1'000u);
  EXPECT_EQ(verdicts_[0].remaining, 101u);  // what the server has left, and what is in hand
  EXPECT_EQ(Take(2, 2), Outcome::kAsk);
  EXPECT_EQ(Take(3), Outcome::kAllowed);
  EXPECT_EQ(Take(501), Outcome::kAsk);
  Lease(600, 5);
  EXPECT_EQ(Take(1'598), Outcome::kAllowed);
  EXPECT_NE(Take(1'600), Outcome::kAllowed);
}

TEST_F(LeasesTest, AsksABucketThatGaveLittleNotBeforeItIsOfUse) {
  Want(0);
  Answer(*Next(0), 0, {.granted = 1, .retry_ms = 500});
  EXPECT_EQ(Take(1), Outcome::kAllowed);
  EXPECT_EQ(Take(2), Outcome::kRefused);
  EXPECT_EQ(Take(499), Outcome::kRefused);
  EXPECT_EQ(Take(500), Outcome::kAsk);
}

TEST_F(LeasesTest, TellsHowItStandsWithTheServer) {
  LeaseState state = leases_.Describe(key_, At(0));
  EXPECT_FALSE(state.known);
  EXPECT_EQ(state.down_ns, 0);
  Lease(0, 3);
  Take(100, 2);
  state = leases_.Describe(key_, At(400));
  EXPECT_TRUE(state.known);
  EXPECT_EQ(state.in_hand, 1u);
  EXPECT_EQ(state.ends_ns, 599 * kMs);  // a thousandth less than was granted: clocks may run apart
  EXPECT_EQ(state.asked_ago_ns, 400 * kMs);
  EXPECT_EQ(state.refused_ns, 0);
  Want(1'500, 5);
  Answer(*Next(1'500), 1'500, {.granted = 0, .retry_ms = 700});
  state = leases_.Describe(key_, At(1'600));
  EXPECT_EQ(state.in_hand, 0u);
  EXPECT_EQ(state.ends_ns, 0);
  EXPECT_EQ(state.refused_ns, 600 * kMs);
  EXPECT_EQ(state.refused_cost, 5u);
  leases_.Owe(set_, key_, "alice", 4, At(2'000));
  EXPECT_EQ(leases_.Describe(key_, At(2'000)).debt, 4u);
  leases_.Failed(Next(2'300)->id, At(2'300));
  EXPECT_GT(leases_.Describe(key_, At(2'300)).down_ns, 0);
  EXPECT_EQ(leases_.Describe(key_, At(9'000)).down_ns, 0);
}

TEST_F(LeasesTest, TellsWhatCameOfAnAsk) {
  Want(0);
  EXPECT_FALSE(leases_.Answered(Next(0)->id, "E WRONGTYPE", At(0)).usable);
  EXPECT_GT(leases_.Describe(key_, At(0)).broken_ns, 0);
  EXPECT_EQ(leases_.Describe(key_, At(0)).down_ns, 0);
  Want(6'000);
  const uint64_t id = Next(6'000)->id;
  EXPECT_FALSE(leases_.Answered(id, "no answer", At(6'000)).usable);
  EXPECT_GT(leases_.Describe(key_, At(6'000)).down_ns, 0);
  EXPECT_TRUE(leases_.Describe(key_, At(9'000)).down);
  EXPECT_TRUE(leases_.Answered(id, "no answer", At(6'000)).usable);  // it has been answered
  AskResult result = leases_.Answered(Next(9'000)->id, "G 5 1000000 7000 1 gen 60000 0 100 5000000", At(9'000));
  EXPECT_EQ(result.granted, 5u);
  EXPECT_FALSE(result.refused);
  Want(9'001, 8);
  result = leases_.Answered(Next(9'001)->id, "G 0 1000000 7000 1 gen 60000 900000 4 5000000", At(9'001));
  EXPECT_TRUE(result.usable && result.refused);
  EXPECT_EQ(result.granted, 0u);
}

TEST_F(LeasesTest, CountsWhatItHoldsOfAllCallers) {
  Lease(0, 7);
  Take(0, 2);
  leases_.Want(set_, Key{17, 2}, "bob", 3, At(0));
  Answer(*Next(0), 0, {.granted = 0, .retry_ms = 800});
  LeaseStats stats = leases_.Stats(At(100));
  EXPECT_EQ(stats.callers, 2u);
  EXPECT_EQ(stats.leases, 1u);
  EXPECT_EQ(stats.in_hand, 5u);
  EXPECT_EQ(stats.held_refusals, 1u);
  EXPECT_EQ(stats.down_ns, 0);
  stats = leases_.Stats(At(1'000));
  EXPECT_EQ(stats.leases + stats.in_hand + stats.held_refusals, 0u);
}

TEST_F(LeasesTest, TimeRunsFromTheQuestionNotFromTheAnswer) {
  Want(0);
  const std::optional<Ask> ask = Next(0);
  Answer(*ask, 900, {10});
  EXPECT_EQ(Take(998), Outcome::kAllowed);
  EXPECT_NE(Take(1'000), Outcome::kAllowed);
}

TEST_F(LeasesTest, AGrantThatComesTooLateIsGivenBack) {
  Want(0);
  Answer(*Next(0), 1'000, {10});
  EXPECT_NE(Take(1'000), Outcome::kAllowed);
  const std::optional<Ask> back = Next(1'100);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->returned, 10u);
  EXPECT_EQ(back->need, 0u);
}

TEST_F(LeasesTest, WhatIsNotSpentIsGivenBackOnce) {
  Lease(0, 10);
  EXPECT_EQ(Take(0, 4), Outcome::kAllowed);
  std::optional<Ask> ask = Next(500);
  if (ask) Answer(*ask, 500, {0});
  ask = Next(1'100);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->returned, 6u);
  EXPECT_EQ(ask->returned_of_us, 7'000);
  leases_.Failed(ask->id, At(1'200));  // it may have got there
  ask = Next(20'000);
  EXPECT_TRUE(!ask || ask->returned == 0);
}

TEST_F(LeasesTest, ARefusedCallerCostsNoRoundTripUntilThen) {
  Want(0);
  Answer(*Next(0), 0, {.granted = 0, .retry_ms = 8'000, .remaining = 0});
  EXPECT_EQ(Take(1), Outcome::kRefused);
  EXPECT_EQ(verdicts_[0].refusal, Refusal::kLimit);
  EXPECT_EQ(verdicts_[0].retry_after_ns, 7'999 * kMs);
  EXPECT_EQ(verdicts_[0].remaining, 0u);
  EXPECT_EQ(Take(7'999), Outcome::kRefused);
  EXPECT_EQ(Take(8'000), Outcome::kAsk);
}

TEST_F(LeasesTest, AfterHalfAMinuteItAsksAgainWhateverItWasTold) {
  Want(0);
  Answer(*Next(0), 0, {.granted = 0, .retry_ms = 3'000'000, .remaining = 0});
  EXPECT_EQ(Take(29'999), Outcome::kRefused);
  EXPECT_EQ(verdicts_[0].retry_after_ns, 3'000'000 * kMs - 29'999 * kMs);
  EXPECT_EQ(Take(30'000), Outcome::kAsk);
}

TEST_F(LeasesTest, ACostAboveALimitIsRefusedForEver) {
  EXPECT_EQ(Take(0, 1'001), Outcome::kRefused);
  EXPECT_EQ(verdicts_[0].retry_after_ns, kNever);
}

TEST_F(LeasesTest, RenewsInTheBackgroundBeforeItRunsOut) {
  Lease(0, 8);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(Take(100), Outcome::kAllowed);
  const std::optional<Ask> ask = Next(200);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->need, 1u);
  EXPECT_GE(ask->want, 16u);  // 7 in 200 ms make 35 a second
  EXPECT_EQ(Take(201), Outcome::kAllowed);
  Answer(*ask, 202, {30});
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Take(203), Outcome::kAllowed);
}

TEST_F(LeasesTest, LetsALeaseGoThatNobodySpends) {
  Lease(0, 8);
  EXPECT_FALSE(Next(500));
  const std::optional<Ask> back = Next(1'100);
  ASSERT_TRUE(back);
  Answer(*back, 1'100, {});
  EXPECT_FALSE(Next(1'200));
  EXPECT_FALSE(Next(2'000));
  EXPECT_EQ(ask_again_, At(2'250).mono_ns);
}

TEST_F(LeasesTest, PutsBackWhatSomethingElseRefused) {
  Lease(0, 8);
  EXPECT_EQ(Take(1, 8), Outcome::kAllowed);
  leases_.PutBack(ticket_);
  EXPECT_EQ(Take(2, 8), Outcome::kAllowed);
  const Leases::Ticket old = ticket_;
  Lease(600, 5);  // in place of the former
  leases_.PutBack(old);
  EXPECT_EQ(Take(601, 5), Outcome::kAllowed);
  EXPECT_NE(Take(601), Outcome::kAllowed);
}

TEST_F(LeasesTest, AfterAFailureNobodyWaitsUntilAnAskInTheBackgroundSucceeds) {
  Want(0);
  leases_.Failed(Next(0)->id, At(10));
  EXPECT_TRUE(leases_.Stats(At(0)).down);
  EXPECT_EQ(Take(20), Outcome::kDown);
  EXPECT_EQ(Want(20), 0u);
  EXPECT_FALSE(Next(20));
  EXPECT_GT(ask_again_, At(20).mono_ns);
  EXPECT_LE(ask_again_, At(200).mono_ns);
  EXPECT_EQ(Want(200), 0u);
  std::optional<Ask> probe = Next(200);  // time to look whether it is back
  ASSERT_TRUE(probe);
  EXPECT_FALSE(Next(200));
  leases_.Failed(probe->id, At(210));
  EXPECT_EQ(Take(300), Outcome::kDown);  // twice as long
  probe = Next(600);
  ASSERT_TRUE(probe);
  Answer(*probe, 601, {});
  EXPECT_FALSE(leases_.Stats(At(0)).down);
  EXPECT_NE(Want(602), 0u);
}

TEST_F(LeasesTest, UnitsInHandAreSpentWhileTheServerIsDown) {
  Lease(0, 8);
  const Key bob{3, 4};
  leases_.Want(set_, bob, "bob", 1, At(0));
  leases_.Failed(Next(0)->id, At(1));
  EXPECT_EQ(Take(2), Outcome::kAllowed);
}

TEST_F(LeasesTest, DebtsAreToldUntilTheyAreHeard) {
  leases_.Owe(set_, key_, "alice", 5, At(0));
  leases_.Owe(set_, key_, "alice", 2, At(0));
  std::optional<Ask> ask = Next(100);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->debt, 7u);
  leases_.Failed(ask->id, At(110));
  ask = Next(400);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->debt, 7u);
  Answer(*ask, 400, {});
  Want(500);
  EXPECT_EQ(Next(500)->debt, 0u);
}

TEST_F(LeasesTest, TellsWhatItHasSeenWhileTheServerMayStillKnowIt) {
  Want(0);
  std::optional<Ask> ask = Next(0);
  EXPECT_EQ(ask->seen_generation, "-");
  Answer(*ask, 0, {.granted = 0, .retry_ms = 1, .version = 9});
  Want(1'000);
  ask = Next(1'000);
  EXPECT_EQ(ask->seen_generation, "gen");
  EXPECT_EQ(ask->seen_version, 9u);
  Answer(*ask, 1'000, {.granted = 0, .retry_ms = 1, .version = 9});
  Want(61'001);  // after the 60 s that the server keeps an idle bucket
  EXPECT_EQ(Next(61'001)->seen_generation, "-");
}

TEST_F(LeasesTest, AnswersThatAreNoneAreFailures) {
  for (const char* text : {"", "G", "OK", "G 1 1000000 7000 1 gen 60000 0", "G 1 1000000 7000 1 gen 60000 0 5 5 5",
                           "G -1 1000000 7000 1 gen 60000 0 5 5", "G 1 99000000 7000 1 gen 60000 0 5 5",
                           "G 99999999999 1000000 7000 1 gen 60000 0 5 5", "G 1 1e6 7000 1 gen 60000 0 5 5"}) {
    Leases leases{Leases::Options()};
    leases.Want(set_, key_, "alice", 1, At(0));
    leases.Answered(leases.NextAsk(At(0), &ask_again_)->id, text, At(1));
    EXPECT_EQ(leases.Take(*set_, key_, 1, At(1), verdicts_, &ticket_), Outcome::kDown) << text;
  }
}

TEST_F(LeasesTest, AKeyThatTheServerCannotUseConcernsItsCallerAlone) {
  Want(0);
  leases_.Answered(Next(0)->id, "E WRONGTYPE", At(1));
  EXPECT_EQ(Take(2), Outcome::kDown);
  const Key bob{3, 4};
  EXPECT_EQ(leases_.Take(*set_, bob, 1, At(2), verdicts_, &ticket_), Outcome::kAsk);
  EXPECT_EQ(Take(5'001), Outcome::kAsk);
}

TEST_F(LeasesTest, DebtsWaitForAKeyThatTheServerCannotUse) {
  Want(0);
  leases_.Answered(Next(0)->id, "E WRONGTYPE", At(1));
  leases_.Owe(set_, key_, "alice", 5, At(2));
  for (int64_t ms = 2; ms < 5'000; ms += 50) EXPECT_FALSE(Next(ms)) << ms;
  const std::optional<Ask> ask = Next(5'200);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->debt, 5u);
}

TEST_F(LeasesTest, ALateAnswerToWhatHasFailedChangesNothing) {
  Want(0);
  const std::optional<Ask> ask = Next(0);
  leases_.Failed(ask->id, At(100));
  Answer(*ask, 101, {50});
  EXPECT_NE(Take(102), Outcome::kAllowed);
}

TEST(LeasesFull, KnownCallersKeepTheirPlaceAndIdleOnesGiveWay) {
  const auto set = MakeSet({LimitSpec::FixedWindow(1'000, kHour)});
  Leases::Options options;
  options.callers = 16;
  Leases leases(options);
  int64_t ask_again;
  for (uint64_t i = 1; i <= 16; ++i) EXPECT_NE(leases.Want(set, Key{i, i}, std::to_string(i), 1, At(0)), 0u);
  EXPECT_EQ(leases.Want(set, Key{17, 17}, "17", 1, At(0)), 0u);
  EXPECT_EQ(leases.Stats(At(0)).full, 1u);
  while (std::optional<Ask> ask = leases.NextAsk(At(0), &ask_again))
    leases.Answered(ask->id, "G 0 1000000 7000 1 gen 60000 1000000 5 5", At(0));
  EXPECT_EQ(leases.Want(set, Key{17, 17}, "17", 1, At(999)), 0u);  // all are known to be refused
  EXPECT_NE(leases.Want(set, Key{17, 17}, "17", 1, At(1'000)), 0u);
}

class StrictLeases : public LeasesTest {
 protected:
  StrictLeases() { set_ = MakeSet({LimitSpec::FixedWindow(1'000, kHour)}, 0); }
};

TEST_F(StrictLeases, AskForEachRequestAndAnswerEach) {
  EXPECT_EQ(Take(0), Outcome::kAsk);
  const uint64_t first = Want(0), second = Want(0, 3);
  EXPECT_NE(first, second);
  const std::optional<Ask> one = Next(0), other = Next(0);
  EXPECT_EQ(one->need, 1u);
  EXPECT_EQ(other->want, 3u);
  Answer(*other, 1, {.granted = 0, .retry_ms = 4'000, .remaining = 2});
  Answer(*one, 1, {1});
  EXPECT_EQ(leases_.Collect(*set_, first, 1, verdicts_), Outcome::kAllowed);
  EXPECT_EQ(leases_.Collect(*set_, second, 3, verdicts_), Outcome::kRefused);
  EXPECT_EQ(verdicts_[0].retry_after_ns, 4'000 * kMs);
  EXPECT_EQ(leases_.Collect(*set_, first, 1, verdicts_), Outcome::kDown);  // once
  EXPECT_EQ(Take(2), Outcome::kAsk);
}

TEST_F(StrictLeases, WhatIsNotThereOrNotWantedAnyMore) {
  const uint64_t late = Want(0), forgotten = Want(0);
  const std::optional<Ask> one = Next(0), other = Next(0);
  EXPECT_EQ(leases_.Collect(*set_, late, 1, verdicts_), Outcome::kDown);
  leases_.Forget(forgotten);
  Answer(*one, 1, {1});
  Answer(*other, 1, {1});
  EXPECT_EQ(leases_.Collect(*set_, forgotten, 1, verdicts_), Outcome::kDown);
}

TEST_F(StrictLeases, WhatNobodyWaitsForAnyMoreIsNotAskedFor) {
  const uint64_t forgotten = Want(0), wanted = Want(0);
  leases_.Forget(forgotten);
  EXPECT_EQ(Next(0)->id, wanted);
  EXPECT_FALSE(Next(0));
  leases_.Failed(forgotten, At(1));  // is none
  EXPECT_FALSE(leases_.Stats(At(0)).down);
}

// Threads that spend, put back and take places from each other, and one that leases: never more spent than granted.
TEST(LeasesThreads, NeverSpendMoreThanWasGranted) {
  const auto set = MakeSet({LimitSpec::FixedWindow(1'000'000, kHour)});
  Leases::Options options;
  options.callers = 16;
  Leases leases(options);
  constexpr uint64_t kCallers = 24;  // more than there is room for
  constexpr int kThreads = 3, kRounds = 100'000;
  std::atomic<uint64_t> spent[kCallers] = {};
  std::atomic<int64_t> clock{0};
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Random random(TestSeed() + static_cast<uint64_t>(t));
      Verdict verdicts[kMaxLeaseLimits];
      for (int i = 0; i < kRounds; ++i) {
        const uint64_t caller = Pick(random, 0, kCallers - 1);
        const Key key{caller << 4 | 1, caller + 1};
        const Now now = At(clock.fetch_add(1) / 100);
        Leases::Ticket ticket;
        const Outcome outcome = leases.Take(*set, key, 1, now, verdicts, &ticket);
        if (outcome == Outcome::kAsk && leases.Want(set, key, std::to_string(caller), 1, now) != 0)
          std::this_thread::yield();
        if (outcome != Outcome::kAllowed) continue;
        if (Pick(random, 0, 3) == 0) {
          leases.PutBack(ticket);
        } else {
          spent[caller].fetch_add(1);
        }
      }
      running.fetch_sub(1);
    });
  }
  uint64_t granted[kCallers] = {}, returned[kCallers] = {};
  int64_t ask_again;
  while (running.load() > 0) {
    const Now now = At(clock.load() / 100);
    while (std::optional<Ask> ask = leases.NextAsk(now, &ask_again)) {
      const uint64_t caller = std::stoull(ask->bucket);
      returned[caller] += ask->returned;
      granted[caller] += ask->want;
      leases.Answered(ask->id, "G " + std::to_string(ask->want) + " 1000000 7000 1 gen 60000 0 1000000 5", now);
    }
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t all = 0;
  for (uint64_t i = 0; i < kCallers; ++i) {
    EXPECT_LE(spent[i].load() + returned[i], granted[i]) << i;
    all += spent[i].load();
  }
  EXPECT_GT(all, 1'000u);
}

}  // namespace
}  // namespace sluice::ratelimit
