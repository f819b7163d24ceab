#include "policy/stages/limit_words.h"

#include <chrono>
#include <iterator>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using ratelimit::Breakdown;
using ratelimit::Calendar;
using ratelimit::Limit;
using ratelimit::LimitKind;
using ratelimit::Verdict;

int64_t DivideUp(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

// Two units of time; the smaller part is left out when it is 0.
std::string InTwo(int64_t small, int64_t per_large, std::string_view large, std::string_view small_unit) {
  const std::string rest = small % per_large == 0 ? "" : absl::StrCat(" ", small % per_large, " ", small_unit);
  return absl::StrCat(small / per_large, " ", large, rest);
}

// "1.5", "2": a number of tenths.
std::string Tenths(int64_t tenths) {
  return tenths % 10 == 0 ? absl::StrCat(tenths / 10) : absl::StrCat(tenths / 10, ".", tenths % 10);
}

constexpr std::string_view kCalendar[] = {"", "second", "minute", "hour", "day", "month", "year"};
static_assert(std::size(kCalendar) == static_cast<size_t>(Calendar::kYear) + 1);

// "minute" or "90 s", for "per", "in any" and the like.
std::string PeriodOf(int64_t ns) {
  switch (ns) {
    case ratelimit::kSecond: return "second";
    case ratelimit::kMinute: return "minute";
    case ratelimit::kHour: return "hour";
    case ratelimit::kDay: return "day";
    default: return SpanOf(ns);
  }
}

bool OfCalendar(const Limit& limit) { return limit.spec().calendar != Calendar::kNone; }
std::string_view CalendarOf(const Limit& limit) { return kCalendar[static_cast<size_t>(limit.spec().calendar)]; }

// "2026-11-24 09:30:00 UTC".
std::string UtcOf(int64_t wall_ns) {
  using std::chrono::days;
  using std::chrono::seconds;
  const std::chrono::sys_seconds time{seconds(wall_ns / ratelimit::kSecond)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<seconds> clock(time - day);
  const auto two = [](auto number) { return absl::Dec(static_cast<int64_t>(number), absl::kZeroPad2); };
  return absl::StrCat(static_cast<int>(date.year()), "-", two(static_cast<unsigned>(date.month())), "-",
                      two(static_cast<unsigned>(date.day())), " ", two(clock.hours().count()), ":",
                      two(clock.minutes().count()), ":", two(clock.seconds().count()), " UTC");
}

// The sum of a sliding counter, so that somebody can check it.
std::string SumOf(const Limit& limit, const Breakdown& b) {
  const std::string sum = absl::StrCat(b.carried + b.count, " of ", limit.size(), " used");
  if (b.former == 0) return absl::StrCat(b.count, " in this window and none in the one before = ", sum);
  const int64_t left = b.length_ns - b.elapsed_ns;
  const int64_t per_mille = static_cast<int64_t>(static_cast<double>(left) * 1000 / static_cast<double>(b.length_ns));
  return absl::StrCat(b.carried, " (", Tenths(per_mille), " % of the ", b.former, " in the window before) + ", b.count,
                      " in this one = ", sum);
}

std::string AllIn(const Verdict& verdict) {
  return verdict.reset_ns > 0 ? absl::StrCat("all free in ", SpanOf(verdict.reset_ns)) : "";
}

std::string BucketRefill(const Limit& limit, const Verdict& verdict) {
  const std::string every = SpanOf(static_cast<int64_t>(limit.interval_ns()));
  return absl::StrCat("one more every ", every, verdict.reset_ns > 0 ? ", " : "", AllIn(verdict));
}

std::string WindowRefill(const Verdict& verdict, const Breakdown& b) {
  if (b.oldest == 0) return AllIn(verdict);
  return absl::StrCat("the oldest ", b.oldest, b.oldest == 1 ? " leaves" : " leave", " the window in ",
                      SpanOf(b.oldest_leaves_ns), ", ", AllIn(verdict));
}

std::string CounterRefill(const Verdict& verdict, const Breakdown& b) {
  if (b.length_ns == 0) return AllIn(verdict);
  return absl::StrCat("this window is ", SpanOf(b.elapsed_ns), " old of ", SpanOf(b.length_ns),
                      verdict.reset_ns > 0 ? ", " : "", AllIn(verdict));
}

std::string BoundaryOf(const Limit& limit, const Verdict& verdict, Now now) {
  return absl::StrCat("the next ", OfCalendar(limit) ? CalendarOf(limit) : "window", " begins at ",
                      UtcOf(now.wall_ns + verdict.reset_ns), ", in ", SpanOf(verdict.reset_ns));
}

std::string InFlightRefill(const Verdict& verdict) {
  if (verdict.used == 0) return "";
  return absl::StrCat("each counts until it ends, or for ", SpanOf(verdict.reset_ns), " at the most");
}

}  // namespace

std::string SpanOf(int64_t ns) {
  constexpr int64_t kUs = 1'000, kMs = 1'000 * kUs, kS = 1'000 * kMs;
  if (ns <= 0) return "0 s";
  if (ns < kUs) return absl::StrCat(ns, " ns");
  if (ns < kMs) return absl::StrCat(DivideUp(ns, kUs), " us");
  if (ns < kS) return absl::StrCat(DivideUp(ns, kMs), " ms");
  if (ns < 120 * kS) return absl::StrCat(Tenths(DivideUp(ns, kS / 10)), " s");
  if (ns < 7'200 * kS) return InTwo(DivideUp(ns, kS), 60, "min", "s");
  if (ns < 172'800 * kS) return InTwo(DivideUp(ns, 60 * kS), 60, "h", "min");
  return InTwo(DivideUp(ns, 3'600 * kS), 24, "days", "h");
}

std::string RuleOf(const Limit& limit) {
  const ratelimit::LimitSpec& spec = limit.spec();
  switch (limit.kind()) {
    case LimitKind::kTokenBucket:
      return absl::StrCat(spec.amount, " per ", PeriodOf(spec.period_ns), ", burst ", limit.size());
    case LimitKind::kSlidingWindow: return absl::StrCat(limit.size(), " in any ", PeriodOf(spec.period_ns));
    case LimitKind::kFixedWindow:
      return OfCalendar(limit) ? absl::StrCat(limit.size(), " in each ", CalendarOf(limit), " of the calendar")
                               : absl::StrCat(limit.size(), " in each ", PeriodOf(spec.period_ns));
    case LimitKind::kConcurrency: return absl::StrCat(limit.size(), " at once");
    case LimitKind::kSlidingCounter: return absl::StrCat("about ", limit.size(), " in any ", PeriodOf(spec.period_ns));
  }
  return absl::StrCat(limit.size());
}

std::string UseOf(const Limit& limit, const Verdict& verdict, const Breakdown& breakdown) {
  if (breakdown.length_ns > 0) return SumOf(limit, breakdown);
  const bool flights = limit.kind() == LimitKind::kConcurrency;
  return absl::StrCat(verdict.used, " of ", verdict.limit, flights ? " in flight" : " used");
}

std::string RefillOf(const Limit& limit, const Verdict& verdict, const Breakdown& breakdown, Now now) {
  switch (limit.kind()) {
    case LimitKind::kTokenBucket: return BucketRefill(limit, verdict);
    case LimitKind::kSlidingWindow: return WindowRefill(verdict, breakdown);
    case LimitKind::kFixedWindow: return verdict.reset_ns > 0 ? BoundaryOf(limit, verdict, now) : "";
    case LimitKind::kConcurrency: return InFlightRefill(verdict);
    case LimitKind::kSlidingCounter: return CounterRefill(verdict, breakdown);
  }
  return AllIn(verdict);
}

}  // namespace sluice
