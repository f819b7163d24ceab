#include "ratelimit/limit.h"

#include "ratelimit/entry.h"

namespace sluice::ratelimit {
namespace {

std::string Found(const std::string& expected, uint64_t found) {
  return "expected " + expected + ", found `" + std::to_string(found) + "`";
}

std::string Found(const std::string& expected, int64_t found_ns) {
  return "expected " + expected + ", found `" + std::to_string(found_ns) + "` ns";
}

bool Fail(std::string text, std::string* error) {
  *error = std::move(text);
  return false;
}

bool CheckTokenBucket(const LimitSpec& spec, std::string* error) {
  if (spec.period_ns < kMillisecond || spec.period_ns > kMaxWindow) {
    return Fail(Found("a period from 1 millisecond to 10 years", spec.period_ns), error);
  }
  if (spec.amount == 0) return Fail(Found("a rate of at least 1", spec.amount), error);
  if (Word{spec.amount} * kSecond > Word{kMaxRatePerSecond} * static_cast<uint64_t>(spec.period_ns)) {
    return Fail(Found("a rate of at most 1000000000 a second", spec.amount) + " every `" +
                    std::to_string(spec.period_ns) + "` ns",
                error);
  }
  if (spec.burst > kMaxBurst) return Fail(Found("a burst of at most 1000000000000", spec.burst), error);
  if (Word{spec.burst} * static_cast<uint64_t>(spec.period_ns) >
      Word{spec.amount} * static_cast<uint64_t>(kMaxFillTime)) {
    return Fail(
        Found("a burst that fills up within 50 years at this rate", spec.burst) + "; lower the burst or raise the rate",
        error);
  }
  return true;
}

bool CheckQuota(const LimitSpec& spec, uint64_t most, std::string* error) {
  if (spec.amount >= 1 && spec.amount <= most) return true;
  return Fail(Found("a quota from 1 to " + std::to_string(most), spec.amount), error);
}

bool CheckWindow(const LimitSpec& spec, std::string* error) {
  if (spec.period_ns >= kMinWindow && spec.period_ns <= kMaxWindow) return true;
  return Fail(Found("a window from 1 second to 10 years", spec.period_ns), error);
}

bool CheckSlidingWindow(const LimitSpec& spec, std::string* error) {
  if (!CheckQuota(spec, kMaxSlidingQuota, error) || !CheckWindow(spec, error)) return false;
  if (spec.sub_windows == kCoarseSubWindows || spec.sub_windows == kFineSubWindows) return true;
  return Fail(Found("10 or 60 sub-windows", uint64_t{spec.sub_windows}), error);
}

bool CheckFixedWindow(const LimitSpec& spec, std::string* error) {
  if (!CheckQuota(spec, kMaxFixedQuota, error)) return false;
  if (spec.calendar != Calendar::kNone) return true;
  if (!CheckWindow(spec, error)) return false;
  if (spec.period_ns % kSecond == 0) return true;
  return Fail(Found("a fixed window of whole seconds", spec.period_ns), error);
}

bool CheckConcurrency(const LimitSpec& spec, std::string* error) {
  if (spec.amount < 1 || spec.amount > kMaxInFlight) {
    return Fail(Found("a number in flight from 1 to 1000000", spec.amount), error);
  }
  if (spec.period_ns >= kMinWindow && spec.period_ns <= kMaxTimeout) return true;
  return Fail(Found("a time-out from 1 second to 7 days", spec.period_ns), error);
}

bool Check(const LimitSpec& spec, std::string* error) {
  switch (spec.kind) {
    case LimitKind::kTokenBucket: return CheckTokenBucket(spec, error);
    case LimitKind::kSlidingWindow: return CheckSlidingWindow(spec, error);
    case LimitKind::kSlidingCounter: return CheckQuota(spec, kMaxSlidingQuota, error) && CheckWindow(spec, error);
    case LimitKind::kFixedWindow: return CheckFixedWindow(spec, error);
    case LimitKind::kConcurrency: return CheckConcurrency(spec, error);
  }
  return Fail("expected a known kind of limit, found `" + std::to_string(static_cast<int>(spec.kind)) + "`", error);
}

}  // namespace

bool Limit::Compile(LimitId id, const LimitSpec& spec, Limit* out, std::string* error) {
  LimitSpec full = spec;
  if (full.kind == LimitKind::kTokenBucket && full.burst == 0) full.burst = full.amount;
  if (!Check(full, error)) return false;
  out->id_ = id;
  out->spec_ = full;
  out->size_ = full.kind == LimitKind::kTokenBucket ? full.burst : full.amount;
  out->SetInterval();
  return true;
}

void Limit::SetInterval() {
  interval_ns_ = short_interval_ = 0;
  interval_fraction_ = interval_code_ = 0;
  if (spec_.kind != LimitKind::kTokenBucket) return;
  const Word interval =
      ((Word{static_cast<uint64_t>(spec_.period_ns)} << kFractionBits) + spec_.amount - 1) / spec_.amount;
  interval_ns_ = static_cast<uint64_t>(interval >> kFractionBits);
  interval_fraction_ = static_cast<uint32_t>(interval & ((1u << kFractionBits) - 1));
  interval_code_ = static_cast<uint32_t>(CodeDown(interval));
  if (interval * size_ >> kShortBits == 0) short_interval_ = static_cast<uint64_t>(interval);
}

}  // namespace sluice::ratelimit
