#include "router/conflicts.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/arena.h"
#include "base/limits.h"
#include "router/arm_pairs.h"
#include "router/check.h"
#include "router/match_set.h"
#include "router/normalize.h"
#include "router/precedence.h"
#include "router/regex.h"
#include "router/regex_example.h"

namespace sluice::router {
namespace {

constexpr size_t kMostCovering = 32;  // arms that are tried as covers of one
constexpr size_t kMostAtoms = 64;

// What of an expression keeps every normal path from matching: a guess at the author's mistake, once it is proved that
// there is one.
std::string_view WhyNever(std::string_view pattern) {
  if (absl::StrContains(pattern, "//")) return "`//` (runs of slashes become one)";
  if (absl::StrContains(pattern, "/\\./") || absl::StrContains(pattern, "/\\.\\./"))
    return "a dot segment (they are removed)";
  if (absl::StrContains(pattern, "\\?") || absl::StrContains(pattern, "[?]")) return "`?` (the query is cut off first)";
  if (absl::StrContains(pattern, "%")) {
    return "a percent-escape (only those of reserved bytes stay, with upper-case hex)";
  }
  if (absl::StrContains(pattern, "$") || absl::StrContains(pattern, "^")) return "an anchor where the path goes on";
  return "something that no path in normal form has";
}

// Routes that a covering route may cover have the same fields and header names, else they take what it does not.
std::string FieldsOf(const RouteSpec& route) {
  std::vector<std::string> names;
  for (const HeaderSpec& header : route.headers) names.push_back(absl::AsciiStrToLower(header.name));
  std::sort(names.begin(), names.end());
  return absl::StrCat(IsStreamRoute(route), !route.hosts.empty(), !route.paths.empty(), !route.methods.empty(),
                      !route.snis.empty(), !route.sources.empty(), !route.destinations.empty(), ",",
                      absl::StrJoin(names, ","));
}

// The request of a witness, as the table is asked.
class WitnessQuery {
 public:
  WitnessQuery(const Witness& witness, std::string_view path) {
    query_.method = witness.method;
    query_.host = witness.host;
    query_.port = witness.port;
    query_.path = path;
    query_.scheme = witness.scheme;
    query_.sni = witness.sni;
    for (const auto& [name, value] : witness.headers) headers_.push_back({name, value});
    query_.headers = headers_.data();
    query_.header_count = headers_.size();
    if (!witness.peer.empty() && ParseEndpoint(witness.peer, &peer_)) query_.source = &peer_;
    if (!witness.server.empty() && ParseEndpoint(witness.server, &server_)) query_.destination = &server_;
  }
  WitnessQuery(const WitnessQuery&) = delete;
  WitnessQuery& operator=(const WitnessQuery&) = delete;

  bool GoesToFirstOf(const RouteSpec& first, const RouteSpec& second) const {
    Diagnostics problems;
    RouteMatch match;
    const auto table = RouteTable::Build({first, second}, &problems);
    return table != nullptr && table->Find(query_, &match) && match.route == 0;
  }

 private:
  std::vector<Header> headers_;
  Endpoint peer_;
  Endpoint server_;
  RouteQuery query_;
};

class Search {
 public:
  Search(const std::vector<RouteSpec>& routes, PathProver* prover, Diagnostics* findings)
      : routes_(routes), prover_(prover), findings_(*findings) {}

  void FindConflicts() {
    CollectArms();
    for (const Precedence& arm : nevers_) ReportNever(arm);
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
  struct Candidate {
    Precedence precedence;
    MatchSet set;
    std::string path;  // as the route has it; empty: none
    std::string way;   // what all paths that match begin with
  };
  using Pair = std::pair<size_t, size_t>;

  void CollectArms() {
    for (const Arm& arm : RankArms(routes_)) {
      const RouteSpec& route = routes_[arm.precedence.route];
      Candidate candidate;
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
  bool ReadRegex(const Arm& arm, Candidate* candidate) {
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
      return ++visited_ < kConflictPairs && HasWork() && findings_.size() < limits::kDiagnostics;
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

  static bool Ties(const Candidate& a, const Candidate& b) {
    return a.set.is_stream == b.set.is_stream && SameRank(a.precedence, b.precedence);
  }

  void CheckTie(uint32_t first, uint32_t second) {
    const Candidate& winner = arms_[first];
    const Candidate& loser = arms_[second];
    const Pair pair(winner.precedence.route, loser.precedence.route);
    if (known_.contains(pair) || shadowed_.contains(pair.first) || shadowed_.contains(pair.second)) return;
    Witness witness;
    Answer answer = Overlap(winner.set, loser.set, &witness);
    if (answer == Answer::kNo) return;
    std::string path, reason = "the regular expression of a header";
    const Answer paths = CommonPath(winner, loser, &path, &reason);
    if (paths == Answer::kNo) return;
    if (paths == Answer::kUnknown || answer == Answer::kUnknown) return LeaveUndecided(pair, reason);
    const RouteSpec& a = routes_[pair.first];
    const RouteSpec& b = routes_[pair.second];
    const WitnessQuery query(witness, path);
    if (!query.GoesToFirstOf(a, b) || !query.GoesToFirstOf(b, a))
      return LeaveUndecided(pair, "a better host or path of one of them, which takes the request that was tried");
    known_.insert(pair);
    SetPath(path, &witness);
    ReportTie(pair, std::move(witness));
  }

  void LeaveUndecided(const Pair& pair, std::string reason) {
    if (undecided_++ == 0) first_undecided_ = {pair, std::move(reason)};
  }

  // Of equal rank, so that both are expressions, or the same prefix, or none.
  Answer CommonPath(const Candidate& a, const Candidate& b, std::string* path, std::string* reason) {
    if (a.path != b.path || a.precedence.is_regex) {
      if (!a.precedence.is_regex || !b.precedence.is_regex) return Answer::kNo;
      return prover_->Overlap(a.path, b.path, path, reason);
    }
    *path = a.path.empty() ? "/" : a.path;
    return Answer::kYes;
  }

  void CheckOverlap(uint32_t first, uint32_t second) {
    const Candidate& winner = arms_[first];
    const Candidate& loser = arms_[second];
    const Pair pair(winner.precedence.route, loser.precedence.route);
    if (Ties(winner, loser) || known_.contains(pair)) return;
    Witness witness;
    std::string path = winner.way.size() >= loser.way.size() ? winner.way : loser.way;
    std::string reason = "the regular expression of a header";
    Answer answer = Overlap(winner.set, loser.set, &witness);
    if (answer == Answer::kNo) return;
    if (winner.precedence.is_regex || loser.precedence.is_regex) {
      const Answer paths = prover_->Overlap(PathOf(winner), PathOf(loser), &path, &reason);
      if (paths != Answer::kYes) answer = paths;
    }
    if (answer == Answer::kNo) return;
    if (answer == Answer::kUnknown) return LeaveUndecided(pair, reason);
    const RouteSpec& a = routes_[pair.first];
    const RouteSpec& b = routes_[pair.second];
    if (path.empty()) path = "/";
    const WitnessQuery query(witness, path);
    if (!query.GoesToFirstOf(a, b) || query.GoesToFirstOf(b, a)) return;  // better arms of theirs decide
    known_.insert(pair);
    SetPath(path, &witness);
    ReportOverlap(pair, std::move(witness), RequestOf(loser, a));
  }

  static std::string PathOf(const Candidate& arm) { return arm.path.empty() ? "/" : arm.path; }

  // A request of the arm that does not go to the other route.
  std::optional<Witness> RequestOf(const Candidate& arm, const RouteSpec& other) {
    Witness witness;
    std::string path = PathOf(arm), reason;
    if (arm.precedence.is_regex && prover_->Overlap(path, "/", &path, &reason) != Answer::kYes) return std::nullopt;
    if (Overlap(arm.set, arm.set, &witness) != Answer::kYes) return std::nullopt;
    // The other route may ask for the method, the host or the header that comes first here.
    for (const char* method : {"", "GET", "POST", "DELETE"}) {
      Witness tried = witness;
      if (arm.set.methods.empty() && *method != '\0') tried.method = method;
      const WitnessQuery query(tried, path);
      const RouteSpec& route = routes_[arm.precedence.route];
      if (!query.GoesToFirstOf(route, other) || query.GoesToFirstOf(other, route)) continue;
      SetPath(path, &tried);
      return tried;
    }
    return std::nullopt;
  }

  void FindShadows() {
    absl::flat_hash_map<std::string, std::vector<uint32_t>> by_fields;
    for (uint32_t arm = 0; arm < arms_.size(); ++arm)
      by_fields[FieldsOf(routes_[arms_[arm].precedence.route])].push_back(arm);
    std::vector<std::vector<uint32_t>> better(arms_.size());
    for (const auto& [fields, members] : by_fields) {
      ForEachPair(members, [&](uint32_t high, uint32_t low) {
        const bool may_cover = arms_[high].path == arms_[low].path || arms_[high].precedence.is_regex;
        if (may_cover && better[low].size() < kMostCovering) better[low].push_back(high);
      });
    }
    std::vector<std::vector<uint32_t>> arms_of(routes_.size());
    for (uint32_t arm = 0; arm < arms_.size(); ++arm) arms_of[arms_[arm].precedence.route].push_back(arm);
    for (size_t route = 0; route < routes_.size(); ++route) {
      if (!arms_of[route].empty() && !skipped_.contains(route)) CheckShadow(route, arms_of[route], better);
    }
  }

  void CheckShadow(size_t route, const std::vector<uint32_t>& arms, const std::vector<std::vector<uint32_t>>& better) {
    absl::btree_set<size_t> covering;
    for (uint32_t arm : arms)
      if (better[arm].empty()) return;
    for (uint32_t arm : arms)
      if (!IsCovered(arms_[arm], better[arm], &covering)) return;
    Witness witness;
    std::string path = arms_[arms[0]].path.empty() ? "/" : arms_[arms[0]].path, reason;
    if (arms_[arms[0]].precedence.is_regex && prover_->Overlap(path, "/", &path, &reason) != Answer::kYes) return;
    if (Overlap(arms_[arms[0]].set, arms_[arms[0]].set, &witness) != Answer::kYes) return;
    SetPath(path, &witness);
    ReportShadow(route, covering, std::move(witness));
  }

  bool HasWork() const { return prover_ == nullptr || prover_->work() - work_before_ < kConflictWork; }

  // Each part by one of `by`, or its paths by several that take all else of it.
  bool IsCovered(const Candidate& arm, const std::vector<uint32_t>& by, absl::btree_set<size_t>* covering) {
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
  bool PathIsCovered(const Candidate& arm, std::vector<uint32_t> by, absl::btree_set<size_t>* covering) {
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

  void SetPath(const std::string& path, Witness* witness) {
    Arena arena;
    if (!witness->method.empty()) witness->path = EscapePath(path, &arena);  // a stream has neither
  }

  std::string Name(size_t route) const { return NameOf(routes_[route], route); }

  Diagnostic Finding(std::string code, size_t route) const {
    Diagnostic finding;
    finding.severity = Severity::kWarning;
    finding.code = std::move(code);
    finding.where = routes_[route].where;
    return finding;
  }

  void ReportNever(const Precedence& arm) {
    const RouteSpec& route = routes_[arm.route];
    const std::string& path = route.paths[arm.path];
    Diagnostic finding = Finding("regex_never_matches", arm.route);
    finding.severity = Severity::kError;
    finding.where.pointer += absl::StrCat("/paths/", arm.path);
    finding.routes = {Name(arm.route)};
    finding.message = absl::StrCat("no path in normal form matches regular expression `", path.substr(1),
                                   "`: it asks for ", WhyNever(path));
    finding.hint = "write it as the normal form has it, see docs/router.md";
    findings_.push_back(std::move(finding));
  }

  void ReportTie(const Pair& pair, Witness witness) {
    Diagnostic finding = Finding("route_tie", pair.second);
    finding.routes = {Name(pair.first), Name(pair.second)};
    finding.message = absl::StrCat("route `", finding.routes[1], "` ties with route `", finding.routes[0],
                                   "`: both match some requests, and only their order in the document decides for `",
                                   finding.routes[0], "`");
    finding.hint =
        "tell them apart by host, path, method or header; between regular expressions also by regex_priority";
    if (prover_ == nullptr) finding.hint += "; `sluice check` also proves what hangs on regular expressions";
    finding.related = {routes_[pair.first].where};
    finding.witness = std::move(witness);
    findings_.push_back(std::move(finding));
  }

  void ReportOverlap(const Pair& pair, Witness witness, std::optional<Witness> contrast) {
    Diagnostic finding = Finding("route_overlap", pair.second);
    finding.routes = {Name(pair.first), Name(pair.second)};
    finding.message = absl::StrCat("route `", finding.routes[0], "` goes before route `", finding.routes[1],
                                   "` for the requests that both match");
    finding.related = {routes_[pair.first].where};
    finding.witness = std::move(witness);
    finding.contrast = std::move(contrast);
    findings_.push_back(std::move(finding));
  }

  void ReportShadow(size_t route, const absl::btree_set<size_t>& covering, Witness witness) {
    shadowed_.insert(route);
    Diagnostic finding = Finding("route_shadowed", route);
    finding.routes = {Name(route)};
    for (size_t other : covering) {
      finding.routes.push_back(Name(other));
      finding.related.push_back(routes_[other].where);
    }
    finding.message = absl::StrCat("route `", finding.routes[0], "` is never reached: all that it matches goes to `",
                                   absl::StrJoin(finding.routes.begin() + 1, finding.routes.end(), "`, `"), "`");
    finding.hint = "remove it, or make it narrower than what covers it";
    finding.witness = std::move(witness);
    findings_.push_back(std::move(finding));
  }

  void Conclude() {
    if (undecided_ > 0) {
      const auto& [pair, reason] = first_undecided_;
      Diagnostic finding = Finding("conflicts_undecided", pair.second);
      finding.routes = {Name(pair.first), Name(pair.second)};
      finding.message = absl::StrCat("could not decide of ", undecided_, undecided_ == 1 ? " pair" : " pairs",
                                     " of routes whether some request matches both, the first `", finding.routes[0],
                                     "` and `", finding.routes[1], "`, because of ", reason);
      finding.related = {routes_[pair.first].where};
      findings_.push_back(std::move(finding));
    }
    if (!unsearched_) return;
    Diagnostic finding = Finding("conflicts_unsearched", 0);
    finding.where.line = finding.where.column = 0;
    finding.where.pointer.clear();
    finding.message = absl::StrCat("stopped looking for conflicts after ", visited_,
                                   " pairs of routes that share hosts and paths, and ", findings_.size(), " findings");
    findings_.push_back(std::move(finding));
  }

  const std::vector<RouteSpec>& routes_;
  PathProver* prover_;
  Diagnostics& findings_;
  std::vector<Candidate> arms_;          // the best first
  absl::flat_hash_set<size_t> skipped_;  // routes with an arm that is out of question
  absl::flat_hash_set<Pair> never_;      // route and path
  std::vector<Precedence> nevers_;       // the same, the best first
  absl::flat_hash_set<size_t> shadowed_;
  absl::flat_hash_set<Pair> known_;  // reported ties: winner, loser
  size_t undecided_ = 0;
  std::pair<Pair, std::string> first_undecided_;
  size_t visited_ = 0;  // pairs
  const size_t work_before_ = prover_ == nullptr ? 0 : prover_->work();
  bool unsearched_ = false;
};

}  // namespace

void FindConflicts(const std::vector<RouteSpec>& routes, PathProver* prover, Diagnostics* findings) {
  Search(routes, prover, findings).FindConflicts();
}

void FindOverlaps(const std::vector<RouteSpec>& routes, PathProver* prover, Diagnostics* findings) {
  Search(routes, prover, findings).FindOverlaps();
}

}  // namespace sluice::router
