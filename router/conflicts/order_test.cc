// What the result does not depend on: the order of the document, outside reported ties, and routes of other hosts.
#include <algorithm>
#include <cstdio>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "router/conflicts/conflicts.h"
#include "router/prover/libfa_prover.h"
#include "router/route_table.h"
#include "router/testing/random_routes.h"

namespace sluice::router {
namespace {

std::unique_ptr<const RouteTable> Build(const std::vector<RouteSpec>& routes) {
  Diagnostics problems;
  auto table = RouteTable::Build(routes, &problems);
  for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  return table;
}

// Name of the route and index of its path; "" if nothing matches.
std::string Answer(const RouteTable& table, const std::vector<RouteSpec>& routes, const RouteQuery& query) {
  RouteMatch match;
  if (!table.Find(query, &match)) return "";
  return absl::StrCat(routes[match.route].name, " ", match.path, " ", match.matched);
}

std::vector<RouteSpec> DrawNamed(RandomRoutes* random) {
  std::unique_ptr<const RouteTable> table;
  std::vector<RouteSpec> routes = DrawRoutes(random, &table);
  for (size_t i = 0; i < routes.size(); ++i) routes[i].name = absl::StrCat("r", i);
  return routes;
}

// Pairs of routes whose order is said to matter; none if something was left undecided.
using Pairs = std::set<std::pair<std::string, std::string>>;
bool FindTies(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover, Pairs* ties,
              std::set<std::string>* shadowed) {
  Diagnostics findings;
  FindConflicts(routes, table, prover, &findings);
  for (const Diagnostic& finding : findings) {
    if (finding.code == "route_shadowed") {
      shadowed->insert(finding.routes[0]);
    } else if (finding.code == "route_tie") {
      ties->insert(std::minmax(finding.routes[0], finding.routes[1]));
    } else if (finding.code != "regex_never_matches") {
      return false;
    }
  }
  return true;
}

// Two routes may tie for a header that comes twice, be it with a dash and with an underscore; FindOverlaps reports
// that.
bool BringsAHeaderTwice(const RandomRequest& request) {
  std::set<std::string> names;
  return std::any_of(request.headers.begin(), request.headers.end(), [&names](const Header& header) {
    return !names.insert(absl::StrReplaceAll(absl::AsciiStrToLower(header.name), {{"_", "-"}})).second;
  });
}

std::string NameOf(const std::string& answer) { return answer.substr(0, answer.find(' ')); }

TEST(Order, OfTheDocumentDecidesReportedTiesOnly) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  RandomRoutes random(seed);
  std::mt19937 shuffles(seed);
  const auto prover = MakeLibfaProver();
  size_t same = 0;
  for (int set = 0; set < 150; ++set) {
    const std::vector<RouteSpec> routes = DrawNamed(&random);
    Pairs ties;
    std::set<std::string> shadowed;
    const auto table = Build(routes);
    if (!FindTies(routes, *table, prover.get(), &ties, &shadowed)) continue;
    std::vector<RouteSpec> shuffled = routes;
    std::shuffle(shuffled.begin(), shuffled.end(), shuffles);
    const auto other = Build(shuffled);
    for (int i = 0; i < 200; ++i) {
      RandomRequest request;
      request.Draw(&random);
      // Proofs are about paths in normal form, and `*` is for OPTIONS alone.
      if (absl::StrContains(request.query.path, "//") || request.query.path == "*") continue;
      if (BringsAHeaderTwice(request)) continue;
      const std::string first = Answer(*table, routes, request.query);
      const std::string second = Answer(*other, shuffled, request.query);
      same += first == second && !first.empty();
      if (first == second) continue;
      // A route that another of its rank covers is reported as shadowed, not as tied.
      ASSERT_TRUE(ties.count(std::minmax(NameOf(first), NameOf(second))) || shadowed.count(NameOf(second)))
          << first << " or " << second << ": " << Describe(request.query) << " seed " << seed;
    }
  }
  EXPECT_GT(same, 1000u);
}

// Routes for hosts that no request here has, put between the others, change no answer (Kong's did: its issue 9529).
TEST(Order, RoutesOfOtherHostsChangeNothing) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  RandomRoutes random(seed);
  const Texts kOthers = {"other.net", "*.other.net", "other.*", "other.net:80", "*.other.net:8443", "a.com.other.net"};
  size_t found = 0;
  for (int set = 0; set < 150; ++set) {
    const std::vector<RouteSpec> routes = DrawNamed(&random);
    std::vector<RouteSpec> more = routes;
    for (int i = 0; i < 30; ++i) {
      RouteSpec stranger = random.Route();
      if (IsStreamRoute(stranger)) continue;
      stranger.name = absl::StrCat("stranger", i);
      // A name of its own tells each from the others, so that no two are duplicates.
      stranger.hosts = {random.One(kOthers), absl::StrCat("s", i, ".other.net")};
      more.insert(more.begin() + static_cast<ptrdiff_t>(random.Below(more.size() + 1)), std::move(stranger));
    }
    const auto table = Build(routes);
    const auto crowded = Build(more);
    for (int i = 0; i < 200; ++i) {
      RandomRequest request;
      request.Draw(&random);
      const std::string expected = Answer(*table, routes, request.query);
      ASSERT_EQ(Answer(*crowded, more, request.query), expected) << Describe(request.query) << " seed " << seed;
      found += !expected.empty();
    }
  }
  EXPECT_GT(found, 1000u);
}

}  // namespace
}  // namespace sluice::router
