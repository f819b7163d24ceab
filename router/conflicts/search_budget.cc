#include "router/conflicts/search_budget.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "router/conflicts/conflicts.h"

namespace sluice::router {

void SearchBudget::Begin(std::string_view search, size_t arms) {
  search_ = search;
  most_tries_ = kConflictTries + arms;
  pairs_ = 0;
  tries_before_ = witnesses_.tries();
  work_before_ = prover_ == nullptr ? 0 : prover_->work();
  stopped_ = false;
}

bool SearchBudget::Has() {
  if (report_.IsFull()) return Stop(absl::StrCat(limits::kDiagnostics, " findings"));
  if (witnesses_.tries() - tries_before_ >= most_tries_)
    return Stop(absl::StrCat(most_tries_, " requests that were tried as witnesses"));
  if (prover_ != nullptr && prover_->work() - work_before_ >= kConflictWork)
    return Stop("as much work as proofs about regular expressions may take");
  return true;
}

size_t SearchBudget::pairs_left() const { return kConflictPairs - pairs_; }

bool SearchBudget::SpendPairs(size_t count) {
  const size_t left = pairs_left();
  pairs_ += std::min(left, count);
  if (left < count) return Stop(absl::StrCat(kConflictPairs, " pairs of routes that share hosts and paths"));
  return Has();
}

bool SearchBudget::Stop(std::string_view spent) {
  if (!std::exchange(stopped_, true)) report_.AddUnsearched(search_, spent);
  return false;
}

}  // namespace sluice::router
