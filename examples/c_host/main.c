/* The smallest host: c_host POLICY METHOD PATH compiles a policy, decides one request, says what to do. */
#include <sluice.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  static char text[1 << 16];
  FILE* file = argc == 4 ? fopen(argv[1], "rb") : NULL;
  sluice_str document = {text, file ? fread(text, 1, sizeof text, file) : 0}, why;
  sluice_now now = {1760000000000000000, 0}; /* a real host asks clock_gettime for both */
  sluice_policy* policy = NULL;
  sluice_gateway* gateway = NULL;
  sluice_error* error = NULL;
  sluice_txn* txn = NULL; /* NO_WAIT: this host cannot fetch keys */
  sluice_request request = {.struct_size = sizeof request, .flags = SLUICE_REQUEST_NO_WAIT, .content_length = -1};
  sluice_decision d = {.struct_size = sizeof d};
  if (sluice_policy_compile(document, NULL, &policy, &error) != SLUICE_OK)
    return why = sluice_error_message(error), fprintf(stderr, "%.*s\n", (int)why.size, why.data), 1;
  sluice_error_free(error); /* the warnings, or NULL */
  request.method = (sluice_str){argv[2], strlen(argv[2])};
  request.target = (sluice_str){argv[3], strlen(argv[3])};
  if (sluice_gateway_new(NULL, &gateway, &error) || sluice_gateway_publish(gateway, policy)) return 1;
  if (sluice_txn_begin(gateway, &request, &now, &txn) || sluice_txn_decision(txn, &d)) return 1;
  if (d.action == SLUICE_ACTION_FORWARD)
    printf("forward to %.*s:%u, path %.*s\n", (int)d.upstream_host.size, d.upstream_host.data, d.upstream_port,
           (int)d.upstream_path.size, d.upstream_path.data);
  else
    printf("answer %u: %.*s\n", d.status, (int)d.body.size, d.body.data);
  sluice_txn_free(txn); /* a host that forwarded calls sluice_txn_report first: how did it end? */
  return sluice_gateway_free(gateway), sluice_policy_free(policy), 0;
}
