// Service and target: where to forward to, and how patiently.
#include "absl/strings/match.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// Weighted round robin over a ring that was laid out when the policy was compiled.
const CompiledUpstream::Target* NextTarget(Txn& t, const CompiledUpstream& upstream) {
  if (upstream.ring.empty()) return nullptr;
  uint32_t turn = t.gateway.turns[upstream.turn].fetch_add(1, std::memory_order_relaxed);
  return &upstream.targets[upstream.ring[turn % upstream.ring.size()]];
}

// Whether a Host header, port aside, is the host that the request was routed by. An absolute target, or a host that
// knows better, may contradict the header: then it must not reach the upstream, which would serve another site.
bool IsRoutedHost(std::string_view header, std::string_view routed) {
  if (!absl::StartsWithIgnoreCase(header, routed)) return false;
  std::string_view port = header.substr(routed.size());
  if (absl::StartsWith(port, ".")) port.remove_prefix(1);
  return port.empty() || (port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

// As the client named it: with the port if it gave one.
std::string_view ClientHost(const Txn& t) {
  if (t.target.form == router::TargetForm::kAbsolute) return t.target.authority;
  const Header* header = FindHeader(RequestHeaders(t), "host");
  return header != nullptr && IsRoutedHost(header->value, t.decision.client.host) ? header->value : t.request.host;
}

}  // namespace

Step ChooseUpstream(Txn& t) {
  if (t.service == nullptr) {
    Trace(t, "upstream", "refuse", t.route->spot, {"the route has no service"});
    return Refuse(t, 503, "no_service", "no Service found with those values");
  }
  const CompiledService& service = *t.service;
  UpstreamChoice& choice = t.decision.upstream;
  choice = {service.name,
            service.scheme,
            service.host,
            service.port,
            {},
            service.host_header,
            service.connect_timeout_ms,
            service.send_timeout_ms,
            service.read_timeout_ms,
            service.retries};
  if (service.upstream != kNone) {
    const CompiledUpstream& upstream = t.snapshot->upstreams[service.upstream];
    const CompiledUpstream::Target* target = NextTarget(t, upstream);
    if (target == nullptr) {
      choice = {};
      Trace(t, "upstream", "refuse", service.spot, {"upstream `", upstream.name, "` has no target with a weight"});
      return Refuse(t, 503, "no_target", "failure to get a peer from the ring-balancer");
    }
    choice.name = upstream.name;
    choice.host = target->host;
    choice.port = target->port;
    if (!upstream.host_header.empty()) choice.host_header = upstream.host_header;
  }
  if (t.route->preserve_host && !t.decision.client.host.empty()) choice.host_header = ClientHost(t);
  if (t.match.tls_passthrough) choice.scheme = "tls_passthrough";
  if (t.stream) choice.host_header = {};
  Trace(t, "upstream", "pass", service.spot, {choice.scheme, "://", choice.host, ":", Decimal(t, choice.port)});
  return Step::kNext;
}

}  // namespace sluice
