// Values of a header that satisfy conditions of routes and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_HEADER_VALUES_H_
#define SLUICE_ROUTER_CONFLICTS_HEADER_VALUES_H_

#include <string>
#include <string_view>
#include <vector>

#include "router/conflicts/match_set.h"
#include "router/prover/regex_cache.h"
#include "router/prover/regex_prover.h"

namespace sluice::router {

class HeaderValues {
 public:
  using Sets = std::vector<const HeaderSet*>;

  // Without a prover (null) simple texts alone are tried where an expression has a say.
  explicit HeaderValues(RegexProver* prover) : prover_(prover) {}

  // Whether a value satisfies each of `all`, of which there is one at least, and none of `none`, names aside; then
  // `value` is one. kUnknown, with what stood in the way in `reason`: an expression that cannot be compared.
  Answer Find(const Sets& all, const Sets& none, std::string* value, std::string* reason);

 private:
  bool Takes(const HeaderSet& set, std::string_view value);
  bool Suits(const Sets& all, const Sets& none, std::string_view value);
  std::vector<std::string> Guesses(const Sets& all);
  std::vector<std::string> ExamplesOf(const HeaderSet& set);

  RegexProver* prover_;
  RegexCache regexes_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_HEADER_VALUES_H_
