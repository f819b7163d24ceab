// What a route asks of a request: the matching fields of a Kong route, as plain data.
#ifndef SLUICE_ROUTER_ROUTE_SPEC_H_
#define SLUICE_ROUTER_ROUTE_SPEC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace sluice::router {

// One header that must be present with one of the values. A value that begins with `~*` is a regular expression, found
// anywhere in the header's value. Names and values are compared without case; `_` in `name` also stands for `-`, as in
// Kong.
struct HeaderSpec {
  std::string name;
  std::vector<std::string> values;
};

// Where a connection comes from or arrives. At least one of the two is set.
struct NetSpec {
  std::string ip;     // address or CIDR; empty: any
  uint16_t port = 0;  // 0: any
};

// A request matches when it satisfies every field that is not empty, and a field when it satisfies one of its values.
// At least one of hosts, paths, methods, headers, snis, sources and destinations is set.
//
// A route of stream protocols is for connections that carry no HTTP: it is found by snis, sources and destinations
// alone, at least one of which is set, and has no hosts, paths, methods and headers.
struct RouteSpec {
  std::string name;  // for reports; need not be unique

  // `example.com`, `*.example.com` or `example.*` (the wildcard spans labels), each with an optional `:port`; without
  // one, any port does. Compared without case.
  std::vector<std::string> hosts;

  // `/prefix`, by bytes (`/a` matches `/ab`) and in normal form (normalize.h); or `~` and a regular expression in RE2's
  // syntax, anchored at the start of the path only. `(?<name>…)` captures by name.
  std::vector<std::string> paths;

  std::vector<std::string> methods;  // upper case: GET
  std::vector<HeaderSpec> headers;
  std::vector<std::string> snis;  // as hosts, without port; not looked at when the request came without TLS
  std::vector<NetSpec> sources;
  std::vector<NetSpec> destinations;

  // A set of http and https, or of grpc and grpcs. It does not take part in matching: a matched route answers a request
  // of the wrong protocol with a verdict of its own, see RouteVerdict.
  // Or a set of stream protocols: tcp, tls and udp, or tls_passthrough alone. A connection that carries no HTTP cannot
  // be told that it came by the wrong protocol, so there it does take part: a route matches connections of its
  // protocols only (tls_passthrough: TLS, which is relayed unopened).
  std::vector<std::string> protocols = {"http", "https"};

  // Answer to plain http on a route for https only: 426, or 301, 302, 307, 308 to redirect.
  uint16_t https_redirect_status_code = 426;

  // Whether RouteMatch::rest lacks the matched part of the path. False when the upstream knows the same paths.
  bool strip_path = true;

  // Among regular expressions of otherwise equal rank the higher one wins.
  int32_t regex_priority = 0;

  Place where;  // in the authored document, for reports
};

// Whether the route is for connections that carry no HTTP.
inline bool IsStreamRoute(const RouteSpec& route) {
  if (route.protocols.empty()) return false;
  const std::string& first = route.protocols[0];
  return first == "tcp" || first == "tls" || first == "udp" || first == "tls_passthrough";
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_ROUTE_SPEC_H_
