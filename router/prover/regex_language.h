// The language of a path's regular expression, written in the dialect of libfa, byte by byte.
#ifndef SLUICE_ROUTER_PROVER_REGEX_LANGUAGE_H_
#define SLUICE_ROUTER_PROVER_REGEX_LANGUAGE_H_

#include <string>
#include <string_view>

namespace sluice::router {

// An expression for exactly the texts that begin with a match of `pattern` (RE2's syntax, matched as a path's: anchored
// at the start only). False, with the construct in `unknown`, when the dialect cannot express it: a word boundary,
// `\C`, an anchor of lines or one whose place depends on the text, or an expression that takes more than
// kRegexLanguageBytes of the dialect or, with its repetitions written out, more than kRegexPositions bytes and classes.
// The second bounds the automaton, which has a state for each.
inline constexpr size_t kRegexLanguageBytes = 4096;
inline constexpr size_t kRegexPositions = 512;
bool TranslateRegex(std::string_view pattern, std::string* expression, std::string* unknown);

// The same for one text of bytes, and for any text at all.
std::string LiteralExpression(std::string_view text);
std::string AnyTextExpression();

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_REGEX_LANGUAGE_H_
