// What two paths of routes have in common, decided and not tried: the question behind ties and shadowed routes.
#ifndef SLUICE_ROUTER_PATH_PROVER_H_
#define SLUICE_ROUTER_PATH_PROVER_H_

#include <string>

namespace sluice::router {

enum class Answer { kNo, kYes, kUnknown };

// Paths are texts as in RouteSpec::paths: a prefix, or `~` and a regular expression. Only paths in normal form count
// (normalize.h), because no other ever reaches a route.
class PathProver {
 public:
  virtual ~PathProver() = default;

  // Whether some path matches both; then `example` is one. On kUnknown `reason` names the construct.
  virtual Answer Overlap(const std::string& a, const std::string& b, std::string* example, std::string* reason) = 0;

  // Whether every path that matches `inner` matches `outer`.
  virtual Answer Contains(const std::string& outer, const std::string& inner) = 0;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PATH_PROVER_H_
