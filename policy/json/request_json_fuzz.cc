// Any line: read it, and if it is a request, what is handed back of it must be valid JSON again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/json/decision_json.h"
#include "policy/json/request_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::RequestReader requests;
  std::string error;
  const sluice::RequestLine* line = requests.Read({reinterpret_cast<const char*>(data), size}, &error);
  if (line == nullptr) {
    if (error.empty()) std::abort();
    return 0;
  }
  sluice::Decision decision;
  decision.route = line->request.target;
  decision.client.host = {reinterpret_cast<const char*>(data), size};  // bytes as they came, UTF-8 or not
  std::string out;
  sluice::AppendDecisionJson({.decision = decision, .id_json = line->id_json}, &out);
  sluice::JsonReader json;
  if (json.Read(out, {.bytes = SIZE_MAX}, &error) == nullptr) std::abort();
  return 0;
}
