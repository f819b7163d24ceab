// Ties: two routes of equal precedence that some request satisfies.
#include <string>
#include <utility>

#include "router/conflicts/conflict_search.h"

namespace sluice::router {
namespace {

void CheckTie(const RouteArm& winner, const RouteArm& loser, ConflictSearch* search) {
  const size_t first = winner.precedence.route, second = loser.precedence.route;
  if (search->report.IsKnown(first, second)) return;
  // Of equal rank, so that both are expressions, or the same prefix, or none.
  if (!winner.precedence.is_regex && winner.path != loser.path) return;
  if (!search->MayMeet(winner, loser)) return;
  Witness witness;
  std::string reason;
  switch (search->witnesses.FindTie(winner, loser, Repeats::kNone, &witness, &reason)) {
    case Answer::kNo: return;
    case Answer::kUnknown: return search->report.CountUndecided(first, second, std::move(reason));
    case Answer::kYes: return search->report.Tie(first, second, std::move(witness), search->prover == nullptr);
  }
}

}  // namespace

void FindTies(ConflictSearch* search) {
  const std::vector<RouteArm>& arms = search->collected.arms;
  std::vector<std::vector<uint32_t>> groups;
  for (uint32_t arm = 0; arm < arms.size(); ++arm) {
    if (groups.empty() || !Ties(arms[groups.back()[0]], arms[arm])) groups.emplace_back();
    groups.back().push_back(arm);
  }
  ForEachPair(search, std::move(groups),
              [search](const RouteArm& winner, const RouteArm& loser) { CheckTie(winner, loser, search); });
}

}  // namespace sluice::router
