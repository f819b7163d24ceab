// Which of two routes that match the same request wins.
#ifndef SLUICE_ROUTER_PRECEDENCE_H_
#define SLUICE_ROUTER_PRECEDENCE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

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
  int peer_weight = 0;  // of a stream route
  int pins = 0;
  size_t route = 0;  // place in the document
  size_t path = 0;
};

// What addresses, ports and networks count in the order of streams.
int WeightOf(const std::vector<NetSpec>& nets);

// Kong's documented order for traditional_compatible, then what pins the host or the connection down, then the
// document's order.
bool Outranks(const Precedence& a, const Precedence& b);

// Whether only the document's order is left to tell them apart.
bool SameRank(const Precedence& a, const Precedence& b);

// A way to reach a route: one of its paths (the only one, if it has none), by its hosts with a port or by the others.
struct Arm {
  Precedence precedence;
  bool by_port = false;
};

// All arms of all routes but those for streams, the best first.
std::vector<Arm> RankArms(const std::vector<RouteSpec>& routes);

// The routes for streams, the best first. They have one arm each.
std::vector<Precedence> RankStreams(const std::vector<RouteSpec>& routes);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PRECEDENCE_H_
