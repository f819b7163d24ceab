#include "capi/capi_test.h"

#include <stdlib.h>

int capi_test_failures = 0;

const char kPolicy[] =
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

const sluice_now kNow = {1760000000000000000, 5000000000};

sluice_str str(const char* text) {
  sluice_str s;
  s.data = text;
  s.size = strlen(text);
  return s;
}

/* An empty text may be null, which memcmp may not be given. */
int is(sluice_str s, const char* text) {
  return s.size == strlen(text) && (s.size == 0 || memcmp(s.data, text, s.size) == 0);
}

int contains(sluice_str s, const char* part) {
  size_t size = strlen(part), i;
  for (i = 0; i + size <= s.size; ++i)
    if (memcmp(s.data + i, part, size) == 0) return 1;
  return 0;
}

sluice_policy* compile(const char* text) {
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

sluice_gateway* gateway_with(const char* text) {
  sluice_policy* policy = compile(text);
  sluice_gateway* gateway = NULL;
  CHECK(sluice_gateway_new(NULL, &gateway, NULL) == SLUICE_OK);
  CHECK(sluice_gateway_publish(gateway, policy) == SLUICE_OK);
  sluice_policy_free(policy); /* the gateway keeps it */
  return gateway;
}

sluice_request request_for(const char* target) {
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

sluice_decision decision_of(const sluice_txn* txn) {
  sluice_decision decision;
  memset(&decision, 0xAA, sizeof decision);
  decision.struct_size = sizeof decision;
  CHECK(sluice_txn_decision(txn, &decision) == SLUICE_OK);
  return decision;
}

int main(void) {
  test_policies();
  test_decisions();
  test_arguments();
  test_waiting();
  test_counters();
  test_redis_calls();
  test_redis_metrics();
  if (capi_test_failures != 0) fprintf(stderr, "%d failures\n", capi_test_failures);
  return capi_test_failures != 0;
}
