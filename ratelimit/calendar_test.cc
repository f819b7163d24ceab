#include "ratelimit/calendar.h"

#include <ctime>

#include "gtest/gtest.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

// By the C library.
int64_t EndByLibrary(Calendar calendar, int64_t second) {
  time_t time = second;
  tm parts;
  gmtime_r(&time, &parts);
  parts.tm_sec = calendar == Calendar::kSecond ? parts.tm_sec + 1 : 0;
  if (calendar >= Calendar::kHour) parts.tm_min = 0;
  if (calendar >= Calendar::kDay) parts.tm_hour = 0;
  if (calendar >= Calendar::kMonth) parts.tm_mday = 1;
  if (calendar >= Calendar::kYear) parts.tm_mon = 0;
  if (calendar == Calendar::kMinute) ++parts.tm_min;
  if (calendar == Calendar::kHour) ++parts.tm_hour;
  if (calendar == Calendar::kDay) ++parts.tm_mday;
  if (calendar == Calendar::kMonth) ++parts.tm_mon;
  if (calendar == Calendar::kYear) ++parts.tm_year;
  return timegm(&parts);
}

constexpr Calendar kUnits[] = {Calendar::kSecond, Calendar::kMinute, Calendar::kHour,
                               Calendar::kDay,    Calendar::kMonth,  Calendar::kYear};

void Check(int64_t second) {
  for (Calendar unit : kUnits) {
    ASSERT_EQ(WindowEnd(unit, 0, second), EndByLibrary(unit, second)) << static_cast<int>(unit) << " at " << second;
  }
}

TEST(Calendar, AgreesWithTheCLibraryAtRandomTimes) {
  Random random(TestSeed());
  for (int i = 0; i < 50'000; ++i) Check(static_cast<int64_t>(Pick(random, 0, 16'000'000'000)));
}

TEST(Calendar, AgreesWithTheCLibraryAroundEveryMidnightOfFourCenturies) {
  for (int64_t day = 1; day < 146'097; ++day) {
    Check(day * 86'400 - 1);
    Check(day * 86'400);
  }
}

TEST(Calendar, CutsOtherWindowsAtMultiplesSinceTheEpoch) {
  EXPECT_EQ(WindowEnd(Calendar::kNone, 90, 0), 90);
  EXPECT_EQ(WindowEnd(Calendar::kNone, 90, 89), 90);
  EXPECT_EQ(WindowEnd(Calendar::kNone, 90, 90), 180);
}

}  // namespace
}  // namespace sluice::ratelimit
