#include "ratelimit/calendar.h"

namespace sluice::ratelimit {
namespace {

constexpr int64_t kDaySeconds = 86'400;

struct Month {
  int64_t year;
  int64_t month;  // 1 … 12
};

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, in eras of 400.
Month MonthOfDay(int64_t day) {
  int64_t z = day + 719'468;
  int64_t era = z / 146'097;
  int64_t day_of_era = z - era * 146'097;
  int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month};
}

int64_t FirstDayOf(Month m) {
  int64_t year = m.year - (m.month <= 2 ? 1 : 0);
  int64_t era = year / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (m.month > 2 ? m.month - 3 : m.month + 9) + 2) / 5;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

int64_t NextMultiple(int64_t second, int64_t length) { return (second / length + 1) * length; }

}  // namespace

int64_t WindowEnd(Calendar calendar, int64_t length_s, int64_t second) {
  switch (calendar) {
    case Calendar::kNone: return NextMultiple(second, length_s);
    case Calendar::kSecond: return second + 1;
    case Calendar::kMinute: return NextMultiple(second, 60);
    case Calendar::kHour: return NextMultiple(second, 3'600);
    case Calendar::kDay: return NextMultiple(second, kDaySeconds);
    case Calendar::kMonth: {
      Month m = MonthOfDay(second / kDaySeconds);
      return FirstDayOf(m.month == 12 ? Month{m.year + 1, 1} : Month{m.year, m.month + 1}) * kDaySeconds;
    }
    case Calendar::kYear: return FirstDayOf({MonthOfDay(second / kDaySeconds).year + 1, 1}) * kDaySeconds;
  }
  return second + 1;
}

}  // namespace sluice::ratelimit
