#include "router/compile.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "router/check.h"
#include "router/precedence.h"

namespace sluice::router {
namespace {

using Keys = std::vector<PathTrie::Key>;

bool CountsFit(const std::vector<RouteSpec>& routes, Report* report) {
  Diagnostic problem;
  problem.code = "too_many_routes";
  problem.hint = "split the document";
  size_t keys = 0;
  for (const RouteSpec& route : routes) {
    keys += IsStreamRoute(route) ? StreamIndex::KeysOf(route)
                                 : std::max<size_t>(1, route.hosts.size()) * std::max<size_t>(1, route.paths.size());
  }
  if (routes.size() > limits::kRoutes) {
    problem.message = absl::StrCat("expected at most ", limits::kRoutes, " routes, found ", routes.size());
  } else if (keys > limits::kRouteKeys) {
    problem.message =
        absl::StrCat("expected at most ", limits::kRouteKeys,
                     " pairs of a host and a path, or of a name and a port, over all routes, found ", keys);
  } else {
    return true;
  }
  report->Add(std::move(problem));
  return false;
}

std::vector<CheckedRoute> CheckRoutes(const std::vector<RouteSpec>& routes, Report* report) {
  std::vector<CheckedRoute> checked;
  checked.reserve(routes.size());
  size_t instructions = 0;
  for (const RouteSpec& route : routes) {
    checked.push_back(CheckRoute(route, report));
    for (const CheckedPath& path : checked.back().paths) instructions += path.regex ? path.regex->instructions() : 0;
    for (const HeaderFilter& header : checked.back().filters.headers)
      for (const auto& pattern : header.patterns) instructions += pattern->instructions();
    if (instructions <= limits::kRegexInstructions) continue;
    report->Add(route, "", "regex_too_large",
                absl::StrCat("expected regular expressions of at most ", limits::kRegexInstructions,
                             " instructions over all routes, found more"),
                "use smaller repetition counts, or prefixes");
    break;  // more of them would only take more memory
  }
  return checked;
}

RouteTraits TraitsOf(const RouteSpec& route) {
  const auto has = [&route](std::string_view protocol) {
    return std::find(route.protocols.begin(), route.protocols.end(), protocol) != route.protocols.end();
  };
  RouteTraits traits;
  traits.strip_path = route.strip_path;
  traits.https_only = has("https") && !has("http");
  traits.grpc = has("grpc") || has("grpcs");
  traits.grpcs_only = has("grpcs") && !has("grpc");
  traits.https_redirect_status_code = route.https_redirect_status_code;
  return traits;
}

// Numbers each method that occurs.
bool NumberMethods(const std::vector<RouteSpec>& routes, std::vector<std::string>* methods, Report* report) {
  for (const RouteSpec& route : routes) {
    for (const std::string& method : route.methods) {
      if (std::find(methods->begin(), methods->end(), method) != methods->end()) continue;
      if (methods->size() == limits::kRouteMethods) {
        report->Add(route, "/methods", "too_many_methods",
                    absl::StrCat("expected at most ", limits::kRouteMethods,
                                 " different methods over all routes, found `", method, "`"),
                    "leave methods out where any will do");
        return false;
      }
      methods->push_back(method);
    }
  }
  return true;
}

MethodSet MethodsOf(const RouteSpec& route, const std::vector<std::string>& methods) {
  if (route.methods.empty()) return kAnyMethod;
  MethodSet set = 0;
  for (size_t i = 0; i < methods.size(); ++i) {
    const auto& wanted = route.methods;
    if (std::find(wanted.begin(), wanted.end(), methods[i]) != wanted.end()) set |= MethodSet{1} << i;
  }
  return set;
}

bool AsksNothing(const RouteFilters& filters) {
  return filters.headers.empty() && filters.snis.empty() && filters.sources.empty() && filters.destinations.empty();
}

// Moves what an entry points to into the index, where it stays.
void KeepParts(std::vector<CheckedRoute>* checked, MatchIndex* index) {
  for (CheckedRoute& route : *checked) {
    for (CheckedPath& path : route.paths)
      if (path.regex != nullptr) index->regexes.push_back(std::move(path.regex));
    const bool asks = !AsksNothing(route.filters);
    index->filters.push_back(asks ? std::make_unique<const RouteFilters>(std::move(route.filters)) : nullptr);
  }
}

class TreeBuilder {
 public:
  void Add(const CheckedRoute& route, bool by_port, PathTrie::Key key) {
    if (route.hosts.empty()) without_host_.push_back(key);
    for (const HostPattern& host : route.hosts) {
      if ((host.port != 0) != by_port) continue;
      Group& group = groups_[{static_cast<int>(host.kind), HostKey(host)}];
      group.pattern = &host;
      group.keys.push_back(key);
    }
  }

  void BuildInto(MatchIndex* index) {
    for (auto& [name, group] : groups_) index->hosts.Add(*group.pattern, index->paths.AddTree(std::move(group.keys)));
    if (!without_host_.empty()) index->tree_without_host = index->paths.AddTree(std::move(without_host_));
  }

 private:
  struct Group {
    const HostPattern* pattern = nullptr;
    Keys keys;
  };
  absl::flat_hash_map<std::pair<int, std::string>, Group> groups_;
  Keys without_host_;
};

void Assemble(const std::vector<RouteSpec>& routes, std::vector<CheckedRoute>* checked, MatchIndex* index) {
  const std::vector<Arm> ranked = RankArms(routes);
  TreeBuilder trees;
  index->entries.reserve(ranked.size());
  for (const auto& [precedence, by_port] : ranked) {
    const CheckedRoute& route = (*checked)[precedence.route];
    const CheckedPath* path = route.paths.empty() ? nullptr : &route.paths[precedence.path];
    Entry entry;
    entry.methods = MethodsOf(routes[precedence.route], index->methods);
    entry.route = static_cast<uint32_t>(precedence.route);
    entry.path = static_cast<uint32_t>(precedence.path);
    entry.prefix_bytes = static_cast<uint32_t>(precedence.prefix_bytes);
    entry.regex = path == nullptr ? nullptr : path->regex.get();
    std::string_view way = path == nullptr ? std::string_view() : path->prefix;
    if (entry.regex != nullptr) way = entry.regex->literal_prefix();
    trees.Add(route, by_port, {way, static_cast<uint32_t>(index->entries.size())});
    index->entries.push_back(entry);
  }
  trees.BuildInto(index);
  KeepParts(checked, index);
  for (Entry& entry : index->entries) entry.filters = index->filters[entry.route].get();
  for (const RouteSpec& route : routes) index->routes.push_back(TraitsOf(route));
  index->streams.Build(routes, index->filters);
}

}  // namespace

bool CompileRoutes(const std::vector<RouteSpec>& routes, MatchIndex* index, Diagnostics* problems) {
  Report report(problems);
  if (!CountsFit(routes, &report)) return false;
  std::vector<CheckedRoute> checked = CheckRoutes(routes, &report);
  CheckDuplicates(routes, &report);
  if (report.failed() || !NumberMethods(routes, &index->methods, &report)) return false;
  Assemble(routes, &checked, index);
  return true;
}

}  // namespace sluice::router
