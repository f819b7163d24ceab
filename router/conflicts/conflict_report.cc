#include "router/conflicts/conflict_report.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "router/check.h"
#include "router/prover/regex_example.h"
#include "router/regex.h"

namespace sluice::router {
namespace {

bool IsDotSegment(std::string_view segment) { return segment == "." || segment == ".."; }

// What keeps every path in normal form from matching, once it is proved that something does: read off a text that
// matches, if a simple one is found.
std::string_view WhyNever(std::string_view pattern) {
  Regex::Error error;
  const auto regex = Regex::Compile(pattern, Regex::Kind::kPath, &error);
  const std::optional<std::string> text = regex == nullptr ? std::nullopt : SimpleExample(pattern, *regex);
  if (!text) {
    const bool has_anchor = absl::StrContains(pattern, "$") || absl::StrContains(pattern, "^");
    return has_anchor ? "an anchor where the path goes on" : "something that no path in normal form has";
  }
  const std::vector<std::string_view> segments = absl::StrSplit(*text, '/');
  if (absl::StrContains(*text, "//")) return "`//` (runs of slashes become one)";
  if (absl::StrContains(*text, "?")) return "`?` (the query is cut off first)";
  if (absl::StrContains(*text, "#")) return "`#` (a request has no fragment)";
  if (std::any_of(segments.begin(), segments.end(), IsDotSegment)) return "a dot segment (they are removed)";
  if (absl::StrContains(*text, "%")) return "a percent-escape (only those of reserved bytes stay, with upper-case hex)";
  return "something that no path in normal form has";
}

}  // namespace

std::string ConflictReport::Name(size_t route) const { return NameOf(routes_[route], route); }

Diagnostic ConflictReport::Finding(std::string code, Severity severity, size_t route) const {
  Diagnostic finding;
  finding.severity = severity;
  finding.code = std::move(code);
  finding.where = routes_[route].where;
  finding.routes = {Name(route)};
  return finding;
}

Diagnostic ConflictReport::PairFinding(std::string code, Severity severity, size_t winner, size_t loser) const {
  Diagnostic finding = Finding(std::move(code), severity, loser);
  finding.routes = {Name(winner), Name(loser)};
  finding.related = {routes_[winner].where};
  return finding;
}

void ConflictReport::Never(const Precedence& arm) {
  const std::string& path = routes_[arm.route].paths[arm.path];
  Diagnostic finding = Finding("regex_never_matches", Severity::kError, arm.route);
  finding.where.pointer += absl::StrCat("/paths/", arm.path);
  finding.message = absl::StrCat("no path in normal form matches regular expression `", path.substr(1),
                                 "`: it asks for ", WhyNever(std::string_view(path).substr(1)));
  finding.hint = "write it as the normal form has it, see docs/router.md";
  findings_.push_back(std::move(finding));
}

void ConflictReport::Tie(size_t winner, size_t loser, Witness witness, bool others_need_a_prover) {
  known_.insert({winner, loser});
  Diagnostic finding = PairFinding("route_tie", Severity::kWarning, winner, loser);
  finding.message = absl::StrCat("route `", finding.routes[1], "` ties with route `", finding.routes[0],
                                 "`: both match some requests, and only their order in the document decides for `",
                                 finding.routes[0], "`");
  finding.hint = IsStreamRoute(routes_[winner])
                     ? "tell them apart by snis, sources or destinations"
                     : "tell them apart by host, path, method or header; between regular expressions also by "
                       "regex_priority";
  if (others_need_a_prover) finding.hint += "; `sluice check` also proves what hangs on regular expressions";
  finding.witness = std::move(witness);
  findings_.push_back(std::move(finding));
}

void ConflictReport::TieByRepeats(size_t winner, size_t loser, Witness witness) {
  Diagnostic finding = PairFinding("route_tie", Severity::kNote, winner, loser);
  finding.message = absl::StrCat("route `", finding.routes[1], "` ties with route `", finding.routes[0],
                                 "` for a request that brings a header twice, with a value for each: their order in "
                                 "the document decides for `",
                                 finding.routes[0], "`");
  finding.witness = std::move(witness);
  findings_.push_back(std::move(finding));
}

void ConflictReport::Overlap(size_t winner, size_t loser, Witness witness, std::optional<Witness> contrast) {
  known_.insert({winner, loser});
  Diagnostic finding = PairFinding("route_overlap", Severity::kNote, winner, loser);
  finding.message = absl::StrCat("route `", finding.routes[0], "` goes before route `", finding.routes[1],
                                 "` for the requests that both match");
  finding.witness = std::move(witness);
  finding.contrast = std::move(contrast);
  findings_.push_back(std::move(finding));
}

void ConflictReport::Shadowed(size_t route, const std::set<size_t>& covering, Witness witness, bool by_order) {
  shadowed_.insert(route);
  Diagnostic finding = Finding("route_shadowed", Severity::kWarning, route);
  for (size_t other : covering) {
    finding.routes.push_back(Name(other));
    finding.related.push_back(routes_[other].where);
  }
  finding.message =
      absl::StrCat("route `", finding.routes[0], "` is never reached: whatever it matches, `",
                   absl::StrJoin(finding.routes.begin() + 1, finding.routes.end(), "` or `"), "` goes before it");
  finding.hint = by_order ? absl::StrCat("only the document's order decides: write it before `",
                                         absl::StrJoin(finding.routes.begin() + 1, finding.routes.end(), "`, `"),
                                         "`, or remove it")
                          : "remove it, or make it narrower than what covers it";
  finding.witness = std::move(witness);
  findings_.push_back(std::move(finding));
}

bool ConflictReport::IsKnown(size_t winner, size_t loser) const {
  return known_.contains(Pair(winner, loser)) || shadowed_.contains(winner) || shadowed_.contains(loser);
}

void ConflictReport::CountUndecided(size_t winner, size_t loser, std::string reason) {
  if (counted_.insert(std::minmax(winner, loser)).second)
    undecided_.emplace_back(Pair(winner, loser), std::move(reason));
}

void ConflictReport::Undecided(Severity severity) {
  undecided_.erase(std::remove_if(undecided_.begin(), undecided_.end(),
                                  [this](const auto& one) { return IsKnown(one.first.first, one.first.second); }),
                   undecided_.end());
  if (undecided_.empty()) return;
  const auto& [pair, reason] = undecided_[0];
  const auto [winner, loser] = pair;
  Diagnostic finding = PairFinding("conflicts_undecided", severity, winner, loser);
  finding.message =
      absl::StrCat("could not decide for ", undecided_.size(), undecided_.size() == 1 ? " pair" : " pairs",
                   " of routes whether they conflict; for the first, `", finding.routes[0], "` and `",
                   finding.routes[1], "`, because of ", reason);
  findings_.push_back(std::move(finding));
}

void ConflictReport::AddUnsearched(std::string_view search, std::string_view spent) {
  unsearched_.push_back(absl::StrCat("stopped looking for ", search, " after ", spent));
}

void ConflictReport::Unsearched(Severity severity) {
  for (std::string& message : unsearched_) {
    Diagnostic finding;
    finding.severity = severity;
    finding.code = "conflicts_unsearched";
    finding.where.file = routes_[0].where.file;
    finding.message = std::move(message);
    findings_.push_back(std::move(finding));
  }
}

}  // namespace sluice::router
