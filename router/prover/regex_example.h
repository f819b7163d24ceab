// A text that a regular expression takes, read off its form.
#ifndef SLUICE_ROUTER_PROVER_REGEX_EXAMPLE_H_
#define SLUICE_ROUTER_PROVER_REGEX_EXAMPLE_H_

#include <optional>
#include <string>
#include <string_view>

#include "router/regex.h"

namespace sluice::router {

// `regex` is what `pattern` compiles to. A guess that `regex` has confirmed: of repetitions the fewest, of alternatives
// the first, of classes the simplest. None where that is no match, say for `a|b` before `$c`.
std::optional<std::string> SimpleExample(std::string_view pattern, const Regex& regex);

// The same, if it is also a path in normal form, of letters, digits, `-`, `_`, `~` and dots within names.
std::optional<std::string> PlainExample(std::string_view pattern, const Regex& regex);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_REGEX_EXAMPLE_H_
