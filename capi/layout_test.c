/* The layout that hosts were built against. A struct grows only at the end: a line here is added, never changed. */
#include <stddef.h>

#include "capi/sluice.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size: see docs/c_abi.md")
#define AT(type, member, bytes) \
  _Static_assert(offsetof(type, member) == (bytes), #type "." #member " moved: hosts built before would break")

#if defined(__x86_64__) && defined(__LP64__)
SIZE(sluice_str, 16);
AT(sluice_str, data, 0);
AT(sluice_str, size, 8);

SIZE(sluice_pair, 32);
AT(sluice_pair, name, 0);
AT(sluice_pair, value, 16);

SIZE(sluice_now, 16);
AT(sluice_now, wall_ns, 0);
AT(sluice_now, mono_ns, 8);

SIZE(sluice_policy_options, 48);
AT(sluice_policy_options, struct_size, 0);
AT(sluice_policy_options, file_name, 8);
AT(sluice_policy_options, format, 24);
AT(sluice_policy_options, reserved, 28);
AT(sluice_policy_options, env, 32);
AT(sluice_policy_options, env_context, 40);

SIZE(sluice_gateway_options, 40);
AT(sluice_gateway_options, struct_size, 0);
AT(sluice_gateway_options, region, 8);
AT(sluice_gateway_options, region_size, 16);
AT(sluice_gateway_options, token_cache_bytes, 24);
AT(sluice_gateway_options, signed_token_cache_bytes, 32);

SIZE(sluice_limit_metrics, 56);
AT(sluice_limit_metrics, scope, 0);
AT(sluice_limit_metrics, limit, 16);
AT(sluice_limit_metrics, allowed, 32);
AT(sluice_limit_metrics, refused, 40);
AT(sluice_limit_metrics, shadow_refused, 48);

SIZE(sluice_limit_table_metrics, 32);
AT(sluice_limit_table_metrics, table, 0);
AT(sluice_limit_table_metrics, capacity, 16);
AT(sluice_limit_table_metrics, live, 24);

SIZE(sluice_server_error, 24);
AT(sluice_server_error, error, 0);
AT(sluice_server_error, count, 16);

SIZE(sluice_server_metrics, 120);
AT(sluice_server_metrics, struct_size, 0);
AT(sluice_server_metrics, server, 8);
AT(sluice_server_metrics, granted, 24);
AT(sluice_server_metrics, refused, 32);
AT(sluice_server_metrics, told, 40);
AT(sluice_server_metrics, granted_units, 48);
AT(sluice_server_metrics, errors, 56);
AT(sluice_server_metrics, error_count, 64);
AT(sluice_server_metrics, up, 72);
AT(sluice_server_metrics, reserved, 76);
AT(sluice_server_metrics, backoff_ms, 80);
AT(sluice_server_metrics, callers, 88);
AT(sluice_server_metrics, leases, 96);
AT(sluice_server_metrics, units_in_hand, 104);
AT(sluice_server_metrics, held_refusals, 112);

SIZE(sluice_metrics_values, 104);
AT(sluice_metrics_values, struct_size, 0);
AT(sluice_metrics_values, limits, 8);
AT(sluice_metrics_values, limit_count, 16);
AT(sluice_metrics_values, tables, 24);
AT(sluice_metrics_values, table_count, 32);
AT(sluice_metrics_values, reclaimed_entries, 40);
AT(sluice_metrics_values, full_refusals, 48);
AT(sluice_metrics_values, overflowed, 56);
AT(sluice_metrics_values, unmetered, 64);
AT(sluice_metrics_values, prometheus, 72);
AT(sluice_metrics_values, servers, 88);
AT(sluice_metrics_values, server_count, 96);

SIZE(sluice_effect, 96);
AT(sluice_effect, struct_size, 0);
AT(sluice_effect, kind, 8);
AT(sluice_effect, flags, 12);
AT(sluice_effect, id, 16);
AT(sluice_effect, method, 24);
AT(sluice_effect, url, 40);
AT(sluice_effect, headers, 56);
AT(sluice_effect, header_count, 64);
AT(sluice_effect, timeout_ms, 72);
AT(sluice_effect, max_body_bytes, 80);
AT(sluice_effect, redis, 88);

SIZE(sluice_redis_node, 24);
AT(sluice_redis_node, host, 0);
AT(sluice_redis_node, port, 16);

SIZE(sluice_redis_call, 216);
AT(sluice_redis_call, struct_size, 0);
AT(sluice_redis_call, flags, 8);
AT(sluice_redis_call, port, 12);
AT(sluice_redis_call, database, 16);
AT(sluice_redis_call, max_redirections, 20);
AT(sluice_redis_call, host, 24);
AT(sluice_redis_call, socket, 40);
AT(sluice_redis_call, username, 56);
AT(sluice_redis_call, password, 72);
AT(sluice_redis_call, server_name, 88);
AT(sluice_redis_call, script, 104);
AT(sluice_redis_call, keys, 120);
AT(sluice_redis_call, key_count, 128);
AT(sluice_redis_call, arguments, 136);
AT(sluice_redis_call, argument_count, 144);
AT(sluice_redis_call, nodes, 152);
AT(sluice_redis_call, node_count, 160);
AT(sluice_redis_call, sentinel_master, 168);
AT(sluice_redis_call, sentinel_username, 184);
AT(sluice_redis_call, sentinel_password, 200);

SIZE(sluice_http_result, 64);
AT(sluice_http_result, struct_size, 0);
AT(sluice_http_result, status, 8);
AT(sluice_http_result, reserved, 12);
AT(sluice_http_result, error, 16);
AT(sluice_http_result, headers, 32);
AT(sluice_http_result, header_count, 40);
AT(sluice_http_result, body, 48);

SIZE(sluice_request, 208);
AT(sluice_request, struct_size, 0);
AT(sluice_request, flags, 8);
AT(sluice_request, port, 12);
AT(sluice_request, method, 16);
AT(sluice_request, target, 32);
AT(sluice_request, scheme, 48);
AT(sluice_request, host, 64);
AT(sluice_request, http_version, 80);
AT(sluice_request, peer, 96);
AT(sluice_request, server, 112);
AT(sluice_request, headers, 128);
AT(sluice_request, header_count, 136);
AT(sluice_request, tls_sni, 144);
AT(sluice_request, tls_client_cert, 160);
AT(sluice_request, tls_client_chain, 176);
AT(sluice_request, content_length, 192);
AT(sluice_request, cost, 200);
AT(sluice_request, reserved, 204);

SIZE(sluice_header_change, 40);
AT(sluice_header_change, op, 0);
AT(sluice_header_change, reserved, 4);
AT(sluice_header_change, name, 8);
AT(sluice_header_change, value, 24);

SIZE(sluice_limit, 48);
AT(sluice_limit, name, 0);
AT(sluice_limit, limit, 16);
AT(sluice_limit, remaining, 24);
AT(sluice_limit, reset_ms, 32);
AT(sluice_limit, refused, 40);
AT(sluice_limit, shadow_refused, 44);

SIZE(sluice_decision, 360);
AT(sluice_decision, struct_size, 0);
AT(sluice_decision, action, 8);
AT(sluice_decision, status, 12);
AT(sluice_decision, reason, 16);
AT(sluice_decision, message, 32);
AT(sluice_decision, body, 48);
AT(sluice_decision, route, 64);
AT(sluice_decision, service, 80);
AT(sluice_decision, consumer, 96);
AT(sluice_decision, plan, 112);
AT(sluice_decision, consumer_groups, 128);
AT(sluice_decision, consumer_group_count, 136);
AT(sluice_decision, captures, 144);
AT(sluice_decision, capture_count, 152);
AT(sluice_decision, client_ip, 160);
AT(sluice_decision, client_scheme, 176);
AT(sluice_decision, client_host, 192);
AT(sluice_decision, client_port, 208);
AT(sluice_decision, upstream_port, 212);
AT(sluice_decision, upstream_name, 216);
AT(sluice_decision, upstream_scheme, 232);
AT(sluice_decision, upstream_host, 248);
AT(sluice_decision, upstream_path, 264);
AT(sluice_decision, upstream_host_header, 280);
AT(sluice_decision, connect_timeout_ms, 296);
AT(sluice_decision, send_timeout_ms, 300);
AT(sluice_decision, read_timeout_ms, 304);
AT(sluice_decision, retries, 308);
AT(sluice_decision, request_headers, 312);
AT(sluice_decision, request_header_count, 320);
AT(sluice_decision, response_headers, 328);
AT(sluice_decision, response_header_count, 336);
AT(sluice_decision, limits, 344);
AT(sluice_decision, limit_count, 352);

SIZE(sluice_outcome, 40);
AT(sluice_outcome, struct_size, 0);
AT(sluice_outcome, status, 8);
AT(sluice_outcome, cost, 12);
AT(sluice_outcome, latency_ns, 16);
AT(sluice_outcome, error, 24);

SIZE(sluice_diagnosis, 40);
AT(sluice_diagnosis, struct_size, 0);
AT(sluice_diagnosis, fault, 8);
AT(sluice_diagnosis, advice, 24);

#endif

int main(void) { return 0; } /* it compiled: that was the test */
