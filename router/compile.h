// From routes as written to the index that Find reads.
#ifndef SLUICE_ROUTER_COMPILE_H_
#define SLUICE_ROUTER_COMPILE_H_

#include <cstdint>
#include <vector>

#include "base/diagnostic.h"
#include "router/match_index.h"
#include "router/route_spec.h"

namespace sluice::router {

// False, with the reasons in `problems`, if the routes cannot be used; `index` is then of no use.
bool CompileRoutes(const std::vector<RouteSpec>& routes, uint64_t seed, MatchIndex* index, Diagnostics* problems);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_COMPILE_H_
