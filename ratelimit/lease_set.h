// Limits that are charged together from one bucket in a Redis server that all nodes share; docs/redis.md has the whole.
//
//   LeaseSet::Options options;                     // leases of up to a second
//   std::string error;
//   std::shared_ptr<const LeaseSet> set =
//       LeaseSet::Compile("plan/free", {pace, hourly}, options, &error);
//   if (set == nullptr) return Refuse(error);
//
// Immutable; any thread. C++17.
#ifndef SLUICE_RATELIMIT_LEASE_SET_H_
#define SLUICE_RATELIMIT_LEASE_SET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ratelimit/limit.h"

namespace sluice::ratelimit {

inline constexpr size_t kMaxLeaseLimits = 8;             // of one set
inline constexpr int64_t kMinLease = 10 * kMillisecond;  // below that a lease saves no round trip
inline constexpr int64_t kMaxLease = 10 * kSecond;
inline constexpr uint64_t kMaxLeaseUnits = uint64_t{1} << 30;  // of one grant

// What a server that was started anew, or took another's place, makes of grants that it may not know of.
enum class OnLoss : uint8_t {
  kRemember,  // what was left counts as granted as soon as a node proves that it was granted more than the server knows
  kHold,      // … for every bucket, proof or not; the server's first start included
  kReset,     // what the server knows counts
};

class LeaseSet {
 public:
  struct Options {
    // Longest time from asking for units to spending them. Longer: fewer round trips; shorter: less is held back. 0: a
    // round trip for each decision (strict). Shortened to half the time a bucket takes to refill and to a sixteenth of
    // a sliding window; strict if that leaves less than kMinLease.
    int64_t lease_ns = kSecond;
    OnLoss on_loss = OnLoss::kRemember;
  };

  // `name` names the set for good, as limits' names do. Null, with a sentence in `error`, when a limit is of a kind
  // that cannot be shared (kConcurrency), or there are none or too many.
  static std::shared_ptr<const LeaseSet> Compile(std::string_view name, const std::vector<Limit>& limits,
                                                 const Options& options, std::string* error);

  const std::string& name() const { return name_; }
  const std::vector<Limit>& limits() const { return limits_; }
  int64_t lease_ns() const { return lease_ns_; }
  bool strict() const { return lease_ns_ == 0; }
  uint64_t smallest() const { return smallest_; }  // of the limits' sizes
  bool takes_back() const { return takes_back_; }  // units that were not spent; buckets alone do not
  // For the keys of a node's leases: differs when any figure does, so that a lease is never spent under other rules.
  const LimitId& id() const { return id_; }

  // What lease.lua is told of the set: the arguments before and after those of one ask.
  const std::string& on_loss_argument() const { return on_loss_; }
  const std::string& lease_argument() const { return lease_us_; }
  const std::vector<std::string>& limit_arguments() const { return limit_arguments_; }

 private:
  LeaseSet() = default;
  void AddLimit(const Limit& limit);

  std::string name_;
  std::vector<Limit> limits_;
  int64_t lease_ns_ = 0;
  uint64_t smallest_ = 0;
  bool takes_back_ = false;
  LimitId id_;
  std::string on_loss_, lease_us_;
  std::vector<std::string> limit_arguments_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASE_SET_H_
