// The same decision as that of a table of patterns, for tests: every pattern is tried with every request, as text.
#ifndef SLUICE_ROUTER_TESTING_LINEAR_PATTERNS_H_
#define SLUICE_ROUTER_TESTING_LINEAR_PATTERNS_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "router/route_table.h"

namespace sluice::router {

struct LinearPatternMatch {
  bool found = false;
  size_t route = 0;
  std::vector<std::pair<std::string, std::string>> captures;
  std::set<std::string> allowed;  // if not found: methods of the patterns that match but for them
};

// `patterns` are ones that RouteTable::BuildPatterns takes.
LinearPatternMatch FindPattern(const std::vector<PatternSpec>& patterns, const RouteQuery& query);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_TESTING_LINEAR_PATTERNS_H_
