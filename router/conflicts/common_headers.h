// Lines of headers that satisfy two routes' conditions and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_COMMON_HEADERS_H_
#define SLUICE_ROUTER_CONFLICTS_COMMON_HEADERS_H_

#include <string>
#include <utility>
#include <vector>

#include "router/conflicts/header_values.h"
#include "router/conflicts/match_set.h"
#include "router/prover/regex_prover.h"

namespace sluice::router {

// Whether a request may bring a header twice, with a value for each of two conditions. Servers send on what clients do,
// but no client that means well does it. `x_a` and `x-a` count as one header, since a route's `x_a` takes both.
enum class Repeats { kNone, kAllowed };

using HeaderLines = std::vector<std::pair<std::string, std::string>>;  // name, value

// Whether some lines satisfy each of `a` and of `b`, but nothing of `avoided`; then they are `lines`, with one line
// that satisfies the conditions of both, if there is one. kUnknown with what stood in the way in `reason`
// (header_values.h).
Answer FindHeaderLines(const std::vector<HeaderSet>& a, const std::vector<HeaderSet>& b,
                       const std::vector<HeaderSet>& avoided, Repeats repeats, HeaderValues* values, HeaderLines* lines,
                       std::string* reason);

// Whether a request with repeats may satisfy both where one without does not: conditions share a header.
bool ShareAHeader(const std::vector<HeaderSet>& a, const std::vector<HeaderSet>& b);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_COMMON_HEADERS_H_
