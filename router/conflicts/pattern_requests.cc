#include "router/conflicts/pattern_requests.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/arena.h"
#include "router/conflicts/common_host.h"
#include "router/normalize.h"

namespace sluice::router {
namespace {

using Kind = PatternSegment::Kind;

constexpr uint16_t kUsualPort = 80;

// Null behind the last one; a rest goes on.
const PatternSegment* SegmentAt(const Pattern& pattern, size_t i) {
  if (i < pattern.segments.size()) return &pattern.segments[i];
  return pattern.segments.back().kind == Kind::kRest ? &pattern.segments.back() : nullptr;
}

// The usual port, and one that none of `hosts` asks for; all ports, if they ask for all.
std::vector<uint16_t> PortsBeside(const std::vector<HostPattern>& hosts) {
  AskedPorts asked;
  for (const HostPattern& host : hosts)
    if (host.port != 0) asked.Add(host.port);
  if (const std::optional<uint16_t> free = asked.FindFree(kOtherPort)) return {kUsualPort, *free};
  std::vector<uint16_t> all(UINT16_MAX);
  std::iota(all.begin(), all.end(), uint16_t{1});
  return all;
}

}  // namespace

PatternRequests::PatternRequests(const std::vector<Pattern>& patterns, const RouteTable& table)
    : patterns_(patterns), table_(table) {
  absl::flat_hash_set<std::string_view> literals, methods;
  std::vector<HostPattern> hosts;
  for (const Pattern& pattern : patterns) {
    methods.insert(pattern.method);
    if (pattern.has_host) hosts.push_back(pattern.host);
    most_segments_ = std::max(most_segments_, pattern.segments.size());
    for (const PatternSegment& segment : pattern.segments)
      if (segment.kind == Kind::kLiteral) literals.insert(segment.text);
  }
  for (int i = 1; literals.contains(free_segment_); ++i) free_segment_ = absl::StrCat("x", i);
  while (methods.contains(free_method_)) free_method_.push_back('X');
  free_label_ = FreeLabel(hosts);
  ports_ = PortsBeside(hosts);
}

std::optional<Witness> PatternRequests::Find(uint32_t first, uint32_t second, std::set<uint32_t>* takers) {
  const Pattern& a = patterns_[first];
  const Pattern& b = patterns_[second];
  const std::vector<std::string> methods = MethodsOf(a, b);
  const std::vector<Witness> hosts = HostsOf(a, b);
  for (const std::string& path : PathsOf(a, b)) {
    for (const std::string& method : methods) {
      for (const Witness& host : hosts) {
        RouteQuery query;
        query.method = method;
        query.host = host.host;
        query.port = host.port == 0 ? kUsualPort : host.port;
        query.path = path;
        RouteMatch match;
        ++tries_;
        if (!table_.Find(query, &match)) continue;
        if (takers != nullptr) takers->insert(match.route);
        if (match.route != first) continue;
        Arena arena;
        Witness witness = host;
        witness.method = method;
        witness.path = EscapePath(path, &arena);
        return witness;
      }
    }
  }
  return std::nullopt;
}

bool PatternRequests::Join(const Pattern& a, const Pattern& b, Shape* shape) const {
  for (size_t i = 0;; ++i) {
    const PatternSegment* x = SegmentAt(a, i);
    const PatternSegment* y = SegmentAt(b, i);
    const bool x_rests = x != nullptr && x->kind == Kind::kRest;
    const bool y_rests = y != nullptr && y->kind == Kind::kRest;
    if (x_rests && y_rests) return shape->has_rest = true;
    if (x == nullptr && y == nullptr) return true;
    // A rest takes one segment at least.
    if (y == nullptr) return x_rests && i >= a.segments.size();
    if (x == nullptr) return y_rests && i >= b.segments.size();
    if (x->kind > y->kind) std::swap(x, y);
    if (x->kind == Kind::kLiteral && y->kind == Kind::kLiteral && x->text != y->text) return false;
    if (x->kind == Kind::kLiteral && y->kind == Kind::kParameter && x->text.empty()) return false;
    shape->segments.emplace_back(x->kind == Kind::kLiteral ? x->text : free_segment_);
  }
}

std::vector<std::string> PatternRequests::PathsOf(const Pattern& a, const Pattern& b) const {
  Shape shape;
  if (!Join(a, b, &shape)) return {};
  const std::string path = absl::StrCat("/", absl::StrJoin(shape.segments, "/"));
  if (!shape.has_rest) return {path};
  std::vector<std::string> paths;
  std::string longer = shape.segments.empty() ? "" : path;
  for (size_t i = shape.segments.size(); i <= most_segments_; ++i) {
    const std::string before = absl::StrCat(longer, "/");
    absl::StrAppend(&longer, "/", free_segment_);
    paths.push_back(longer);
    paths.push_back(before);
  }
  return paths;
}

// HEAD goes with GET.
std::vector<std::string> PatternRequests::MethodsOf(const Pattern& a, const Pattern& b) const {
  const std::string_view method = MethodContains(a, b) ? b.method : a.method;
  if (method.empty()) return {"GET", free_method_};
  if (method == "GET") return {"GET", "HEAD"};
  return {std::string(method)};
}

std::vector<Witness> PatternRequests::HostsOf(const Pattern& a, const Pattern& b) const {
  const HostPattern usual{HostPattern::Kind::kPlain, "example.com", 0};
  const bool any = !a.has_host && !b.has_host;
  const HostPattern& x = any ? usual : a.has_host ? a.host : b.host;
  const HostPattern& y = any ? usual : b.has_host ? b.host : a.host;
  std::vector<std::string> names = CommonHosts(x, y, free_label_);
  if (any) names.push_back(free_label_);
  const uint16_t asked = static_cast<uint16_t>(std::max(x.port, y.port));
  std::vector<Witness> hosts;
  for (const std::string& name : names) {
    for (uint16_t port : asked != 0 ? std::vector<uint16_t>{asked} : ports_) {
      Witness& witness = hosts.emplace_back();
      witness.scheme = "http";
      witness.host = name;
      witness.port = port == kUsualPort ? 0 : port;
    }
  }
  return hosts;
}

}  // namespace sluice::router
