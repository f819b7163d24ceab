/* README's host in C, whose snippet is the body of a function here. */
#include <sluice.h>
#include <stdio.h>
#include <string.h>

static const char text[] =
    "_format_version: \"3.0\"\n"
    "services: [{name: orders, url: 'http://127.0.0.1:9001', routes: [{name: orders, paths: [/orders]}]}]\n";

static char did[256];

static int Fail(sluice_str why) { return (int)(why.size > 0 ? 1 : 2); }

static int Refuse(int status) { return status; }

static uint32_t Forward(sluice_str host, unsigned port, sluice_str path) {
  snprintf(did, sizeof did, "forward to %.*s:%u%.*s", (int)host.size, host.data, port, (int)path.size, path.data);
  return 200;
}

static void Answer(unsigned status, sluice_str body) {
  (void)body;
  snprintf(did, sizeof did, "answer %u", status);
}

static int RunSnippet(sluice_str document) {
  const sluice_now now = {1760000000000000000, 0};
#include "examples/readme/snippet.c.inc"
  sluice_gateway_free(gateway);
  sluice_policy_free(policy);
  return 0;
}

int main(void) {
  const sluice_str good = {text, sizeof text - 1}, bad = {"nonsense", 8};
  if (RunSnippet(good) != 0 || strcmp(did, "forward to 127.0.0.1:9001/7?x=1") != 0) {
    fprintf(stderr, "README's snippet in C: %s\n", did);
    return 1;
  }
  return RunSnippet(bad) != 1;
}
