// How often a server of shared limits answered, and why when it did not: counted in the region, so that all processes
// count together, and over reloads for as long as a policy names the server.
#ifndef SLUICE_POLICY_SERVER_METERS_H_
#define SLUICE_POLICY_SERVER_METERS_H_

#include <array>
#include <string_view>

#include "policy/gateway.h"
#include "policy/server_error.h"
#include "ratelimit/leases.h"
#include "ratelimit/store.h"

namespace sluice {

// Immutable; any thread.
class ServerMeters {
 public:
  // `server` names it for good: its address.
  explicit ServerMeters(std::string_view server);

  void Count(ratelimit::Store& store, const ratelimit::AskResult& answer) const;
  void Count(ratelimit::Store& store, ServerError error) const;

  // Fills in the counters of `out`.
  void Read(const ratelimit::Store& store, ServerMetrics* out) const;

 private:
  static constexpr size_t kPerMeter = 3;  // counters
  static constexpr size_t kErrorMeters = (kServerErrors + kPerMeter - 1) / kPerMeter;

  ratelimit::LimitId answers_, units_;
  std::array<ratelimit::LimitId, kErrorMeters> errors_;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_SERVER_METERS_H_
