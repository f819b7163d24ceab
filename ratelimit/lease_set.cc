#include "ratelimit/lease_set.h"

#include <algorithm>
#include <cstdio>

namespace sluice::ratelimit {
namespace {

constexpr int64_t kNsPerUs = 1'000;
__extension__ typedef unsigned __int128 Wide;

// The longest lease that leaves the limit most of what it is.
int64_t LongestLease(const Limit& limit) {
  switch (limit.kind()) {
    case LimitKind::kTokenBucket: {
      // A lease time's worth of tokens is taken off the burst: half of it, and never the last token.
      Wide tokens = std::min(limit.size() / 2, limit.size() - 1);
      return static_cast<int64_t>(
          std::min<Wide>(tokens * static_cast<uint64_t>(limit.spec().period_ns) / limit.spec().amount, kMaxLease));
    }
    case LimitKind::kSlidingWindow: return limit.spec().period_ns / 16;
    default: return kMaxLease;
  }
}

const char* KindArgument(LimitKind kind) {
  switch (kind) {
    case LimitKind::kTokenBucket: return "bucket";
    case LimitKind::kSlidingWindow: return "sliding";
    default: return "fixed";
  }
}

bool IsShareable(LimitKind kind) {
  return kind == LimitKind::kTokenBucket || kind == LimitKind::kSlidingWindow || kind == LimitKind::kFixedWindow;
}

std::string PeriodArgument(const LimitSpec& spec) {
  switch (spec.calendar) {
    case Calendar::kNone: return std::to_string(spec.period_ns / kNsPerUs);
    case Calendar::kSecond: return std::to_string(kSecond / kNsPerUs);
    case Calendar::kMinute: return std::to_string(kMinute / kNsPerUs);
    case Calendar::kHour: return std::to_string(kHour / kNsPerUs);
    case Calendar::kDay: return std::to_string(kDay / kNsPerUs);
    case Calendar::kMonth: return "month";
    case Calendar::kYear: return "year";
  }
  return {};
}

std::string Hex(const LimitId& id) {
  char text[2 * 16 + 1];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(id.hi),
                static_cast<unsigned long long>(id.lo));
  return text;
}

const char* OnLossArgument(OnLoss on_loss) {
  switch (on_loss) {
    case OnLoss::kRemember: return "remember";
    case OnLoss::kHold: return "hold";
    case OnLoss::kReset: return "reset";
  }
  return "hold";
}

}  // namespace

void LeaseSet::AddLimit(const Limit& limit) {
  limits_.push_back(limit);
  smallest_ = limits_.size() == 1 ? limit.size() : std::min(smallest_, limit.size());
  lease_ns_ = std::min(lease_ns_, LongestLease(limit));
  takes_back_ = takes_back_ || limit.kind() != LimitKind::kTokenBucket;
  for (std::string argument : {Hex(limit.id()), std::string(KindArgument(limit.kind())), std::to_string(limit.size()),
                               PeriodArgument(limit.spec()), std::to_string(limit.spec().amount)})
    limit_arguments_.push_back(std::move(argument));
}

std::shared_ptr<const LeaseSet> LeaseSet::Compile(std::string_view name, const std::vector<Limit>& limits,
                                                  const Options& options, std::string* error) {
  if (limits.empty() || limits.size() > kMaxLeaseLimits) {
    *error = "expected 1 to " + std::to_string(kMaxLeaseLimits) + " limits to share, found `" +
             std::to_string(limits.size()) + "`";
    return nullptr;
  }
  if (options.lease_ns < 0 || options.lease_ns > kMaxLease) {
    *error = "expected a lease of 0 to " + std::to_string(kMaxLease / kSecond) + " s, found `" +
             std::to_string(options.lease_ns) + "` ns";
    return nullptr;
  }
  std::shared_ptr<LeaseSet> set(new LeaseSet());
  set->name_ = name;
  set->lease_ns_ = options.lease_ns;
  for (const Limit& limit : limits) {
    if (!IsShareable(limit.kind())) {
      *error = "expected token buckets, sliding windows and fixed windows to share: others are kept by each node";
      return nullptr;
    }
    if (limit.spec().period_ns % kNsPerUs != 0) {
      *error =
          "expected a period of whole microseconds to share, found `" + std::to_string(limit.spec().period_ns) + "` ns";
      return nullptr;
    }
    set->AddLimit(limit);
  }
  if (set->lease_ns_ < kMinLease) set->lease_ns_ = 0;
  set->on_loss_ = OnLossArgument(options.on_loss);
  set->lease_us_ = std::to_string(set->lease_ns_ / kNsPerUs);
  std::string figures = set->name_ + '\n' + set->on_loss_ + '\n' + set->lease_us_;
  for (const std::string& argument : set->limit_arguments_) figures.append("\n").append(argument);
  set->id_ = HashLimitName(figures);
  return set;
}

}  // namespace sluice::ratelimit
