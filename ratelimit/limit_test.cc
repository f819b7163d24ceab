#include "ratelimit/limit.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice::ratelimit {
namespace {

std::string ErrorOf(const LimitSpec& spec) {
  Limit limit;
  std::string error;
  return Limit::Compile(HashLimitName("x"), spec, &limit, &error) ? "" : error;
}

LimitSpec WithKind(int kind) {
  LimitSpec spec = LimitSpec::TokenBucket(1, kSecond);
  spec.kind = static_cast<LimitKind>(kind);
  return spec;
}

TEST(Limit, AcceptsTheEdgesOfEveryBound) {
  const LimitSpec specs[] = {
      LimitSpec::TokenBucket(1, kMillisecond),
      LimitSpec::TokenBucket(1'000'000'000, kSecond, kMaxBurst),
      LimitSpec::TokenBucket(1, kYear),
      LimitSpec::TokenBucket(1, kYear, 50),
      LimitSpec::TokenBucket(1, kMaxWindow, 5),
      LimitSpec::SlidingWindow(1, kSecond),
      LimitSpec::SlidingWindow(kMaxSlidingQuota, kMaxWindow),
      LimitSpec::SlidingWindow(kMaxSlidingQuota, kMaxWindow, kFineSubWindows),
      LimitSpec::SlidingCounter(1, kSecond),
      LimitSpec::SlidingCounter(kMaxSlidingQuota, kMaxWindow),
      LimitSpec::FixedWindow(1, 90 * kSecond),
      LimitSpec::FixedWindow(kMaxFixedQuota, Calendar::kYear),
      LimitSpec::Concurrency(1, kSecond),
      LimitSpec::Concurrency(kMaxInFlight, kMaxTimeout),
  };
  for (const LimitSpec& spec : specs) EXPECT_EQ(ErrorOf(spec), "");
}

TEST(Limit, RefusesWhatIsBeyondThem) {
  const struct {
    LimitSpec spec;
    const char* error;
  } cases[] = {
      {LimitSpec::TokenBucket(0, kSecond), "expected a rate of at least 1, found `0`"},
      {LimitSpec::TokenBucket(1, kMillisecond - 1),
       "expected a period from 1 millisecond to 10 years, found `999999` ns"},
      {LimitSpec::TokenBucket(1, -5), "expected a period from 1 millisecond to 10 years, found `-5` ns"},
      {LimitSpec::TokenBucket(1'000'000'001, kSecond),
       "expected a rate of at most 1000000000 a second, found `1000000001` every `1000000000` ns"},
      {LimitSpec::TokenBucket(UINT64_MAX, kMaxWindow),
       "expected a rate of at most 1000000000 a second, found `18446744073709551615` every `315360000000000000` ns"},
      {LimitSpec::TokenBucket(1'000'000'000, kSecond, kMaxBurst + 1),
       "expected a burst of at most 1000000000000, found `1000000000001`"},
      {LimitSpec::TokenBucket(1, kYear, 51),
       "expected a burst that fills up within 50 years at this rate, found `51`; lower the burst or raise the rate"},
      {LimitSpec::SlidingWindow(0, kSecond), "expected a quota from 1 to 1000000000, found `0`"},
      {LimitSpec::SlidingWindow(kMaxSlidingQuota + 1, kSecond),
       "expected a quota from 1 to 1000000000, found `1000000001`"},
      {LimitSpec::SlidingWindow(1, kSecond, 9), "expected 10 or 60 sub-windows, found `9`"},
      {LimitSpec::SlidingWindow(1, kSecond, 11), "expected 10 or 60 sub-windows, found `11`"},
      {LimitSpec::SlidingWindow(1, kSecond, 61), "expected 10 or 60 sub-windows, found `61`"},
      {LimitSpec::SlidingWindow(1, kSecond - 1), "expected a window from 1 second to 10 years, found `999999999` ns"},
      {LimitSpec::SlidingCounter(0, kSecond), "expected a quota from 1 to 1000000000, found `0`"},
      {LimitSpec::SlidingCounter(1, kSecond - 1), "expected a window from 1 second to 10 years, found `999999999` ns"},
      {LimitSpec::FixedWindow(0, Calendar::kDay), "expected a quota from 1 to 1000000000000000, found `0`"},
      {LimitSpec::FixedWindow(1, kSecond + 1), "expected a fixed window of whole seconds, found `1000000001` ns"},
      {LimitSpec::FixedWindow(1, kMaxWindow + kSecond),
       "expected a window from 1 second to 10 years, found `315360001000000000` ns"},
      {LimitSpec::Concurrency(0), "expected a number in flight from 1 to 1000000, found `0`"},
      {LimitSpec::Concurrency(1, kMaxTimeout + 1),
       "expected a time-out from 1 second to 7 days, found `604800000000001` ns"},
      {WithKind(9), "expected a known kind of limit, found `9`"},
  };
  for (const auto& c : cases) EXPECT_EQ(ErrorOf(c.spec), c.error);
}

TEST(Limit, RoundsTheIntervalUpAndFillsInTheBurst) {
  Limit limit;
  std::string error;
  ASSERT_TRUE(Limit::Compile(HashLimitName("x"), LimitSpec::TokenBucket(3, kSecond), &limit, &error));
  EXPECT_EQ(limit.size(), 3u);
  EXPECT_EQ(limit.interval_ns(), 333'333'333u);
  EXPECT_EQ(limit.interval_fraction(), 1366u);  // 4096 / 3, rounded up
}

TEST(Limit, TellsWhetherABucketFillsUpWithin62Bits) {
  const uint64_t most = (uint64_t{1} << 62) / (4096 * uint64_t{kSecond});  // of tokens, one a second
  Limit limit;
  std::string error;
  ASSERT_TRUE(Limit::Compile(HashLimitName("x"), LimitSpec::TokenBucket(1, kSecond, most), &limit, &error));
  EXPECT_EQ(limit.short_interval(), 4096u * kSecond);
  ASSERT_TRUE(Limit::Compile(HashLimitName("x"), LimitSpec::TokenBucket(1, kSecond, most + 1), &limit, &error));
  EXPECT_EQ(limit.short_interval(), 0u);
}

}  // namespace
}  // namespace sluice::ratelimit
