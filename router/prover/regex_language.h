// The languages of what routes ask of paths and of headers, written in the dialect of libfa, byte by byte.
#ifndef SLUICE_ROUTER_PROVER_REGEX_LANGUAGE_H_
#define SLUICE_ROUTER_PROVER_REGEX_LANGUAGE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::router {

// An expression for exactly the texts that the whole of `text` takes: a path, as in RouteSpec::paths, or the value of a
// header, as in HeaderSpec::values. False, with the construct in `unknown`, when the dialect cannot express it: a word
// boundary, `\C`, an anchor of lines or one whose place depends on the text, or an expression that takes more than
// kRegexLanguageBytes of the dialect or, with its repetitions written out, more than kRegexPositions bytes and classes
// (twice as many where what it takes at the start of a value differs from what it takes elsewhere). The second bounds
// the automaton, which has a state for each.
inline constexpr size_t kRegexLanguageBytes = 4096;
inline constexpr size_t kRegexPositions = 512;
bool PathExpression(std::string_view text, std::string* expression, std::string* unknown);
bool ValueExpression(std::string_view text, std::string* expression, std::string* unknown);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_REGEX_LANGUAGE_H_
