// Proofs about regular expressions by finite automata, with libfa (of Augeas). The only part of the router that needs
// it: the command links it, libsluice does not.
//
//   std::unique_ptr<PathProver> prover = MakeLibfaProver();
//   std::string path, reason;
//   prover->Overlap("~/a/\\d+$", "/a/1", &path, &reason);  // kYes, path is "/a/1"
//   prover->Contains("~/a/.*", "/a/b");                    // kYes: no path below /a/b escapes the expression
//
// Exact wherever it answers; kUnknown where the dialect cannot express an expression (regex_language.h) or an automaton
// would be too large. A proof takes about 100 µs for usual patterns; the work is bounded by kRegexLanguageBytes of each
// expression, and for Contains, whose automaton may have 2^n states, by kContainsBytes and kContainsFreedom of the
// outer one. Not thread-safe: one for each thread. It keeps the automata of the patterns it has seen, at most
// kProverPatterns.
#ifndef SLUICE_ROUTER_LIBFA_PROVER_H_
#define SLUICE_ROUTER_LIBFA_PROVER_H_

#include <cstddef>
#include <memory>

#include "router/path_prover.h"

namespace sluice::router {

inline constexpr size_t kContainsBytes = 1024;
inline constexpr int kContainsFreedom = 10;  // choices left open after a loop has begun
inline constexpr size_t kProverPatterns = 20'000;

std::unique_ptr<PathProver> MakeLibfaProver();

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_LIBFA_PROVER_H_
