// What libfa makes of an expression.
#ifndef SLUICE_ROUTER_PROVER_LIBFA_AUTOMATON_H_
#define SLUICE_ROUTER_PROVER_LIBFA_AUTOMATON_H_

#include <string_view>

#include "router/byte_automaton.h"

namespace sluice::router {

// Without states if the expression is none of libfa's dialect, or if the memory does not suffice. `minimize`: only for
// expressions of ours, since it may take 2^n states and cannot be stopped.
ByteAutomaton CompileWithLibfa(std::string_view expression, bool minimize);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_LIBFA_AUTOMATON_H_
