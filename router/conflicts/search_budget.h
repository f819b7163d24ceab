// What the searches for conflicts may spend, so that no set of routes takes minutes.
#ifndef SLUICE_ROUTER_CONFLICTS_SEARCH_BUDGET_H_
#define SLUICE_ROUTER_CONFLICTS_SEARCH_BUDGET_H_

#include <cstddef>
#include <string_view>

#include "router/conflicts/conflict_report.h"
#include "router/conflicts/witness_search.h"
#include "router/prover/regex_prover.h"

namespace sluice::router {

// Counted by what it watches: findings, requests that are tried, the prover's work. conflicts.h has the bounds.
class SearchBudget {
 public:
  // `prover` may be null. All must outlive this.
  SearchBudget(const RegexProver* prover, const WitnessSearch* witnesses, ConflictReport* report)
      : prover_(prover), witnesses_(*witnesses), report_(*report) {}

  // Each search has its own budget, so that none takes another one's. Every arm has a request for nothing.
  void Begin(std::string_view search, size_t arms);

  // False if the search has to stop, which is reported.
  bool Has();

  // False if no pair of arms may be looked at any more, either.
  bool SpendPair() { return SpendPairs(1); }
  bool SpendPairs(size_t count);

  size_t pairs_left() const;

 private:
  // False. A search that stops for two reasons is reported with the first.
  bool Stop(std::string_view spent);

  const RegexProver* prover_;
  const WitnessSearch& witnesses_;
  ConflictReport& report_;

  // Of the search at hand: its name, what it may and did spend.
  std::string_view search_;
  size_t most_tries_ = 0;
  size_t pairs_ = 0;
  size_t tries_before_ = 0;
  size_t work_before_ = 0;
  bool stopped_ = false;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_SEARCH_BUDGET_H_
