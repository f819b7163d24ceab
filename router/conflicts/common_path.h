// Paths that match two routes' and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_COMMON_PATH_H_
#define SLUICE_ROUTER_CONFLICTS_COMMON_PATH_H_

#include <string>
#include <string_view>
#include <vector>

#include "router/prover/regex_cache.h"
#include "router/prover/regex_prover.h"

namespace sluice::router {

class CommonPaths {
 public:
  // Without a prover (null) simple paths alone are tried where an expression has a say.
  explicit CommonPaths(RegexProver* prover) : prover_(prover) {}

  // Whether a path in normal form matches `a` and `b`, as in RouteSpec::paths, and none of `avoided`; then `path` is
  // one. kUnknown, with what stood in the way in `reason`: an expression that cannot be compared.
  Answer Find(const std::string& a, const std::string& b, const std::vector<std::string>& avoided, std::string* path,
              std::string* reason);

 private:
  std::vector<std::string> SamplesOf(const std::string& path);

  RegexProver* prover_;
  RegexCache regexes_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_COMMON_PATH_H_
