#include "router/route_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "router/compile.h"
#include "router/match_index.h"

namespace sluice::router {
namespace {

bool IsTls(std::string_view scheme) { return scheme == "https" || scheme == "grpcs"; }

MethodSet BitOf(const std::vector<std::string>& methods, std::string_view method) {
  for (size_t i = 0; i < methods.size(); ++i)
    if (methods[i] == method) return MethodSet{1} << i;
  return kUnknownMethod;
}

// Without case; an underscore of the route also stands for a dash.
bool IsHeaderName(std::string_view wanted, std::string_view name) {
  if (wanted.size() != name.size()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(name[i]));
    if (c != wanted[i] && !(c == '-' && wanted[i] == '_')) return false;
  }
  return true;
}

bool HasValue(const HeaderFilter& filter, std::string_view value) {
  for (const std::string& wanted : filter.values)
    if (absl::EqualsIgnoreCase(wanted, value)) return true;
  for (const std::unique_ptr<const Regex>& pattern : filter.patterns)
    if (pattern->Matches(value)) return true;
  return false;
}

bool HasHeader(const HeaderFilter& filter, const RouteQuery& query) {
  for (size_t i = 0; i < query.header_count; ++i) {
    const Header& header = query.headers[i];
    if (IsHeaderName(filter.name, header.name) && HasValue(filter, header.value)) return true;
  }
  return false;
}

bool HasHeaders(const std::vector<HeaderFilter>& filters, const RouteQuery& query) {
  return std::all_of(filters.begin(), filters.end(),
                     [&query](const HeaderFilter& filter) { return HasHeader(filter, query); });
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

void SetPath(const Entry& entry, std::string_view path, RouteMatch* match) {
  match->matched = path.substr(0, entry.prefix_bytes);
  match->capture_count = 0;
  if (entry.regex != nullptr) entry.regex->Capture(path, &match->matched, match->captures, &match->capture_count);
  match->rest = match->strip_path ? WithoutLeadingDots(path.substr(match->matched.size())) : path;
}

}  // namespace

std::unique_ptr<const RouteTable> RouteTable::Build(const std::vector<RouteSpec>& routes, Diagnostics* problems) {
  auto index = std::make_unique<MatchIndex>();
  if (!CompileRoutes(routes, index.get(), problems)) return nullptr;
  return std::unique_ptr<const RouteTable>(new RouteTable(std::move(index)));
}

RouteTable::RouteTable(std::unique_ptr<const MatchIndex> index) : index_(std::move(index)) {}

RouteTable::~RouteTable() = default;

bool RouteTable::Find(const RouteQuery& query, RouteMatch* match) const {
  if (IsStreamScheme(query.scheme)) return index_->streams.Find(query, match);
  const MethodSet method = BitOf(index_->methods, query.method);
  uint32_t best = PathTrie::kNone;
  const auto improve = [&](uint32_t tree) {
    const PathTrie& paths = index_->paths;
    for (uint32_t at = paths.Deepest(tree, query.path); paths.BestFrom(at) < best; at = paths.Above(at)) {
      for (uint32_t rank : paths.Ranks(at)) {
        if (rank >= best) break;
        if (Accepts(index_->entries[rank], method, query)) best = rank;
      }
    }
  };
  index_->hosts.ForEach(query.host, query.port, improve);
  if (index_->tree_without_host != PathTrie::kNone) improve(index_->tree_without_host);
  match->route = kNoRoute;
  match->verdict = RouteVerdict::kNone;
  if (best == PathTrie::kNone) return false;
  const Entry& entry = index_->entries[best];
  const RouteTraits& route = index_->routes[entry.route];
  match->route = entry.route;
  match->path = entry.path;
  match->verdict = VerdictOn(route, query);
  match->https_redirect_status_code = route.https_redirect_status_code;
  match->strip_path = route.strip_path;
  match->tls_passthrough = false;
  SetPath(entry, query.path, match);
  return true;
}

size_t RouteTable::route_count() const { return index_->routes.size(); }

size_t RouteTable::memory_bytes() const {
  size_t bytes = index_->paths.memory_bytes() + index_->hosts.memory_bytes() + index_->streams.memory_bytes() +
                 index_->entries.capacity() * sizeof(Entry) + index_->routes.capacity() * sizeof(RouteTraits);
  for (const auto& regex : index_->regexes) bytes += regex->instructions() * Regex::kInstructionBytes;
  return bytes;
}

}  // namespace sluice::router
