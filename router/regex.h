// The one place that knows the regular expression library: RE2, whose matching time is linear in the text.
#ifndef SLUICE_ROUTER_REGEX_H_
#define SLUICE_ROUTER_REGEX_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/route_table.h"

namespace re2 {
class RE2;
}

namespace sluice::router {

// PCRE's `(?<name>` as RE2 spells it: `(?P<name>`.
std::string SpellNamedGroups(std::string_view pattern);

// Immutable; safe for many threads, though RE2 locks its own cache of automaton states.
class Regex {
 public:
  enum class Kind {
    kPath,    // with case, found at the start of the text only, also when it is an alternation
    kHeader,  // without case, found anywhere
  };

  struct Error {
    std::string code;     // "bad_regex" or "regex_too_large"
    std::string message;  // names the construct that is refused
    std::string hint;
  };

  // Null with `error` filled if `pattern` cannot be used.
  static std::unique_ptr<const Regex> Compile(std::string_view pattern, Kind kind, Error* error);
  ~Regex();

  bool Matches(std::string_view text) const;

  // The text taken, and the groups. False if the text does not match.
  bool Capture(std::string_view text, std::string_view* matched, RouteCapture* captures, size_t* count) const;

  // Every text that matches (Kind::kPath) begins with this.
  const std::string& literal_prefix() const { return literal_prefix_; }
  // And contains this; of Kind::kPath, see required_literal.h.
  const std::string& required_literal() const { return required_literal_; }
  size_t instructions() const;
  static constexpr size_t kInstructionBytes = 16;

 private:
  Regex(std::unique_ptr<re2::RE2> re, Kind kind, std::string_view written);

  std::unique_ptr<re2::RE2> re_;
  Kind kind_;
  std::string literal_prefix_;
  std::string required_literal_;
  std::vector<std::string> group_names_;  // [0] names group 1; empty: no name
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_REGEX_H_
