/* sluice.h, seen by a C compiler of any age. */
#include "capi/sluice.h"

static sluice_str text(const char* data, size_t size) {
  sluice_str s;
  s.data = data;
  s.size = size;
  return s;
}

int main(void) {
  sluice_request request = {0};
  sluice_decision decision = {0};
  request.struct_size = sizeof request;
  request.method = text("GET", 3);
  decision.struct_size = sizeof decision;
  return request.method.size == 3 && decision.struct_size != 0 && SLUICE_OK == 0 ? 0 : 1;
}
