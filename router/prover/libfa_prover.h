// Proofs about regular expressions by finite automata, with libfa (of Augeas). The only part of the router that needs
// it: the command links it, libsluice does not.
//
//   std::unique_ptr<RegexProver> prover = MakeLibfaProver();
//   std::string text, reason;
//   prover->Overlap("~/a/\\d+$", "/a/1", &text, &reason);                     // kYes, text is "/a/1"
//   prover->Contains({"~/a/.*"}, "/a/b");                                      // kYes: no path below /a/b escapes it
//   prover->FindPath({"~/a/\\w+$"}, {"~/a/\\d", "/a/x"}, &text, &reason);      // kYes, text is "/a/a"
//   prover->FindValue({{"~*^win"}, {"~*dows$"}}, {"Windows"}, &text, &reason);  // kYes, text is "winadows"
//
// Exact wherever it answers; kUnknown where the dialect cannot express an expression (regex_language.h), or where the
// answer would take more than kProofWork, or the automata of one question more than kQuestionWork. libfa makes an
// automaton of an expression, whose size regex_language.h bounds; what follows is byte_automaton.h's, because libfa's
// own containment makes an automaton of up to 2^n states and cannot be stopped. A usual proof takes about 50 µs, the
// longest some 0.1 s; the automaton of a usual expression 0.1 to 0.4 ms. Not thread-safe: one for each thread. It keeps
// the automata of what it has seen, as long as those of paths and those of values have no more than kProverSteps each,
// and kProverOutlines outlines of paths, of 3 KiB each.
#ifndef SLUICE_ROUTER_PROVER_LIBFA_PROVER_H_
#define SLUICE_ROUTER_PROVER_LIBFA_PROVER_H_

#include <cstddef>
#include <memory>

#include "router/prover/regex_prover.h"

namespace sluice::router {

inline constexpr size_t kProofWork = 1'000'000;
inline constexpr size_t kQuestionWork = 100'000'000;
inline constexpr size_t kProverSteps = 2'000'000;
inline constexpr size_t kProverOutlines = 20'000;

std::unique_ptr<RegexProver> MakeLibfaProver();

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_LIBFA_PROVER_H_
