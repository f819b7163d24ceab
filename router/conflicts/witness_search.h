// A request that shows how two routes meet, as the whole table answers it.
#ifndef SLUICE_ROUTER_CONFLICTS_WITNESS_SEARCH_H_
#define SLUICE_ROUTER_CONFLICTS_WITNESS_SEARCH_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "router/conflicts/common_path.h"
#include "router/conflicts/common_request.h"
#include "router/conflicts/route_arms.h"
#include "router/prover/regex_prover.h"
#include "router/route_table.h"

namespace sluice::router {

inline constexpr size_t kWitnessTries = 64;         // requests that are tried for one pair
inline constexpr size_t kOwnTries = 512;            // for one arm, by FindOwn
inline constexpr size_t kWitnessWork = 50'000'000;  // of the prover, for one question; the last try may take it further

// Each question: whether there is such a request; then `witness` is one. A request that another route takes is avoided
// in the next try, in each of the fields by which it can be, so that kNo is exact: better routes take all such
// requests. kUnknown, with what stood in the way in `reason`, if expressions could not be compared or the tries were
// not enough.
class WitnessSearch {
 public:
  // `table` is what RouteTable::Build made of `routes`. Without a prover expressions are avoided by simple texts alone.
  WitnessSearch(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover)
      : routes_(routes), table_(table), prover_(prover), paths_(prover), values_(prover) {}

  // A request that both arms match and that goes to the first one's route for no other reason than the document's
  // order.
  Answer FindTie(const RouteArm& first, const RouteArm& second, Repeats repeats, Witness* witness, std::string* reason);

  // One that both match and that goes to the first one's route, whatever the document's order.
  Answer FindOverlap(const RouteArm& first, const RouteArm& second, Witness* witness, std::string* reason);

  // What FindOwn saw go elsewhere: the routes that took a request, each with one of those.
  using Losses = std::map<size_t, Witness>;

  // One that the arm matches and that goes to its route, which may be by another of its arms. `losses`, to which it
  // adds: may be null.
  Answer FindOwn(const RouteArm& arm, Witness* witness, Losses* losses, std::string* reason);

  // Requests that were tried so far.
  size_t tries() const { return tries_; }

 private:
  struct Branch {
    Avoided avoided;
    std::vector<std::string> paths;  // that the path is to match none of
  };

  // `find_blocker(query, witness)`: the arm that makes the request no answer; none if it is one.
  template <typename FindBlocker>
  Answer Search(const RouteArm& first, const RouteArm& second, Repeats repeats, size_t most_tries,
                FindBlocker find_blocker, Witness* witness, std::string* reason);
  Answer FindRequest(const RouteArm& first, const RouteArm& second, Repeats repeats, const Branch& branch,
                     Witness* found, std::string* path, std::string* reason);
  Answer CommonPath(const RouteArm& first, const RouteArm& second, const Branch& branch, Witness* found,
                    std::string* path, std::string* reason);

  size_t Work() const { return prover_ == nullptr ? 0 : prover_->work(); }

  // The arm by which the request goes to a route of the table, or to one of those at `places` alone.
  RouteArm Winner(const RouteQuery& query) const;
  RouteArm WinnerOf(const std::vector<size_t>& places, const RouteQuery& query) const;
  RouteArm NoArm() const;  // of no route
  RouteArm ArmOf(size_t place, size_t path, const RouteQuery& query) const;

  const std::vector<RouteSpec>& routes_;
  const RouteTable& table_;
  RegexProver* prover_;
  CommonPaths paths_;
  HeaderValues values_;
  size_t tries_ = 0;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_WITNESS_SEARCH_H_
