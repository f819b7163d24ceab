// What a limit is. Five kinds, each with the bound that it keeps.
//
//   LimitSpec pace = LimitSpec::TokenBucket(20, kSecond, 40);         // 20 a second, bursts of 40
//   LimitSpec hourly = LimitSpec::SlidingWindow(72'000, kHour);       // at most 72,000 in any hour
//   LimitSpec finely = LimitSpec::SlidingWindow(72'000, kHour, kFineSubWindows);
//   LimitSpec monthly = LimitSpec::FixedWindow(1'000'000, Calendar::kMonth);
//   LimitSpec daily = LimitSpec::SlidingCounter(10'000, kDay);        // about 10,000 in any day
//   LimitSpec parallel = LimitSpec::Concurrency(10, kMinute);
//
//   Limit limit;
//   std::string error;
//   if (!Limit::Compile(HashLimitName("plan/free/pace"), pace, &limit, &error)) return Refuse(error);
//
// Guarantees, with time as the callers' `now` tells it; none depends on how many threads or processes charge. A caller
// that was overtaken between reading its clock and charging is counted at some moment between the two.
//
// kTokenBucket: in any interval of length t at most burst + rate * t / period is admitted. The generic cell rate
// algorithm (ITU-T I.371; ATM Forum TM 4.1, virtual scheduling): one number is kept, the theoretical arrival time, in
// units of 2^-12 ns. The interval between two tokens is rounded up to that unit, so the bound is never exceeded, and
// the long-run rate is at most 2.5e-4 below `rate` at 10^9 a second, 2.5e-7 at 10^6. Monotonic clock.
//
// kSlidingWindow: at most `quota` in any window (now - window, now]. A log of blocks: units are logged in blocks of
// q = ceil(quota / k) with the time of the newest unit of each; a block is forgotten as a whole once that time has left
// the window. Only the oldest block can hold units that an exact log would have forgotten, so whoever stays at or below
// quota - q in the exact window is never refused; with quota <= k it is an exact log. k is the limit's `sub_windows`:
// 10, the default, takes 128 bytes a key and may refuse a tenth of the quota early, 60 takes 528 bytes and a sixtieth.
// What is admitted is bounded by `quota` with either. sliding_window.cc has the proof. Monotonic clock.
//
// kSlidingCounter: about `quota` in any window, at a quarter of a sliding window's memory; Cloudflare's estimate, which
// Kong's rate-limiting-advanced uses too. Two counts are kept, of this window and of the one before, and what of the
// one before is still less than a window old is taken to have come evenly: used = former * (1 - f) + count, with f of
// this window gone. Never more than `quota` is admitted from the beginning of a window to its end, so at most
// (n + 1) * quota in n windows on end. In other intervals as long as a window the estimate may be wrong by what the
// former window held at its end: at most quota + former * f, hence 2 * quota - 1, is admitted. Whoever has at most half
// the quota in every window is never refused, and neither is whoever keeps an even pace of quota - 1 a window (in both
// cases 0.1 % less where a window holds more than 2,047, see sliding_counter.cc). Windows begin with the first charge,
// and their length is rounded up to a multiple of 2.5 ms. Monotonic clock.
//
// kFixedWindow: at most `quota` between two boundaries: the UTC calendar's, as Kong's rate-limiting, or multiples of a
// duration since the epoch. Across one boundary twice the quota may pass; that is what the kind means. Wall clock:
// stepping it forwards into another window begins that window; stepping it back carries the count along.
//
// kConcurrency: at most `in_flight` requests at once that are younger than `timeout`. A request whose host died is
// forgotten between one and two time-outs after it began. Two generations of counts. Monotonic clock.
//
// A limit that changes keeps what was used, because entries are found by (limit id, key parts), never by figures:
// used tokens, units and requests are carried over and compared with the new figures. A lower limit never refills, not
// even when it is raised again later; a higher one refuses nobody longer than the new rule would refuse a caller who
// has just used all of it. One exception: when the rate of a bucket changes, tokens beyond its new burst are forgotten,
// so that nobody waits at a slow rate for what a fast one let him use. A bucket keeps its rate in 15 bits: when it
// changes, what is missing is rounded up by up to 0.2 % and to a whole token; rates within 0.2 % of each other count as
// the same. A sliding window whose quota changes counts what was used as used at the newest charge, a sliding counter
// whose length changes what it took to be used as used now. Another kind under the same id begins afresh, and so does a
// sliding window of another k, which is kept elsewhere.
#ifndef SLUICE_RATELIMIT_LIMIT_H_
#define SLUICE_RATELIMIT_LIMIT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "ratelimit/siphash.h"

namespace sluice::ratelimit {

inline constexpr int64_t kMillisecond = 1'000'000;
inline constexpr int64_t kSecond = 1'000 * kMillisecond;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;
inline constexpr int64_t kYear = 365 * kDay;

// Bounds that Compile enforces.
inline constexpr uint64_t kMaxRatePerSecond = 1'000'000'000;
inline constexpr uint64_t kMaxBurst = 1'000'000'000'000;
inline constexpr int64_t kMaxFillTime = 50 * kYear;  // of a bucket, from empty to full
inline constexpr uint64_t kMaxSlidingQuota = 1'000'000'000;
inline constexpr uint64_t kMaxFixedQuota = 1'000'000'000'000'000;
inline constexpr uint64_t kMaxInFlight = 1'000'000;
inline constexpr int64_t kMinWindow = kSecond;  // windows and time-outs
inline constexpr int64_t kMaxWindow = 10 * kYear;
inline constexpr int64_t kMaxTimeout = 7 * kDay;
inline constexpr uint32_t kCoarseSubWindows = 10, kFineSubWindows = 60;  // of a sliding window: one of the two

enum class LimitKind : uint8_t { kTokenBucket, kSlidingWindow, kFixedWindow, kConcurrency, kSlidingCounter };

enum class Calendar : uint8_t { kNone, kSecond, kMinute, kHour, kDay, kMonth, kYear };  // in UTC

// Plain figures as an author gives them; use the makers below.
struct LimitSpec {
  LimitKind kind = LimitKind::kTokenBucket;
  uint64_t amount = 0;                  // rate (tokens a period), quota (units a window) or requests in flight
  uint64_t burst = 0;                   // token bucket: its size; 0: as `amount`
  int64_t period_ns = 0;                // token bucket: period; windows: length; concurrency: time-out
  Calendar calendar = Calendar::kNone;  // fixed window: the boundary; kNone: multiples of period_ns since the epoch
  uint32_t sub_windows = kCoarseSubWindows;  // sliding window: k

  static LimitSpec TokenBucket(uint64_t rate, int64_t period_ns, uint64_t burst = 0) {
    return {LimitKind::kTokenBucket, rate, burst, period_ns, Calendar::kNone};
  }
  static LimitSpec SlidingWindow(uint64_t quota, int64_t window_ns, uint32_t sub_windows = kCoarseSubWindows) {
    return {LimitKind::kSlidingWindow, quota, 0, window_ns, Calendar::kNone, sub_windows};
  }
  static LimitSpec SlidingCounter(uint64_t quota, int64_t window_ns) {
    return {LimitKind::kSlidingCounter, quota, 0, window_ns, Calendar::kNone};
  }
  static LimitSpec FixedWindow(uint64_t quota, Calendar calendar) {
    return {LimitKind::kFixedWindow, quota, 0, 0, calendar};
  }
  static LimitSpec FixedWindow(uint64_t quota, int64_t window_ns) {
    return {LimitKind::kFixedWindow, quota, 0, window_ns, Calendar::kNone};
  }
  // The time-out should exceed the longest request that the host lets through (its read time-out times its retries).
  static LimitSpec Concurrency(uint64_t in_flight, int64_t timeout_ns = 5 * kMinute) {
    return {LimitKind::kConcurrency, in_flight, 0, timeout_ns, Calendar::kNone};
  }
};

// Names a limit for good: entries in a store survive reloads by it. From a name that the author chose
// ("plan/free/pace"); not keyed, because names come from the operator, not from callers.
using LimitId = Hash128;
constexpr LimitId HashLimitName(std::string_view name) { return SipHash128(HashKey{}, name); }

// A valid limit, ready to charge. Immutable, copyable, free of pointers; any thread.
class Limit {
 public:
  // False, with a sentence in `error` (lower case; what was expected; what was found), when `spec` breaks a bound
  // above.
  static bool Compile(LimitId id, const LimitSpec& spec, Limit* out, std::string* error);

  const LimitId& id() const { return id_; }
  LimitKind kind() const { return spec_.kind; }
  const LimitSpec& spec() const { return spec_; }        // with `burst` filled in
  uint64_t size() const { return size_; }                // most units at once: burst, quota, or in flight
  uint64_t interval_ns() const { return interval_ns_; }  // token bucket: time between two tokens, whole nanoseconds …
  uint32_t interval_fraction() const { return interval_fraction_; }  // … and 1/4096 ns
  // The same in 1/4096 ns, if a bucket fills up within 2^62 of them (13 days), so that its arithmetic fits 64 bits;
  // else 0.
  uint64_t short_interval() const { return short_interval_; }
  uint64_t interval_code() const { return interval_code_; }  // in 15 bits, see entry.h

 private:
  void SetInterval();

  LimitId id_;
  LimitSpec spec_;
  uint64_t size_ = 0;
  uint64_t interval_ns_ = 0;
  uint32_t interval_fraction_ = 0;
  uint32_t interval_code_ = 0;
  uint64_t short_interval_ = 0;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LIMIT_H_
