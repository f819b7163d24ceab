// A request that satisfies two match sets and keeps clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_COMMON_REQUEST_H_
#define SLUICE_ROUTER_CONFLICTS_COMMON_REQUEST_H_

#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "router/conflicts/common_headers.h"
#include "router/conflicts/match_set.h"
#include "router/prover/regex_prover.h"

namespace sluice::router {

// What a request is to satisfy none of, field by field. Of `headers` each is one condition.
struct Avoided {
  std::vector<HostPattern> hosts;
  std::vector<std::string> methods;  // of a stream: protocols
  std::vector<HeaderSet> headers;
  std::vector<HostPattern> snis;
  std::vector<NetFilter> sources;
  std::vector<NetFilter> destinations;
};

// Whether some request satisfies both sets and nothing of `avoided`; then `witness` is one, but for its path. kUnknown,
// with what stood in the way in `reason`, when that hangs on headers (common_headers.h).
Answer FindCommonRequest(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Repeats repeats,
                         HeaderValues* values, Witness* witness, std::string* reason);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_COMMON_REQUEST_H_
