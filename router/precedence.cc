#include "router/precedence.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "absl/strings/match.h"
#include "router/host_pattern.h"

namespace sluice::router {
namespace {

auto RankOf(const Precedence& p) {
  return std::tie(p.attributes, p.plain_hosts, p.header_names, p.is_regex, p.regex_priority, p.prefix_bytes,
                  p.peer_weight, p.pins);
}

Precedence PrecedenceOf(const RouteSpec& route, size_t route_index, size_t path_index, bool host_has_port) {
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

Precedence StreamPrecedenceOf(const RouteSpec& route, size_t route_index) {
  constexpr int kAboveAllWeights = 16;
  Precedence p;
  p.attributes = !route.snis.empty() || (!route.sources.empty() && !route.destinations.empty());
  p.peer_weight = WeightOf(route.sources) * kAboveAllWeights + WeightOf(route.destinations);
  p.pins = !route.snis.empty() + !route.sources.empty() + !route.destinations.empty();
  p.route = route_index;
  return p;
}

// Whether the route has hosts with a port (`by_port`), or is reached by another host or by any.
bool IsReached(const RouteSpec& route, bool by_port) {
  if (route.hosts.empty()) return !by_port;
  return std::any_of(route.hosts.begin(), route.hosts.end(), [by_port](const std::string& text) {
    HostPattern host;
    ParseHostPattern(text, &host);
    return (host.port != 0) == by_port;
  });
}

}  // namespace

// Kong's weights of addresses, ports and networks.
int WeightOf(const std::vector<NetSpec>& nets) {
  constexpr int kAddress = 8;
  constexpr int kPort = 4;
  constexpr int kNetwork = 1;
  int weight = 0;
  for (const NetSpec& net : nets) {
    if (!net.ip.empty()) weight |= absl::StrContains(net.ip, '/') ? kNetwork : kAddress;
    if (net.port != 0) weight |= kPort;
  }
  return weight;
}

bool Outranks(const Precedence& a, const Precedence& b) {
  if (!SameRank(a, b)) return RankOf(b) < RankOf(a);
  return std::tie(a.route, a.path) < std::tie(b.route, b.path);
}

bool SameRank(const Precedence& a, const Precedence& b) { return RankOf(a) == RankOf(b); }

std::vector<Arm> RankArms(const std::vector<RouteSpec>& routes) {
  std::vector<Arm> arms;
  for (size_t r = 0; r < routes.size(); ++r) {
    if (IsStreamRoute(routes[r])) continue;
    for (bool by_port : {true, false}) {
      if (!IsReached(routes[r], by_port)) continue;
      for (size_t p = 0; p < std::max<size_t>(1, routes[r].paths.size()); ++p)
        arms.push_back({PrecedenceOf(routes[r], r, p, by_port), by_port});
    }
  }
  std::sort(arms.begin(), arms.end(), [](const Arm& a, const Arm& b) { return Outranks(a.precedence, b.precedence); });
  return arms;
}

std::vector<Precedence> RankStreams(const std::vector<RouteSpec>& routes) {
  std::vector<Precedence> ranked;
  for (size_t r = 0; r < routes.size(); ++r)
    if (IsStreamRoute(routes[r])) ranked.push_back(StreamPrecedenceOf(routes[r], r));
  std::sort(ranked.begin(), ranked.end(), Outranks);
  return ranked;
}

}  // namespace sluice::router
