/* Policies: what compiles, and what is wrong with what does not. */
#include "capi/capi_test.h"

static void test_version(void) {
  CHECK(strcmp(sluice_version(), SLUICE_VERSION) == 0);
  CHECK(sluice_abi_version() == SLUICE_ABI_VERSION);
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

static const char kRevocable[] =
    "_format_version: \"3.0\"\n"
    "services: [{name: s, url: 'http://s.internal', routes: [{name: r, paths: [/]}], plugins: [{name: jwt}]}]\n"
    "consumers:\n"
    "- username: alice\n"
    "  jwt_secrets: [{key: alice-HS256, secret: conformance-test-secret-0123456789abcdef-0123456789abcdef-012345}]\n";

/* {"iss":"alice-HS256","jti":"a",...}, signed with that secret */
static const char kToken[] =
    "Bearer "
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhbGljZS1IUzI1NiIsImp0aSI6ImEiLCJzdWIiOiJhb"
    "CIsImlhdCI6MTc1OTk5OTk0MCwiZXhwIjo0MTAyNDQ0ODAwfQ.pmEfowf7vDcfdGxGwj4vf_FpIw8ScL0UDX7dZbjK"
    "_t8";

/* The reason of the decision about a request with the token. */
static int decides(sluice_gateway* gateway, const char* reason) {
  sluice_pair header;
  sluice_request request = request_for("/");
  sluice_txn* txn = NULL;
  int as_expected;
  header.name = str("Authorization");
  header.value = str(kToken);
  request.headers = &header;
  request.header_count = 1;
  CHECK(sluice_txn_begin(gateway, &request, &kNow, &txn) == SLUICE_OK);
  as_expected = is(decision_of(txn).reason, reason);
  sluice_txn_free(txn);
  return as_expected;
}

static void test_revocations(void) {
  sluice_gateway* gateway = gateway_with(kRevocable);
  sluice_error* error = NULL;
  sluice_str broken;
  CHECK(decides(gateway, ""));
  CHECK(sluice_gateway_publish_revocations(gateway, str("{\"revoked\":[{\"jti\":\"a\"}]}"), &error) == SLUICE_OK);
  CHECK(error == NULL);
  CHECK(decides(gateway, "jwt_revoked"));

  CHECK(sluice_gateway_publish_revocations(gateway, str("revoked: [{jit: a}]"), &error) == SLUICE_E_POLICY);
  CHECK(contains(sluice_error_message(error), "revocations:1:"));
  CHECK(contains(sluice_error_message(error), "`jit`"));
  sluice_error_free(error);
  CHECK(sluice_gateway_publish_revocations(gateway, str(""), NULL) == SLUICE_E_POLICY);
  CHECK(decides(gateway, "jwt_revoked")); /* the list before stays */

  broken.data = NULL;
  broken.size = 3;
  CHECK(sluice_gateway_publish_revocations(gateway, broken, &error) == SLUICE_E_ARGUMENT);
  CHECK(contains(sluice_error_message(error), "revocations"));
  sluice_error_free(error);
  CHECK(sluice_gateway_publish_revocations(NULL, str("revoked: []"), NULL) == SLUICE_E_ARGUMENT);

  CHECK(sluice_gateway_publish_revocations(gateway, str("revoked: []"), NULL) == SLUICE_OK);
  CHECK(decides(gateway, ""));
  sluice_gateway_free(gateway);
}

static const char kKeys[] =
    "_format_version: \"3.0\"\n"
    "key_sets:\n"
    "- name: mine\n"
    "  keys: [{kid: one, pem: {public_key: \"-----BEGIN PUBLIC KEY-----\\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\\n-----END PUBLIC KEY-----\"}}]\n";

static void test_public_keys(void) {
  /* the key of RFC 8037, A.2 */
  const char* jwks =
      "{\"keys\":[{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
      "\"kid\":\"one\",\"use\":\"sig\",\"alg\":\"EdDSA\"}]}";
  sluice_gateway* gateway = gateway_with(kKeys);
  sluice_gateway* empty = NULL;
  sluice_str broken;
  char text[256];
  size_t size = 1;
  CHECK(sluice_gateway_public_keys(gateway, str("mine"), text, sizeof text, &size) == SLUICE_OK);
  CHECK(size == strlen(jwks) && memcmp(text, jwks, size) == 0);
  CHECK(sluice_gateway_public_keys(gateway, str("mine"), text, size, &size) == SLUICE_OK);
  CHECK(sluice_gateway_public_keys(gateway, str("mine"), text, size - 1, &size) == SLUICE_E_BUFFER);
  CHECK(sluice_gateway_public_keys(gateway, str("mine"), NULL, 0, &size) == SLUICE_E_BUFFER);
  CHECK(size == strlen(jwks));
  CHECK(sluice_gateway_public_keys(gateway, str("yours"), text, sizeof text, &size) == SLUICE_E_ARGUMENT && size == 0);

  broken.data = NULL;
  broken.size = 3;
  CHECK(sluice_gateway_public_keys(gateway, broken, text, sizeof text, &size) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_public_keys(gateway, str("mine"), NULL, 5, &size) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_public_keys(gateway, str("mine"), text, sizeof text, NULL) == SLUICE_E_ARGUMENT);
  CHECK(sluice_gateway_public_keys(NULL, str("mine"), text, sizeof text, &size) == SLUICE_E_ARGUMENT);
  sluice_gateway_free(gateway);
  CHECK(sluice_gateway_new(NULL, &empty, NULL) == SLUICE_OK);
  CHECK(sluice_gateway_public_keys(empty, str("mine"), text, sizeof text, &size) == SLUICE_E_STATE && size == 0);
  sluice_gateway_free(empty);
}

void test_policies(void) {
  test_version();
  test_compile_errors();
  test_environment();
  test_revocations();
  test_public_keys();
}
