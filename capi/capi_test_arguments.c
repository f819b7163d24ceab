/* What a host may get wrong. */
#include <stdlib.h>

#include "capi/capi_test.h"

/* Hosts built against an older or a newer sluice.h. */
static void test_request_sizes(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  struct {
    sluice_request known;
    char more[24]; /* what a later version might have added */
  } newer;

  request.struct_size = sizeof request - 1;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT && txn == NULL);
  request.struct_size = 0;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);

  memset(&newer, 0, sizeof newer);
  newer.known = request_for("/orders");
  newer.known.struct_size = sizeof newer;
  CHECK(sluice_txn_begin(gateway, &newer.known, &kNow, &txn) == SLUICE_OK);
  sluice_txn_free(txn);
  sluice_gateway_free(gateway);
}

static void test_decision_sizes(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  struct {
    sluice_decision known;
    char more[40];
  } room;
  size_t i;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);

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
  sluice_gateway_free(gateway);
}

static void test_option_sizes(void) {
  sluice_gateway_options options;
  sluice_gateway* none = NULL;
  memset(&options, 0, sizeof options);
  options.struct_size = 8;
  CHECK(sluice_gateway_new(&options, &none, NULL) == SLUICE_E_ARGUMENT && none == NULL);
}

/* The key is one of conformance/keys: nothing secret about it. */
static const char kSigningPolicy[] =
    "_format_version: \"3.0\"\n"
    "key_sets:\n"
    "- name: kong\n"
    "  keys: [{kid: one, pem: {private_key: \"-----BEGIN PRIVATE KEY-----\\n"
    "MC4CAQAwBQYDK2VwBCIEID5GJC07QUJLzIzd30ly80eZfiIE4YoUX31+Ociw+Zua\\n-----END PRIVATE KEY-----\"}}]\n"
    "plugins: [{name: jwt-signer, config: {access_token_signing_algorithm: EdDSA}}]\n";

/* A policy that signs, with the usual room for tokens, with none and with the least; the last one is a host of the
 * first release, which has no say in it: what stands behind its struct is not read, for there is not so much memory. */
static void test_signed_token_cache(void) {
  static const size_t kBytes[] = {0, SLUICE_NO_TOKEN_CACHE, 1, (size_t)1 << 62};
  sluice_policy* policy = compile(kSigningPolicy);
  size_t i;
  for (i = 0; i < 4; ++i) {
    sluice_gateway_options options;
    sluice_gateway* gateway = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = i < 3 ? sizeof options : offsetof(sluice_gateway_options, signed_token_cache_bytes);
    options.signed_token_cache_bytes = kBytes[i];
    CHECK(sluice_gateway_new(&options, &gateway, NULL) == SLUICE_OK);
    CHECK(sluice_gateway_publish(gateway, policy) == SLUICE_OK);
    sluice_gateway_free(gateway);
  }
  sluice_policy_free(policy);
}

/* ---- Nothing where something must be, and a text without its bytes ---- */

static const sluice_str kBroken = {NULL, 3};

static void test_no_policy_or_gateway(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_policy* policy = NULL;
  sluice_error* error = NULL;
  CHECK(sluice_policy_compile(str(kPolicy), NULL, NULL, &error) == SLUICE_E_ARGUMENT);
  CHECK(contains(sluice_error_message(error), "policy"));
  sluice_error_free(error);
  CHECK(sluice_policy_compile(kBroken, NULL, &policy, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_new(NULL, NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_publish(NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_publish(gateway, NULL) == SLUICE_E_ARGUMENT);
  sluice_gateway_free(gateway);
}

static void test_no_job(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_effect effect;
  int64_t again;
  memset(&effect, 0, sizeof effect);
  effect.struct_size = sizeof effect;
  CHECK(sluice_gateway_next_job(NULL, &kNow, &effect, &again) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(gateway, NULL, &effect, &again) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(gateway, &kNow, NULL, &again) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_next_job(gateway, &kNow, &effect, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_job_done(gateway, 1, NULL, &kNow) == SLUICE_E_ARGUMENT);
  sluice_gateway_free(gateway);
}

static void test_no_transaction(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request request = request_for("/orders");
  sluice_txn* txn = NULL;
  sluice_effect effect;
  sluice_str json;
  memset(&effect, 0, sizeof effect);
  effect.struct_size = sizeof effect;
  CHECK(sluice_txn_begin(NULL, &request, &kNow, &txn) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, NULL, &kNow, &txn) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, &request, NULL, &txn) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_begin(gateway, &request, &kNow, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_effect(NULL, &effect) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_resume(NULL, &kNow) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_decision(NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_decision_json(NULL, &json) == SLUICE_E_ARGUMENT);
  CHECK(sluice_txn_report(NULL, NULL, &kNow, NULL) == SLUICE_E_ARGUMENT);
  sluice_gateway_free(gateway);
}

static void test_no_metrics_or_json(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_metrics* metrics = NULL;
  size_t size = 7;
  CHECK(sluice_gateway_metrics(NULL, &kNow, &metrics) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_metrics(gateway, NULL, &metrics) == SLUICE_E_ARGUMENT && metrics == NULL);
  CHECK(sluice_gateway_metrics(gateway, &kNow, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_metrics_read(NULL, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_decide_json(gateway, str("{}"), &kNow, NULL, 8, &size) == SLUICE_E_ARGUMENT && size == 0);
  CHECK(sluice_decide_json(gateway, str("{}"), &kNow, NULL, 0, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_decide_json(gateway, kBroken, &kNow, NULL, 0, &size) == SLUICE_E_ARGUMENT);
  sluice_gateway_free(gateway);
}

static void test_nothing_to_free(void) {
  sluice_error_free(NULL);
  sluice_policy_free(NULL);
  sluice_gateway_free(NULL);
  sluice_txn_free(NULL);
  sluice_metrics_free(NULL);
  CHECK(sluice_error_message(NULL).size == 0);
}

/* ---- Out of range ---- */

static void test_broken_requests(void) {
  sluice_gateway* gateway = gateway_with(kPolicy);
  sluice_request requests[5];
  sluice_txn* txn = NULL;
  size_t i;
  for (i = 0; i < 5; ++i) requests[i] = request_for("/orders");
  requests[0].method = kBroken;
  requests[1].header_count = 2;
  requests[2].flags = 1u << 31;
  requests[3].reserved = 1;
  requests[4].port = 65536;
  for (i = 0; i < 5; ++i)
    CHECK(sluice_txn_begin(gateway, &requests[i], &kNow, &txn) == SLUICE_E_ARGUMENT && txn == NULL);
  sluice_gateway_free(gateway);
}

static void test_broken_regions(void) {
  sluice_gateway_options options;
  sluice_gateway* none = NULL;
  sluice_error* error = NULL;
  char region[64];
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.region = region;
  CHECK(sluice_gateway_new(&options, &none, NULL) == SLUICE_E_ARGUMENT);
  options.region_size = sizeof region; /* far too small */
  CHECK(sluice_gateway_new(&options, &none, &error) == SLUICE_E_MEMORY && none == NULL);
  CHECK(sluice_error_message(error).size > 0);
  sluice_error_free(error);
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

void test_arguments(void) {
  test_request_sizes();
  test_decision_sizes();
  test_option_sizes();
  test_signed_token_cache();
  test_no_policy_or_gateway();
  test_no_job();
  test_no_transaction();
  test_no_metrics_or_json();
  test_nothing_to_free();
  test_broken_requests();
  test_broken_regions();
  test_more_headers_than_allowed();
  test_state();
}
