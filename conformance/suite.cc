#include "conformance/suite.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "conformance/cases.h"
#include "conformance/timeline.h"

namespace sluice::conformance {
namespace {

constexpr size_t kFewestCases = 60;  // fewer mean that files went missing

bool IsWanted(const Case& test, const std::vector<std::string>& names) {
  return names.empty() || std::find(names.begin(), names.end(), test.name) != names.end();
}

}  // namespace

int Main(int argc, char** argv, const std::function<std::unique_ptr<Face>(const Case&)>& make_face) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CASES_JSON [CASE]...\n", argv[0]);
    return 2;
  }
  const Cases cases(argv[1]);
  const std::vector<std::string> names(argv + 2, argv + argc);
  size_t ran = 0;
  size_t failed = 0;
  for (const Case& test : cases.all()) {
    if (!IsWanted(test, names)) continue;
    std::vector<std::string> failures = Run(test, *make_face(test));
    for (const std::string& failure : failures) std::printf("%s\n", failure.c_str());
    ++ran;
    failed += !failures.empty();
  }
  std::printf("%zu cases ran, %zu failed\n", ran, failed);
  const size_t expected = names.empty() ? std::max(kFewestCases, cases.all().size()) : names.size();
  return failed == 0 && ran >= expected ? 0 : 1;
}

}  // namespace sluice::conformance
