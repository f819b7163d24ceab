// What a route asks beside host, path and method, ready to be asked.
#ifndef SLUICE_ROUTER_FILTERS_H_
#define SLUICE_ROUTER_FILTERS_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/ip.h"
#include "base/request.h"
#include "router/host_pattern.h"
#include "router/regex.h"

namespace sluice::router {

struct HeaderFilter {
  std::string name;  // lower case
  std::vector<std::string> values;
  std::vector<std::unique_ptr<const Regex>> patterns;
};

struct NetFilter {
  Cidr network;
  bool any_address = true;
  uint16_t port = 0;  // 0: any

  bool TakesAddress(const Ip& ip) const { return any_address || network.Contains(ip); }
  bool Takes(const Endpoint& endpoint) const {
    return TakesAddress(endpoint.ip) && (port == 0 || port == endpoint.port);
  }
};

// A route that asks nothing of it has none.
struct RouteFilters {
  std::vector<HeaderFilter> headers;
  std::vector<HostPattern> snis;
  std::vector<NetFilter> sources;
  std::vector<NetFilter> destinations;
};

// Of a connection with TLS: the name means nothing on one that has none, so plain ones are not held to it, as in Kong.
inline bool HasSni(const std::vector<HostPattern>& patterns, std::string_view sni) {
  sni = WithoutRootDot(sni);
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                         [sni](const HostPattern& pattern) { return HostMatches(pattern, sni); });
}

// Without case; an underscore of the route also stands for a dash.
inline bool IsHeaderNamed(std::string_view wanted, std::string_view name) {
  if (wanted.size() != name.size()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(name[i]));
    if (c != wanted[i] && !(c == '-' && wanted[i] == '_')) return false;
  }
  return true;
}

inline bool HasValue(const HeaderFilter& filter, std::string_view value) {
  for (const std::string& wanted : filter.values)
    if (absl::EqualsIgnoreCase(wanted, value)) return true;
  for (const std::unique_ptr<const Regex>& pattern : filter.patterns)
    if (pattern->Matches(value)) return true;
  return false;
}

inline bool HasHeader(const HeaderFilter& filter, const Header* headers, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const Header& header = headers[i];
    if (IsHeaderNamed(filter.name, header.name) && HasValue(filter, header.value)) return true;
  }
  return false;
}

inline bool HasEndpoint(const std::vector<NetFilter>& filters, const Endpoint* endpoint) {
  if (filters.empty()) return true;
  if (endpoint == nullptr) return false;
  return std::any_of(filters.begin(), filters.end(),
                     [endpoint](const NetFilter& filter) { return filter.Takes(*endpoint); });
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_FILTERS_H_
