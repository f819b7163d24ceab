// Shadowed routes: no request goes to them, whatever it is that takes each.
#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "router/conflicts/conflict_search.h"

namespace sluice::router {
namespace {

using Places = std::vector<size_t>;

constexpr size_t kMostToThin = 16;  // of more takers all are named, even if fewer would do

class ShadowSearch {
 public:
  explicit ShadowSearch(ConflictSearch* search) : search_(*search) {}

  void Run() {
    const std::vector<RouteArm>& arms = search_.collected.arms;
    std::vector<std::vector<uint32_t>> arms_of(search_.routes.size());
    for (uint32_t arm = 0; arm < arms.size(); ++arm) arms_of[arms[arm].precedence.route].push_back(arm);
    for (size_t route = 0; route < arms_of.size(); ++route) {
      if (arms_of[route].empty() || search_.collected.partial.contains(route)) continue;
      if (!search_.budget.Has()) return;
      Check(route, arms_of[route]);
    }
  }

 private:
  void Check(size_t route, const std::vector<uint32_t>& arms) {
    Witness own;
    WitnessSearch::Losses losses;
    std::string reason;
    bool is_undecided = false;
    for (uint32_t arm : arms) {
      const Answer answer = search_.witnesses.FindOwn(search_.collected.arms[arm], &own, &losses, &reason);
      if (answer == Answer::kYes) return;
      is_undecided |= answer == Answer::kUnknown;
    }
    if (losses.empty()) return;  // it has no request to lose
    if (is_undecided) return search_.report.CountUndecided(losses.begin()->first, route, std::move(reason));
    std::set<size_t> covering;
    for (const auto& [taker, witness] : losses) covering.insert(taker);
    covering = Thinned(std::move(covering), route, arms);
    Places first = {route};
    first.insert(first.end(), covering.begin(), covering.end());
    const bool by_order = Reached(first, route, arms) == Answer::kYes;
    search_.report.Shadowed(route, covering, losses.at(*covering.begin()), by_order);
  }

  // Without those that the others do not need.
  std::set<size_t> Thinned(std::set<size_t> takers, size_t route, const std::vector<uint32_t>& arms) {
    if (takers.size() > kMostToThin) return takers;
    for (auto taker = takers.begin(); taker != takers.end() && takers.size() > 1;) {
      std::set<size_t> with_route = takers;
      with_route.erase(*taker);
      with_route.insert(route);
      const bool is_needless = Reached({with_route.begin(), with_route.end()}, route, arms) == Answer::kNo;
      taker = is_needless ? takers.erase(taker) : std::next(taker);
    }
    return takers;
  }

  // Whether some request reaches the route in a document of those at `places` alone, in this order.
  Answer Reached(const Places& places, size_t route, const std::vector<uint32_t>& arms) {
    std::vector<RouteSpec> routes;
    for (size_t place : places) routes.push_back(search_.routes[place]);
    Diagnostics problems;
    const auto table = RouteTable::Build(routes, &problems);
    if (table == nullptr) return Answer::kUnknown;
    WitnessSearch witnesses(routes, *table, search_.prover);
    Answer any = Answer::kNo;
    for (uint32_t at : arms) {
      RouteArm arm = search_.collected.arms[at];
      arm.precedence.route = static_cast<size_t>(std::find(places.begin(), places.end(), route) - places.begin());
      Witness own;
      std::string reason;
      const Answer answer = witnesses.FindOwn(arm, &own, nullptr, &reason);
      if (answer == Answer::kYes) return answer;
      if (answer == Answer::kUnknown) any = answer;
    }
    return any;
  }

  ConflictSearch& search_;
};

}  // namespace

void FindShadows(ConflictSearch* search) { ShadowSearch(search).Run(); }

}  // namespace sluice::router
