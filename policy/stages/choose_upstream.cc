// Service and target: where to forward to, and how patiently.
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// Weighted round robin over a ring that was laid out when the policy was compiled.
const CompiledUpstream::Target* NextTarget(Txn& t, const CompiledUpstream& upstream) {
  if (upstream.ring.empty()) return nullptr;
  uint32_t turn = t.gateway.turns[upstream.turn].fetch_add(1, std::memory_order_relaxed);
  return &upstream.targets[upstream.ring[turn % upstream.ring.size()]];
}

std::string_view WithPort(Txn& t, std::string_view host, uint32_t port, std::string_view scheme) {
  uint32_t usual = scheme == "https" || scheme == "grpcs" ? 443 : 80;
  return port == usual ? host : t.arena.Concat({host, ":", Decimal(t, port)});
}

std::string_view ClientHost(Txn& t) {
  const Header* host = FindHeader(RequestHeaders(t), "host");
  if (host != nullptr && t.target.form != router::TargetForm::kAbsolute) return host->value;
  return WithPort(t, t.decision.client.host, t.decision.client.port, t.decision.client.scheme);
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
  Trace(t, "upstream", "pass", service.spot, {choice.scheme, "://", choice.host, ":", Decimal(t, choice.port)});
  return Step::kNext;
}

}  // namespace sluice
