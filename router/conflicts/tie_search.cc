// Ties: two routes of equal precedence that some request satisfies.
#include <algorithm>
#include <string>
#include <utility>

#include "router/conflicts/common_host.h"
#include "router/conflicts/conflict_search.h"

namespace sluice::router {
namespace {

constexpr size_t kManyPairs = 100'000;  // of one group; as many are looked at in some 10 ms

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

// Arms of equal rank, of which the better ones come first.
using Group = std::vector<uint32_t>;

std::vector<Group> GroupsOf(const std::vector<RouteArm>& arms) {
  std::vector<Group> groups;
  for (uint32_t arm = 0; arm < arms.size(); ++arm) {
    if (groups.empty() || !Ties(arms[groups.back()[0]], arms[arm])) groups.emplace_back();
    groups.back().push_back(arm);
  }
  return groups;
}

bool HostsMeet(const std::vector<HostPattern>& some, const std::vector<HostPattern>& others) {
  if (some.empty() || others.empty()) return true;
  return std::any_of(some.begin(), some.end(), [&others](const HostPattern& a) {
    return std::any_of(others.begin(), others.end(), [&a](const HostPattern& b) {
      return PortsMeet(a.port, b.port) && !CommonHosts(a, b, "x").empty();
    });
  });
}

// A group of expressions of which more begin alike at one host than may be compared each with each: what stands where
// in their paths tells most of them apart at once.
bool IsCrowded(const Group& group, const std::vector<RouteArm>& arms) {
  if (group.size() < 2 || !arms[group[0]].precedence.is_regex) return false;
  ArmPairs index;
  for (uint32_t arm : group) index.Add(arm, arms[arm].set.hosts, arms[arm].way);
  size_t pairs = 0;
  return !index.ForEach([&pairs](uint32_t, uint32_t) { return ++pairs < kManyPairs; });
}

void CheckCrowded(const Group& group, ConflictSearch* search) {
  const std::vector<RouteArm>& arms = search->collected.arms;
  RegexProver::Texts paths;
  for (uint32_t arm : group) paths.push_back(arms[arm].path);
  const size_t before = search->budget.pairs_left();
  size_t looks = before;
  RegexProver::Pairs pairs;
  const bool all = search->prover->FindPairsNotApart(paths, &looks, &pairs);
  // One more than there are, if they were not enough: then the search says so, and what was found is looked at.
  search->budget.SpendPairs(before - looks + (all ? 0 : 1));
  for (const auto& [a, b] : pairs) {
    const RouteArm& winner = arms[group[std::min(a, b)]];
    const RouteArm& loser = arms[group[std::max(a, b)]];
    if (!search->budget.Has()) return;
    if (winner.precedence.route != loser.precedence.route && HostsMeet(winner.set.hosts, loser.set.hosts))
      CheckTie(winner, loser, search);
  }
}

}  // namespace

void FindTies(ConflictSearch* search) {
  const std::vector<RouteArm>& arms = search->collected.arms;
  std::vector<Group> groups = GroupsOf(arms), crowded;
  for (Group& group : groups)
    if (IsCrowded(group, arms)) crowded.push_back(std::exchange(group, {}));
  ForEachPair(search, std::move(groups),
              [search](const RouteArm& winner, const RouteArm& loser) { CheckTie(winner, loser, search); });
  for (const Group& group : crowded) CheckCrowded(group, search);
}

}  // namespace sluice::router
