// A request that shows how two routes meet, as the whole table answers it.
#ifndef SLUICE_ROUTER_CONFLICTS_WITNESS_SEARCH_H_
#define SLUICE_ROUTER_CONFLICTS_WITNESS_SEARCH_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "router/conflicts/common_request.h"
#include "router/conflicts/match_set.h"
#include "router/precedence.h"
#include "router/prover/path_prover.h"
#include "router/route_table.h"

namespace sluice::router {

inline constexpr size_t kWitnessTries = 64;  // requests that are tried for one pair

// A route by one of its paths, by its hosts with a port or by the others.
struct RouteArm {
  Precedence precedence;
  MatchSet set;
  std::string path;  // as the route has it; empty: none
  std::string way;   // what all paths that match begin with
};

// Each question: whether there is such a request; then `witness` is one. A request that another route takes is avoided
// in the next try, in each of the fields by which it can be, so that kNo is exact: better routes take all such
// requests. kUnknown, with what stood in the way in `reason`, if expressions could not be compared or kWitnessTries
// were not enough.
class WitnessSearch {
 public:
  // `table` is what RouteTable::Build made of `routes`. Without a prover expressions are avoided by none but other
  // fields.
  WitnessSearch(const std::vector<RouteSpec>& routes, const RouteTable& table, PathProver* prover)
      : routes_(routes), table_(table), prover_(prover) {}

  // A request that both arms match and that goes to the first one's route for no other reason than the document's
  // order.
  Answer FindTie(const RouteArm& first, const RouteArm& second, Repeats repeats, Witness* witness, std::string* reason);

  // One that both match and that goes to the first one's route, whatever the document's order.
  Answer FindOverlap(const RouteArm& first, const RouteArm& second, Witness* witness, std::string* reason);

  // One that the arm matches and that goes to another route, where it has been proved that none goes to its own. If the
  // first one does, the proof is wrong: kUnknown.
  Answer FindLost(const RouteArm& arm, Witness* witness, std::string* reason);

  // One that the arm matches and that goes to its route.
  Answer FindOwn(const RouteArm& arm, Witness* witness, std::string* reason);

  // Requests that were tried so far.
  size_t tries() const { return tries_; }

 private:
  struct Branch {
    Avoided avoided;
    std::vector<std::string> paths;  // that the path is to match none of
  };

  // `find_blocker(query)`: the arm that makes the request no answer; none if it is one.
  template <typename FindBlocker>
  Answer Search(const RouteArm& first, const RouteArm& second, Repeats repeats, FindBlocker find_blocker,
                Witness* witness, std::string* reason);
  Answer CommonPath(const std::string& a, const std::string& b, const std::vector<std::string>& avoided,
                    std::string* path, std::string* reason) const;

  // The arm by which the request goes to a route of the table, or to one of those at `places` alone.
  RouteArm Winner(const RouteQuery& query) const;
  RouteArm WinnerOf(const std::vector<size_t>& places, const RouteQuery& query) const;
  RouteArm NoArm() const;  // of no route
  RouteArm ArmOf(size_t place, size_t path, const RouteQuery& query) const;

  const std::vector<RouteSpec>& routes_;
  const RouteTable& table_;
  PathProver* prover_;
  size_t tries_ = 0;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_WITNESS_SEARCH_H_
