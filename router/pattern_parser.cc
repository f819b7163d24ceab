#include "router/pattern_parser.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/arena.h"
#include "base/limits.h"
#include "router/normalize.h"
#include "router/route_table.h"
#include "router/segment_trie.h"

namespace sluice::router {
namespace {

static_assert(limits::kPatternSegments == kTrieDepth);

constexpr char kSyntaxHint[] = "write `GET example.com/orders/{id}`; method and host may be left out";

bool Fail(PatternError* error, std::string code, std::string message, std::string hint) {
  *error = {std::move(code), std::move(message), std::move(hint)};
  return false;
}

bool IsIdentifier(std::string_view text) {
  const auto is_part = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), is_part);
}

bool IsMethod(std::string_view text) {
  return !text.empty() && text.size() <= limits::kMethodBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

// Takes the method and the spaces after it off the text.
bool TakeMethod(std::string_view* text, Pattern* out, PatternError* error) {
  const size_t space = text->find_first_of(" \t");
  if (space == std::string_view::npos || space > text->find('/')) return true;
  out->method = text->substr(0, space);
  text->remove_prefix(std::min(text->find_first_not_of(" \t", space), text->size()));
  if (IsMethod(out->method)) return true;
  return Fail(error, "bad_method", absl::StrCat("expected a method in upper case, found `", out->method, "`"),
              "write `GET /orders`");
}

bool TakeHost(std::string_view* text, Pattern* out, PatternError* error) {
  const size_t slash = text->find('/');
  if (slash == std::string_view::npos) {
    return Fail(error, "bad_pattern", absl::StrCat("expected a path, which begins with `/`, found `", *text, "`"),
                kSyntaxHint);
  }
  const std::string_view host = text->substr(0, slash);
  text->remove_prefix(slash);
  if (host.empty()) return true;
  out->has_host = true;
  const char* expected = ParseHostPattern(host, &out->host);
  if (expected == nullptr) return true;
  return Fail(error, "bad_host", absl::StrCat("expected a host name ", expected, ", found `", host, "`"),
              "write `example.com/orders` or `*.example.com/orders`");
}

// A literal that is not in normal form would match no request.
bool CheckLiteral(std::string_view text, PatternError* error) {
  Arena arena;
  NormalTarget normal;
  const std::string_view path = arena.Concat({"/", text});
  const TargetError bad = NormalizeTarget(EscapePath(path, &arena), &arena, &normal);
  if (bad != TargetError::kNone || normal.has_query) {
    const std::string_view why = normal.has_query ? "query_in_path" : TargetErrorCode(bad);
    return Fail(error, "bad_pattern", absl::StrCat("expected a segment of a path, found `", text, "` (", why, ")"),
                "a path has no query, no fragment and no incomplete percent-escape");
  }
  if (normal.path == path) return true;
  return Fail(error, "path_not_normal",
              absl::StrCat("expected a path in normal form, found segment `", text, "`, which no request has"),
              absl::StrCat("write `", normal.path.substr(1), "`"));
}

bool ParseBraces(std::string_view text, bool last, PatternSegment* out, PatternError* error) {
  std::string_view name = text.substr(1, text.size() - 2);
  if (name == "$") {
    if (last) return true;  // an empty literal
    return Fail(error, "bad_pattern", "expected `{$}` at the end of the pattern only, found it before", kSyntaxHint);
  }
  out->kind = absl::ConsumeSuffix(&name, "...") ? PatternSegment::Kind::kRest : PatternSegment::Kind::kParameter;
  out->text = name;
  if (!IsIdentifier(name)) {
    return Fail(error, "bad_pattern",
                absl::StrCat("expected a name of letters, digits and `_` in braces, found `", text, "`"),
                "write `{id}`, `{path...}` or `{$}`");
  }
  if (out->kind == PatternSegment::Kind::kRest && !last) {
    return Fail(error, "bad_pattern",
                absl::StrCat("expected `", text, "` at the end of the pattern, for it takes all that follows"),
                "use `{name}` for one segment");
  }
  return true;
}

bool ParseSegment(std::string_view text, bool last, PatternSegment* out, PatternError* error) {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') return ParseBraces(text, last, out, error);
  if (absl::StrContains(text, '{') || absl::StrContains(text, '}')) {
    return Fail(error, "bad_pattern", absl::StrCat("expected braces around a whole segment, found `", text, "`"),
                "take the whole segment as `{name}`, and cut it in the handler");
  }
  if (text.empty() && !last) {
    return Fail(error, "path_not_normal", "expected no empty segment, found `//`, which no request has",
                "write one slash");
  }
  out->kind = text.empty() ? PatternSegment::Kind::kRest : PatternSegment::Kind::kLiteral;
  out->text = text;
  return text.empty() || CheckLiteral(text, error);
}

bool CheckNames(const Pattern& pattern, PatternError* error) {
  std::vector<std::string_view> names;
  for (const PatternSegment& segment : pattern.segments)
    if (segment.kind != PatternSegment::Kind::kLiteral && !segment.text.empty()) names.push_back(segment.text);
  if (names.size() > kMaxRouteCaptures) {
    return Fail(error, "pattern_too_large",
                absl::StrCat("expected at most ", kMaxRouteCaptures, " names in braces, found ", names.size()),
                "take the rest of the path with `{name...}`");
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return true;
  return Fail(error, "bad_pattern", absl::StrCat("expected each name once, found `{", *twice, "}` again"),
              "rename one of them");
}

bool ParsePath(std::string_view path, Pattern* out, PatternError* error) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t size = std::min(path.find('/'), path.size());
    const bool last = size == path.size();
    if (out->segments.size() == limits::kPatternSegments) {
      return Fail(error, "pattern_too_large",
                  absl::StrCat("expected at most ", limits::kPatternSegments, " segments, found more"),
                  "take the rest of the path with `{name...}`");
    }
    if (!ParseSegment(path.substr(0, size), last, &out->segments.emplace_back(), error)) return false;
    path.remove_prefix(size);
    if (last) break;
  }
  return CheckNames(*out, error);
}

// Hosts in the order of pattern.h: less wins.
std::tuple<int, size_t, std::string_view, bool, uint32_t> HostOrder(const Pattern& p) {
  if (!p.has_host) return {3, 0, {}, false, 0};
  return {static_cast<int>(p.host.kind), SIZE_MAX - p.host.text.size(), p.host.text, p.host.port == 0, p.host.port};
}

// Less than 0 if `a` comes first, 0 if they take the same segments.
int Compare(const PatternSegment& a, const PatternSegment& b) {
  if (a.kind != b.kind) return a.kind < b.kind ? -1 : 1;
  return a.kind == PatternSegment::Kind::kLiteral ? a.text.compare(b.text) : 0;
}

int ComparePaths(const Pattern& a, const Pattern& b) {
  const size_t most = std::min(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < most; ++i)
    if (const int order = Compare(a.segments[i], b.segments[i]); order != 0) return order;
  return a.segments.size() == b.segments.size() ? 0 : a.segments.size() > b.segments.size() ? -1 : 1;
}

}  // namespace

bool ParsePattern(std::string_view text, Pattern* out, PatternError* error) {
  if (text.size() > limits::kPatternBytes) {
    return Fail(error, "pattern_too_large",
                absl::StrCat("expected a pattern of at most ", limits::kPatternBytes, " bytes, found ", text.size()),
                "take the rest of the path with `{name...}`");
  }
  return TakeMethod(&text, out, error) && TakeHost(&text, out, error) && ParsePath(text, out, error);
}

bool PatternOutranks(const Pattern& a, const Pattern& b) {
  const auto host_a = HostOrder(a);
  const auto host_b = HostOrder(b);
  if (host_a != host_b) return host_a < host_b;
  if (const int order = ComparePaths(a, b); order != 0) return order < 0;
  const auto method_order = [](const Pattern& p) {
    return std::make_tuple(p.method.empty(), p.method != "HEAD", p.method);
  };
  return method_order(a) < method_order(b);
}

}  // namespace sluice::router
