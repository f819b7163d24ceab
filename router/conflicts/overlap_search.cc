// Overlaps, for a review: routes of which one wins what another matches.
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "router/conflicts/conflict_search.h"

namespace sluice::router {
namespace {

class OverlapSearch {
 public:
  explicit OverlapSearch(ConflictSearch* search) : search_(*search) {}

  void Check(const RouteArm& winner, const RouteArm& loser) {
    if (Ties(winner, loser)) return CheckTieByRepeats(winner, loser);
    const Pair pair(winner.precedence.route, loser.precedence.route);
    if (search_.report.IsKnown(pair.first, pair.second)) return;
    Witness witness, own;
    std::string reason;
    switch (search_.witnesses.FindOverlap(winner, loser, &witness, &reason)) {
      case Answer::kNo: return;
      case Answer::kUnknown: return search_.report.CountUndecided(pair.first, pair.second, std::move(reason));
      case Answer::kYes: break;
    }
    const bool has_own = search_.witnesses.FindOwn(loser, &own, nullptr, &reason) == Answer::kYes;
    search_.report.Overlap(pair.first, pair.second, std::move(witness), has_own ? std::optional(own) : std::nullopt);
  }

 private:
  using Pair = std::pair<size_t, size_t>;

  // Of a header that comes twice each route may find its own value. FindConflicts reports the other ties, and those
  // that it cannot decide.
  void CheckTieByRepeats(const RouteArm& winner, const RouteArm& loser) {
    const Pair pair(winner.precedence.route, loser.precedence.route);
    Witness witness;
    std::string reason;
    if (!ShareAHeader(winner.set.headers, loser.set.headers) || tied_.contains(pair) ||
        search_.witnesses.FindTie(winner, loser, Repeats::kNone, &witness, &reason) != Answer::kNo) {
      return;
    }
    switch (search_.witnesses.FindTie(winner, loser, Repeats::kAllowed, &witness, &reason)) {
      case Answer::kNo: return;
      case Answer::kUnknown: return search_.report.CountUndecided(pair.first, pair.second, std::move(reason));
      case Answer::kYes: break;
    }
    tied_.insert(pair);
    search_.report.TieByRepeats(pair.first, pair.second, std::move(witness));
  }

  ConflictSearch& search_;
  absl::flat_hash_set<Pair> tied_;
};

}  // namespace

void FindOverlappingArms(ConflictSearch* search) {
  std::vector<uint32_t> all(search->collected.arms.size());
  std::iota(all.begin(), all.end(), 0);
  OverlapSearch overlaps(search);
  ForEachPair(search, {std::move(all)},
              [&overlaps](const RouteArm& winner, const RouteArm& loser) { overlaps.Check(winner, loser); });
}

}  // namespace sluice::router
