#include "router/conflicts.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "router/arm_pairs.h"
#include "router/conflict_report.h"
#include "router/match_set.h"
#include "router/precedence.h"
#include "router/regex.h"
#include "router/regex_example.h"
#include "router/witness_search.h"

namespace sluice::router {
namespace {

constexpr size_t kMostCovering = 32;  // arms that are tried as covers of one
constexpr size_t kMostAtoms = 64;

// A route that another one may cover has its fields and header names, but for their underscores (IsHeaderNamed).
std::string FieldsOf(const RouteSpec& route) {
  std::vector<std::string> names;
  for (const HeaderSpec& header : route.headers)
    names.push_back(absl::StrReplaceAll(absl::AsciiStrToLower(header.name), {{"_", "-"}}));
  std::sort(names.begin(), names.end());
  return absl::StrCat(IsStreamRoute(route), !route.hosts.empty(), !route.paths.empty(), !route.methods.empty(),
                      !route.snis.empty(), !route.sources.empty(), !route.destinations.empty(), ",",
                      absl::StrJoin(names, ","));
}

class Search {
 public:
  Search(const std::vector<RouteSpec>& routes, const RouteTable& table, PathProver* prover, Diagnostics* findings)
      : routes_(routes),
        prover_(prover),
        witnesses_(routes, table, prover),
        report_(routes, findings),
        work_before_(prover == nullptr ? 0 : prover->work()) {}

  void FindConflicts() {
    CollectArms();
    for (const Precedence& arm : nevers_) report_.Never(arm);
    FindShadows();
    FindTies();
    Conclude();
  }

  // Expressions that never match are left out here: FindConflicts reports them.
  void FindOverlaps() {
    CollectArms();
    std::vector<uint32_t> all(arms_.size());
    std::iota(all.begin(), all.end(), 0);
    ForEachPair(all, [this](uint32_t a, uint32_t b) { CheckOverlap(a, b); });
    Conclude();
  }

 private:
  using Pair = std::pair<size_t, size_t>;

  void CollectArms() {
    for (const Arm& arm : RankArms(routes_)) {
      const RouteSpec& route = routes_[arm.precedence.route];
      RouteArm candidate;
      candidate.precedence = arm.precedence;
      if (!route.paths.empty()) candidate.path = route.paths[arm.precedence.path];
      candidate.way = candidate.path;
      if (arm.precedence.is_regex && !ReadRegex(arm, &candidate)) continue;
      candidate.set = MatchSetOf(route, arm.by_port);
      arms_.push_back(std::move(candidate));
    }
    for (const Precedence& precedence : RankStreams(routes_))
      arms_.push_back({precedence, MatchSetOf(routes_[precedence.route], false), "", ""});
  }

  // False if the arm is out of question.
  bool ReadRegex(const Arm& arm, RouteArm* candidate) {
    if (prover_ == nullptr) {
      skipped_.insert(arm.precedence.route);
      return false;
    }
    Regex::Error error;
    const std::string pattern = candidate->path.substr(1);
    const auto regex = Regex::Compile(pattern, Regex::Kind::kPath, &error);
    if (regex == nullptr) return false;
    candidate->way = regex->literal_prefix();
    if (PlainExample(pattern, *regex).has_value()) return true;  // which spares most of them an automaton
    std::string example, reason;
    if (prover_->Overlap(candidate->path, "/", &example, &reason) != Answer::kNo) return true;
    if (never_.insert({arm.precedence.route, arm.precedence.path}).second) nevers_.push_back(arm.precedence);
    return false;
  }

  template <typename Visit>
  void ForEachPair(const std::vector<uint32_t>& members, Visit visit) {
    if (members.size() < 2 || unsearched_) return;
    ArmPairs pairs;
    for (uint32_t arm : members) pairs.Add(arm, arms_[arm].set.hosts, arms_[arm].way);
    const bool all = pairs.ForEach([&](uint32_t a, uint32_t b) {
      if (arms_[a].precedence.route != arms_[b].precedence.route) visit(std::min(a, b), std::max(a, b));
      return ++visited_ < kConflictPairs && witnesses_.tries() < kConflictTries && HasWork() && !report_.IsFull();
    });
    unsearched_ |= !all;
  }

  void FindTies() {
    std::vector<uint32_t> group;
    for (uint32_t arm = 0; arm < arms_.size(); ++arm) {
      if (!group.empty() && !Ties(arms_[group[0]], arms_[arm])) {
        ForEachPair(group, [this](uint32_t a, uint32_t b) { CheckTie(a, b); });
        group.clear();
      }
      group.push_back(arm);
    }
    ForEachPair(group, [this](uint32_t a, uint32_t b) { CheckTie(a, b); });
  }

  static bool HaveSameHeader(const MatchSet& a, const MatchSet& b) {
    return std::any_of(a.headers.begin(), a.headers.end(), [&b](const HeaderSet& header) {
      return std::any_of(b.headers.begin(), b.headers.end(),
                         [&header](const HeaderSet& other) { return other.name == header.name; });
    });
  }

  static bool Ties(const RouteArm& a, const RouteArm& b) {
    return a.set.is_stream == b.set.is_stream && SameRank(a.precedence, b.precedence);
  }

  void CheckTie(uint32_t first, uint32_t second) {
    const RouteArm& winner = arms_[first];
    const RouteArm& loser = arms_[second];
    const Pair pair(winner.precedence.route, loser.precedence.route);
    if (known_.contains(pair) || shadowed_.contains(pair.first) || shadowed_.contains(pair.second)) return;
    // Of equal rank, so that both are expressions, or the same prefix, or none.
    if (!winner.precedence.is_regex && winner.path != loser.path) return;
    if (AreApart(first, second)) return;
    Witness witness;
    std::string reason;
    switch (witnesses_.FindTie(winner, loser, Repeats::kNone, &witness, &reason)) {
      case Answer::kNo: return;
      case Answer::kUnknown: return report_.CountUndecided(pair.first, pair.second, std::move(reason));
      case Answer::kYes: break;
    }
    known_.insert(pair);
    report_.Tie(pair.first, pair.second, std::move(witness), prover_ == nullptr);
  }

  // Of a header that comes twice each route may find its own value. FindConflicts reports the other ties.
  void CheckTieByRepeats(const RouteArm& winner, const RouteArm& loser) {
    const Pair pair(winner.precedence.route, loser.precedence.route);
    Witness witness;
    std::string reason;
    if (!HaveSameHeader(winner.set, loser.set) || tied_by_repeats_.contains(pair) ||
        witnesses_.FindTie(winner, loser, Repeats::kNone, &witness, &reason) != Answer::kNo ||
        witnesses_.FindTie(winner, loser, Repeats::kAllowed, &witness, &reason) != Answer::kYes) {
      return;
    }
    tied_by_repeats_.insert(pair);
    report_.TieByRepeats(pair.first, pair.second, std::move(witness));
  }

  void CheckOverlap(uint32_t first, uint32_t second) {
    const RouteArm& winner = arms_[first];
    const RouteArm& loser = arms_[second];
    const Pair pair(winner.precedence.route, loser.precedence.route);
    if (Ties(winner, loser)) return CheckTieByRepeats(winner, loser);
    if (known_.contains(pair)) return;
    Witness witness, own;
    std::string reason;
    switch (witnesses_.FindOverlap(winner, loser, &witness, &reason)) {
      case Answer::kNo: return;
      case Answer::kUnknown: return report_.CountUndecided(pair.first, pair.second, std::move(reason));
      case Answer::kYes: break;
    }
    known_.insert(pair);
    const bool has_own = witnesses_.FindOwn(loser, &own, &reason) == Answer::kYes;
    report_.Overlap(pair.first, pair.second, std::move(witness), has_own ? std::optional(own) : std::nullopt);
  }

  void FindShadows() {
    absl::flat_hash_map<std::string, std::vector<uint32_t>> by_fields;
    for (uint32_t arm = 0; arm < arms_.size(); ++arm)
      by_fields[FieldsOf(routes_[arms_[arm].precedence.route])].push_back(arm);
    std::vector<std::vector<uint32_t>> better(arms_.size());
    for (const auto& [fields, members] : by_fields) {
      ForEachPair(members, [&](uint32_t high, uint32_t low) {
        const bool may_cover =
            arms_[high].path == arms_[low].path || (arms_[high].precedence.is_regex && !AreApart(high, low));
        if (may_cover && better[low].size() < kMostCovering) better[low].push_back(high);
      });
    }
    std::vector<std::vector<uint32_t>> arms_of(routes_.size());
    for (uint32_t arm = 0; arm < arms_.size(); ++arm) arms_of[arms_[arm].precedence.route].push_back(arm);
    for (size_t route = 0; route < routes_.size(); ++route) {
      if (!arms_of[route].empty() && !skipped_.contains(route)) CheckShadow(route, arms_of[route], better);
    }
  }

  // Of expressions only: of a prefix the automaton is not yet worth it.
  bool AreApart(uint32_t a, uint32_t b) const {
    return arms_[a].precedence.is_regex && arms_[b].precedence.is_regex &&
           prover_->AreApart(arms_[a].path, arms_[b].path);
  }

  void CheckShadow(size_t route, const std::vector<uint32_t>& arms, const std::vector<std::vector<uint32_t>>& better) {
    absl::btree_set<size_t> covering;
    for (uint32_t arm : arms)
      if (better[arm].empty()) return;
    for (uint32_t arm : arms)
      if (!IsCovered(arms_[arm], better[arm], &covering)) return;
    Witness witness;
    std::string reason;
    const Answer lost = witnesses_.FindLost(arms_[arms[0]], &witness, &reason);
    if (lost == Answer::kUnknown) report_.CountUndecided(*covering.begin(), route, std::move(reason));
    if (lost != Answer::kYes) return;
    shadowed_.insert(route);
    report_.Shadowed(route, covering, std::move(witness));
  }

  bool HasWork() const { return prover_ == nullptr || prover_->work() - work_before_ < kConflictWork; }

  // Each part by one of `by`, or its paths by several that take all else of it.
  bool IsCovered(const RouteArm& arm, const std::vector<uint32_t>& by, absl::btree_set<size_t>* covering) {
    const auto covered = [&](const MatchSet& set) {
      std::vector<uint32_t> wide;
      for (uint32_t other : by)
        if (Contains(arms_[other].set, set)) wide.push_back(other);
      return PathIsCovered(arm, std::move(wide), covering);
    };
    if (covered(arm.set)) return true;
    const std::vector<MatchSet> atoms = Atoms(arm.set, kMostAtoms);
    return atoms.size() > 1 && std::all_of(atoms.begin(), atoms.end(), covered);
  }

  // By one of `by`, or by several together, without those that are not needed.
  bool PathIsCovered(const RouteArm& arm, std::vector<uint32_t> by, absl::btree_set<size_t>* covering) {
    const auto is_same = [&](uint32_t other) { return arms_[other].path == arm.path; };
    const auto takes_all = [&](uint32_t other) { return PathsContain({other}, arm.path); };
    auto one = std::find_if(by.begin(), by.end(), is_same);
    if (one == by.end()) one = std::find_if(by.begin(), by.end(), takes_all);
    if (one != by.end())
      by = {*one};
    else if (by.size() < 2 || !PathsContain(by, arm.path))
      return false;
    for (size_t i = 0; by.size() > 1 && i < by.size();) {
      std::vector<uint32_t> fewer = by;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      if (PathsContain(fewer, arm.path))
        by = std::move(fewer);
      else
        ++i;
    }
    for (uint32_t other : by) covering->insert(arms_[other].precedence.route);
    return true;
  }

  bool PathsContain(const std::vector<uint32_t>& arms, const std::string& path) {
    if (prover_ == nullptr) return false;
    unsearched_ |= !HasWork();
    std::vector<std::string> paths;
    for (uint32_t arm : arms) paths.push_back(arms_[arm].path);
    return HasWork() && prover_->Contains(paths, path) == Answer::kYes;
  }

  void Conclude() {
    report_.Undecided();
    if (unsearched_) report_.Unsearched(visited_);
  }

  const std::vector<RouteSpec>& routes_;
  PathProver* prover_;
  WitnessSearch witnesses_;
  ConflictReport report_;
  std::vector<RouteArm> arms_;           // the best first
  absl::flat_hash_set<size_t> skipped_;  // routes with an arm that is out of question
  absl::flat_hash_set<Pair> never_;      // route and path
  std::vector<Precedence> nevers_;       // the same, the best first
  absl::flat_hash_set<size_t> shadowed_;
  absl::flat_hash_set<Pair> known_;  // reported: winner, loser
  absl::flat_hash_set<Pair> tied_by_repeats_;
  size_t visited_ = 0;               // pairs
  const size_t work_before_;
  bool unsearched_ = false;
};

}  // namespace

void FindConflicts(const std::vector<RouteSpec>& routes, const RouteTable& table, PathProver* prover,
                   Diagnostics* findings) {
  Search(routes, table, prover, findings).FindConflicts();
}

void FindOverlaps(const std::vector<RouteSpec>& routes, const RouteTable& table, PathProver* prover,
                  Diagnostics* findings) {
  Search(routes, table, prover, findings).FindOverlaps();
}

}  // namespace sluice::router
