// What FindConflicts and FindOverlaps found, as diagnostics (conflicts.h lists them).
#ifndef SLUICE_ROUTER_CONFLICT_REPORT_H_
#define SLUICE_ROUTER_CONFLICT_REPORT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
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
  void Shadowed(size_t route, const absl::btree_set<size_t>& covering, Witness witness);
  void Unsearched(size_t visited_pairs);

  // One pair; Undecided reports all that were counted.
  void CountUndecided(size_t winner, size_t loser, std::string reason);
  void Undecided();

 private:
  std::string Name(size_t route) const;
  Diagnostic Finding(std::string code, size_t route) const;

  const std::vector<RouteSpec>& routes_;
  Diagnostics& findings_;
  size_t undecided_ = 0;
  std::pair<size_t, size_t> first_undecided_;
  std::string first_reason_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICT_REPORT_H_
