// What is odd about a set of patterns (pattern.h) that no single pattern shows, each with a request that shows it.
//
//   sluice::Diagnostics findings;
//   auto table = sluice::router::RouteTable::BuildPatterns(patterns, &findings);
//   if (table != nullptr) {
//     sluice::router::FindConflicts(patterns, *table, &findings);
//     sluice::router::FindOverlaps(patterns, *table, &findings);
//   }
//   for (const sluice::Diagnostic& finding : findings) std::puts(ToText(finding).c_str());
//
// Duplicates are refused by BuildPatterns, and no two patterns tie. Exact: a finding is true, and what is not found is
// not there, save for what conflicts_unsearched (warning) says was not looked at: more than kConflictPairs pairs,
// kConflictTries requests or kPatternSteps nodes and pairs of hosts. `table` is what BuildPatterns made of `patterns`;
// each witness has been asked of it. Pairs come from an index: 100,000 patterns take 0.15 s for each of the two.
#ifndef SLUICE_ROUTER_CONFLICTS_PATTERN_CONFLICTS_H_
#define SLUICE_ROUTER_CONFLICTS_PATTERN_CONFLICTS_H_

#include <cstddef>
#include <vector>

#include "base/diagnostic.h"
#include "router/pattern.h"
#include "router/route_table.h"

namespace sluice::router {

inline constexpr size_t kPatternSteps = 50'000'000;  // about 50 ns each

// route_shadowed (warning): no request ever reaches the pattern, because better ones together take all of its requests:
//   `/a/{rest...}` beside `/a/{$}`, `/a/{x}` and `/a/{x}/{rest...}`. Routes are {shadowed, covering …}, by name, else
//   as written; `witness` is a request that it loses.
void FindConflicts(const std::vector<PatternSpec>& patterns, const RouteTable& table, Diagnostics* findings);

// route_overlap (warning): two patterns that share requests, and of which neither is more specific; Go's net/http
//   refuses them: `/a/{x}` and `/{x}/b`. Routes are {winner, loser}; `witness` is a request that both match and that
//   goes to the winner, `contrast` one that goes to the loser. Patterns of which one's hosts are some of the other's
//   are told apart by the host, as in Go; and it is no finding if better patterns take all that the two share (`/a/b`
//   here).
void FindOverlaps(const std::vector<PatternSpec>& patterns, const RouteTable& table, Diagnostics* findings);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_PATTERN_CONFLICTS_H_
