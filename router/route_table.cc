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
  const size_t last = entry.segments - 1u;
  const size_t taken = index.paths.ClassOf(static_cast<uint16_t>(entry.bytes)).Take(split.Segment(last), split.ascii());
  return split.path().substr(0, split.Begin(last) + taken);
}

void SetCaptures(const MatchIndex& index, const Entry& entry, const SplitPath& split, RouteMatch* match) {
  match->capture_count = entry.capture_count;
  const CaptureSpot* spot = index.captures.data() + entry.first_capture;
  for (RouteCapture *capture = match->captures, *end = capture + entry.capture_count; capture != end;
       ++capture, ++spot) {
    const char* first = split.path().data() + split.Begin(spot->segment);
    const char* last = spot->to_end ? split.path().data() + split.path().size() : first + split.SizeOf(spot->segment);
    *capture = {spot->name, {first, static_cast<size_t>(last - first)}};
  }
  // Of an open class, a group is all that was taken of the last segment.
  if (entry.form != PathForm::kOpenClass || entry.capture_count == 0) return;
  if (spot[-1].segment + 1 != entry.segments) return;
  match->captures[entry.capture_count - 1].value = match->matched.substr(split.Begin(spot[-1].segment));
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

// Looks through one tree after the other for an entry better than the best so far.
class Finder {
 public:
  Finder(const MatchIndex& index, const RouteQuery& query)
      : index_(index), query_(query), method_(index.methods.Of(query.method)) {
    has_segments_ = index.paths.Split(query.path, &split_);
  }

  void Search(uint32_t at) {
    const Tree& tree = index_.trees[at];
    if (tree.anywhere_count != 0) TryAnywhere(tree);
    if (tree.literals != Tree::kNone) TryLiterals(tree);
    if (has_segments_ && tree.root != Tree::kNone)
      best_ = index_.paths.Best(tree.root, &split_, best_, [this](uint32_t rank) { return Accepts(rank); });
  }

  bool Answer(RouteMatch* match) const {
    if (best_ == SegmentTrie::kNone) {
      const MethodSet allowed = index_.answers_405 ? refused_ : 0;
      match->route = kNoRoute;
      match->verdict = allowed != 0 ? RouteVerdict::kMethodNotAllowed : RouteVerdict::kNone;
      match->allowed = MethodNames(allowed, index_.methods.names().data());
      return false;
    }
    const Entry& entry = index_.entries[best_];
    SetRoute(index_, entry, query_, match);
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
    return (entry.filters == nullptr || Satisfies(*entry.filters, query_)) &&
           (entry.regex == nullptr || entry.regex->Matches(query_.path));
  }

  void TryAnywhere(const Tree& tree) {
    for (uint32_t i = 0; i < tree.anywhere_count; ++i) {
      const uint32_t rank = index_.anywhere[tree.first_anywhere + i];
      if (rank >= best_) return;
      if (Accepts(rank)) best_ = rank;
    }
  }

  void TryLiterals(const Tree& tree) {
    index_.literals.ForEach(tree.literals, query_.path, [this](uint32_t rank) {
      if (rank < best_ && Accepts(rank)) best_ = rank;
    });
  }

  const MatchIndex& index_;
  const RouteQuery& query_;
  const MethodSet method_;
  MethodSet refused_ = 0;  // methods of the entries that match but for them
  uint32_t best_ = SegmentTrie::kNone;
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
  if (!index_->hosts.empty()) {
    index_->hosts.ForEach(WithoutRootDot(query.host), query.port, [&finder](uint32_t tree) { finder.Search(tree); });
  }
  if (index_->tree_without_host != Tree::kNone) finder.Search(index_->tree_without_host);
  return finder.Answer(match);
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
