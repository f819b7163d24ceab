#include "cli/candidates.h"

#include "base/arena.h"
#include "base/ip.h"
#include "router/normalize.h"

namespace sluice::cli {

std::vector<router::Candidate> CandidatesOf(const std::vector<router::RouteSpec>& routes, const Request& request,
                                            const Client& client) {
  constexpr size_t kMost = 4;
  Arena arena;
  router::NormalTarget target;
  const bool stream = IsStreamScheme(client.scheme);
  if (!stream && router::NormalizeTarget(request.target, &arena, &target) != router::TargetError::kNone) return {};
  Endpoint source, destination;
  router::RouteQuery query;
  query.method = request.method;
  query.host = client.host;
  query.port = client.port;
  query.path = target.path;
  query.scheme = client.scheme;
  query.http_version = request.http_version;
  query.sni = request.tls.sni;
  query.headers = request.headers;
  query.header_count = request.header_count;
  if (ParseEndpoint(request.peer, &source)) query.source = &source;
  if (ParseEndpoint(request.server, &destination)) query.destination = &destination;
  return router::FindCandidates(routes, query, kMost);
}

}  // namespace sluice::cli
