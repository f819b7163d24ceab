// Which routes a request finds and nearly finds, for sluice explain.
#ifndef SLUICE_CLI_CANDIDATES_H_
#define SLUICE_CLI_CANDIDATES_H_

#include <vector>

#include "base/request.h"
#include "policy/decision.h"
#include "router/route_spec.h"
#include "router/why.h"

namespace sluice::cli {

// At most as many as fit on a page. `client` is what the decision says of the request, which must have come to the
// routes.
std::vector<router::Candidate> CandidatesOf(const std::vector<router::RouteSpec>& routes, const Request& request,
                                            const Client& client);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_CANDIDATES_H_
