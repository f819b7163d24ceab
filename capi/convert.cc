#include "capi/convert.h"

#include <algorithm>
#include <iterator>

#include "base/limits.h"
#include "capi/abi.h"

namespace sluice::capi {
namespace {

bool AreStrings(const sluice_pair* pairs, size_t count) {
  if (pairs == nullptr) return count == 0;
  return std::all_of(pairs, pairs + count, [](const sluice_pair& p) { return IsString(p.name) && IsString(p.value); });
}

void CopyHeaders(const sluice_pair* pairs, size_t count, Header* out) {
  std::transform(pairs, pairs + count, out, [](const sluice_pair& p) { return Header{View(p.name), View(p.value)}; });
}

// Fills `*out` and `*count` with a C array made from `in` by `convert`.
template <typename In, typename Out, typename Convert>
void ToArray(std::span<const In> in, Arena* arena, const Out** out, size_t* count, Convert convert) {
  Out* array = in.empty() ? nullptr : arena->Array<Out>(in.size());
  std::transform(in.begin(), in.end(), array, convert);
  *out = array;
  *count = in.size();
}

sluice_header_change ToChange(const HeaderChange& change) {
  return {static_cast<uint32_t>(change.op), 0, Str(change.name), Str(change.value)};
}

sluice_limit ToLimit(const LimitState& limit) {
  return {Str(limit.name),         limit.limit,
          limit.remaining,         limit.reset_ms,
          limit.refused ? 1u : 0u, limit.shadow_refused ? 1u : 0u};
}

void FillUpstream(const UpstreamChoice& in, sluice_decision* out) {
  out->upstream_name = Str(in.name);
  out->upstream_scheme = Str(in.scheme);
  out->upstream_host = Str(in.host);
  out->upstream_port = in.port;
  out->upstream_path = Str(in.path);
  out->upstream_host_header = Str(in.host_header);
  out->connect_timeout_ms = in.connect_timeout_ms;
  out->send_timeout_ms = in.send_timeout_ms;
  out->read_timeout_ms = in.read_timeout_ms;
  out->retries = in.retries;
}

void FillArrays(const Decision& in, Arena* arena, sluice_decision* out) {
  ToArray(in.consumer_groups, arena, &out->consumer_groups, &out->consumer_group_count, Str);
  ToArray(in.captures, arena, &out->captures, &out->capture_count, [](const Capture& c) {
    return sluice_pair{Str(c.name), Str(c.value)};
  });
  ToArray(in.request_headers, arena, &out->request_headers, &out->request_header_count, ToChange);
  ToArray(in.response_headers, arena, &out->response_headers, &out->response_header_count, ToChange);
  ToArray(in.limits, arena, &out->limits, &out->limit_count, ToLimit);
}

}  // namespace

bool ToRequest(const sluice_request& in, Arena* arena, Request* out) {
  constexpr uint32_t kFlags = SLUICE_REQUEST_TRACE | SLUICE_REQUEST_NO_WAIT;
  if ((in.flags & ~kFlags) != 0 || in.reserved != 0 || in.port > 65535) return false;
  for (const sluice_str& text : {in.method, in.target, in.scheme, in.host, in.http_version, in.peer, in.server,
                                 in.tls_sni, in.tls_client_cert, in.tls_client_chain})
    if (!IsString(text)) return false;
  size_t count = std::min(in.header_count, limits::kHeaderCount + 1);
  if (!AreStrings(in.headers, count)) return false;
  Header* headers = arena->Array<Header>(count);
  CopyHeaders(in.headers, count, headers);
  out->method = View(in.method);
  out->target = View(in.target);
  out->scheme = View(in.scheme);
  out->host = View(in.host);
  out->http_version = View(in.http_version);
  out->peer = View(in.peer);
  out->server = View(in.server);
  out->headers = headers;
  out->header_count = count;
  out->tls = {View(in.tls_sni), View(in.tls_client_cert), View(in.tls_client_chain)};
  out->content_length = in.content_length;
  out->port = in.port;
  out->cost = std::max(in.cost, 1u);
  return true;
}

sluice_decision ToDecision(const Decision& in, Arena* arena) {
  sluice_decision out = {};
  out.struct_size = sizeof out;
  out.action = static_cast<uint32_t>(in.action);
  out.status = in.status;
  out.reason = Str(in.reason);
  out.message = Str(in.message);
  out.body = Str(in.body);
  out.route = Str(in.route);
  out.service = Str(in.service);
  out.consumer = Str(in.consumer);
  out.plan = Str(in.plan);
  out.client_ip = Str(in.client.ip);
  out.client_scheme = Str(in.client.scheme);
  out.client_host = Str(in.client.host);
  out.client_port = in.client.port;
  FillUpstream(in.upstream, &out);
  FillArrays(in, arena, &out);
  return out;
}

sluice_effect ToEffect(const Effect& in) {
  sluice_effect out = {};
  out.struct_size = sizeof out;
  out.kind = static_cast<uint32_t>(in.kind);
  out.flags = in.allow_plain_http ? SLUICE_EFFECT_ALLOW_HTTP : 0;
  out.id = in.id;
  out.method = Str(in.method);
  out.url = Str(in.url);
  out.timeout_ms = in.timeout_ms;
  out.max_body_bytes = in.max_body_bytes;
  return out;
}

sluice_redis_call ToRedisCall(const RedisCall& in, std::vector<sluice_str>* keys, std::vector<sluice_str>* arguments,
                              std::vector<sluice_redis_node>* nodes) {
  std::transform(in.nodes.begin(), in.nodes.end(), std::back_inserter(*nodes), [](const RedisAddress& node) {
    return sluice_redis_node{Str(node.host), node.port, 0};
  });
  std::transform(in.keys.begin(), in.keys.end(), std::back_inserter(*keys), Str);
  std::transform(in.arguments.begin(), in.arguments.end(), std::back_inserter(*arguments), Str);
  sluice_redis_call out = {};
  out.struct_size = sizeof out;
  out.flags = (in.tls ? SLUICE_REDIS_TLS : 0) | (in.verify ? SLUICE_REDIS_VERIFY : 0) |
              (in.where == RedisCall::Where::kSentinel ? SLUICE_REDIS_SENTINEL : 0) |
              (in.where == RedisCall::Where::kCluster ? SLUICE_REDIS_CLUSTER : 0);
  out.max_redirections = in.max_redirections;
  out.port = in.port;
  out.database = in.database;
  out.host = Str(in.host);
  out.socket = Str(in.socket);
  out.username = Str(in.username);
  out.password = Str(in.password);
  out.server_name = Str(in.server_name);
  out.script = Str(in.script);
  out.keys = keys->data();
  out.key_count = keys->size();
  out.arguments = arguments->data();
  out.argument_count = arguments->size();
  out.nodes = nodes->data();
  out.node_count = nodes->size();
  out.sentinel_master = Str(in.sentinel_master);
  out.sentinel_username = Str(in.sentinel_username);
  out.sentinel_password = Str(in.sentinel_password);
  return out;
}

void ToPairs(std::span<const Header> in, sluice_pair* out) {
  std::transform(in.begin(), in.end(), out, [](const Header& h) { return sluice_pair{Str(h.name), Str(h.value)}; });
}

bool ToResult(const sluice_http_result& in, std::vector<Header>* headers, HttpResult* out) {
  if (in.reserved != 0 || !IsString(in.error) || !IsString(in.body)) return false;
  if (!AreStrings(in.headers, in.header_count)) return false;
  headers->resize(in.header_count);
  CopyHeaders(in.headers, in.header_count, headers->data());
  out->status = in.status;
  out->error = View(in.error);
  out->headers = *headers;
  out->body = View(in.body);
  return true;
}

}  // namespace sluice::capi
