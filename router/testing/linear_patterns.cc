#include "router/testing/linear_patterns.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;
using Captures = std::vector<std::pair<std::string, std::string>>;

struct Parts {
  std::string method;
  std::string host;  // lower case
  std::string port;
  Texts segments;
};

Parts PartsOf(const PatternSpec& spec) {
  Parts parts;
  std::string text = spec.pattern;
  const size_t space = text.find_first_of(" \t");
  if (space < text.find('/')) {
    parts.method = text.substr(0, space);
    text = std::string(absl::StripLeadingAsciiWhitespace(text.substr(space)));
  }
  parts.host = absl::AsciiStrToLower(text.substr(0, text.find('/')));
  if (const size_t colon = parts.host.rfind(':'); colon != std::string::npos && parts.host.back() != ']') {
    parts.port = parts.host.substr(colon + 1);
    parts.host.resize(colon);
  }
  parts.segments = absl::StrSplit(text.substr(text.find('/') + 1), '/');
  if (parts.segments.back().empty()) parts.segments.back() = "{...}";
  if (parts.segments.back() == "{$}") parts.segments.back() = "";
  return parts;
}

bool IsRest(const std::string& segment) { return absl::EndsWith(segment, "...}"); }
bool IsParameter(const std::string& segment) { return absl::StartsWith(segment, "{") && !IsRest(segment); }

bool MatchHost(const Parts& parts, const RouteQuery& query) {
  if (parts.host.empty()) return true;
  if (!parts.port.empty() && absl::StrCat(query.port) != parts.port) return false;
  const std::string host = absl::AsciiStrToLower(query.host);
  const size_t star = parts.host.find('*');
  if (star == std::string::npos) return host == parts.host;
  return host.size() >= parts.host.size() && absl::StartsWith(host, parts.host.substr(0, star)) &&
         absl::EndsWith(host, parts.host.substr(star + 1));
}

bool MatchPath(const Texts& segments, std::string_view path, Captures* captures) {
  if (!absl::StartsWith(path, "/")) return false;
  const Texts found = absl::StrSplit(path.substr(1), '/');
  size_t offset = 1;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (i == found.size()) return false;
    if (IsRest(segments[i])) {
      const std::string name = segments[i].substr(1, segments[i].size() - 5);
      if (!name.empty()) captures->emplace_back(name, path.substr(offset));
      return true;
    }
    if (IsParameter(segments[i]) ? found[i].empty() : found[i] != segments[i]) return false;
    if (IsParameter(segments[i])) captures->emplace_back(segments[i].substr(1, segments[i].size() - 2), found[i]);
    offset += found[i].size() + 1;
  }
  return segments.size() == found.size();
}

int KindOf(const std::string& segment) { return IsRest(segment) ? 2 : IsParameter(segment) ? 1 : 0; }

// Whether `a` wins over `b`; both match the same request.
bool Wins(const Parts& a, const Parts& b) {
  const auto host_kind = [](const Parts& parts) {
    if (parts.host.empty()) return 3;
    return absl::StrContains(parts.host, '*') ? parts.host[0] == '*' ? 1 : 2 : 0;
  };
  if (host_kind(a) != host_kind(b)) return host_kind(a) < host_kind(b);
  if (a.host != b.host) return a.host.size() > b.host.size();
  if (a.port.empty() != b.port.empty()) return b.port.empty();
  for (size_t i = 0; i < a.segments.size() && i < b.segments.size(); ++i)
    if (KindOf(a.segments[i]) != KindOf(b.segments[i])) return KindOf(a.segments[i]) < KindOf(b.segments[i]);
  if (a.method.empty() != b.method.empty()) return b.method.empty();
  return a.method == "HEAD" && b.method == "GET";
}

bool MatchMethod(const std::string& method, std::string_view asked) {
  return method.empty() || method == asked || (method == "GET" && asked == "HEAD");
}

}  // namespace

LinearPatternMatch FindPattern(const std::vector<PatternSpec>& patterns, const RouteQuery& query) {
  LinearPatternMatch best;
  Parts best_parts;
  for (size_t i = 0; i < patterns.size(); ++i) {
    const Parts parts = PartsOf(patterns[i]);
    Captures captures;
    if (!MatchHost(parts, query) || !MatchPath(parts.segments, query.path, &captures)) continue;
    if (!MatchMethod(parts.method, query.method)) {
      best.allowed.insert(parts.method);
      if (parts.method == "GET") best.allowed.insert("HEAD");
    } else if (!best.found || Wins(parts, best_parts)) {
      best.found = true;
      best.route = i;
      best.captures = captures;
      best_parts = parts;
    }
  }
  if (best.found) best.allowed.clear();
  return best;
}

}  // namespace sluice::router
