// The requests that a route takes, its path aside, as sets that can be intersected and compared.
#ifndef SLUICE_ROUTER_CONFLICTS_MATCH_SET_H_
#define SLUICE_ROUTER_CONFLICTS_MATCH_SET_H_

#include <string>
#include <vector>

#include "router/filters.h"
#include "router/host_pattern.h"
#include "router/route_spec.h"

namespace sluice::router {

struct HeaderSet {
  std::string name;                   // lower case
  std::vector<std::string> values;    // lower case, without patterns
  std::vector<std::string> patterns;  // with their `~*`
};

// A field without members takes every request. Of a route by its hosts with a port, or by the others.
struct MatchSet {
  std::vector<HostPattern> hosts;
  std::vector<std::string> methods;
  std::vector<HeaderSet> headers;  // by name
  std::vector<HostPattern> snis;
  std::vector<NetFilter> sources;
  std::vector<NetFilter> destinations;
  bool is_stream = false;  // then `methods` are its protocols: tcp, udp, tls
  bool takes_http = false;
  bool takes_https = false;
};

// `route` must be one that RouteTable::Build takes.
MatchSet MatchSetOf(const RouteSpec& route, bool by_port);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_MATCH_SET_H_
