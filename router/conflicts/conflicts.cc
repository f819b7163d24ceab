#include "router/conflicts/conflicts.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/limits.h"
#include "router/conflicts/arm_pairs.h"
#include "router/conflicts/conflict_report.h"
#include "router/conflicts/match_set.h"
#include "router/conflicts/path_cover.h"
#include "router/conflicts/regex_example.h"
#include "router/conflicts/witness_search.h"
#include "router/precedence.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

constexpr size_t kMostAtoms = 64;  // parts of an arm, of which each may be covered by others

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
        cover_(prover),
        report_(routes, findings) {}

  void FindConflicts() {
    Begin("expressions that never match");
    CollectArms();
    for (const Precedence& arm : nevers_) {
      if (report_.IsFull() && !HasBudget()) break;  // which says so
      report_.Never(arm);
    }
    Begin("shadowed routes");
    FindShadows();
    Begin("ties");
    FindTies();
    Conclude(Severity::kWarning);
  }

  // Expressions that never match are left out here: FindConflicts reports them.
  void FindOverlaps() {
    Begin("overlaps");
    CollectArms();
    std::vector<uint32_t> all(arms_.size());
    std::iota(all.begin(), all.end(), 0);
    ForEachPair({std::move(all)}, [this](uint32_t a, uint32_t b) { CheckOverlap(a, b); });
    Conclude(Severity::kNote);
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
    if (!HasBudget()) return true;
    std::string example, reason;
    if (prover_->Overlap(candidate->path, "/", &example, &reason) != Answer::kNo) return true;
    if (never_.insert({arm.precedence.route, arm.precedence.path}).second) nevers_.push_back(arm.precedence);
    return false;
  }

  // Of each group, the smallest first: what they need should not be spent on a large one.
  template <typename Visit>
  void ForEachPair(std::vector<std::vector<uint32_t>> groups, Visit visit) {
    std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const std::vector<uint32_t>& members : groups) {
      if (members.size() < 2) continue;
      ArmPairs pairs;
      for (uint32_t arm : members) pairs.Add(arm, arms_[arm].set.hosts, arms_[arm].way);
      const bool all = pairs.ForEach([&](uint32_t a, uint32_t b) {
        if (visited_ == kConflictPairs)
          return Stop(absl::StrCat(kConflictPairs, " pairs of routes that share hosts and paths"));
        if (!HasBudget()) return false;
        ++visited_;
        if (arms_[a].precedence.route != arms_[b].precedence.route) visit(std::min(a, b), std::max(a, b));
        return true;
      });
      if (!all) return;
    }
  }

  void FindTies() {
    std::vector<std::vector<uint32_t>> groups;
    for (uint32_t arm = 0; arm < arms_.size(); ++arm) {
      if (groups.empty() || !Ties(arms_[groups.back()[0]], arms_[arm])) groups.emplace_back();
      groups.back().push_back(arm);
    }
    ForEachPair(std::move(groups), [this](uint32_t a, uint32_t b) { CheckTie(a, b); });
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
    if (report_.IsKnown(pair.first, pair.second)) return;
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
    if (report_.IsKnown(pair.first, pair.second)) return;
    Witness witness, own;
    std::string reason;
    switch (witnesses_.FindOverlap(winner, loser, &witness, &reason)) {
      case Answer::kNo: return;
      case Answer::kUnknown: return report_.CountUndecided(pair.first, pair.second, std::move(reason));
      case Answer::kYes: break;
    }
    const bool has_own = witnesses_.FindOwn(loser, &own, &reason) == Answer::kYes;
    report_.Overlap(pair.first, pair.second, std::move(witness), has_own ? std::optional(own) : std::nullopt);
  }

  void FindShadows() {
    absl::btree_map<std::string, std::vector<uint32_t>> by_fields;
    for (uint32_t arm = 0; arm < arms_.size(); ++arm)
      by_fields[FieldsOf(routes_[arms_[arm].precedence.route])].push_back(arm);
    std::vector<std::vector<uint32_t>> groups;
    for (auto& [fields, members] : by_fields) groups.push_back(std::move(members));
    std::vector<std::vector<uint32_t>> better(arms_.size());
    ForEachPair(std::move(groups), [&](uint32_t high, uint32_t low) {
      const bool may_cover =
          arms_[high].path == arms_[low].path || (arms_[high].precedence.is_regex && !AreApart(high, low));
      if (may_cover) better[low].push_back(high);
    });
    std::vector<std::vector<uint32_t>> arms_of(routes_.size());
    for (uint32_t arm = 0; arm < arms_.size(); ++arm) {
      std::sort(better[arm].begin(), better[arm].end());  // an arm with several hosts meets another one at each
      better[arm].erase(std::unique(better[arm].begin(), better[arm].end()), better[arm].end());
      arms_of[arms_[arm].precedence.route].push_back(arm);
    }
    for (size_t route = 0; route < routes_.size() && HasBudget(); ++route) {
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
    std::string reason;
    Answer all = Answer::kYes;
    for (uint32_t arm : arms)
      if (better[arm].empty()) return;
    for (uint32_t arm : arms) {
      const Answer answer = IsCovered(arms_[arm], better[arm], &covering, &reason);
      if (answer == Answer::kNo) return;
      if (answer == Answer::kUnknown) all = answer;
    }
    Witness witness;
    if (all == Answer::kYes) all = witnesses_.FindLost(arms_[arms[0]], &witness, &reason);
    if (all == Answer::kUnknown)
      report_.CountUndecided(arms_[better[arms[0]][0]].precedence.route, route, std::move(reason));
    if (all == Answer::kYes) report_.Shadowed(route, covering, std::move(witness));
  }

  // Each part by one of `by`, or its paths by several that take all else of it.
  Answer IsCovered(const RouteArm& arm, const std::vector<uint32_t>& by, absl::btree_set<size_t>* covering,
                   std::string* reason) {
    Answer all = SetIsCovered(arm.set, arm.path, by, covering, reason);
    if (all == Answer::kYes) return all;
    const std::vector<MatchSet> atoms = Atoms(arm.set, kMostAtoms);
    if (atoms.size() < 2) return all;
    all = Answer::kYes;
    for (const MatchSet& atom : atoms) {
      const Answer answer = SetIsCovered(atom, arm.path, by, covering, reason);
      if (answer == Answer::kNo) return answer;
      if (answer == Answer::kUnknown) all = answer;
    }
    return all;
  }

  Answer SetIsCovered(const MatchSet& set, const std::string& path, const std::vector<uint32_t>& by,
                      absl::btree_set<size_t>* covering, std::string* reason) {
    std::vector<uint32_t> wide;
    std::vector<std::string> paths;
    for (uint32_t other : by) {
      if (!Contains(arms_[other].set, set)) continue;
      wide.push_back(other);
      paths.push_back(arms_[other].path);
    }
    std::vector<size_t> places;
    const Answer answer = cover_.Find(path, paths, &places, reason);
    if (answer == Answer::kYes)
      for (size_t place : places) covering->insert(arms_[wide[place]].precedence.route);
    return answer;
  }

  // Each search has its own budget, so that none takes another one's.
  void Begin(std::string_view search) {
    search_ = search;
    visited_ = 0;
    tries_before_ = witnesses_.tries();
    work_before_ = prover_ == nullptr ? 0 : prover_->work();
    stopped_ = false;
  }

  // False if the search has to stop. What the pairs visited so far have shown may still be looked at when they were too
  // many.
  bool HasBudget() {
    if (report_.IsFull()) return Stop(absl::StrCat(limits::kDiagnostics, " findings"));
    if (witnesses_.tries() - tries_before_ >= kConflictTries)
      return Stop(absl::StrCat(kConflictTries, " requests that were tried as witnesses"));
    if (prover_ != nullptr && prover_->work() - work_before_ >= kConflictWork)
      return Stop("as much work as proofs about regular expressions may take");
    return true;
  }

  // False. A search that stops for two reasons is reported with the first.
  bool Stop(std::string_view spent) {
    if (!std::exchange(stopped_, true)) report_.AddUnsearched(search_, spent);
    return false;
  }

  // `severity`: what was left out counts as much as what was looked for.
  void Conclude(Severity severity) {
    report_.Undecided(severity);
    report_.Unsearched(severity);
  }

  const std::vector<RouteSpec>& routes_;
  PathProver* prover_;
  WitnessSearch witnesses_;
  PathCover cover_;
  ConflictReport report_;
  std::vector<RouteArm> arms_;           // the best first
  absl::flat_hash_set<size_t> skipped_;  // routes with an arm that is out of question
  absl::flat_hash_set<Pair> never_;      // route and path
  std::vector<Precedence> nevers_;       // the same, the best first
  absl::flat_hash_set<Pair> tied_by_repeats_;

  // Of the search at hand: its name, and what it spent.
  std::string_view search_;
  size_t visited_ = 0;  // pairs
  size_t tries_before_ = 0;
  size_t work_before_ = 0;
  bool stopped_ = false;
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
