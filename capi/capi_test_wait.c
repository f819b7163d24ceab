/* A request that waits for the keys of its token. */
#include "capi/capi_test.h"

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

void test_waiting(void) { test_wait_job_resume(); }
