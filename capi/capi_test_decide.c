/* Decisions, as structs and as JSON. */
#include "capi/capi_test.h"

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

void test_decisions(void) {
  test_forward();
  test_respond_and_limits();
  test_json();
  test_many_at_once();
  test_freed_transaction();
}
