#include "router/conflicts/pattern_conflicts.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/arena.h"
#include "gtest/gtest.h"
#include "router/normalize.h"
#include "router/testing/linear_patterns.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

std::vector<PatternSpec> Specs(const Texts& texts) {
  std::vector<PatternSpec> specs;
  for (const std::string& text : texts) specs.push_back({"", text});
  return specs;
}

Diagnostics Findings(const std::vector<PatternSpec>& specs) {
  Diagnostics problems, findings;
  const auto table = RouteTable::BuildPatterns(specs, &problems);
  for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  if (table == nullptr) return findings;
  FindConflicts(specs, *table, &findings);
  FindOverlaps(specs, *table, &findings);
  return findings;
}

std::string Summary(const Diagnostics& findings) {
  std::string text;
  for (const Diagnostic& d : findings) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", d.code, " ", absl::StrJoin(d.routes, " > "), ": ",
                    d.witness ? ToText(*d.witness) : "");
    if (d.contrast) absl::StrAppend(&text, " but ", ToText(*d.contrast));
  }
  return text;
}

TEST(PatternConflicts, Table) {
  const struct {
    Texts patterns;
    const char* expected;
  } kCases[] = {
      {{"/a", "/b", "/a/{x}", "/a/b", "/"}, ""},
      {{"/a/{x}", "/{x}/b"},
       "route_overlap /a/{x} > /{x}/b: GET http://example.com/a/b but GET http://example.com/x/b"},
      {{"/{x}/b", "/a/{x}"},
       "route_overlap /a/{x} > /{x}/b: GET http://example.com/a/b but GET http://example.com/x/b"},
      {{"/{x}/b", "/a/{x}", "/a/b"}, ""},  // which takes all that they share
      {{"/{x}/b", "/a/{x}", "GET /a/b"},
       "route_overlap /a/{x} > /{x}/b: X http://example.com/a/b but GET http://example.com/x/b"},
      {{"/{x}/b", "/a/{x}", "example.com/"}, "route_overlap /a/{x} > /{x}/b: GET http://x1/a/b but GET http://x1/x/b"},
      {{"GET /a/{x}", "POST /{x}/b"}, ""},
      {{"GET /x/", "/x/y"}, "route_overlap /x/y > GET /x/: GET http://example.com/x/y but GET http://example.com/x/x1"},
      {{"HEAD /x/", "GET /x/y"},
       "route_overlap GET /x/y > HEAD /x/: HEAD http://example.com/x/y but HEAD http://example.com/x/x1"},
      {{"GET /x/", "HEAD /x/y"}, ""},  // the more specific one wins
      {{"/a/{$}", "/{x}"}, ""},
      {{"/a/{x...}", "/{y}/b/{z...}"},
       "route_overlap /a/{x...} > /{y}/b/{z...}: GET http://example.com/a/b/x but GET http://example.com/x/b/x"},
      {{"a.com/{x}", "/b"}, ""},  // the host tells them apart
      {{"*.com/b", "a.*/{x}"}, "route_overlap *.com/b > a.*/{x}: GET http://a.com/b but GET http://a.x/x"},
      {{"*.com/{x}", "a.*/b", "a.com/b"}, "route_overlap *.com/{x} > a.*/b: GET http://a.x.com/b but GET http://a.x/b"},
      {{"*.com:80/{x}", "a.com/b"}, "route_overlap a.com/b > *.com:80/{x}: GET http://a.com/b but GET http://x.com/x"},
      {{"/a/{x...}", "/a/{$}", "/a/{x}", "/a/{x}/{y...}"},
       "route_shadowed /a/{x...} > /a/{$} > /a/{x} > /a/{x}/{y...}: GET http://example.com/a/"},
      {{"/a/{x...}", "/a/{$}", "GET /a/{x}", "/a/{x}/{y...}"}, ""},  // POST /a/x is left
  };
  for (const auto& c : kCases) EXPECT_EQ(Summary(Findings(Specs(c.patterns))), c.expected);
}

TEST(PatternConflicts, AFindingNamesPlaces) {
  std::vector<PatternSpec> specs = {{"b-of-any", "/{x}/b", {"api.cc", 3, 1, ""}},
                                    {"of-a", "/a/{x}", {"api.cc", 9, 1, ""}}};
  const Diagnostics findings = Findings(specs);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].routes, (Texts{"of-a", "b-of-any"}));
  EXPECT_EQ(findings[0].where.line, 3u);
  EXPECT_EQ(findings[0].related[0].line, 9u);
  EXPECT_EQ(findings[0].message,
            "pattern `/a/{x}` goes before `/{x}/b` for the requests that both match, and neither is more specific");
}

// A hundred thousand patterns whose overlaps are few, with what could be compared with all: rests, and wide nodes.
TEST(PatternConflicts, OfManyPatterns) {
  Texts texts = {"/", "/{tenant}/about", "/t7/{page}"};
  for (int i = 0; i < 33'333; ++i) {
    texts.push_back(absl::StrCat("GET /t", i, "/items/{id}"));
    texts.push_back(absl::StrCat("/t", i, "/items/"));
    texts.push_back(absl::StrCat("/t", i, "/about"));
  }
  const Diagnostics findings = Findings(Specs(texts));
  EXPECT_EQ(Summary(findings), "");
  texts.erase(std::find(texts.begin(), texts.end(), "/t7/about"));
  EXPECT_EQ(Summary(Findings(Specs(texts))),
            "route_overlap /t7/{page} > /{tenant}/about: GET http://example.com/t7/about but GET "
            "http://example.com/x/about");
}

// Then there is none that no pattern names. Pairs of hosts that differ by port alone count as steps of the search.
TEST(PatternConflicts, PatternsMayNameEachPort) {
  Texts texts;
  for (int port = 1; port < 65536; ++port) texts.push_back(absl::StrCat(port == 77 ? "b.com:" : "a.com:", port, "/"));
  texts.push_back("a.com/");
  const Diagnostics findings = Findings(Specs(texts));
  ASSERT_EQ(Summary(findings), "conflicts_unsearched : ");
  EXPECT_EQ(findings[0].message, "stopped looking for overlaps after 50000000 steps of the search for pairs");
  texts[76] = "a.com:77/";
  EXPECT_EQ(Findings(Specs(texts))[0].routes.size(), 65536u);
}

TEST(PatternConflicts, TooManyFindingsAreCutOff) {
  Texts texts;
  for (int i = 0; i < 40; ++i) {
    texts.push_back(absl::StrCat("/a", i, "/{x}"));
    texts.push_back(absl::StrCat("/{x}/b", i));
  }
  const Diagnostics findings = Findings(Specs(texts));
  EXPECT_EQ(findings.size(), 1'001u);
  EXPECT_EQ(findings.back().code, "conflicts_unsearched");
  EXPECT_EQ(findings.back().message, "stopped looking for overlaps after 1000 findings");
}

// The requests that are asked of the oracle.
class Requests {
 public:
  Requests() {
    const Texts kSegments = {"a", "b", "q"};
    paths_ = {"/"};
    Texts last = {""};
    for (int depth = 0; depth < 3; ++depth) {
      Texts next;
      for (const std::string& path : last)
        for (const std::string& segment : kSegments) next.push_back(absl::StrCat(path, "/", segment));
      for (const std::string& path : next) {
        paths_.push_back(path);
        paths_.push_back(path + "/");
      }
      last = next;
    }
    for (const char* host : {"a.com", "b.a.com", "q.org", "a.org"}) {
      for (uint32_t port : {80, 81}) {
        for (const char* method : {"GET", "HEAD", "POST", "QUIT"}) {
          for (const std::string& path : paths_) {
            RouteQuery& query = all_.emplace_back();
            query.method = method;
            query.host = host;
            query.port = port;
            query.path = path;
          }
        }
      }
    }
  }
  const std::vector<RouteQuery>& all() const { return all_; }

 private:
  Texts paths_;
  std::vector<RouteQuery> all_;
};

std::string HostOf(const std::string& pattern) {
  const std::string text = pattern.substr(pattern.find(' ') == std::string::npos ? 0 : pattern.find(' ') + 1);
  return text.substr(0, text.find('/'));
}

// Every claim is true of the linear matcher; and each two patterns that share a request, and of which the pool has
// requests of each alone, are reported if one of them takes it.
class Oracle {
 public:
  Oracle(const std::vector<PatternSpec>& specs, const std::vector<RouteQuery>& queries) : specs_(specs) {
    for (const RouteQuery& query : queries) {
      std::vector<bool>& row = matches_.emplace_back(specs.size());
      for (size_t i = 0; i < specs.size(); ++i) row[i] = FindPattern({specs[i]}, query).found;
      winners_.push_back(FindPattern(specs, query).found ? FindPattern(specs, query).route : specs.size());
    }
  }

  std::set<std::pair<size_t, size_t>> Overlaps() const {
    std::set<std::pair<size_t, size_t>> pairs;
    for (size_t i = 0; i < matches_.size(); ++i) {
      const size_t winner = winners_[i];
      if (winner == specs_.size()) continue;
      for (size_t other = 0; other < specs_.size(); ++other) {
        if (other == winner || !matches_[i][other]) continue;
        const bool same_hosts = HostOf(specs_[winner].pattern) == HostOf(specs_[other].pattern);
        if (same_hosts && HasMore(winner, other) && HasMore(other, winner)) pairs.insert({winner, other});
      }
    }
    return pairs;
  }

  bool EverWins(size_t i) const { return std::find(winners_.begin(), winners_.end(), i) != winners_.end(); }

 private:
  bool HasMore(size_t a, size_t b) const {
    return std::any_of(matches_.begin(), matches_.end(),
                       [&](const std::vector<bool>& row) { return row[a] && !row[b]; });
  }

  const std::vector<PatternSpec>& specs_;
  std::vector<std::vector<bool>> matches_;  // [request][pattern]
  std::vector<size_t> winners_;
};

std::vector<PatternSpec> DrawPatterns(std::mt19937* random) {
  const auto one = [random](const Texts& from) { return from[(*random)() % from.size()]; };
  // Now and then three that leave nothing of a fourth, unless others get in between.
  std::vector<PatternSpec> specs;
  if ((*random)() % 4 == 0) specs = {{"0", "/{r...}"}, {"1", "/{$}"}, {"2", "/{x}"}, {"3", "/{x}/{r...}"}};
  for (size_t i = 0, n = 2 + (*random)() % 14; i < n; ++i) {
    std::string text = one({"", "", "GET ", "HEAD ", "POST "}) + one({"", "", "", "a.com", "*.com", "a.*", "*.com:80"});
    for (size_t segments = (*random)() % 3, s = 0; s < segments; ++s)
      absl::StrAppend(&text, "/", one({"a", "b", absl::StrCat("{p", s, "}"), absl::StrCat("{p", s, "}")}));
    text += one({"/", "/{rest...}", "/{$}", "/a", "/{last}"});
    specs.push_back({absl::StrCat(specs.size()), text});
    Diagnostics problems;
    if (RouteTable::BuildPatterns(specs, &problems) == nullptr) specs.pop_back();
  }
  return specs;
}

size_t WinnerOf(const std::vector<PatternSpec>& specs, const Witness& witness) {
  Arena arena;
  NormalTarget target;
  EXPECT_EQ(NormalizeTarget(witness.path, &arena, &target), TargetError::kNone) << witness.path;
  RouteQuery query;
  query.method = witness.method;
  query.host = witness.host;
  query.port = witness.port == 0 ? 80 : witness.port;
  query.path = target.path;
  const LinearPatternMatch match = FindPattern(specs, query);
  return match.found ? match.route : specs.size();
}

TEST(PatternConflicts, HoldOnRandomPatterns) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  const Requests requests;
  std::map<std::string, size_t> count;
  for (int set = 0; set < 60; ++set) {
    const std::vector<PatternSpec> specs = DrawPatterns(&random);
    const Oracle oracle(specs, requests.all());
    SCOPED_TRACE(absl::StrJoin(specs, "\n", [](std::string* out, const PatternSpec& s) { *out += s.pattern; }));
    std::set<std::pair<size_t, size_t>> overlaps;
    std::set<size_t> shadowed;
    for (const Diagnostic& finding : Findings(specs)) {
      SCOPED_TRACE(ToText(finding));
      ++count[finding.code];
      const size_t first = std::stoul(finding.routes[0]);
      if (finding.code == "route_shadowed") {
        shadowed.insert(first);
        ASSERT_FALSE(oracle.EverWins(first));
        ASSERT_EQ(WinnerOf({specs[first]}, *finding.witness), 0u);
        continue;
      }
      const size_t second = std::stoul(finding.routes[1]);
      ASSERT_TRUE(overlaps.insert({first, second}).second);
      ASSERT_EQ(WinnerOf(specs, *finding.witness), first);
      ASSERT_EQ(WinnerOf({specs[second]}, *finding.witness), 0u);
      if (finding.contrast) {
        ASSERT_EQ(WinnerOf(specs, *finding.contrast), second);
      } else {
        ASSERT_TRUE(shadowed.count(second));
      }
    }
    for (const auto& [winner, loser] : oracle.Overlaps()) {
      ++count["expected"];
      ASSERT_TRUE(overlaps.count({winner, loser})) << specs[winner].pattern << " and " << specs[loser].pattern;
    }
  }
  EXPECT_GT(count["route_overlap"], 100u);
  EXPECT_GT(count["expected"], 50u);
  EXPECT_GT(count["route_shadowed"], 2u);
  std::printf("%zu overlaps, %zu of them known to the pool, %zu shadowed\n", count["route_overlap"], count["expected"],
              count["route_shadowed"]);
}

}  // namespace
}  // namespace sluice::router
