// Many threads on few keys: counts are exact, whoever wins.
#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr int kThreads = 4;
constexpr Now kNow{20'000 * kDay, kDay};

void InThreads(const std::function<void(int)>& body) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ++ready;
      while (ready < kThreads) {
      }
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

uint64_t UsedOf(const Store& store, const Charge& charge) {
  Charge question = charge;
  question.cost = 0;
  return Peek(store, question, kNow).used;
}

const LimitSpec kSpecs[] = {LimitSpec::TokenBucket(5'000, kYear, 5'000), LimitSpec::SlidingWindow(5'000, kHour),
                            LimitSpec::FixedWindow(5'000, Calendar::kDay), LimitSpec::Concurrency(5'000),
                            LimitSpec::SlidingCounter(5'000, kHour)};

TEST(Threads, AdmitExactlyTheLimit) {
  for (const LimitSpec& spec : kSpecs) {
    for (int round = 0; round < 5; ++round) {
      auto store = MakeStore(1 << 17);
      const Limit limit = MakeLimit(spec);
      const Charge charge{&limit, MakeKey(*store, limit, "alice")};
      std::atomic<uint64_t> admitted{0};
      InThreads([&](int) {
        Verdict verdict;
        for (int i = 0; i < 3'000; ++i) admitted += ChargeAll(*store, &charge, 1, kNow, &verdict);
      });
      EXPECT_EQ(admitted, 5'000u) << static_cast<int>(spec.kind);
    }
  }
}

// Two sets of limits that overlap, charged in opposite orders, with costs: what is used is what was admitted, to the
// unit.
TEST(Threads, ChargeAllOrNone) {
  for (int round = 0; round < 5; ++round) {
    auto store = MakeStore(1 << 17);
    std::vector<Limit> limits;
    std::vector<Charge> charges;
    for (const LimitSpec& spec : kSpecs) limits.push_back(MakeLimit(spec, std::to_string(limits.size())));
    limits.push_back(MakeLimit(LimitSpec::TokenBucket(3'001, kYear), "tight"));
    for (const Limit& limit : limits) charges.push_back({&limit, MakeKey(*store, limit, "alice")});
    const std::vector<Charge> backwards(charges.rbegin(), charges.rend());
    std::atomic<uint64_t> admitted{0};
    auto hammer = [&](int thread) {
      Verdict verdicts[6];
      const std::vector<Charge>& mine = thread % 2 == 0 ? charges : backwards;
      for (int i = 0; i < 3'000; ++i) admitted += ChargeAll(*store, mine.data(), mine.size(), kNow, verdicts);
    };
    InThreads(hammer);
    EXPECT_LE(admitted, 3'001u);
    hammer(0);  // alone: whoever was refused for a moment only can be admitted now
    EXPECT_EQ(admitted, 3'001u);
    for (const Charge& charge : charges) EXPECT_EQ(UsedOf(*store, charge), admitted);
  }
}

TEST(Threads, ReleaseWhatTheyHold) {
  auto store = MakeStore(1 << 17);
  const Limit parallel = MakeLimit(LimitSpec::Concurrency(3), "parallel"), pace = MakeLimit(kSpecs[1], "window");
  const Charge charges[] = {{&parallel, MakeKey(*store, parallel, "alice")}, {&pace, MakeKey(*store, pace, "alice")}};
  std::atomic<int> inside{0}, most{0};
  std::atomic<uint64_t> kept{0};
  InThreads([&](int) {
    Verdict verdicts[2];
    for (int i = 0; i < 2'000; ++i) {
      if (!ChargeAll(*store, charges, 2, kNow, verdicts)) continue;
      const int now_inside = ++inside;
      for (int seen = most; seen < now_inside && !most.compare_exchange_weak(seen, now_inside);) {
      }
      --inside;
      if (i % 2 == 0)
        RefundAll(*store, charges, verdicts, 2, kNow);
      else {
        ReleaseAll(*store, charges, verdicts, 2, kNow);
        ++kept;
      }
    }
  });
  EXPECT_LE(most, 3);
  EXPECT_EQ(UsedOf(*store, charges[0]), 0u);
  EXPECT_EQ(UsedOf(*store, charges[1]), kept);
}

// Long-lived keys first met by all threads at once, while short-lived ones come and go in the same small table: a key
// that got two entries would be admitted twice.
TEST(Threads, NeverGiveAKeyTwoEntries) {
  for (int round = 0; round < 10; ++round) {
    auto store = MakeStore(Store::kMinBytes);
    const Limit lasting = MakeLimit(LimitSpec::TokenBucket(10, kYear, 10), "lasting"),
                brief = MakeLimit(LimitSpec::TokenBucket(1'000'000, kSecond, 1), "brief");
    constexpr int kKeys = 300;
    std::vector<std::atomic<uint64_t>> admitted(kKeys);
    std::atomic<int64_t> clock{kDay};
    InThreads([&](int thread) {
      Verdict verdict;
      for (int i = 0; i < kKeys * 12; ++i) {
        const Now now{0, clock += 300};
        const int key = (i / 4) % kKeys;
        Charge charge{&lasting, MakeKey(*store, lasting, std::to_string(key))};
        charge.known = true;
        admitted[static_cast<size_t>(key)] += ChargeAll(*store, &charge, 1, now, &verdict);
        const Charge passing{&brief, MakeKey(*store, brief, std::to_string(i * kThreads + thread))};
        ChargeAll(*store, &passing, 1, now, &verdict);
      }
    });
    for (const auto& count : admitted) EXPECT_EQ(count, 10u);
    EXPECT_GT(store->Stats({0, clock}).reclaimed, 100u);
  }
}

// Time goes on while threads charge. A thread may be overtaken between reading the clock and charging; its charge then
// counts at some moment from the one to the other, so a window is overfull only if it must hold too many charges
// wherever in between they fell.
TEST(Threads, KeepASlidingWindowStrictAsTimeGoesOn) {
  struct Span {
    int64_t first, last;
  };
  constexpr size_t kQuota = 100;
  auto store = MakeStore(1 << 17);
  const Limit limit = MakeLimit(LimitSpec::SlidingWindow(kQuota, kSecond));
  const Charge charge{&limit, MakeKey(*store, limit, "alice")};
  std::atomic<int64_t> clock{kDay};
  std::vector<std::vector<Span>> logs(kThreads);
  InThreads([&](int thread) {
    Verdict verdict;
    for (int i = 0; i < 30'000; ++i) {
      const Now now{0, clock += kMillisecond / 3};
      if (ChargeAll(*store, &charge, 1, now, &verdict))
        logs[static_cast<size_t>(thread)].push_back({now.mono_ns, clock});
    }
  });
  std::vector<Span> all;
  for (const auto& log : logs) all.insert(all.end(), log.begin(), log.end());
  std::sort(all.begin(), all.end(), [](const Span& a, const Span& b) { return a.last < b.last; });
  ASSERT_GT(all.size(), 3'000u);
  for (size_t end = 0; end < all.size(); ++end) {
    size_t inside = 0;
    for (size_t i = 0; i <= end; ++i) inside += all[i].first > all[end].last - kSecond;
    ASSERT_LE(inside, kQuota);
  }
}

}  // namespace
}  // namespace sluice::ratelimit
