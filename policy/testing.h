// What the tests of policy/ share: a gateway over a document, requests in one line, decisions to look into.
#ifndef SLUICE_POLICY_TESTING_H_
#define SLUICE_POLICY_TESTING_H_

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/gateway.h"

namespace sluice::testing {

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr Now kStart = {1'760'000'000 * kSecond, 1'000 * kSecond};

inline Now After(int64_t ns) { return {kStart.wall_ns + ns, kStart.mono_ns + ns}; }

// Ends the test program if the document has errors: a test's own policy must be right.
inline std::shared_ptr<const Snapshot> MustCompile(std::string_view document) {
  CompileOptions options;
  options.file_name = "test.yaml";
  CompileResult result = Compile(document, options);
  for (const Diagnostic& d : result.diagnostics) std::fprintf(stderr, "%s\n", ToText(d).c_str());
  if (result.snapshot == nullptr) std::abort();
  return result.snapshot;
}

// A request that owns its headers.
struct TestRequest {
  TestRequest(std::string_view method, std::string_view target, std::vector<Header> with = {})
      : headers(std::move(with)) {
    request.method = method;
    request.target = target;
    request.host = "api.example.com";
    request.peer = "203.0.113.9:51234";
    request.headers = headers.data();
    request.header_count = headers.size();
  }
  std::vector<Header> headers;
  Request request;
};

// The value that a change of that name sets or adds last; "(removed)", or "(none)".
inline std::string Changed(std::span<const HeaderChange> changes, std::string_view name) {
  std::string value = "(none)";
  for (const HeaderChange& change : changes)
    if (change.name == name) value = change.op == HeaderOp::kRemove ? "(removed)" : std::string(change.value);
  return value;
}

}  // namespace sluice::testing

#endif  // SLUICE_POLICY_TESTING_H_
