#include "router/route_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "router/compile.h"
#include "router/compile_patterns.h"
#include "router/match_index.h"

namespace sluice::router {
namespace {

bool IsTls(std::string_view scheme) { return scheme == "https" || scheme == "grpcs"; }

bool HasHeaders(const std::vector<HeaderFilter>& filters, const RouteQuery& query) {
  return std::all_of(filters.begin(), filters.end(), [&query](const HeaderFilter& filter) {
    return HasHeader(filter, query.headers, query.header_count);
  });
}

bool Satisfies(const RouteFilters& filters, const RouteQuery& query) {
  return (!IsTls(query.scheme) || HasSni(filters.snis, query.sni)) && HasEndpoint(filters.sources, query.source) &&
         HasEndpoint(filters.destinations, query.destination) && HasHeaders(filters.headers, query);
}

// All that the way to the entry, by host and by prefix of the path, has not shown. The dearest comes last.
bool Accepts(const Entry& entry, MethodSet method, const RouteQuery& query) {
  return (entry.methods & method) != 0 && (entry.filters == nullptr || Satisfies(*entry.filters, query)) &&
         (entry.regex == nullptr || entry.regex->Matches(query.path));
}

bool IsGrpc(const RouteQuery& query) {
  for (size_t i = 0; i < query.header_count; ++i)
    if (absl::EqualsIgnoreCase(query.headers[i].name, "content-type"))
      return absl::StartsWithIgnoreCase(query.headers[i].value, "application/grpc");
  return false;
}

RouteVerdict VerdictOn(const RouteTraits& route, const RouteQuery& query) {
  if (route.https_only && !IsTls(query.scheme)) return RouteVerdict::kNeedsHttps;
  if (!route.grpc) return RouteVerdict::kForward;
  if (!IsGrpc(query)) return RouteVerdict::kNeedsGrpc;
  if (query.http_version.substr(0, 1) != "2") return RouteVerdict::kNeedsHttp2;
  return route.grpcs_only && !IsTls(query.scheme) ? RouteVerdict::kNeedsGrpcs : RouteVerdict::kForward;
}

std::string_view WithoutLeadingDots(std::string_view rest) {
  if (rest == "." || rest == "..") return {};
  for (std::string_view dots : {"./", "../"})
    if (absl::StartsWith(rest, dots)) return rest.substr(dots.size());
  return rest;
}

std::string_view TakenByTrie(const MatchIndex& index, const Entry& entry, const SplitPath& split) {
  if (entry.form == PathForm::kNone) return {};
  if (entry.form == PathForm::kWhole) return split.path;
  if (entry.form == PathForm::kPrefix) return split.path.substr(0, split.begin[entry.segments] + entry.bytes);
  const size_t last = entry.segments - 1u;
  const size_t taken = index.paths.ClassOf(static_cast<uint16_t>(entry.bytes)).Take(split.Segment(last), split.ascii);
  return split.path.substr(0, split.begin[last] + taken);
}

void SetCaptures(const MatchIndex& index, const Entry& entry, const SplitPath& split, RouteMatch* match) {
  match->capture_count = entry.capture_count;
  for (size_t i = 0; i < entry.capture_count; ++i) {
    const CaptureSpot& spot = index.captures[entry.first_capture + i];
    std::string_view value = split.path.substr(split.begin[spot.segment]);
    if (!spot.to_end) value = split.Segment(spot.segment);
    const bool is_open = entry.form == PathForm::kOpenClass && spot.segment + 1 == entry.segments;
    if (is_open) value = match->matched.substr(split.begin[spot.segment]);
    match->captures[i] = {spot.name, value};
  }
}

void SetPath(const MatchIndex& index, const Entry& entry, const SplitPath& split, std::string_view path,
             RouteMatch* match) {
  if (entry.form == PathForm::kRegex) {
    entry.regex->Capture(path, &match->matched, match->captures, &match->capture_count);
  } else {
    match->matched = TakenByTrie(index, entry, split);
    SetCaptures(index, entry, split, match);
  }
  match->rest = match->strip_path ? WithoutLeadingDots(path.substr(match->matched.size())) : path;
}

void SetRoute(const MatchIndex& index, const Entry& entry, const RouteQuery& query, RouteMatch* match) {
  const RouteTraits& route = index.routes[entry.route];
  match->route = entry.route;
  match->path = entry.path;
  match->verdict = VerdictOn(route, query);
  match->https_redirect_status_code = route.https_redirect_status_code;
  match->strip_path = route.strip_path;
  match->tls_passthrough = false;
  match->allowed = {};
}

}  // namespace

std::unique_ptr<const RouteTable> RouteTable::Build(const std::vector<RouteSpec>& routes, Diagnostics* problems,
                                                    uint64_t seed) {
  auto index = std::make_unique<MatchIndex>();
  if (!CompileRoutes(routes, seed, index.get(), problems)) return nullptr;
  return std::unique_ptr<const RouteTable>(new RouteTable(std::move(index)));
}

std::unique_ptr<const RouteTable> RouteTable::BuildPatterns(const std::vector<PatternSpec>& patterns,
                                                            Diagnostics* problems, uint64_t seed) {
  auto index = std::make_unique<MatchIndex>();
  if (!CompilePatterns(patterns, seed, index.get(), problems)) return nullptr;
  return std::unique_ptr<const RouteTable>(new RouteTable(std::move(index)));
}

RouteTable::RouteTable(std::unique_ptr<const MatchIndex> index) : index_(std::move(index)) {}

RouteTable::~RouteTable() = default;

bool RouteTable::Find(const RouteQuery& query, RouteMatch* match) const {
  if (IsStreamScheme(query.scheme)) return index_->streams.Find(query, match);
  const MethodSet method = index_->methods.Of(query.method);
  MethodSet refused = 0;  // methods of the entries that match but for them
  const auto accept = [&](uint32_t rank) {
    const Entry& entry = index_->entries[rank];
    if ((entry.methods & method) == 0) refused |= entry.methods;
    return Accepts(entry, method, query);
  };
  uint32_t best = SegmentTrie::kNone;
  SplitPath split;
  const bool has_segments = index_->paths.Split(query.path, &split);
  const auto improve = [&](uint32_t at) {
    const Tree& tree = index_->trees[at];
    for (uint32_t i = 0; i < tree.anywhere_count; ++i) {
      const uint32_t rank = index_->anywhere[tree.first_anywhere + i];
      if (rank >= best) break;
      if (accept(rank)) best = rank;
    }
    if (tree.literals != Tree::kNone) {
      index_->literals.ForEach(tree.literals, query.path, [&](uint32_t rank) {
        if (rank < best && accept(rank)) best = rank;
      });
    }
    if (has_segments && tree.root != Tree::kNone) best = index_->paths.Best(tree.root, &split, best, accept);
  };
  if (!index_->hosts.empty()) index_->hosts.ForEach(WithoutRootDot(query.host), query.port, improve);
  if (index_->tree_without_host != Tree::kNone) improve(index_->tree_without_host);
  if (best == SegmentTrie::kNone) {
    match->route = kNoRoute;
    match->verdict = index_->answers_405 && refused != 0 ? RouteVerdict::kMethodNotAllowed : RouteVerdict::kNone;
    match->allowed = MethodNames(index_->answers_405 ? refused : 0, index_->methods.names().data());
    return false;
  }
  const Entry& entry = index_->entries[best];
  SetRoute(*index_, entry, query, match);
  SetPath(*index_, entry, split, query.path, match);
  return true;
}

size_t RouteTable::route_count() const { return index_->routes.size(); }

size_t RouteTable::memory_bytes() const {
  size_t bytes = index_->paths.memory_bytes() + index_->literals.memory_bytes() +
                 index_->trees.capacity() * sizeof(Tree) + index_->anywhere.capacity() * sizeof(uint32_t) +
                 index_->captures.capacity() * sizeof(CaptureSpot) + index_->hosts.memory_bytes() +
                 index_->streams.memory_bytes() + index_->entries.capacity() * sizeof(Entry) +
                 index_->routes.capacity() * sizeof(RouteTraits);
  for (const auto& regex : index_->regexes) bytes += regex->instructions() * Regex::kInstructionBytes;
  return bytes;
}

}  // namespace sluice::router
