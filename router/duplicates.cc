// Routes that match the same requests, found by what they say: the order of values and the case of names do not count.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "router/check.h"
#include "router/host_pattern.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

void AppendSet(Texts values, std::string* out) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  absl::StrAppend(out, values.size(), ";");
  for (const std::string& value : values) absl::StrAppend(out, value.size(), ":", value);
}

Texts Lower(Texts values) {
  for (std::string& value : values) absl::AsciiStrToLower(&value);
  return values;
}

Texts ServerNames(Texts names) {
  for (std::string& name : names) name = absl::AsciiStrToLower(WithoutRootDot(name));
  return names;
}

Texts HeaderValues(Texts values) {
  for (std::string& value : values)
    if (!absl::StartsWith(value, "~*")) absl::AsciiStrToLower(&value);
  return values;
}

Texts Headers(const std::vector<HeaderSpec>& headers) {
  Texts texts;
  for (const HeaderSpec& header : headers) {
    std::string text = absl::StrCat(absl::AsciiStrToLower(header.name), "=");
    AppendSet(HeaderValues(header.values), &text);
    texts.push_back(std::move(text));
  }
  return texts;
}

Texts Nets(const std::vector<NetSpec>& nets) {
  Texts texts;
  for (const NetSpec& net : nets) texts.push_back(absl::StrCat(net.ip, "#", net.port));
  return texts;
}

// Equal texts, equal sets of requests. Protocols are left out but for streams: elsewhere they take no part in matching.
std::string MatchSet(const RouteSpec& route) {
  std::string text;
  AppendSet(IsStreamRoute(route) ? route.protocols : Texts(), &text);
  AppendSet(Lower(route.hosts), &text);
  AppendSet(route.paths, &text);
  AppendSet(route.methods, &text);
  AppendSet(Headers(route.headers), &text);
  AppendSet(ServerNames(route.snis), &text);
  AppendSet(Nets(route.sources), &text);
  AppendSet(Nets(route.destinations), &text);
  return text;
}

Diagnostic DuplicateOf(const std::vector<RouteSpec>& routes, size_t first, size_t second) {
  Diagnostic problem;
  problem.code = "duplicate_route";
  problem.routes = {NameOf(routes[first], first), NameOf(routes[second], second)};
  problem.message =
      absl::StrCat("route `", problem.routes[1], "` matches exactly the requests of route `", problem.routes[0], "`");
  problem.hint = "remove one of them, merge their protocols, or tell them apart by host, path, method or header";
  problem.where = routes[second].where;
  problem.related = {routes[first].where};
  return problem;
}

}  // namespace

std::string NameOf(const RouteSpec& route, size_t i) {
  return route.name.empty() ? absl::StrCat("number ", i + 1) : route.name;
}

void CheckDuplicates(const std::vector<RouteSpec>& routes, Report* report) {
  std::vector<std::pair<size_t, size_t>> by_hash;
  by_hash.reserve(routes.size());
  for (size_t i = 0; i < routes.size(); ++i) by_hash.emplace_back(absl::HashOf(MatchSet(routes[i])), i);
  std::sort(by_hash.begin(), by_hash.end());
  std::vector<std::pair<size_t, size_t>> found;  // the later one, the earlier one
  for (size_t i = 1, first = 0; i < by_hash.size(); ++i) {
    if (by_hash[i].first != by_hash[first].first) {
      first = i;
    } else if (MatchSet(routes[by_hash[i].second]) == MatchSet(routes[by_hash[first].second])) {
      found.emplace_back(by_hash[i].second, by_hash[first].second);
    }
  }
  std::sort(found.begin(), found.end());
  for (const auto& [second, first] : found) report->Add(DuplicateOf(routes, first, second));
}

}  // namespace sluice::router
