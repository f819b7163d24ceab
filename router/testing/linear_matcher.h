// The same decision as RouteTable's, for tests: every route is tried with every request, straight from the specs.
#ifndef SLUICE_ROUTER_TESTING_LINEAR_MATCHER_H_
#define SLUICE_ROUTER_TESTING_LINEAR_MATCHER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/route_table.h"

namespace re2 {
class RE2;
}

namespace sluice::router {

struct LinearMatch {
  bool found = false;
  size_t route = 0;
  size_t path = 0;
  std::string_view matched;
  std::vector<std::string> captures;  // values of the groups, in order
};

class LinearMatcher {
 public:
  explicit LinearMatcher(std::vector<RouteSpec> routes);
  ~LinearMatcher();

  LinearMatch Find(const RouteQuery& query) const;

 private:
  bool MatchPath(const RouteSpec& route, size_t path, std::string_view text, LinearMatch* match) const;
  bool MatchHeader(const HeaderSpec& wanted, const RouteQuery& query) const;
  bool MatchRest(const RouteSpec& route, const RouteQuery& query) const;

  std::vector<RouteSpec> routes_;
  std::map<std::string, std::unique_ptr<const re2::RE2>> patterns_;  // by the text in the spec
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_TESTING_LINEAR_MATCHER_H_
