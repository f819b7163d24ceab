#include "router/conflicts/conflicts.h"

#include "router/conflicts/conflict_search.h"

namespace sluice::router {
namespace {

void Collect(ConflictSearch* search) {
  search->collected = CollectArms(search->routes, search->prover, [search] { return search->budget.Has(); });
}

// `severity`: what was left out counts as much as what was looked for.
void Conclude(Severity severity, ConflictSearch* search) {
  if (search->prover != nullptr) search->report.Undecided(severity);
  search->report.Unsearched(severity);
}

}  // namespace

void FindConflicts(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover,
                   Diagnostics* findings) {
  ConflictSearch search(routes, table, prover, findings);
  search.budget.Begin("expressions that never match", 0);
  Collect(&search);
  for (const Precedence& arm : search.collected.nevers) {
    if (search.report.IsFull() && !search.budget.Has()) break;  // which says so
    search.report.Never(arm);
  }
  search.budget.Begin("shadowed routes", search.collected.arms.size());
  FindShadows(&search);
  search.budget.Begin("ties", 0);
  FindTies(&search);
  Conclude(Severity::kWarning, &search);
}

// Expressions that never match are left out here: FindConflicts reports them.
void FindOverlaps(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover,
                  Diagnostics* findings) {
  ConflictSearch search(routes, table, prover, findings);
  search.budget.Begin("overlaps", 0);
  Collect(&search);
  FindOverlappingArms(&search);
  Conclude(Severity::kNote, &search);
}

}  // namespace sluice::router
