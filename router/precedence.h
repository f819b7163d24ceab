// Which of two routes that match the same request wins.
#ifndef SLUICE_ROUTER_PRECEDENCE_H_
#define SLUICE_ROUTER_PRECEDENCE_H_

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "absl/strings/match.h"
#include "router/route_spec.h"

namespace sluice::router {

// Of a route by one of its paths, by a host with a port or without.
struct Precedence {
  int attributes = 0;
  bool plain_hosts = false;  // has hosts, and none with a wildcard
  size_t header_names = 0;
  bool is_regex = false;
  int32_t regex_priority = 0;
  size_t prefix_bytes = 0;
  int pins = 0;
  size_t route = 0;  // place in the document
  size_t path = 0;
};

inline Precedence PrecedenceOf(const RouteSpec& route, size_t route_index, size_t path_index, bool host_has_port) {
  Precedence p;
  p.attributes = !route.hosts.empty() + !route.paths.empty() + !route.methods.empty() + !route.headers.empty() +
                 !route.snis.empty();
  p.plain_hosts = !route.hosts.empty();
  for (const std::string& host : route.hosts) p.plain_hosts &= !absl::StrContains(host, '*');
  p.header_names = route.headers.size();
  if (!route.paths.empty()) {
    p.is_regex = absl::StartsWith(route.paths[path_index], "~");
    p.regex_priority = p.is_regex ? route.regex_priority : 0;
    p.prefix_bytes = p.is_regex ? 0 : route.paths[path_index].size();
  }
  p.pins = !route.hosts.empty() + host_has_port + !route.sources.empty() + !route.destinations.empty();
  p.route = route_index;
  p.path = path_index;
  return p;
}

// Kong's documented order for traditional_compatible, then what pins the host or the connection down, then the
// document's order.
inline bool Outranks(const Precedence& a, const Precedence& b) {
  return std::tie(b.attributes, b.plain_hosts, b.header_names, b.is_regex, b.regex_priority, b.prefix_bytes, b.pins,
                  a.route, a.path) < std::tie(a.attributes, a.plain_hosts, a.header_names, a.is_regex, a.regex_priority,
                                              a.prefix_bytes, a.pins, b.route, b.path);
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PRECEDENCE_H_
