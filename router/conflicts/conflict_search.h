// The searches for conflicts, and what they share.
#ifndef SLUICE_ROUTER_CONFLICTS_CONFLICT_SEARCH_H_
#define SLUICE_ROUTER_CONFLICTS_CONFLICT_SEARCH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "router/conflicts/arm_pairs.h"
#include "router/conflicts/conflict_report.h"
#include "router/conflicts/route_arms.h"
#include "router/conflicts/search_budget.h"
#include "router/conflicts/witness_search.h"
#include "router/prover/regex_prover.h"
#include "router/route_table.h"

namespace sluice::router {

struct ConflictSearch {
  ConflictSearch(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover,
                 Diagnostics* findings)
      : routes(routes),
        prover(prover),
        witnesses(routes, table, prover),
        report(routes, findings),
        budget(prover, &witnesses, &report) {}
  ConflictSearch(const ConflictSearch&) = delete;
  ConflictSearch& operator=(const ConflictSearch&) = delete;

  // False if it is certain at once that their paths are apart. Of expressions only: of a prefix the automaton is not
  // yet worth it.
  bool MayMeet(const RouteArm& a, const RouteArm& b) const {
    return !a.precedence.is_regex || !b.precedence.is_regex || !prover->AreApart(a.path, b.path);
  }

  const std::vector<RouteSpec>& routes;
  RegexProver* const prover;  // null: no arm is an expression
  WitnessSearch witnesses;
  ConflictReport report;
  SearchBudget budget;
  RouteArms collected;
};

// Routes that no request reaches.
void FindShadows(ConflictSearch* search);

// Arms that only the document's order tells apart.
void FindTies(ConflictSearch* search);

// Arms of which one wins requests that the other matches, too; and ties for requests that bring a header twice.
void FindOverlappingArms(ConflictSearch* search);

// Calls `visit(better, worse)` for each two arms of a group that may meet, as ArmPairs does, and that are not of one
// route. The smallest group comes first: what it needs should not be spent on a large one.
template <typename Visit>
void ForEachPair(ConflictSearch* search, std::vector<std::vector<uint32_t>> groups, Visit visit) {
  const std::vector<RouteArm>& arms = search->collected.arms;
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  for (const std::vector<uint32_t>& members : groups) {
    if (members.size() < 2) continue;
    ArmPairs pairs;
    for (uint32_t arm : members) pairs.Add(arm, arms[arm].set.hosts, arms[arm].way);
    const bool all = pairs.ForEach([&](uint32_t a, uint32_t b) {
      if (!search->budget.SpendPair()) return false;
      if (arms[a].precedence.route != arms[b].precedence.route) visit(arms[std::min(a, b)], arms[std::max(a, b)]);
      return true;
    });
    if (!all) return;
  }
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_CONFLICT_SEARCH_H_
