#include "router/conflicts/pattern_conflicts.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/limits.h"
#include "router/conflicts/conflicts.h"
#include "router/conflicts/pattern_pairs.h"
#include "router/conflicts/pattern_requests.h"
#include "router/pattern_parser.h"

namespace sluice::router {
namespace {

class Search {
 public:
  Search(const std::vector<PatternSpec>& specs, const RouteTable& table, Diagnostics* findings)
      : specs_(specs), findings_(*findings), patterns_(ParseAll(specs)), requests_(patterns_, table) {}

  // One that takes no rest has only requests of one length, so that better ones take all of them only if one of them
  // alone does; and no pattern outranks one that it contains.
  void FindShadows() {
    for (uint32_t i = 0; i < patterns_.size(); ++i) {
      if (patterns_[i].segments.back().kind != PatternSegment::Kind::kRest) continue;
      if (!HasRoom()) return ReportUnsearched("patterns that are never reached");
      std::set<uint32_t> takers;
      if (!requests_.Find(i, i, &takers)) ReportShadowed(i, takers);
    }
  }

  void FindOverlaps() {
    size_t pairs = 0;
    const bool all = PatternPairs(patterns_).ForEach(kPatternSteps, [this, &pairs](uint32_t a, uint32_t b) {
      if (!HasRoom()) return false;
      if (pairs++ == kConflictPairs) return Stop(absl::StrCat(kConflictPairs, " pairs that overlap"));
      if (PatternOutranks(patterns_[b], patterns_[a])) std::swap(a, b);
      if (std::optional<Witness> witness = requests_.Find(a, b, nullptr)) ReportOverlap(a, b, *std::move(witness));
      return true;
    });
    if (!all && spent_.empty()) Stop(absl::StrCat(kPatternSteps, " steps of the search for pairs"));
    if (!all) ReportUnsearched("overlaps");
  }

 private:
  static std::vector<Pattern> ParseAll(const std::vector<PatternSpec>& specs) {
    std::vector<Pattern> patterns(specs.size());
    PatternError error;
    for (size_t i = 0; i < specs.size(); ++i) ParsePattern(specs[i].pattern, &patterns[i], &error);
    return patterns;
  }

  // False if the search has to stop; `spent_` says after what.
  bool HasRoom() {
    if (findings_.size() >= limits::kDiagnostics) return Stop(absl::StrCat(limits::kDiagnostics, " findings"));
    if (requests_.tries() >= kConflictTries)
      return Stop(absl::StrCat(kConflictTries, " requests that were tried as witnesses"));
    return true;
  }

  bool Stop(std::string spent) {
    spent_ = std::move(spent);
    return false;
  }

  std::string Name(uint32_t i) const { return specs_[i].name.empty() ? specs_[i].pattern : specs_[i].name; }

  Diagnostic Finding(std::string code, uint32_t i) const {
    Diagnostic finding;
    finding.severity = Severity::kWarning;
    finding.code = std::move(code);
    finding.where = specs_[i].where;
    return finding;
  }

  void ReportShadowed(uint32_t i, const std::set<uint32_t>& takers) {
    Diagnostic finding = Finding("route_shadowed", i);
    finding.routes = {Name(i)};
    std::vector<std::string> covering;
    for (uint32_t taker : takers) {
      covering.push_back(specs_[taker].pattern);
      finding.routes.push_back(Name(taker));
      finding.related.push_back(specs_[taker].where);
    }
    finding.message = absl::StrCat("pattern `", specs_[i].pattern, "` is never reached: all that it matches goes to `",
                                   absl::StrJoin(covering, "`, `"), "`");
    finding.hint = "remove it, or one of those that cover it";
    finding.witness = requests_.Find(*takers.begin(), i, nullptr);
    findings_.push_back(std::move(finding));
  }

  void ReportOverlap(uint32_t winner, uint32_t loser, Witness witness) {
    Diagnostic finding = Finding("route_overlap", loser);
    finding.routes = {Name(winner), Name(loser)};
    finding.message = absl::StrCat("pattern `", specs_[winner].pattern, "` goes before `", specs_[loser].pattern,
                                   "` for the requests that both match, and neither is more specific");
    finding.related = {specs_[winner].where};
    finding.witness = std::move(witness);
    finding.contrast = requests_.Find(loser, loser, nullptr);
    findings_.push_back(std::move(finding));
  }

  void ReportUnsearched(std::string_view search) {
    Diagnostic finding;
    finding.severity = Severity::kWarning;
    finding.code = "conflicts_unsearched";
    finding.message = absl::StrCat("stopped looking for ", search, " after ", spent_);
    findings_.push_back(std::move(finding));
  }

  const std::vector<PatternSpec>& specs_;
  Diagnostics& findings_;
  const std::vector<Pattern> patterns_;
  PatternRequests requests_;
  std::string spent_;
};

}  // namespace

void FindConflicts(const std::vector<PatternSpec>& patterns, const RouteTable& table, Diagnostics* findings) {
  Search(patterns, table, findings).FindShadows();
}

void FindOverlaps(const std::vector<PatternSpec>& patterns, const RouteTable& table, Diagnostics* findings) {
  Search(patterns, table, findings).FindOverlaps();
}

}  // namespace sluice::router
