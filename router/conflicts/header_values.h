// Values of a header that satisfy conditions of routes and keep clear of others.
#ifndef SLUICE_ROUTER_CONFLICTS_HEADER_VALUES_H_
#define SLUICE_ROUTER_CONFLICTS_HEADER_VALUES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
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
  // A set, to be asked of many values.
  struct Lookup {
    absl::flat_hash_set<std::string_view> values;
    const std::vector<std::string>& patterns;
  };

  static std::vector<Lookup> LookupsOf(const Sets& sets);
  bool Suits(const std::vector<Lookup>& all, const std::vector<Lookup>& none, const std::string& value);
  std::vector<std::string> Guesses(const Sets& all);
  std::vector<std::string> ExamplesOf(const HeaderSet& set);

  RegexProver* prover_;
  RegexCache regexes_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_HEADER_VALUES_H_
