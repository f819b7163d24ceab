#include "router/route_table.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/base/attributes.h"
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
  if (rest.empty() || rest[0] != '.') return rest;
  if (rest == "." || rest == "..") return {};
  for (std::string_view dots : {"./", "../"})
    if (absl::StartsWith(rest, dots)) return rest.substr(dots.size());
  return rest;
}

std::string_view TakenByTrie(const MatchIndex& index, const Entry& entry, const SplitPath& split) {
  if (entry.form == PathForm::kNone) return {};
  if (entry.form == PathForm::kWhole) return split.path();
  if (entry.form == PathForm::kPrefix) return split.path().substr(0, split.Begin(entry.segments) + entry.bytes);
  const SegmentClass& members = index.paths.ClassOf(static_cast<uint16_t>(entry.bytes));
  const size_t last = entry.segments - 1u;
  return split.path().substr(0, split.Begin(last) + members.Take(split.Between(last, last + 1), split.ascii()));
}

void SetCaptures(const MatchIndex& index, const Entry& entry, const SplitPath& split, RouteMatch* match) {
  const std::span<const CaptureSpot> spots = index.captures.Of(entry.captures);
  match->capture_count = spots.size();
  for (size_t i = 0; i < spots.size(); ++i)
    match->captures[i] = {spots[i].name, split.Between(spots[i].first, spots[i].last)};
  // Of an open class, a group is all that was taken of the last segment.
  if (entry.form != PathForm::kOpenClass || spots.empty() || spots.back().last != entry.segments) return;
  match->captures[spots.size() - 1].value = match->matched.substr(split.Begin(spots.back().first));
}

void SetPath(const MatchIndex& index, const Entry& entry, const SplitPath& split, std::string_view path,
             RouteMatch* match) {
  if (entry.form == PathForm::kRegex) {
    index.asks[entry.asks].regex->Capture(path, &match->matched, match->captures, &match->capture_count);
  } else {
    match->matched = TakenByTrie(index, entry, split);
    SetCaptures(index, entry, split, match);
  }
  match->rest = match->strip_path ? WithoutLeadingDots(path.substr(match->matched.size())) : path;
}

void SetRoute(const Entry& entry, const RouteQuery& query, RouteMatch* match) {
  match->route = entry.route;
  match->path = entry.path;
  match->verdict = VerdictOn(entry.traits, query);
  match->https_redirect_status_code = entry.traits.https_redirect_status_code;
  match->strip_path = entry.traits.strip_path;
  match->tls_passthrough = false;
  match->allowed = {};
}

// Looks for the best entry, one tree after the other.
class Finder {
 public:
  Finder(const MatchIndex& index, const RouteQuery& query)
      : index_(index), query_(query), method_(index.methods.Of(query.method)) {
    has_segments_ = split_.Cut(query.path);
  }

  // The best entry of the tree if it is better than `best`, or that.
  uint32_t Search(uint32_t at, uint32_t best) {
    const Tree& tree = index_.trees[at];
    if (tree.anywhere_count != 0) best = BestAnywhere(tree, best);
    if (tree.literals != Tree::kNone) best = BestByLiterals(tree, best);
    if (!has_segments_ || tree.root == Tree::kNone) return best;
    return index_.paths.Best(tree.root, &split_, best, [this](uint32_t rank) { return Accepts(rank); });
  }

  bool Answer(uint32_t best, RouteMatch* match) const {
    if (best == SegmentTrie::kNone) {
      const MethodSet allowed = index_.answers_405 ? refused_ : 0;
      match->route = kNoRoute;
      match->verdict = allowed != 0 ? RouteVerdict::kMethodNotAllowed : RouteVerdict::kNone;
      match->allowed = MethodNames(allowed, index_.methods.names().data());
      return false;
    }
    const Entry& entry = index_.entries[best];
    SetRoute(entry, query_, match);
    SetPath(index_, entry, split_, query_.path, match);
    return true;
  }

 private:
  // All that the way to the entry, by host and by path, has not shown. The dearest comes last.
  bool Accepts(uint32_t rank) {
    const Entry& entry = index_.entries[rank];
    if ((entry.methods & method_) == 0) {
      refused_ |= entry.methods;
      return false;
    }
    return entry.asks == Entry::kNothing || Meets(index_.asks[entry.asks]);
  }

  ABSL_ATTRIBUTE_NOINLINE bool Meets(const Asks& asks) const {
    return (asks.filters == nullptr || Satisfies(*asks.filters, query_)) &&
           (asks.regex == nullptr || asks.regex->Matches(query_.path));
  }

  ABSL_ATTRIBUTE_NOINLINE uint32_t BestAnywhere(const Tree& tree, uint32_t best) {
    for (uint32_t i = 0; i < tree.anywhere_count; ++i) {
      const uint32_t rank = index_.anywhere[tree.first_anywhere + i];
      if (rank >= best) break;
      if (Accepts(rank)) return rank;
    }
    return best;
  }

  ABSL_ATTRIBUTE_NOINLINE uint32_t BestByLiterals(const Tree& tree, uint32_t best) {
    index_.literals.ForEach(tree.literals, query_.path, [this, &best](uint32_t rank) {
      if (rank < best && Accepts(rank)) best = rank;
    });
    return best;
  }

  const MatchIndex& index_;
  const RouteQuery& query_;
  const MethodSet method_;
  MethodSet refused_ = 0;  // methods of the entries that match but for them
  bool has_segments_ = false;
  SplitPath split_;
};

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
  Finder finder(*index_, query);
  HostIndex::Trees by_host;
  std::span<const uint32_t> trees(&index_->tree_without_host, index_->tree_without_host != Tree::kNone);
  if (!index_->hosts.empty()) {
    index_->hosts.Find(WithoutRootDot(query.host), query.port, &by_host);
    if (!trees.empty()) by_host.Add(trees[0]);
    trees = {by_host.begin(), by_host.end()};
  }
  uint32_t best = SegmentTrie::kNone;
  for (uint32_t tree : trees) best = finder.Search(tree, best);
  return finder.Answer(best, match);
}

size_t RouteTable::route_count() const { return index_->route_count; }

size_t RouteTable::memory_bytes() const {
  size_t bytes = index_->paths.memory_bytes() + index_->literals.memory_bytes() +
                 index_->trees.capacity() * sizeof(Tree) + index_->anywhere.capacity() * sizeof(uint32_t) +
                 index_->captures.memory_bytes() + index_->asks.capacity() * sizeof(Asks) +
                 index_->hosts.memory_bytes() + index_->streams.memory_bytes() +
                 index_->entries.capacity() * sizeof(Entry);
  for (const auto& regex : index_->regexes) bytes += regex->instructions() * Regex::kInstructionBytes;
  return bytes;
}

}  // namespace sluice::router
