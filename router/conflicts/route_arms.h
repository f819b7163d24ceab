// The ways by which routes are reached, as the searches for conflicts compare them.
#ifndef SLUICE_ROUTER_CONFLICTS_ROUTE_ARMS_H_
#define SLUICE_ROUTER_CONFLICTS_ROUTE_ARMS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "router/conflicts/match_set.h"
#include "router/precedence.h"
#include "router/prover/regex_prover.h"
#include "router/route_spec.h"

namespace sluice::router {

// A route by one of its paths, by its hosts with a port or by the others.
struct RouteArm {
  Precedence precedence;
  MatchSet set;
  std::string path;  // as the route has it; empty: none
  std::string way;   // what all paths that match begin with
};

struct RouteArms {
  std::vector<RouteArm> arms;           // the best first
  std::vector<Precedence> nevers;       // expressions that no path matches, once for each; they have no arm
  absl::flat_hash_set<size_t> partial;  // routes with an expression that is left out for want of a prover
};

// `has_budget` is asked before each proof; without it an expression is taken for one that matches something.
RouteArms CollectArms(const std::vector<RouteSpec>& routes, RegexProver* prover,
                      const std::function<bool()>& has_budget);

// Whether only the document's order is left to tell them apart.
bool Ties(const RouteArm& a, const RouteArm& b);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_ROUTE_ARMS_H_
