// Patterns (pattern.h) as text and as segments.
#ifndef SLUICE_ROUTER_PATTERN_PARSER_H_
#define SLUICE_ROUTER_PATTERN_PARSER_H_

#include <string>
#include <string_view>
#include <vector>

#include "router/host_pattern.h"

namespace sluice::router {

struct PatternSegment {
  enum class Kind { kLiteral, kParameter, kRest };
  Kind kind = Kind::kLiteral;
  std::string_view text;  // the literal, or the name; a rest without name is that of `/static/`
};

// Views are borrowed from the text.
struct Pattern {
  std::string_view method;  // empty: any
  bool has_host = false;
  HostPattern host;
  std::vector<PatternSegment> segments;  // `{$}` is an empty literal
};

// Whether `inner`'s method is one that `outer` takes: GET takes HEAD, too.
inline bool MethodContains(const Pattern& outer, const Pattern& inner) {
  return outer.method.empty() || outer.method == inner.method || (outer.method == "GET" && inner.method == "HEAD");
}

struct PatternError {
  std::string code;
  std::string message;
  std::string hint;
};

// False with `error` filled if `text` is no pattern.
bool ParsePattern(std::string_view text, Pattern* out, PatternError* error);

// Whether `a` wins over `b` where both match (pattern.h). Neither does only if they match the same requests.
bool PatternOutranks(const Pattern& a, const Pattern& b);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PATTERN_PARSER_H_
