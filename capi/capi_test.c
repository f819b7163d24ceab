/* A host in C, as hosts are: everything through sluice.h and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capi/sluice.h"

static int failures = 0;

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

static const char kPolicy[] =
    "_format_version: \"3.0\"\n"
    "services:\n"
    "- name: orders\n"
    "  url: http://orders.internal:8080/base\n"
    "  retries: 2\n"
    "  routes:\n"
    "  - {name: orders, paths: [/orders], hosts: [api.example.com]}\n"
    "  plugins:\n"
    "  - name: request-transformer\n"
    "    config: {add: {headers: [\"X-Via:sluice\"]}, remove: {headers: [X-Secret]}}\n"
    "- name: keyed\n"
    "  url: http://keyed.internal\n"
    "  routes: [{name: keyed, paths: [/keyed]}]\n"
    "  plugins:\n"
    "  - name: key-auth\n"
    "  - name: acl\n"
    "    config: {allow: [staff]}\n"
    "plans:\n"
    "- name: free\n"
    "  limits: [{name: hourly, quota: 2, window: hour, type: fixed}]\n"
    "consumers:\n"
    "- username: alice\n"
    "  plan: free\n"
    "  keyauth_credentials: [{key: alice-key}]\n"
    "  acls: [{group: staff}]\n";

static const char kMeteredPolicy[] =
    "_format_version: \"3.0\"\n"
    "services: [{name: orders, url: \"http://orders.internal\", routes: [{name: orders, paths: [/]}]}]\n"
    "plugins: [{name: rate-limiting, config: {hour: 2}}]\n";

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

static const char kWaitPolicy[] =
    "_format_version: \"3.0\"\n"
    "services:\n"
    "- name: orders\n"
    "  url: http://orders.internal\n"
    "  routes: [{name: orders, paths: [/]}]\n"
    "  plugins:\n"
    "  - name: jwt\n"
    "    config: {jwks_uri: \"https://idp.example.com/jwks\"}\n"
    "consumers: [{username: alice}]\n";

/* Signed with a key made for this test: ES256, kid k1, sub alice, exp in 2100. */
static const char kToken[] =
    "Bearer "
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0."
    "ZTHm-nBvOy9qd6vMv04Ml4HH5_flgpnMfREKZxQQPpFuh-EPjSM5tKFKYCOI0ScFP7VRtuXoD3uV4zP4uzNtlA";

static const char kKeySet[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k1\",\"alg\":\"ES256\",\"use\":\"sig\",\""
    "x\":\"DCJsitRRCSsGFPQCY8GW4EtyefP1OxLbQn231raSK70\",\"y\":\"cgOgAXJkBBtAsw9QGX6FVk4He-46EhZ-8Jcz"
    "YxAZENs\"}]}";

static const sluice_now kNow = {1760000000000000000, 5000000000};

static sluice_str str(const char* text) {
  sluice_str s;
  s.data = text;
  s.size = strlen(text);
  return s;
}

static int is(sluice_str s, const char* text) { return s.size == strlen(text) && memcmp(s.data, text, s.size) == 0; }

static int contains(sluice_str s, const char* part) {
  size_t size = strlen(part), i;
  for (i = 0; i + size <= s.size; ++i)
    if (memcmp(s.data + i, part, size) == 0) return 1;
  return 0;
}

static sluice_policy* compile(const char* text) {
  sluice_policy* policy = NULL;
  sluice_error* error = NULL;
  sluice_status status = sluice_policy_compile(str(text), NULL, &policy, &error);
  if (status != SLUICE_OK) {
    sluice_str message = sluice_error_message(error);
    fprintf(stderr, "does not compile: %.*s\n", (int)message.size, message.data);
    exit(1);
  }
  sluice_error_free(error);
  return policy;
}

static sluice_gateway* gateway_with(const char* text) {
  sluice_policy* policy = compile(text);
  sluice_gateway* gateway = NULL;
  CHECK(sluice_gateway_new(NULL, &gateway, NULL) == SLUICE_OK);
  CHECK(sluice_gateway_publish(gateway, policy) == SLUICE_OK);
  sluice_policy_free(policy); /* the gateway keeps it */
  return gateway;
}

static sluice_request request_for(const char* target) {
  sluice_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.method = str("GET");
  request.target = str(target);
  request.host = str("api.example.com");
  request.peer = str("203.0.113.9:51234");
  request.content_length = -1;
  return request;
}

static sluice_decision decision_of(const sluice_txn* txn) {
  sluice_decision decision;
  memset(&decision, 0xAA, sizeof decision);
  decision.struct_size = sizeof decision;
  CHECK(sluice_txn_decision(txn, &decision) == SLUICE_OK);
  return decision;
}

static void test_version(void) {
  CHECK(strcmp(sluice_version(), SLUICE_VERSION) == 0);
  CHECK(sluice_abi_version() == SLUICE_ABI_VERSION);
}

static void test_forward(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_pair header = {{"X-Secret", 8}, {"1", 1}};
  sluice_request request = request_for("/orders/7?x=1");
  sluice_txn* txn = NULL;
  sluice_decision d, again;
  request.headers = &header;
  request.header_count = 1;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  d = decision_of(txn);
  CHECK(d.action == SLUICE_ACTION_FORWARD);
  CHECK(d.status == 0 && d.reason.size == 0 && d.body.size == 0);
  CHECK(is(d.route, "orders") && is(d.service, "orders"));
  CHECK(d.consumer.size == 0 && d.plan.size == 0 && d.consumer_group_count == 0);
  CHECK(is(d.client_ip, "203.0.113.9") && is(d.client_host, "api.example.com") && d.client_port == 80);
  CHECK(is(d.upstream_scheme, "http") && is(d.upstream_host, "orders.internal") && d.upstream_port == 8080);
  CHECK(is(d.upstream_path, "/base/7?x=1"));
  CHECK(is(d.upstream_host_header, "orders.internal:8080"));
  CHECK(d.retries == 2 && d.connect_timeout_ms == 60000);
  CHECK(d.request_header_count >= 2);
  {
    size_t i, removed = 0, added = 0;
    for (i = 0; i < d.request_header_count; ++i) {
      const sluice_header_change* change = &d.request_headers[i];
      removed += change->op == SLUICE_HEADER_REMOVE && contains(change->name, "ecret");
      added += change->op != SLUICE_HEADER_REMOVE && is(change->name, "X-Via") && is(change->value, "sluice");
    }
    CHECK(removed == 1 && added == 1);
  }
  again = decision_of(txn);
  CHECK(again.request_headers == d.request_headers); /* converted once */
  sluice_txn_free(txn);
  sluice_gateway_free(gateway);
}

static void test_respond_and_limits(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_pair key = {{"apikey", 6}, {"alice-key", 9}};
  sluice_request request = request_for("/nowhere");
  sluice_txn* txn = NULL;
  sluice_decision d;
  int round;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  d = decision_of(txn);
  CHECK(d.action == SLUICE_ACTION_RESPOND && d.status == 404 && is(d.reason, "no_route") && d.body.size > 0);
  CHECK(d.route.size == 0 && d.upstream_host.size == 0);
  sluice_txn_free(txn);

  request = request_for("/keyed");
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  d = decision_of(txn);
  CHECK(d.status == 401);
  sluice_txn_free(txn);

  request.headers = &key;
  request.header_count = 1;
  for (round = 0; round < 3; ++round) {
    CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
    d = decision_of(txn);
    CHECK(is(d.consumer, "alice") && is(d.plan, "free"));
    CHECK(d.limit_count == 1 && is(d.limits[0].name, "hourly") && d.limits[0].limit == 2);
    CHECK(d.limits[0].refused == (round == 2 ? 1u : 0u));
    CHECK(d.action == (round == 2 ? SLUICE_ACTION_RESPOND : SLUICE_ACTION_FORWARD));
    CHECK(d.status == (round == 2 ? 429u : 0u));
    sluice_txn_free(txn);
  }
  sluice_gateway_free(gateway);
}

static void test_compile_errors(void) {
  sluice_policy* policy = (sluice_policy*)&policy;
  sluice_error* error = NULL;
  sluice_policy_options options;
  sluice_str message;
  const char* bad = "_format_version: \"3.0\"\nservices:\n- name: a\n  hots: b\nroutes:\n- {name: r, pahts: [/]}\n";
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.file_name = str("mine.yaml");
  CHECK(sluice_policy_compile(str(bad), &options, &policy, &error) == SLUICE_E_POLICY);
  CHECK(policy == NULL);
  message = sluice_error_message(error);
  CHECK(contains(message, "mine.yaml:4:"));
  CHECK(contains(message, "`hots`") && contains(message, "host"));
  CHECK(contains(message, "`pahts`")); /* all of it, not the first only */
  CHECK(contains(message, "\n"));
  sluice_error_free(error);
  CHECK(sluice_policy_compile(str(bad), NULL, &policy, NULL) == SLUICE_E_POLICY);

  options.format = 9;
  CHECK(sluice_policy_compile(str(kPolicy), &options, &policy, &error) == SLUICE_E_ARGUMENT);
  CHECK(contains(sluice_error_message(error), "format"));
  sluice_error_free(error);
}

static int lookup(void* context, sluice_str name, sluice_str* value) {
  *(int*)context += 1;
  if (!is(name, "DECK_HOST")) return 0;
  *value = str("from-env.internal");
  return 1;
}

static void test_environment(void) {
  const char* text =
      "_format_version: \"3.0\"\n"
      "services: [{name: a, host: '${{ env \"DECK_HOST\" }}', routes: [{name: r, paths: [/]}]}]\n";
  sluice_policy_options options;
  sluice_policy* policy = NULL;
  sluice_error* error = NULL;
  sluice_gateway* gateway = NULL;
  sluice_request request = request_for("/");
  sluice_txn* txn = NULL;
  sluice_decision d;
  int calls = 0;
  CHECK(sluice_policy_compile(str(text), NULL, &policy, &error) == SLUICE_E_POLICY);
  sluice_error_free(error);
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.env = lookup;
  options.env_context = &calls;
  CHECK(sluice_policy_compile(str(text), &options, &policy, NULL) == SLUICE_OK);
  CHECK(calls == 1);
  CHECK(sluice_gateway_new(NULL, &gateway, NULL) == SLUICE_OK);
  CHECK(sluice_gateway_publish(gateway, policy) == SLUICE_OK);
  sluice_policy_free(policy);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  d = decision_of(txn);
  CHECK(is(d.upstream_host, "from-env.internal"));
  sluice_txn_free(txn);
  sluice_gateway_free(gateway);
}

/* Hosts built against an older or a newer sluice.h. */
static void test_struct_sizes(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  struct {
    sluice_request known;
    char more[24]; /* what a later version might have added */
  } newer;
  struct {
    sluice_decision known;
    char more[40];
  } room;
  size_t i;
  sluice_gateway_options options;
  sluice_gateway* none = NULL;

  request.struct_size = sizeof request - 1;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT && txn == NULL);
  request.struct_size = 0;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);

  memset(&newer, 0, sizeof newer);
  newer.known = request_for("/orders");
  newer.known.struct_size = sizeof newer;
  CHECK(sluice_txn_begin(gateway, &newer.known, &kNow, &txn) == SLUICE_OK);

  memset(&room, 0xAA, sizeof room);
  room.known.struct_size = sizeof room;
  CHECK(sluice_txn_decision(txn, &room.known) == SLUICE_OK);
  CHECK(room.known.struct_size == sizeof room && room.known.action == SLUICE_ACTION_FORWARD);
  for (i = 0; i < sizeof room.more; ++i) CHECK(room.more[i] == 0);

  memset(&room, 0xAA, sizeof room);
  room.known.struct_size = sizeof room.known;
  CHECK(sluice_txn_decision(txn, &room.known) == SLUICE_OK);
  CHECK((unsigned char)room.more[0] == 0xAA); /* not ours to write */
  room.known.struct_size = sizeof room.known - 8;
  CHECK(sluice_txn_decision(txn, &room.known) == SLUICE_E_ARGUMENT);
  sluice_txn_free(txn);

  memset(&options, 0, sizeof options);
  options.struct_size = 8;
  CHECK(sluice_gateway_new(&options, &none, NULL) == SLUICE_E_ARGUMENT && none == NULL);
  sluice_gateway_free(gateway);
}

static void test_null_and_range(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_gateway* none = NULL;
  sluice_policy* policy = NULL;
  sluice_error* error = NULL;
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  sluice_str broken = {NULL, 3}, json;
  sluice_effect effect;
  sluice_gateway_options options;
  sluice_metrics* metrics = NULL;
  int64_t again;
  size_t size = 7;
  char region[64];
  memset(&effect, 0, sizeof effect);
  effect.struct_size = sizeof effect;

  CHECK(sluice_policy_compile(str(kPolicy), NULL, NULL, &error) == SLUICE_E_ARGUMENT);
  CHECK(contains(sluice_error_message(error), "policy"));
  sluice_error_free(error);
  CHECK(sluice_policy_compile(broken, NULL, &policy, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_new(NULL, NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_publish(NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_publish(gateway, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(NULL, &kNow, &effect, &again) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(gateway, NULL, &effect, &again) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(gateway, &kNow, NULL, &again) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(gateway, &kNow, &effect, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_job_done(gateway, 1, NULL, &kNow) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(NULL, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, NULL, &kNow, &txn) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, &request, NULL, &txn) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_effect(NULL, &effect) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_resume(NULL, &kNow) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_decision(NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_decision_json(NULL, &json) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_report(NULL, NULL, &kNow, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_metrics(NULL, &kNow, &metrics) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_metrics(gateway, NULL, &metrics) == SLUICE_E_ARGUMENT && metrics == NULL);
  CHECK(sluice_gateway_metrics(gateway, &kNow, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_metrics_read(NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_decide_json(gateway, str("{}"), &kNow, NULL, 8, &size) == SLUICE_E_ARGUMENT && size == 0);
  CHECK(sluice_decide_json(gateway, str("{}"), &kNow, NULL, 0, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_decide_json(gateway, broken, &kNow, NULL, 0, &size) == SLUICE_E_ARGUMENT);

  request.method = broken;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);
  request = request_for("/orders");
  request.header_count = 2;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);
  request = request_for("/orders");
  request.flags = 1u << 31;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);
  request = request_for("/orders");
  request.reserved = 1;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);
  request = request_for("/orders");
  request.port = 65536;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT && txn == NULL);

  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.region = region;
  CHECK(sluice_gateway_new(&options, &none, NULL) == SLUICE_E_ARGUMENT);
  options.region_size = sizeof region; /* far too small */
  CHECK(sluice_gateway_new(&options, &none, &error) == SLUICE_E_MEMORY && none == NULL);
  CHECK(sluice_error_message(error).size > 0);
  sluice_error_free(error);

  sluice_error_free(NULL);
  sluice_policy_free(NULL);
  sluice_gateway_free(NULL);
  sluice_txn_free(NULL);
  CHECK(sluice_error_message(NULL).size == 0);
  sluice_gateway_free(gateway);
}

static void test_more_headers_than_allowed(void) {
  enum { kCount = 100000 };
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_pair* headers = (sluice_pair*)calloc(kCount, sizeof *headers);
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  sluice_decision d;
  size_t i;
  for (i = 0; i < kCount; ++i) headers[i].name = str("a");
  request.headers = headers;
  request.header_count = kCount;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  d = decision_of(txn);
  CHECK(d.action == SLUICE_ACTION_RESPOND && d.status == 431);
  sluice_txn_free(txn);
  free(headers);
  sluice_gateway_free(gateway);
}

static void test_state(void) {
  sluice_gateway* gateway = NULL;
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  sluice_effect effect;
  sluice_outcome outcome;
  sluice_diagnosis diagnosis;
  char buffer[8];
  size_t size;
  sluice_policy* policy;
  memset(&effect, 0, sizeof effect);
  effect.struct_size = sizeof effect;
  memset(&outcome, 0, sizeof outcome);
  outcome.struct_size = sizeof outcome;
  outcome.status = 504;
  outcome.error = str("timeout");
  memset(&diagnosis, 0, sizeof diagnosis);
  diagnosis.struct_size = sizeof diagnosis;

  CHECK(sluice_gateway_new(NULL, &gateway, NULL) == SLUICE_OK);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_STATE && txn == NULL); /* no policy */
  CHECK(sluice_decide_json(gateway, str("{}"), &kNow, buffer, sizeof buffer, &size) == SLUICE_E_STATE);
  policy = compile(kPolicy);
  CHECK(sluice_gateway_publish(gateway, policy) == SLUICE_OK);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  CHECK(sluice_txn_effect(txn, &effect) == SLUICE_E_STATE);
  CHECK(sluice_txn_resume(txn, &kNow) == SLUICE_E_STATE);
  CHECK(sluice_txn_report(txn, &outcome, &kNow, &diagnosis) == SLUICE_OK);
  CHECK(is(diagnosis.fault, "upstream") && diagnosis.advice.size > 0);
  CHECK(sluice_txn_report(txn, &outcome, &kNow, NULL) == SLUICE_E_STATE); /* once */
  sluice_txn_free(txn);
  sluice_policy_free(policy);
  sluice_gateway_free(gateway);
}

static void test_wait_job_resume(void) {
  sluice_gateway* gateway = gateway_with(kWaitPolicy);
  sluice_pair header = {{"Authorization", 13}, {NULL, 0}};
  sluice_request request = request_for("/");
  sluice_txn *first = NULL, *second = NULL, *hasty = NULL;
  sluice_effect wait, job;
  sluice_http_result result;
  sluice_decision d;
  int64_t again = 0;
  header.value = str(kToken);
  request.headers = &header;
  request.header_count = 1;
  memset(&wait, 0, sizeof wait);
  wait.struct_size = sizeof wait;
  memset(&job, 0, sizeof job);
  job.struct_size = sizeof job;

  CHECK(sluice_txn_begin(gateway, &request, &kNow, &first) == SLUICE_WAIT);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &second) == SLUICE_WAIT);
  d = decision_of(first);
  CHECK(d.action == SLUICE_ACTION_WAIT && d.status == 0);
  CHECK(sluice_txn_effect(first, &wait) == SLUICE_OK);
  CHECK(wait.kind == SLUICE_EFFECT_JOB && wait.timeout_ms > 0);

  request.flags = SLUICE_REQUEST_NO_WAIT;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &hasty) == SLUICE_OK);
  d = decision_of(hasty);
  CHECK(d.action == SLUICE_ACTION_RESPOND && d.status == 503);
  sluice_txn_free(hasty);

  CHECK(sluice_gateway_next_job(gateway, &kNow, &job, &again) == SLUICE_OK);
  CHECK(job.kind == SLUICE_EFFECT_HTTP && job.id == wait.id && is(job.method, "GET"));
  CHECK(is(job.url, "https://idp.example.com/jwks"));
  CHECK(job.flags == 0 && job.timeout_ms > 0 && job.max_body_bytes > 0);
  CHECK((job.headers == NULL) == (job.header_count == 0));
  CHECK(sluice_gateway_next_job(gateway, &kNow, &wait, &again) == SLUICE_WAIT); /* single flight */

  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.status = 200;
  result.body = str(kKeySet);
  CHECK(sluice_gateway_job_done(gateway, job.id, &result, &kNow) == SLUICE_OK);
  CHECK(sluice_txn_resume(first, &kNow) == SLUICE_OK);
  d = decision_of(first);
  CHECK(d.action == SLUICE_ACTION_FORWARD && is(d.consumer, "alice"));
  sluice_txn_free(first);
  sluice_txn_free(second); /* while it waits: cancelled */
  sluice_gateway_free(gateway);
}

static void test_json(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request request = request_for("/orders/\xff");
  sluice_txn* txn = NULL;
  sluice_str json = {NULL, 0}, out;
  char buffer[8192];
  size_t size = 0;
  const char* line =
      "{\"id\":\"r1\",\"method\":\"GET\",\"path\":\"/orders/7\",\"host\":\"api.example.com\","
      "\"outcome\":{\"status\":504,\"error\":\"timeout\"}}";

  request.flags = SLUICE_REQUEST_TRACE;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  CHECK(sluice_txn_decision_json(txn, &json) == SLUICE_OK);
  CHECK(contains(json, "{\"id\":null,\"action\":") && contains(json, "\"trace\":[{"));
  CHECK(!contains(json, "\xff"));
  sluice_txn_free(txn);

  CHECK(sluice_decide_json(gateway, str(line), &kNow, buffer, sizeof buffer, &size) == SLUICE_OK);
  out.data = buffer;
  out.size = size;
  CHECK(contains(out, "{\"id\":\"r1\",\"action\":\"forward\",\"status\":null,"));
  CHECK(contains(out, "\"diagnosis\":{\"fault\":\"upstream\""));
  CHECK(buffer[size - 1] == '}');

  CHECK(sluice_decide_json(gateway, str(line), &kNow, buffer, 10, &size) == SLUICE_E_BUFFER && size > 10);
  CHECK(sluice_decide_json(gateway, str(line), &kNow, NULL, 0, &size) == SLUICE_E_BUFFER);
  CHECK(sluice_decide_json(gateway, str("{\"metod\":1}"), &kNow, buffer, sizeof buffer, &size) == SLUICE_E_ARGUMENT);
  out.size = size;
  CHECK(is(out, "{\"error\":\"unknown member `metod` (did you mean `method`?)\"}"));
  sluice_gateway_free(gateway);
}

static void test_metrics(void) {
  sluice_gateway* gateway = gateway_with(kMeteredPolicy);
  sluice_request request = request_for("/");
  sluice_metrics_values values;
  sluice_metrics* metrics = NULL;
  sluice_txn* txn = NULL;
  int i;
  memset(&values, 0, sizeof values);
  for (i = 0; i < 3; ++i) {
    CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
    sluice_txn_free(txn);
  }
  CHECK(sluice_gateway_metrics(gateway, &kNow, &metrics) == SLUICE_OK);
  sluice_gateway_free(gateway); /* they stand for themselves */
  CHECK(sluice_metrics_read(metrics, &values) == SLUICE_E_ARGUMENT);
  values.struct_size = sizeof values;
  CHECK(sluice_metrics_read(metrics, &values) == SLUICE_OK);
  CHECK(values.limit_count == 1);
  CHECK(is(values.limits[0].scope, "plugin/rate-limiting") && is(values.limits[0].limit, "hour"));
  CHECK(values.limits[0].allowed == 2 && values.limits[0].refused == 1 && values.limits[0].shadow_refused == 0);
  CHECK(values.table_count == 2 && is(values.tables[1].table, "other"));
  CHECK(values.tables[1].live == 1 && values.tables[1].capacity > 1);
  CHECK(values.full_refusals == 0 && values.unmetered == 0);
  CHECK(contains(values.prometheus,
                 "\nsluice_limit_rulings_total{scope=\"plugin/rate-limiting\",limit=\"hour\",ruling=\"refused\"} 1\n"));
  sluice_metrics_free(metrics);
  sluice_metrics_free(NULL);
}

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

static void test_redis_calls(void) {
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

/* More transactions at once than the pool's first chunks hold; each keeps its own decision, and all are used again. */
static void test_many_at_once(void) {
  enum { kCount = 1000 };
  static sluice_txn *open[kCount], *again[kCount];
  static char targets[kCount][32];
  sluice_gateway* gateway = gateway_with(kPolicy);
  int i, j, reused = 0;
  for (i = 0; i < kCount; ++i) {
    sluice_request request;
    snprintf(targets[i], sizeof targets[i], "/orders/%d", i);
    request = request_for(targets[i]);
    CHECK(sluice_txn_begin(gateway, &request, &kNow, &open[i]) == SLUICE_OK);
  }
  for (i = 0; i < kCount; ++i) {
    char want[32];
    snprintf(want, sizeof want, "/base/%d", i);
    CHECK(is(decision_of(open[i]).upstream_path, want));
    sluice_txn_free(open[i]);
  }
  for (i = 0; i < kCount; ++i) {
    sluice_request request = request_for("/orders");
    CHECK(sluice_txn_begin(gateway, &request, &kNow, &again[i]) == SLUICE_OK);
    for (j = 0; j < kCount && open[j] != again[i]; ++j) continue;
    reused += j < kCount;
  }
  CHECK(reused == kCount);
  for (i = 0; i < kCount; ++i) sluice_txn_free(again[i]);
  sluice_gateway_free(gateway);
}

/* Two gateways on one region, as two worker processes have it, share their counters. */
static void test_region(void) {
  enum { kBytes = 1 << 20 };
  void* region = aligned_alloc(4096, kBytes);
  sluice_gateway_options options;
  sluice_gateway* gateways[2];
  sluice_policy* policy = compile(kPolicy);
  sluice_pair key = {{"apikey", 6}, {"alice-key", 9}};
  sluice_request request = request_for("/keyed");
  sluice_txn* txn = NULL;
  int i;
  memset(region, 0, kBytes);
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.region = region;
  options.region_size = kBytes;
  options.token_cache_bytes = SLUICE_NO_TOKEN_CACHE;
  request.headers = &key;
  request.header_count = 1;
  for (i = 0; i < 2; ++i) {
    CHECK(sluice_gateway_new(&options, &gateways[i], NULL) == SLUICE_OK);
    CHECK(sluice_gateway_publish(gateways[i], policy) == SLUICE_OK);
  }
  for (i = 0; i < 3; ++i) {
    sluice_decision d;
    CHECK(sluice_txn_begin(gateways[i % 2], &request, &kNow, &txn) == SLUICE_OK);
    d = decision_of(txn);
    CHECK(d.status == (i < 2 ? 0u : 429u));
    sluice_txn_free(txn);
  }
  sluice_policy_free(policy);
  sluice_gateway_free(gateways[0]);
  sluice_gateway_free(gateways[1]);
  free(region);
}

/* Debug builds notice a transaction that was freed; it went back to the pool, so its memory is still there. */
static void test_freed_transaction(void) {
#ifndef NDEBUG
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request request = request_for("/orders");
  sluice_txn *txn = NULL, *other = NULL;
  sluice_str json;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  sluice_txn_free(txn);
  sluice_txn_free(txn);
  CHECK(sluice_txn_decision_json(txn, &json) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &other) == SLUICE_OK);
  CHECK(txn != other); /* freed twice, yet in the pool once */
  sluice_txn_free(txn);
  sluice_txn_free(other);
  sluice_gateway_free(gateway);
#endif
}

int main(void) {
  test_version();
  test_forward();
  test_respond_and_limits();
  test_compile_errors();
  test_environment();
  test_struct_sizes();
  test_null_and_range();
  test_more_headers_than_allowed();
  test_state();
  test_wait_job_resume();
  test_json();
  test_metrics();
  test_redis_calls();
  test_many_at_once();
  test_region();
  test_freed_transaction();
  if (failures != 0) fprintf(stderr, "%d failures\n", failures);
  return failures != 0;
}
