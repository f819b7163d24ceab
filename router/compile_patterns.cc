#include "router/compile_patterns.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "router/check.h"
#include "router/pattern_parser.h"
#include "router/tree_builder.h"

namespace sluice::router {
namespace {

using Segments = std::vector<SegmentTrie::Segment>;

Diagnostic ProblemOf(const PatternSpec& spec, std::string code, std::string message, std::string hint) {
  Diagnostic problem;
  problem.code = std::move(code);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  problem.where = spec.where;
  problem.routes = {spec.name};
  return problem;
}

bool CountFits(const std::vector<PatternSpec>& specs, Report* report) {
  if (specs.size() <= limits::kRoutes) return true;
  report->Add(ProblemOf(specs[limits::kRoutes], "too_many_routes",
                        absl::StrCat("expected at most ", limits::kRoutes, " patterns, found ", specs.size()),
                        "build several tables"));
  return false;
}

std::vector<Pattern> ParseAll(const std::vector<PatternSpec>& specs, Report* report) {
  std::vector<Pattern> patterns(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    PatternError error;
    if (ParsePattern(specs[i].pattern, &patterns[i], &error)) continue;
    report->Add(ProblemOf(specs[i], std::move(error.code),
                          absl::StrCat(error.message, " in pattern `", specs[i].pattern, "`"), std::move(error.hint)));
  }
  return patterns;
}

// In alphabetical order, so that lists of methods are. HEAD goes with GET.
bool NumberMethods(const std::vector<PatternSpec>& specs, const std::vector<Pattern>& patterns, MethodTable* methods,
                   Report* report) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i].method.empty()) continue;
    names.insert(patterns[i].method);
    if (patterns[i].method == "GET") names.insert("HEAD");
    if (names.size() <= limits::kRouteMethods) continue;
    report->Add(ProblemOf(specs[i], "too_many_methods",
                          absl::StrCat("expected at most ", limits::kRouteMethods,
                                       " different methods over all patterns, found `", patterns[i].method, "`"),
                          "leave the method out where any will do"));
    return false;
  }
  for (std::string_view name : names) methods->Add(name);
  return true;
}

// Indices of the patterns, the best first. Duplicates lie side by side, the earlier one first.
std::vector<uint32_t> Rank(const std::vector<Pattern>& patterns) {
  std::vector<uint32_t> ranked(patterns.size());
  std::iota(ranked.begin(), ranked.end(), 0u);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](uint32_t a, uint32_t b) { return PatternOutranks(patterns[a], patterns[b]); });
  return ranked;
}

void CheckDuplicates(const std::vector<PatternSpec>& specs, const std::vector<Pattern>& patterns,
                     const std::vector<uint32_t>& ranked, Report* report) {
  for (size_t i = 1; i < ranked.size(); ++i) {
    const PatternSpec& first = specs[ranked[i - 1]];
    const PatternSpec& second = specs[ranked[i]];
    if (PatternOutranks(patterns[ranked[i - 1]], patterns[ranked[i]])) continue;
    Diagnostic problem =
        ProblemOf(second, "duplicate_route",
                  absl::StrCat("pattern `", second.pattern, "` matches exactly the requests of `", first.pattern, "`"),
                  "remove one of them");
    problem.routes = {first.name, second.name};
    problem.related = {first.where};
    report->Add(std::move(problem));
  }
}

class Assembler {
 public:
  Assembler(const std::vector<Pattern>& patterns, MatchIndex* index)
      : patterns_(patterns), index_(index), any_(index->paths.AddClass(SegmentClass::Any())) {
    segments_.reserve(patterns.size());
  }

  void Add(uint32_t route) {
    const Pattern& pattern = patterns_[route];
    Entry entry;
    entry.methods = MethodsOf(pattern);
    entry.route = route;
    entry.traits.strip_path = false;
    entry.form = PathForm::kWhole;
    Segments& segments = segments_.emplace_back();
    std::vector<CaptureSpot> captures;
    for (const PatternSegment& segment : pattern.segments) {
      if (segment.kind == PatternSegment::Kind::kRest) entry.form = PathForm::kPrefix;
      AddSegment(segment, &segments, &captures);
    }
    entry.captures = index_->captures.Add(std::move(captures));
    entry.segments = static_cast<uint8_t>(segments.size());
    const uint32_t rank = static_cast<uint32_t>(index_->entries.size());
    trees_.Add(pattern.has_host ? &pattern.host : nullptr, {{segments, entry.form == PathForm::kWhole, "", rank}},
               rank);
    index_->entries.push_back(entry);
  }

  void Finish(uint64_t seed) { trees_.BuildInto(index_, seed); }

 private:
  MethodSet MethodsOf(const Pattern& pattern) const {
    if (pattern.method.empty()) return kAnyMethod;
    return index_->methods.Of(pattern.method) | (pattern.method == "GET" ? index_->methods.Of("HEAD") : 0);
  }

  void AddSegment(const PatternSegment& segment, Segments* segments, std::vector<CaptureSpot>* captures) const {
    const bool rest = segment.kind == PatternSegment::Kind::kRest;
    const size_t at = segments->size();
    if (segment.kind != PatternSegment::Kind::kLiteral && !segment.text.empty())
      captures->push_back(
          {segment.text, static_cast<uint8_t>(at), static_cast<uint8_t>(rest ? SplitPath::kPathEnd : at + 1)});
    if (segment.kind == PatternSegment::Kind::kLiteral) segments->push_back({segment.text, SegmentTrie::kLiteral});
    if (segment.kind == PatternSegment::Kind::kParameter) segments->push_back({{}, any_});
  }

  const std::vector<Pattern>& patterns_;
  MatchIndex* index_;
  uint16_t any_;
  TreeBuilder trees_;
  std::vector<Segments> segments_;  // borrowed by trees_, so it never grows beyond what was reserved
};

}  // namespace

bool CompilePatterns(const std::vector<PatternSpec>& specs, uint64_t seed, MatchIndex* index, Diagnostics* problems) {
  Report report(problems);
  if (!CountFits(specs, &report)) return false;
  const std::vector<Pattern> patterns = ParseAll(specs, &report);
  if (report.failed()) return false;
  const std::vector<uint32_t> ranked = Rank(patterns);
  CheckDuplicates(specs, patterns, ranked, &report);
  if (report.failed() || !NumberMethods(specs, patterns, &index->methods, &report)) return false;
  index->answers_405 = true;
  index->route_count = specs.size();
  index->entries.reserve(specs.size());
  Assembler assembler(patterns, index);
  for (uint32_t route : ranked) assembler.Add(route);
  assembler.Finish(seed);
  return true;
}

}  // namespace sluice::router
