#include "router/compile.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "router/check.h"
#include "router/precedence.h"
#include "router/tree_builder.h"

namespace sluice::router {
namespace {

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
bool NumberMethods(const std::vector<RouteSpec>& routes, MethodTable* methods, Report* report) {
  for (const RouteSpec& route : routes) {
    for (const std::string& method : route.methods) {
      if (methods->Add(method)) continue;
      report->Add(route, "/methods", "too_many_methods",
                  absl::StrCat("expected at most ", limits::kRouteMethods,
                               " different methods over all routes, found `", method, "`"),
                  "leave methods out where any will do");
      return false;
    }
  }
  return true;
}

MethodSet MethodsOf(const RouteSpec& route, const MethodTable& methods) {
  if (route.methods.empty()) return kAnyMethod;
  MethodSet set = 0;
  for (const std::string& method : route.methods) set |= methods.Of(method);
  return set;
}

bool AsksNothing(const RouteFilters& filters) {
  return filters.headers.empty() && filters.snis.empty() && filters.sources.empty() && filters.destinations.empty();
}

// Both move what entries point to into the index, where it stays.
void KeepFilters(std::vector<CheckedRoute>* checked, MatchIndex* index) {
  for (CheckedRoute& route : *checked) {
    const bool asks = !AsksNothing(route.filters);
    index->filters.push_back(asks ? std::make_unique<const RouteFilters>(std::move(route.filters)) : nullptr);
  }
}

void KeepRegexes(std::vector<CheckedRoute>* checked, MatchIndex* index) {
  for (CheckedRoute& route : *checked)
    for (CheckedPath& path : route.paths)
      if (path.regex != nullptr) index->regexes.push_back(std::move(path.regex));
}

class Assembler {
 public:
  Assembler(const std::vector<RouteSpec>& routes, std::vector<CheckedRoute>* checked, MatchIndex* index)
      : routes_(routes), checked_(*checked), index_(index) {}

  void Add(const Arm& ranked) {
    const CheckedRoute& route = checked_[ranked.precedence.route];
    Entry entry;
    entry.methods = MethodsOf(routes_[ranked.precedence.route], index_->methods);
    entry.route = static_cast<uint32_t>(ranked.precedence.route);
    entry.path = static_cast<uint32_t>(ranked.precedence.path);
    entry.traits = TraitsOf(routes_[entry.route]);
    const uint32_t rank = static_cast<uint32_t>(index_->entries.size());
    Asks asks;
    asks.filters = index_->filters[entry.route].get();
    TreeBuilder::Keys keys;
    if (!route.paths.empty()) {
      const CheckedPath& path = route.paths[ranked.precedence.path];
      asks.regex = path.regex.get();
      keys = SetPath(path, rank, &entry);
    }
    if (route.hosts.empty()) AddTo(nullptr, asks.regex, keys, rank);
    for (const HostPattern& host : route.hosts)
      if ((host.port != 0) == ranked.by_port) AddTo(&host, asks.regex, keys, rank);
    if (asks.regex != nullptr || asks.filters != nullptr) {
      entry.asks = static_cast<uint32_t>(index_->asks.size());
      index_->asks.push_back(asks);
    }
    index_->entries.push_back(entry);
  }

  void Finish(uint64_t seed) { trees_.BuildInto(index_, seed); }

 private:
  void AddTo(const HostPattern* host, const Regex* regex, const TreeBuilder::Keys& keys, uint32_t rank) {
    regex == nullptr ? trees_.Add(host, keys, rank) : trees_.AddRegex(host, *regex, rank);
  }

  TreeBuilder::Keys SetPath(const CheckedPath& path, uint32_t rank, Entry* entry) {
    if (path.shape) return SetShape(*path.shape, rank, entry);
    entry->form = path.regex == nullptr ? PathForm::kPrefix : PathForm::kRegex;
    if (path.regex != nullptr) return {};
    entry->bytes = static_cast<uint32_t>(path.prefix.size() - 1);
    return {{{}, false, path.prefix.substr(1), rank}};
  }

  TreeBuilder::Keys SetShape(const PathShape& shape, uint32_t rank, Entry* entry) {
    std::vector<CaptureSpot> captures;
    for (const ShapeCapture& capture : shape.captures)
      captures.push_back({capture.name, capture.segment, static_cast<uint8_t>(capture.segment + 1)});
    entry->captures = index_->captures.Add(std::move(captures));
    std::vector<SegmentTrie::Segment>& segments = segments_.emplace_back();
    for (const ShapeSegment& segment : shape.segments) segments.push_back({segment.literal, KindOf(segment)});
    entry->form = PathForm::kWhole;
    std::string_view open;
    if (shape.open()) {
      entry->form = PathForm::kOpenClass;
      entry->bytes = segments.back().kind;
    } else if (!shape.ends) {
      entry->form = PathForm::kPrefix;
      open = shape.segments.back().literal;
      entry->bytes = static_cast<uint32_t>(open.size());
      segments.pop_back();
    }
    entry->segments = static_cast<uint8_t>(segments.size());
    TreeBuilder::Keys keys = {{segments, entry->form != PathForm::kPrefix, open, rank}};
    if (shape.open()) keys.push_back({segments, false, "", rank});
    return keys;
  }

  uint16_t KindOf(const ShapeSegment& segment) {
    return segment.members ? index_->paths.AddClass(*segment.members) : SegmentTrie::kLiteral;
  }

  const std::vector<RouteSpec>& routes_;
  const std::vector<CheckedRoute>& checked_;
  MatchIndex* index_;
  TreeBuilder trees_;
  std::deque<std::vector<SegmentTrie::Segment>> segments_;  // borrowed by trees_
};

// Leaves to RE2 the shapes whose classes the trie has no room for.
bool FitShapes(const std::vector<RouteSpec>& routes, std::vector<CheckedRoute>* checked, SegmentTrie* paths,
               Report* report) {
  const auto fits = [paths](const ShapeSegment& segment) {
    return !segment.members || paths->AddClass(*segment.members) != SegmentTrie::kLiteral;
  };
  for (size_t r = 0; r < routes.size(); ++r) {
    for (size_t p = 0; p < routes[r].paths.size(); ++p) {
      CheckedPath& path = (*checked)[r].paths[p];
      if (!path.shape || std::all_of(path.shape->segments.begin(), path.shape->segments.end(), fits)) continue;
      path.shape.reset();
      Regex::Error error;
      path.regex = Regex::Compile(routes[r].paths[p].substr(1), Regex::Kind::kPath, &error);
      if (path.regex == nullptr)
        report->Add(routes[r], absl::StrCat("/paths/", p), error.code, error.message, error.hint);
    }
  }
  return !report->failed();
}

void Assemble(const std::vector<RouteSpec>& routes, std::vector<CheckedRoute>* checked, uint64_t seed,
              MatchIndex* index) {
  const std::vector<Arm> all = RankArms(routes);
  index->entries.reserve(all.size());
  KeepFilters(checked, index);
  Assembler assembler(routes, checked, index);
  for (const Arm& ranked : all) assembler.Add(ranked);
  assembler.Finish(seed);
  KeepRegexes(checked, index);
  index->route_count = routes.size();
  index->streams.Build(routes, index->filters, seed);
}

}  // namespace

bool CompileRoutes(const std::vector<RouteSpec>& routes, uint64_t seed, MatchIndex* index, Diagnostics* problems) {
  Report report(problems);
  if (!CountsFit(routes, &report)) return false;
  std::vector<CheckedRoute> checked = CheckRoutes(routes, &report);
  CheckDuplicates(routes, &report);
  if (report.failed() || !NumberMethods(routes, &index->methods, &report)) return false;
  if (!FitShapes(routes, &checked, &index->paths, &report)) return false;
  Assemble(routes, &checked, seed, index);
  return true;
}

}  // namespace sluice::router
