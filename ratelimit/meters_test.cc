#include "ratelimit/meters.h"

#include <thread>
#include <vector>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

LimitId Name(uint64_t i) { return HashLimitName("meter " + std::to_string(i)); }

TEST(Meters, CountEachRulingOfEachMeter) {
  auto store = MakeStore();
  for (int i = 0; i < 5; ++i) store->Count(Name(1), Ruling::kAllowed, Store::StripeOfThisProcessor());
  store->Count(Name(1), Ruling::kRefused, 0);
  store->Count(Name(2), Ruling::kShadowRefused, 1);
  EXPECT_EQ(store->Read(Name(1)).allowed, 5u);
  EXPECT_EQ(store->Read(Name(1)).refused, 1u);
  EXPECT_EQ(store->Read(Name(1)).shadow_refused, 0u);
  EXPECT_EQ(store->Read(Name(2)).shadow_refused, 1u);
  EXPECT_EQ(store->Read(Name(3)).allowed, 0u);
  EXPECT_EQ(store->Stats({0, 0}).unmetered, 0u);
}

TEST(Meters, BeyondTheirPlacesCountWhatIsNotMetered) {
  auto store = MakeStore(Store::kMinBytes);
  constexpr uint64_t kMeters = 16;  // as many as the smallest store has
  for (uint64_t i = 0; i < kMeters + 3; ++i) store->Count(Name(i), Ruling::kAllowed, 0);
  uint64_t metered = 0;
  for (uint64_t i = 0; i < kMeters + 3; ++i) metered += store->Read(Name(i)).allowed;
  EXPECT_EQ(metered, kMeters);
  EXPECT_EQ(store->Stats({0, 0}).unmetered, 3u);
}

TEST(Meters, AllFindAPlaceWhileHalfOfThemAreFree) {
  constexpr uint64_t kHalf = 480;  // in 8 MiB
  for (uint64_t trial = 0; trial < 30; ++trial) {
    auto store = MakeStore(8 << 20);
    for (uint64_t i = 0; i < kHalf; ++i) store->Count(Name(trial * kHalf + i), Ruling::kAllowed, 0);
    EXPECT_EQ(store->Stats({0, 0}).unmetered, 0u) << trial;
  }
}

TEST(Meters, AreSharedThroughTheRegion) {
  SharedMemory memory(1 << 20);
  std::string error;
  auto one = Store::Create(memory.data(), memory.size(), kTestSeed, StoreOptions(), &error);
  auto other = Store::Create(memory.data(), memory.size(), kTestSeed, StoreOptions(), &error);
  ASSERT_TRUE(one != nullptr && other != nullptr) << error;
  one->Count(Name(1), Ruling::kRefused, 0);
  other->Count(Name(1), Ruling::kRefused, 1);
  EXPECT_EQ(one->Read(Name(1)).refused, 2u);
}

TEST(Meters, LoseNothingWhenThreadsMeetThemFirst) {
  auto store = MakeStore();
  constexpr uint64_t kMeters = 60, kTimes = 2'000;
  auto work = [&] {
    for (uint64_t i = 0; i < kTimes * kMeters; ++i)
      store->Count(Name(i % kMeters), Ruling::kAllowed, Store::StripeOfThisProcessor());
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  const uint64_t unmetered = store->Stats({0, 0}).unmetered;
  uint64_t metered = 0;
  for (uint64_t i = 0; i < kMeters; ++i) metered += store->Read(Name(i)).allowed;
  EXPECT_EQ(metered + unmetered, 3 * kTimes * kMeters);
  EXPECT_EQ(unmetered, 0u);
}

}  // namespace
}  // namespace sluice::ratelimit
