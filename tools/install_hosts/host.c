/* A host in C against the installed tree: one request forwarded, one refused. Exit status 0 if both are as expected. */
#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>

static const char kPolicy[] =
    "_format_version: '3.0'\n"
    "services:\n"
    "- {name: orders, url: 'http://orders.internal:8080', routes: [{name: all, paths: [/orders]}]}\n";

static sluice_str Str(const char* text) {
  sluice_str out;
  out.data = text;
  out.size = strlen(text);
  return out;
}

/* 0 if the request for `target` gets that action and status. */
static int Expect(sluice_gateway* gateway, const char* target, uint32_t action, uint32_t status) {
  sluice_request request;
  sluice_decision decision;
  sluice_now now = {1760000000000000000, 1000000000};
  sluice_txn* txn = NULL;
  int bad = 1;

  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.method = Str("GET");
  request.target = Str(target);
  request.host = Str("api.example.com");
  memset(&decision, 0, sizeof decision);
  decision.struct_size = sizeof decision;
  if (sluice_txn_begin(gateway, &request, &now, &txn) == SLUICE_OK &&
      sluice_txn_decision(txn, &decision) == SLUICE_OK) {
    printf("%s: action %u, status %u\n", target, decision.action, decision.status);
    bad = decision.action != action || decision.status != status;
  }
  sluice_txn_free(txn);
  return bad;
}

int main(void) {
  sluice_policy* policy = NULL;
  sluice_gateway* gateway = NULL;
  int bad = strcmp(sluice_version(), SLUICE_VERSION) != 0;

  if (sluice_policy_compile(Str(kPolicy), NULL, &policy, NULL) != SLUICE_OK) return 2;
  if (sluice_gateway_new(NULL, &gateway, NULL) != SLUICE_OK) return 3;
  if (sluice_gateway_publish(gateway, policy) != SLUICE_OK) return 4;
  bad |= Expect(gateway, "/orders/7", SLUICE_ACTION_FORWARD, 0);
  bad |= Expect(gateway, "/elsewhere", SLUICE_ACTION_RESPOND, 404);
  sluice_gateway_free(gateway);
  sluice_policy_free(policy);
  return bad;
}
