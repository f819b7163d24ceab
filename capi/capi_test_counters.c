/* Counters: metrics of them, and one region of several gateways. */
#include <stdlib.h>

#include "capi/capi_test.h"

static const char kMeteredPolicy[] =
    "_format_version: \"3.0\"\n"
    "services: [{name: orders, url: \"http://orders.internal\", routes: [{name: orders, paths: [/]}]}]\n"
    "plugins: [{name: rate-limiting, config: {hour: 2}}]\n";

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
  CHECK(values.table_count == 3 && is(values.tables[2].table, "other"));
  CHECK(values.tables[2].live == 1 && values.tables[2].capacity > 1);
  CHECK(values.full_refusals == 0 && values.unmetered == 0);
  CHECK(contains(values.prometheus,
                 "\nsluice_limit_rulings_total{scope=\"plugin/rate-limiting\",limit=\"hour\",ruling=\"refused\"} 1\n"));
  sluice_metrics_free(metrics);
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

void test_counters(void) {
  test_metrics();
  test_region();
}
