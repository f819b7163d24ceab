#include <stddef.h>

#include "capi/capi_test.h"

static const char kSharedPolicy[] =
    "_format_version: \"3.0\"\n"
    "services: [{name: orders, url: \"http://orders.internal\", routes: [{name: orders, paths: [/]}]}]\n"
    "plans:\n"
    "- name: watched\n"
    "  policy: redis\n"
    "  limits: [{name: hourly, quota: 2, window: hour}]\n"
    "  redis: {sentinel_master: limits, sentinel_nodes: [{host: one}, {host: two, port: 7}], username: user,\n"
    "          password: word, sentinel_username: watcher, sentinel_password: watchword, database: 3, timeout: 70,\n"
    "          ssl: true, server_name: redis.example}\n"
    "- name: spread\n"
    "  policy: redis\n"
    "  limits: [{name: daily, quota: 2, window: day}]\n"
    "  redis: {cluster_nodes: [{ip: ::1, port: 8}], cluster_max_redirections: 2, ssl: true, ssl_verify: true}\n"
    "- name: plain\n"
    "  policy: redis\n"
    "  limits: [{name: yearly, quota: 2, window: year}]\n"
    "  redis: {host: redis.internal, port: 9}\n"
    "consumers:\n"
    "- {username: alice, plan: watched, keyauth_credentials: [{key: alice-key}]}\n"
    "- {username: bob, plan: spread, keyauth_credentials: [{key: bob-key}]}\n"
    "- {username: carol, plan: plain, keyauth_credentials: [{key: carol-key}]}\n"
    "plugins: [{name: key-auth}]\n";

/* The job that a request with this key waits for. */
static sluice_effect job_for(sluice_gateway* gateway, const char* key) {
  sluice_request request = request_for("/");
  sluice_pair header;
  sluice_effect job;
  sluice_txn* txn = NULL;
  int64_t again;
  header.name = str("apikey");
  header.value = str(key);
  request.headers = &header;
  request.header_count = 1;
  memset(&job, 0, sizeof job);
  job.struct_size = sizeof job;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_WAIT);
  CHECK(sluice_gateway_next_job(gateway, &kNow, &job, &again) == SLUICE_OK);
  CHECK(job.kind == SLUICE_EFFECT_REDIS && job.redis != NULL);
  sluice_txn_free(txn);
  return job;
}

static void answer(sluice_gateway* gateway, uint64_t job, uint32_t status, const char* body, const char* error) {
  sluice_http_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.status = status;
  result.body = str(body);
  result.error = str(error);
  CHECK(sluice_gateway_job_done(gateway, job, &result, &kNow) == SLUICE_OK);
}

/* By name of the error; 0 if there is no such kind. */
static uint64_t errors_of(const sluice_server_metrics* server, const char* error) {
  size_t i;
  for (i = 0; i < server->error_count; ++i)
    if (is(server->errors[i].error, error)) return server->errors[i].count;
  return 0;
}

/* Servers stand in the document's order. */
void test_redis_metrics(void) {
  sluice_gateway* gateway = gateway_with(kSharedPolicy);
  const sluice_server_metrics* server;
  sluice_metrics_values values;
  sluice_metrics* metrics = NULL;
  answer(gateway, job_for(gateway, "bob-key").id, 0, "", "READONLY You can't write against a read only replica.");
  answer(gateway, job_for(gateway, "carol-key").id, 200, "G 2 1000000 1700000000000000 1 gen 60000 0 0 5000000", "");
  CHECK(sluice_gateway_metrics(gateway, &kNow, &metrics) == SLUICE_OK);
  memset(&values, 0, sizeof values);
  values.struct_size = sizeof values;
  CHECK(sluice_metrics_read(metrics, &values) == SLUICE_OK && values.server_count == 3);

  server = values.servers[0];
  CHECK(server->struct_size == sizeof *server && is(server->server, "rediss+sentinel://one:6379/limits/3"));
  CHECK(server->up == 1 && server->granted + server->refused + server->told == 0 && server->error_count == 12);

  server = values.servers[1];
  CHECK(is(server->server, "rediss+cluster://[::1]:8") && server->up == 0 && server->backoff_ms > 0);
  CHECK(errors_of(server, "readonly") == 1 && errors_of(server, "timeout") == 0);

  server = values.servers[2];
  CHECK(is(server->server, "redis://redis.internal:9/0") && server->up == 1 && server->backoff_ms == 0);
  CHECK(server->granted == 1 && server->granted_units == 2 && server->callers == 1);
  CHECK(server->leases == 1 && server->units_in_hand == 2 && server->held_refusals == 0);
  CHECK(contains(values.prometheus, "sluice_limit_server_up{server=\"rediss+cluster://[::1]:8\"} 0\n"));
  CHECK(!contains(values.prometheus, "word") && !contains(values.prometheus, "watcher"));

  values.struct_size = offsetof(sluice_metrics_values, servers); /* a host built before there were servers */
  values.servers = NULL;
  CHECK(sluice_metrics_read(metrics, &values) == SLUICE_OK && values.servers == NULL && values.limit_count == 3);
  sluice_metrics_free(metrics);
  sluice_gateway_free(gateway);
}

void test_redis_calls(void) {
  sluice_gateway* gateway = gateway_with(kSharedPolicy);
  sluice_effect job = job_for(gateway, "alice-key");
  const sluice_redis_call* call = job.redis;
  CHECK(call->flags == (SLUICE_REDIS_TLS | SLUICE_REDIS_SENTINEL));
  CHECK(is(job.url, "rediss+sentinel://one:6379/limits/3") && job.timeout_ms == 70);
  CHECK(is(call->username, "user") && is(call->password, "word") && call->database == 3);
  CHECK(is(call->sentinel_username, "watcher") && is(call->sentinel_password, "watchword"));
  CHECK(is(call->sentinel_master, "limits") && is(call->server_name, "redis.example"));
  CHECK(call->node_count == 2 && is(call->nodes[1].host, "two") && call->nodes[1].port == 7);
  CHECK(call->key_count == 2 && call->argument_count == 14 && is(call->arguments[0], "remember"));
  CHECK(contains(call->script, "KEYS[1]") && contains(call->keys[0], "}:plan:"));

  job = job_for(gateway, "bob-key");
  call = job.redis;
  CHECK(call->flags == (SLUICE_REDIS_TLS | SLUICE_REDIS_VERIFY | SLUICE_REDIS_CLUSTER) && call->max_redirections == 2);
  CHECK(is(job.url, "rediss+cluster://[::1]:8") && call->node_count == 1 && is(call->nodes[0].host, "::1"));

  job = job_for(gateway, "carol-key");
  call = job.redis;
  CHECK(call->flags == 0 && is(call->host, "redis.internal") && call->port == 9 && call->socket.size == 0);
  CHECK(is(job.url, "redis://redis.internal:9/0") && job.timeout_ms == 2000);
  sluice_gateway_free(gateway);
}
