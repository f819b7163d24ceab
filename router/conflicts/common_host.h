// Names and ports that satisfy two patterns of hosts and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_COMMON_HOST_H_
#define SLUICE_ROUTER_CONFLICTS_COMMON_HOST_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "router/host_pattern.h"

namespace sluice::router {

inline constexpr uint16_t kOtherPort = 8080;  // tried first where the usual port is to be avoided

inline bool PortsMeet(uint32_t a, uint32_t b) { return a == 0 || b == 0 || a == b; }

// Whether every name and port of `inner` is one of `outer`.
bool HostContains(const HostPattern& outer, const HostPattern& inner);

// A label that stands in none of the patterns, so that a name with it satisfies one only by what is around it.
std::string FreeLabel(const std::vector<HostPattern>& patterns);

// Names that satisfy both, ports aside. If none of them keeps clear of patterns from which `label` is free, no name
// does.
std::vector<std::string> CommonHosts(const HostPattern& a, const HostPattern& b, const std::string& label);

// From `first` on the least that none of `patterns` asks for.
template <typename T>
uint16_t FreePort(uint16_t first, const std::vector<T>& patterns) {
  uint16_t port = first;
  while (std::any_of(patterns.begin(), patterns.end(), [port](const T& pattern) { return pattern.port == port; }))
    ++port;
  return port;
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_COMMON_HOST_H_
