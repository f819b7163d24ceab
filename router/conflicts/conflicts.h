// Mistakes in a set of routes, most of which show only when routes are compared: two that tie, one that is never
// reached, an expression that never can match. Proved, and each tie and each shadowed route with a request that shows
// it.
//
//   sluice::Diagnostics findings;
//   auto table = sluice::router::RouteTable::Build(routes, &findings);
//   auto prover = sluice::router::MakeLibfaProver();  // libfa_prover.h; null: regular expressions are left out
//   if (table != nullptr) sluice::router::FindConflicts(routes, *table, prover.get(), &findings);
//   for (const sluice::Diagnostic& finding : findings) std::puts(ToText(finding).c_str());
//
// route_tie (warning): two routes of equal precedence (route_table.h, up to step 7) that some request satisfies which
//   no better route takes; the earlier one in the document wins. `witness` is such a request. Routes are {winner,
//   loser}.
// route_shadowed (warning): no request ever reaches the route, because better ones, or equal ones before it, take all
//   of its requests. Routes are {shadowed, covering …}: of the better ones as many as it takes, or all that take some
//   if there are more than 16; `witness` is a request that one of them takes.
// regex_never_matches (error): no path in normal form matches the expression: it needs `//`, a dot segment, an escape
//   that is decoded, a `?`, or an anchor where none can be.
// conflicts_undecided (warning): how many pairs could not be decided, and what stood in the way for the first. Without
//   a prover none is counted.
// conflicts_unsearched (warning): a search (for expressions that never match, for shadowed routes, for ties, for
//   overlaps) reached a bound, and which: kConflictPairs pairs of routes that share hosts and paths, kConflictTries
//   requests that were tried as witnesses (of each arm of a route one more, when shadowed routes are looked for),
//   kConflictWork of proofs about regular expressions, in units of about 20 to 50 ns, or limits::kDiagnostics findings.
//   Each search has the first three for itself; what takes few pairs it looks at first.
//
// Exact: a finding is true, and what is not found is not there, save for what the last two say. A route is shadowed
// whatever it is that takes its requests: one route or many, by the same fields or by others, each by a part that no
// list of values tells apart (half of a network, the values of a header that an expression takes). Methods, hosts and
// server names are open sets: no list of them takes all. Only paths in normal form count, and values of headers as
// RFC 9110, 5.5 has them. A tie is one for requests that bring each header once, where `x_a` and `x-a` are the same.
//
// Pairs come from an index by host and path, so that the time depends on how much the routes overlap and not on the
// square of their number. At most limits::kDiagnostics findings, and what the last two say. Threads: one call at a time
// for each prover.
#ifndef SLUICE_ROUTER_CONFLICTS_CONFLICTS_H_
#define SLUICE_ROUTER_CONFLICTS_CONFLICTS_H_

#include <cstddef>
#include <vector>

#include "base/diagnostic.h"
#include "router/prover/regex_prover.h"
#include "router/route_spec.h"
#include "router/route_table.h"

namespace sluice::router {

inline constexpr size_t kConflictPairs = 5'000'000;
inline constexpr size_t kConflictTries = 500'000;
inline constexpr size_t kConflictWork = 500'000'000;

// `table` is what RouteTable::Build made of `routes`; each witness has been asked of it. Adds to `findings`.
void FindConflicts(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover,
                   Diagnostics* findings);

// For a review: every pair of routes of which one wins some requests that the other matches, too. That is how
// precedence is meant to be used, and no conflict; a route for everything overlaps with all others.
//
// route_tie (note): as above, but only for a request that brings one header twice, with a value for each route.
// route_overlap (note): routes are {winner, loser}; `witness` is a request that both match and that goes to the
//   winner, `contrast` one that goes to the loser, if one was found.
// conflicts_undecided, conflicts_unsearched (notes): as above.
void FindOverlaps(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover,
                  Diagnostics* findings);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_CONFLICTS_H_
