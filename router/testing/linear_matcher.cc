#include "router/testing/linear_matcher.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "re2/re2.h"

namespace sluice::router {
namespace {

// Label by label, with nothing in common with HostPattern.
bool NameMatches(std::string_view pattern, std::string_view name) {
  const std::string wanted = absl::AsciiStrToLower(pattern);
  const std::string found = absl::AsciiStrToLower(name);
  const size_t star = wanted.find('*');
  if (star == std::string::npos) return wanted == found;
  const std::string before = wanted.substr(0, star);
  const std::string after = wanted.substr(star + 1);
  return found.size() > before.size() + after.size() && found.substr(0, before.size()) == before &&
         found.substr(found.size() - after.size()) == after;
}

enum class ByHost { kNo, kYes, kYesWithPort };

ByHost MatchHosts(const RouteSpec& route, const RouteQuery& query) {
  if (route.hosts.empty()) return ByHost::kYes;
  ByHost best = ByHost::kNo;
  for (const std::string& host : route.hosts) {
    const size_t colon = host.rfind(':');
    const bool has_port = colon != std::string::npos && host.back() != ']';
    if (has_port && host.substr(colon + 1) != absl::StrCat(query.port)) continue;
    if (!NameMatches(host.substr(0, has_port ? colon : host.size()), absl::StripSuffix(query.host, "."))) continue;
    best = std::max(best, has_port ? ByHost::kYesWithPort : ByHost::kYes);
  }
  return best;
}

bool MatchNets(const std::vector<NetSpec>& nets, const Endpoint* endpoint) {
  if (nets.empty()) return true;
  for (const NetSpec& net : nets) {
    Cidr cidr;
    if (endpoint == nullptr || (net.port != 0 && net.port != endpoint->port)) continue;
    if (net.ip.empty() || (ParseCidr(net.ip, &cidr) && cidr.Contains(endpoint->ip))) return true;
  }
  return false;
}

// The order of docs/router.md, each figure such that more is better. Ties are left to the order of the loop.
using Rank = std::array<int64_t, 7>;

Rank RankOf(const RouteSpec& route, size_t path, bool with_port) {
  const bool wildcard = std::any_of(route.hosts.begin(), route.hosts.end(),
                                    [](const std::string& host) { return absl::StrContains(host, '*'); });
  const bool regex = !route.paths.empty() && route.paths[path][0] == '~';
  const int attributes = (route.hosts.empty() ? 0 : 1) + (route.paths.empty() ? 0 : 1) +
                         (route.methods.empty() ? 0 : 1) + (route.headers.empty() ? 0 : 1) +
                         (route.snis.empty() ? 0 : 1);
  return {attributes,
          wildcard || route.hosts.empty() ? 0 : 1,
          static_cast<int64_t>(route.headers.size()),
          regex ? 1 : 0,
          regex ? route.regex_priority : 0,
          regex || route.paths.empty() ? 0 : static_cast<int64_t>(route.paths[path].size()),
          (route.hosts.empty() ? 0 : 1) + (with_port ? 1 : 0) + (route.sources.empty() ? 0 : 1) +
              (route.destinations.empty() ? 0 : 1)};
}

// An underscore that the route wants is a dash, too.
bool HeaderNameFits(std::string_view wanted, std::string_view name) {
  std::string fitting(name.substr(0, wanted.size()));
  for (size_t i = 0; i < fitting.size(); ++i)
    if (wanted[i] == '_' && fitting[i] == '-') fitting[i] = '_';
  return name.size() == wanted.size() && absl::EqualsIgnoreCase(fitting, wanted);
}

}  // namespace

LinearMatcher::LinearMatcher(std::vector<RouteSpec> routes) : routes_(std::move(routes)) {
  for (const RouteSpec& route : routes_) {
    for (const std::string& path : route.paths)
      if (path[0] == '~') patterns_[path] = std::make_unique<RE2>(path.substr(1), RE2::Quiet);
    for (const HeaderSpec& header : route.headers)
      for (const std::string& value : header.values)
        if (absl::StartsWith(value, "~*"))
          patterns_[value] = std::make_unique<RE2>("(?i)" + value.substr(2), RE2::Quiet);
  }
}

LinearMatcher::~LinearMatcher() = default;

bool LinearMatcher::MatchPath(const RouteSpec& route, size_t path, std::string_view text, LinearMatch* match) const {
  match->matched = text.substr(0, 0);
  match->captures.clear();
  if (route.paths.empty()) return true;
  const std::string& wanted = route.paths[path];
  if (wanted[0] == '/') {
    match->matched = text.substr(0, wanted.size());
    return match->matched == wanted;
  }
  const RE2& pattern = *patterns_.at(wanted);
  std::vector<re2::StringPiece> taken(1 + static_cast<size_t>(pattern.NumberOfCapturingGroups()));
  if (!pattern.Match({text.data(), text.size()}, 0, text.size(), RE2::ANCHOR_START, taken.data(),
                     static_cast<int>(taken.size()))) {
    return false;
  }
  match->matched = {taken[0].data(), taken[0].size()};
  for (size_t i = 1; i < taken.size(); ++i) match->captures.emplace_back(taken[i].data(), taken[i].size());
  return true;
}

bool LinearMatcher::MatchHeader(const HeaderSpec& wanted, const RouteQuery& query) const {
  for (size_t i = 0; i < query.header_count; ++i) {
    if (!HeaderNameFits(wanted.name, query.headers[i].name)) continue;
    const std::string_view found = query.headers[i].value;
    for (const std::string& value : wanted.values) {
      const auto pattern = patterns_.find(value);
      if (pattern == patterns_.end() ? absl::EqualsIgnoreCase(found, value)
                                     : RE2::PartialMatch({found.data(), found.size()}, *pattern->second)) {
        return true;
      }
    }
  }
  return false;
}

bool LinearMatcher::MatchRest(const RouteSpec& route, const RouteQuery& query) const {
  const bool tls = query.scheme == "https" || query.scheme == "grpcs" || query.scheme == "tls";
  const auto& methods = route.methods;
  const bool method = methods.empty() || std::count(methods.begin(), methods.end(), query.method) > 0;
  const bool sni =
      route.snis.empty() || !tls || std::any_of(route.snis.begin(), route.snis.end(), [&query](std::string_view name) {
        return NameMatches(absl::StripSuffix(name, "."), absl::StripSuffix(query.sni, "."));
      });
  const bool headers = std::all_of(route.headers.begin(), route.headers.end(),
                                   [&](const HeaderSpec& header) { return MatchHeader(header, query); });
  return method && sni && headers && MatchNets(route.sources, query.source) &&
         MatchNets(route.destinations, query.destination);
}

namespace {

bool IsStream(std::string_view protocol) {
  return protocol == "tcp" || protocol == "tls" || protocol == "udp" || protocol == "tls_passthrough";
}

// A stream's protocol is one of the route's; http and its kin only have to stay among themselves.
bool MatchProtocol(const RouteSpec& route, std::string_view scheme) {
  if (!IsStream(scheme)) return !IsStream(route.protocols[0]);
  return std::any_of(route.protocols.begin(), route.protocols.end(), [scheme](const std::string& protocol) {
    return protocol == scheme || (protocol == "tls_passthrough" && scheme == "tls");
  });
}

// An address counts 8, a port 4, a network 1, each once.
int64_t Weight(const std::vector<NetSpec>& nets) {
  bool address = false, port = false, network = false;
  for (const NetSpec& net : nets) {
    const bool slash = absl::StrContains(net.ip, '/');
    network |= slash;
    address |= !slash && !net.ip.empty();
    port |= net.port != 0;
  }
  return 8 * address + 4 * port + network;
}

Rank StreamRankOf(const RouteSpec& route) {
  const bool snis = !route.snis.empty(), sources = !route.sources.empty(), destinations = !route.destinations.empty();
  return {snis || (sources && destinations), Weight(route.sources), Weight(route.destinations),
          snis + sources + destinations};
}

}  // namespace

LinearMatch LinearMatcher::Find(const RouteQuery& query) const {
  LinearMatch best;
  Rank best_rank{};
  for (size_t r = 0; r < routes_.size(); ++r) {
    if (!MatchProtocol(routes_[r], query.scheme)) continue;
    const ByHost by_host = MatchHosts(routes_[r], query);
    if (by_host == ByHost::kNo || !MatchRest(routes_[r], query)) continue;
    for (size_t p = 0; p < std::max<size_t>(1, routes_[r].paths.size()); ++p) {
      LinearMatch match;
      if (!MatchPath(routes_[r], p, query.path, &match)) continue;
      const Rank rank =
          IsStream(query.scheme) ? StreamRankOf(routes_[r]) : RankOf(routes_[r], p, by_host == ByHost::kYesWithPort);
      if (best.found && rank <= best_rank) continue;
      best_rank = rank;
      best = {true, r, p, match.matched, match.captures};
    }
  }
  return best;
}

}  // namespace sluice::router
