#include "policy/stages/stages.h"

namespace sluice {
namespace {

router::RouteQuery QueryOf(const Txn& t) {
  router::RouteQuery query;
  query.method = t.request.method;
  query.host = t.decision.client.host;
  query.port = t.decision.client.port;
  query.path = t.target.path;
  query.scheme = t.decision.client.scheme;
  query.http_version = t.request.http_version;
  query.sni = t.request.tls.sni;
  query.headers = t.request.headers;
  query.header_count = t.request.header_count;
  query.source = t.has_peer ? &t.peer : nullptr;
  query.destination = t.has_server ? &t.server : nullptr;
  return query;
}

// Names of groups, else their numbers, with what they caught; groups that took no part are left out.
std::span<const Capture> CapturesOf(Txn& t) {
  Capture* captures = t.arena.Array<Capture>(t.match.capture_count);
  size_t count = 0;
  for (size_t i = 0; i < t.match.capture_count; ++i) {
    const router::RouteCapture& group = t.match.captures[i];
    if (group.value.data() == nullptr) continue;
    captures[count++] = {group.name.empty() ? Decimal(t, static_cast<int64_t>(i + 1)) : group.name, group.value};
  }
  return {captures, count};
}

// 426, or a redirect where the request says to which host.
Step RefuseHttp(Txn& t) {
  const Client& client = t.decision.client;
  uint32_t status = client.host.empty() ? 426 : t.match.https_redirect_status_code;
  if (status == 426) {
    t.response_changes.Set("Connection", "Upgrade");
    t.response_changes.Set("Upgrade", "TLS/1.2, HTTP/1.1");
  } else {
    // RFC 9112, 3.2.4: `*` of a host is its URI without a path.
    bool asterisk = t.target.form == router::TargetForm::kAsterisk;
    std::string_view path = asterisk ? std::string_view() : router::EscapePath(t.target.path, &t.arena);
    t.response_changes.Set(
        "Location", t.arena.Concat({"https://", client.host, path, t.target.has_query ? "?" : "", t.target.query}));
  }
  return Refuse(t, status, "https_required", "Please use HTTPS protocol");
}

// Kong's answers to the wrong protocol.
Step RefuseProtocol(Txn& t, Spot spot) {
  Trace(t, "protocol", "refuse", spot, {"the route does not take ", t.decision.client.scheme});
  switch (t.match.verdict) {
    case router::RouteVerdict::kNeedsHttps: return RefuseHttp(t);
    case router::RouteVerdict::kNeedsHttp2:
      t.response_changes.Set("Connection", "Upgrade");
      t.response_changes.Set("Upgrade", "HTTP/2");
      return Refuse(t, 426, "http2_required", "Please use HTTP2 protocol");
    case router::RouteVerdict::kNeedsGrpcs:
      t.response_changes.Set("grpc-status", "1");
      t.response_changes.Set("grpc-message", "gRPC request matched gRPCs route");
      return RefuseWithBody(t, 200, "grpcs_required", "gRPC request matched gRPCs route", {}, "application/grpc");
    default: return Refuse(t, 415, "grpc_required", "Non-gRPC request matched gRPC route");
  }
}

}  // namespace

Step FindRoute(Txn& t) {
  if (!t.snapshot->table->Find(QueryOf(t), &t.match)) {
    Trace(t, "route", "refuse", {},
          {"none of ", Decimal(t, static_cast<int64_t>(t.snapshot->table_routes.size())), " routes matches"});
    return Refuse(t, 404, "no_route", "no Route matched with those values");
  }
  t.route = &t.snapshot->routes[t.snapshot->table_routes[t.match.route]];
  t.decision.route = t.route->name;
  t.decision.captures = CapturesOf(t);
  if (t.route->service != kNone) {
    t.service = &t.snapshot->services[t.route->service];
    t.decision.service = t.service->name;
  }
  if (t.stream) {
    Trace(t, "route", "pass", t.route->spot, {"`", t.route->name, "`"});
    return Step::kNext;
  }
  Trace(t, "route", "pass", t.route->spot, {"`", t.route->name, "`, matched `", t.match.matched, "`"});
  if (t.match.verdict != router::RouteVerdict::kForward) return RefuseProtocol(t, t.route->spot);
  return Step::kNext;
}

}  // namespace sluice
