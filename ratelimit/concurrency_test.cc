#include <algorithm>
#include <vector>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

struct Flight {
  int64_t began;
  Verdict verdict;
};

// Requests begin, end, and are sometimes forgotten by their host.
TEST(Concurrency, BoundsTheRequestsThatAreYoungerThanTheTimeout) {
  Random random(TestSeed());
  for (int round = 0; round < 20; ++round) {
    const uint64_t most = Pick(random, 1, 30);
    const int64_t timeout = static_cast<int64_t>(Pick(random, 1, 90)) * kSecond;
    const Limit limit = MakeLimit(LimitSpec::Concurrency(most, timeout));
    auto store = MakeStore();
    const Charge charge{&limit, MakeKey(*store, limit, "alice")};
    std::vector<Flight> flights;
    Now now{0, 0};
    auto younger = [&](int64_t age) {
      return static_cast<uint64_t>(
          std::count_if(flights.begin(), flights.end(), [&](const Flight& f) { return now.mono_ns - f.began < age; }));
    };
    for (int i = 0; i < 6'000; ++i) {
      now.mono_ns += Pick(random, 0, 50) == 0
                         ? timeout
                         : static_cast<int64_t>(Pick(random, 0, static_cast<uint64_t>(timeout) / 40));
      if (!flights.empty() && Pick(random, 0, 1) == 0) {
        const size_t which = Pick(random, 0, flights.size() - 1);
        if (Pick(random, 0, 4) != 0)
          ReleaseAll(*store, &charge, &flights[which].verdict, 1, now);
        else if (now.mono_ns - flights[which].began < 3 * timeout)
          continue;  // its host died
        flights.erase(flights.begin() + static_cast<ptrdiff_t>(which));
        continue;
      }
      Flight flight{now.mono_ns, {}};
      if (ChargeAll(*store, &charge, 1, now, &flight.verdict)) {
        ASSERT_LT(younger(timeout), most) << "step " << i;
        flights.push_back(flight);
      } else {
        constexpr int64_t kTicks = 8 * kMillisecond;  // the time-out is kept in ticks of 2.1 ms
        ASSERT_GE(younger(2 * timeout + kTicks), most) << "refused too early at step " << i;
        ExpectExactRetry(*store, charge, flight.verdict, now);
      }
    }
  }
}

TEST(Concurrency, ReleasesOnceAndTakesOneWhateverTheCost) {
  const Limit limit = MakeLimit(LimitSpec::Concurrency(2));
  auto store = MakeStore();
  const Charge charge{&limit, MakeKey(*store, limit, "alice"), 7};
  Verdict a, b, c;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &a));
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &b));
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, kDay}, &c));
  ReleaseAll(*store, &charge, &c, 1, {0, kDay});  // it holds nothing
  ReleaseAll(*store, &charge, &a, 1, {0, kDay});
  ReleaseAll(*store, &charge, &a, 1, {0, kDay});
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &a));
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, kDay}, &c));
}

TEST(Concurrency, KeepsWhoIsInFlightWhenTheLimitChanges) {
  const Limit before = MakeLimit(LimitSpec::Concurrency(4)), lower = MakeLimit(LimitSpec::Concurrency(2)),
              higher = MakeLimit(LimitSpec::Concurrency(6));
  auto store = MakeStore();
  Charge charge{&before, MakeKey(*store, before, "alice")};
  Verdict verdict;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
  charge.limit = &lower;
  EXPECT_FALSE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
  charge.limit = &higher;
  EXPECT_TRUE(ChargeAll(*store, &charge, 1, {0, kDay}, &verdict));
  EXPECT_EQ(verdict.used, 5u);
}

}  // namespace
}  // namespace sluice::ratelimit
