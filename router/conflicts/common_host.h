// Names and ports that satisfy two patterns of hosts and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_COMMON_HOST_H_
#define SLUICE_ROUTER_CONFLICTS_COMMON_HOST_H_

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
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

// The ports that some patterns ask for.
class AskedPorts {
 public:
  // A pattern without a port (0) asks for each.
  void Add(uint32_t port) {
    if (port == 0) ports_.set();
    ports_.set(port);
  }

  bool Has(uint16_t port) const { return ports_.test(port); }

  // The first one from `first` on, and then from 1 on, that none asks for.
  std::optional<uint16_t> FindFree(uint16_t first) const {
    for (size_t i = 0; i < kPorts; ++i)
      if (const auto port = static_cast<uint16_t>(first + i); port != 0 && !Has(port)) return port;
    return std::nullopt;
  }

 private:
  static constexpr size_t kPorts = 65536;
  std::bitset<kPorts> ports_;
};

// Patterns, which must outlive this, by the names that they take.
class HostLookup {
 public:
  explicit HostLookup(const std::vector<HostPattern>& patterns);

  // Whether `visit(pattern)` is true for one that takes the name, which is in lower case; it ends with that one.
  template <typename Visit>
  bool Any(std::string_view name, Visit visit) const {
    const auto suits = [&](const HostPattern* pattern) { return HostMatches(*pattern, name) && visit(*pattern); };
    const auto found = plain_.find(name);
    return (found != plain_.end() && std::any_of(found->second.begin(), found->second.end(), suits)) ||
           std::any_of(wildcards_.begin(), wildcards_.end(), suits);
  }

 private:
  absl::flat_hash_map<std::string_view, std::vector<const HostPattern*>> plain_;
  std::vector<const HostPattern*> wildcards_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_COMMON_HOST_H_
