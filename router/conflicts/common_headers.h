// Lines of headers that satisfy two routes' conditions and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_COMMON_HEADERS_H_
#define SLUICE_ROUTER_CONFLICTS_COMMON_HEADERS_H_

#include <string>
#include <utility>
#include <vector>

#include "router/conflicts/match_set.h"
#include "router/prover/path_prover.h"

namespace sluice::router {

// Whether a request may bring a header twice, with a value for each of two routes. Servers send on what clients do,
// but no client that means well does it.
enum class Repeats { kNone, kAllowed };

using HeaderLines = std::vector<std::pair<std::string, std::string>>;  // name, value

// Adds to `lines` what satisfies each of `a` and of `b`, but nothing of `avoided`; a line that satisfies a header of
// both, if there is one. kNo: no lines do. kUnknown: that hangs on regular expressions, of which simple texts alone are
// tried, or on two names that a header of one name satisfies both.
Answer AddHeaderLines(const std::vector<HeaderSet>& a, const std::vector<HeaderSet>& b,
                      const std::vector<HeaderSet>& avoided, Repeats repeats, HeaderLines* lines);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_COMMON_HEADERS_H_
