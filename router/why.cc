#include "router/why.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/ip.h"
#include "router/bytes.h"
#include "router/check.h"
#include "router/filters.h"
#include "router/precedence.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

constexpr std::string_view kOr = " or ";

std::string OrNone(std::string_view text) { return std::string(text.empty() ? "none" : text); }

// `name` as of HeaderFilter.
std::string HeaderText(const RouteQuery& query, std::string_view name) {
  std::vector<std::string_view> values;
  for (size_t i = 0; i < query.header_count; ++i)
    if (IsHeaderNamed(name, query.headers[i].name)) values.push_back(query.headers[i].value);
  return OrNone(absl::StrJoin(values, ", "));
}

// One route against one request.
class Trial {
 public:
  Trial(const RouteSpec& route, size_t index, const RouteQuery& query) : route_(route), query_(query) {
    candidate_.route = index;
    Report ignored(&problems_);
    checked_ = CheckRoute(route, &ignored);
  }

  // With the route's best arm, if it matches.
  std::pair<Candidate, Precedence> Run() {
    if (!TakesProtocol()) return {std::move(candidate_), best_};
    AskHosts();
    AskPaths();
    AskMethods();
    AskHeaders();
    AskSnis();
    AskEndpoint("sources", route_.sources, checked_.filters.sources, query_.source);
    AskEndpoint("destinations", route_.destinations, checked_.filters.destinations, query_.destination);
    candidate_.matches = candidate_.unmet.empty();
    if (candidate_.matches) ChooseArm();
    return {std::move(candidate_), best_};
  }

 private:
  void Miss(std::string field, std::string wanted, std::string found) {
    candidate_.unmet.push_back({std::move(field), std::move(wanted), std::move(found)});
  }

  bool IsTls() const { return query_.scheme == "https" || query_.scheme == "grpcs" || query_.scheme == "tls"; }

  // Requests are not held to protocols: the route that wins answers those of the wrong one.
  bool TakesProtocol() {
    const std::string_view scheme = query_.scheme;
    const auto takes = [scheme](std::string_view protocol) {
      return protocol == scheme || (protocol == "tls_passthrough" && scheme == "tls");
    };
    const auto& protocols = route_.protocols;
    if (!IsStreamScheme(scheme) || std::any_of(protocols.begin(), protocols.end(), takes)) return true;
    Miss("protocols", absl::StrJoin(protocols, kOr), std::string(scheme));
    return false;
  }

  bool FitsHost(const HostPattern& host) const {
    return (host.port == 0 || host.port == query_.port) && HostMatches(host, WithoutRootDot(query_.host));
  }

  void AskHosts() {
    for (const HostPattern& host : checked_.hosts) {
      if (!FitsHost(host)) continue;
      (host.port == 0 ? by_any_port_ : by_port_) = true;
    }
    if (checked_.hosts.empty()) by_any_port_ = true;
    if (by_any_port_ || by_port_) return;
    const bool asks_port = std::any_of(checked_.hosts.begin(), checked_.hosts.end(),
                                       [](const HostPattern& host) { return host.port != 0; });
    Miss("hosts", absl::StrJoin(route_.hosts, kOr),
         asks_port ? absl::StrCat(query_.host, ":", query_.port) : OrNone(query_.host));
  }

  bool FitsPath(size_t i) const {
    const CheckedPath& path = checked_.paths[i];
    if (!path.prefix.empty()) return absl::StartsWith(query_.path, path.prefix);
    if (path.regex != nullptr) return path.regex->Matches(query_.path);
    Regex::Error error;  // one that is read as segments was not compiled
    const auto regex = Regex::Compile(std::string_view(route_.paths[i]).substr(1), Regex::Kind::kPath, &error);
    return regex != nullptr && regex->Matches(query_.path);
  }

  void AskPaths() {
    for (size_t i = 0; i < route_.paths.size(); ++i)
      if (FitsPath(i)) paths_.push_back(i);
    if (paths_.empty() && !route_.paths.empty())
      Miss("paths", absl::StrJoin(route_.paths, kOr), std::string(query_.path));
  }

  void AskMethods() {
    const auto& methods = route_.methods;
    if (methods.empty() || std::find(methods.begin(), methods.end(), query_.method) != methods.end()) return;
    Miss("methods", absl::StrJoin(methods, kOr), std::string(query_.method));
  }

  void AskHeaders() {
    for (size_t i = 0; i < route_.headers.size(); ++i) {
      if (HasHeader(checked_.filters.headers[i], query_.headers, query_.header_count)) continue;
      const HeaderSpec& header = route_.headers[i];
      Miss(absl::StrCat("header ", header.name), absl::StrJoin(header.values, kOr),
           HeaderText(query_, checked_.filters.headers[i].name));
    }
  }

  void AskSnis() {
    if (!IsTls() || HasSni(checked_.filters.snis, query_.sni)) return;
    Miss("snis", absl::StrJoin(route_.snis, kOr), OrNone(query_.sni));
  }

  void AskEndpoint(std::string field, const std::vector<NetSpec>& wanted, const std::vector<NetFilter>& filters,
                   const Endpoint* found) {
    if (HasEndpoint(filters, found)) return;
    Miss(std::move(field),
         absl::StrJoin(wanted, kOr, [](std::string* out, const NetSpec& net) { *out += NetText(net); }),
         found == nullptr ? "none" : ToText(*found));
  }

  // The best way to reach the route among those that this request takes.
  void ChooseArm() {
    best_ = IsStreamRoute(route_) ? RankStreams({route_})[0] : BestArm();
    best_.route = candidate_.route;
    candidate_.path = best_.path;
  }

  Precedence BestArm() const {
    const auto takes = [this](const Arm& arm) {
      const bool by_path =
          paths_.empty() || std::find(paths_.begin(), paths_.end(), arm.precedence.path) != paths_.end();
      return by_path && (arm.by_port ? by_port_ : by_any_port_);
    };
    const std::vector<Arm> arms = RankArms({route_});
    const auto best = std::find_if(arms.begin(), arms.end(), takes);
    return best == arms.end() ? Precedence() : best->precedence;
  }

  const RouteSpec& route_;
  const RouteQuery& query_;
  Diagnostics problems_;
  CheckedRoute checked_;
  Candidate candidate_;
  Precedence best_;
  bool by_any_port_ = false;
  bool by_port_ = false;
  std::vector<size_t> paths_;  // that match
};

std::string FieldNames(const RouteSpec& route) {
  std::vector<std::string_view> names;
  if (!route.hosts.empty()) names.push_back("hosts");
  if (!route.paths.empty()) names.push_back("paths");
  if (!route.methods.empty()) names.push_back("methods");
  if (!route.headers.empty()) names.push_back("headers");
  if (!route.snis.empty()) names.push_back("snis");
  return absl::StrJoin(names, ", ");
}

std::string Count(size_t n, std::string_view one) { return absl::StrCat(n, " ", one, n == 1 ? "" : "s"); }

std::string WhyBehindStream(const RouteSpec& better, const Precedence& a, const RouteSpec& worse, const Precedence& b) {
  if (a.attributes != b.attributes) return "snis, or both sources and destinations, go first";
  if (WeightOf(better.sources) != WeightOf(worse.sources))
    return "sources: an address goes before a port, a port before a network, a network before none";
  if (a.peer_weight != b.peer_weight)
    return "destinations: an address goes before a port, a port before a network, a network before none";
  if (a.pins != b.pins)
    return absl::StrCat("more of snis, sources and destinations go first: ", a.pins, " against ", b.pins);
  return "equal: the order in the document decides";
}

// Which step of route_table.h puts `worse` behind `better`.
std::string WhyBehind(const RouteSpec& better, const Precedence& a, const RouteSpec& worse, const Precedence& b) {
  if (IsStreamRoute(better)) return WhyBehindStream(better, a, worse, b);
  if (a.attributes != b.attributes)
    return absl::StrCat("more fields go first: ", a.attributes, " (", FieldNames(better), ") against ", b.attributes,
                        b.attributes == 0 ? "" : absl::StrCat(" (", FieldNames(worse), ")"));
  if (a.plain_hosts != b.plain_hosts) return "hosts without a wildcard go first";
  if (a.header_names != b.header_names)
    return absl::StrCat("more headers go first: ", a.header_names, " against ", b.header_names);
  if (a.is_regex != b.is_regex) return "a regular expression goes before a prefix";
  if (a.regex_priority != b.regex_priority)
    return absl::StrCat("the higher regex_priority goes first: ", a.regex_priority, " against ", b.regex_priority);
  if (a.prefix_bytes != b.prefix_bytes)
    return absl::StrCat("the longer prefix goes first: ", Count(a.prefix_bytes, "byte"), " against ", b.prefix_bytes);
  if (a.pins != b.pins)
    return absl::StrCat("more of hosts, the port of a host, sources and destinations go first: ", a.pins, " against ",
                        b.pins);
  return "equal: the order in the document decides";
}

// How far a route is from matching; less is nearer. A route for other paths or hosts is hardly what was meant.
using Distance = std::tuple<bool, bool, bool, size_t, size_t>;

Distance DistanceOf(const RouteSpec& route, const Candidate& candidate, const RouteQuery& query) {
  const auto misses = [&candidate](std::string_view field) {
    return std::any_of(candidate.unmet.begin(), candidate.unmet.end(),
                       [field](const Unmet& unmet) { return unmet.field == field; });
  };
  size_t common = 0;
  for (std::string_view path : route.paths)
    common = std::max(common, CommonPrefixBytes(path.substr(path[0] == '~'), query.path));
  return {misses("protocols"), misses("paths"), misses("hosts"), candidate.unmet.size(), SIZE_MAX - common};
}

}  // namespace

std::string NetText(const NetSpec& net) {
  if (net.port == 0) return net.ip;
  if (net.ip.empty()) return absl::StrCat("port ", net.port);
  return absl::StrCat(net.ip, " port ", net.port);
}

std::vector<Candidate> FindCandidates(const std::vector<RouteSpec>& routes, const RouteQuery& query, size_t most) {
  std::vector<std::pair<Precedence, Candidate>> matching;
  std::vector<std::pair<Distance, Candidate>> others;
  const auto nearer = [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.route) < std::tie(b.first, b.second.route);
  };
  for (size_t i = 0; i < routes.size(); ++i) {
    if (IsStreamRoute(routes[i]) != IsStreamScheme(query.scheme)) continue;
    auto [candidate, precedence] = Trial(routes[i], i, query).Run();
    if (candidate.matches) {
      matching.emplace_back(precedence, std::move(candidate));
      continue;
    }
    others.emplace_back(DistanceOf(routes[i], candidate, query), std::move(candidate));
    std::push_heap(others.begin(), others.end(), nearer);
    if (others.size() <= most) continue;
    std::pop_heap(others.begin(), others.end(), nearer);
    others.pop_back();
  }
  std::sort(matching.begin(), matching.end(), [](const auto& a, const auto& b) { return Outranks(a.first, b.first); });
  std::sort(others.begin(), others.end(), nearer);
  std::vector<Candidate> found;
  for (size_t i = 0; i < std::min(most, matching.size()); ++i) {
    found.push_back(std::move(matching[i].second));
    if (i == 0) continue;
    const Precedence& better = matching[i - 1].first;
    found[i].reason = WhyBehind(routes[better.route], better, routes[found[i].route], matching[i].first);
  }
  for (auto& [distance, candidate] : others) found.push_back(std::move(candidate));
  return found;
}

}  // namespace sluice::router
