// What FindConflicts and FindOverlaps found, as diagnostics (conflicts.h lists them).
#ifndef SLUICE_ROUTER_CONFLICTS_CONFLICT_REPORT_H_
#define SLUICE_ROUTER_CONFLICTS_CONFLICT_REPORT_H_

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/diagnostic.h"
#include "base/limits.h"
#include "router/precedence.h"
#include "router/route_spec.h"

namespace sluice::router {

// Routes are named by their places.
class ConflictReport {
 public:
  ConflictReport(const std::vector<RouteSpec>& routes, Diagnostics* findings) : routes_(routes), findings_(*findings) {}

  bool IsFull() const { return findings_.size() >= limits::kDiagnostics; }

  void Never(const Precedence& arm);
  void Tie(size_t winner, size_t loser, Witness witness, bool others_need_a_prover);
  void TieByRepeats(size_t winner, size_t loser, Witness witness);  // of a header
  void Overlap(size_t winner, size_t loser, Witness witness, std::optional<Witness> contrast);
  // `by_order`: it would be reached if it stood before those that cover it.
  void Shadowed(size_t route, const std::set<size_t>& covering, Witness witness, bool by_order);

  // Whether there is nothing left to say of the two: they tie or overlap, or one is shadowed.
  bool IsKnown(size_t winner, size_t loser) const;

  // Undecided reports the pairs that were counted, each once whichever of the two wins, but for those that have become
  // known.
  void CountUndecided(size_t winner, size_t loser, std::string reason);
  void Undecided(Severity severity);

  // Unsearched reports each search that stopped, and after what.
  void AddUnsearched(std::string_view search, std::string_view spent);
  void Unsearched(Severity severity);

 private:
  using Pair = std::pair<size_t, size_t>;  // winner, loser

  std::string Name(size_t route) const;
  Diagnostic Finding(std::string code, Severity severity, size_t route) const;
  Diagnostic PairFinding(std::string code, Severity severity, size_t winner, size_t loser) const;

  const std::vector<RouteSpec>& routes_;
  Diagnostics& findings_;
  absl::flat_hash_set<Pair> known_;
  absl::flat_hash_set<size_t> shadowed_;
  absl::flat_hash_set<Pair> counted_;
  std::vector<std::pair<Pair, std::string>> undecided_;
  std::vector<std::string> unsearched_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_CONFLICT_REPORT_H_
