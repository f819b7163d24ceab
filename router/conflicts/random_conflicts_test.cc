// What FindConflicts and FindOverlaps say of random routes, asked of the matcher.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/arena.h"
#include "gtest/gtest.h"
#include "router/conflicts/conflicts.h"
#include "router/normalize.h"
#include "router/prover/libfa_prover.h"
#include "router/route_table.h"
#include "router/testing/random_routes.h"

namespace sluice::router {
namespace {

// A witness as the matcher sees it.
struct Replayed {
  Arena arena;
  std::vector<Header> headers;
  Endpoint peer;
  Endpoint server;
  RouteQuery query;

  explicit Replayed(const Witness& w) {
    NormalTarget target;
    if (!w.method.empty()) {
      EXPECT_EQ(NormalizeTarget(w.path, &arena, &target), TargetError::kNone) << w.path;
    }
    query.method = w.method;
    query.host = w.host;
    query.path = target.path;
    query.scheme = w.scheme;
    query.sni = w.sni;
    for (const auto& [name, value] : w.headers) headers.push_back({name, value});
    query.headers = headers.data();
    query.header_count = headers.size();
    if (!w.peer.empty() && ParseEndpoint(w.peer, &peer)) query.source = &peer;
    if (!w.server.empty() && ParseEndpoint(w.server, &server)) query.destination = &server;
    const uint32_t usual = query.destination != nullptr ? server.port : w.scheme == "https" ? 443 : 80;
    query.port = w.port != 0 ? w.port : usual;  // as a decision takes it
  }
};

bool Matches(const RouteSpec& route, const RouteQuery& query) {
  Diagnostics problems;
  RouteMatch match;
  return RouteTable::Build({route}, &problems)->Find(query, &match);
}

size_t Winner(const std::vector<RouteSpec>& routes, const RouteQuery& query) {
  Diagnostics problems;
  RouteMatch match;
  return RouteTable::Build(routes, &problems)->Find(query, &match) ? match.route : routes.size();
}

void CheckFindings(const std::vector<RouteSpec>& routes, const Diagnostics& findings,
                   std::set<std::pair<size_t, size_t>>* ties, std::set<size_t>* shadowed) {
  for (const Diagnostic& finding : findings) {
    if (!finding.witness) continue;
    SCOPED_TRACE(ToText(finding));
    const size_t first = std::stoul(finding.routes[0]);
    const Replayed witness(*finding.witness);
    ASSERT_TRUE(Matches(routes[first], witness.query));
    if (finding.code == "route_shadowed") {
      shadowed->insert(first);
      const std::string winner = absl::StrCat(Winner(routes, witness.query));
      ASSERT_TRUE(std::count(finding.routes.begin() + 1, finding.routes.end(), winner)) << winner;
    } else {
      const size_t second = std::stoul(finding.routes[1]);
      ties->insert({first, second});
      ASSERT_TRUE(Matches(routes[second], witness.query));
      ASSERT_EQ(Winner(routes, witness.query), first);
      ASSERT_EQ(Winner({routes[first], routes[second]}, witness.query), 0u);
      ASSERT_EQ(Winner({routes[second], routes[first]}, witness.query), 0u);
    }
  }
}

TEST(RandomConflicts, Overlaps) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  RandomRoutes random(seed);
  const auto prover = MakeLibfaProver();
  size_t overlaps = 0;
  size_t contrasts = 0;
  for (int set = 0; set < 25; ++set) {
    std::unique_ptr<const RouteTable> table;
    std::vector<RouteSpec> routes = DrawRoutes(&random, &table);
    for (size_t i = 0; i < routes.size(); ++i) routes[i].name = absl::StrCat(i);
    Diagnostics findings;
    FindOverlaps(routes, *table, prover.get(), &findings);
    for (const Diagnostic& finding : findings) {
      if (finding.code != "route_overlap") continue;
      SCOPED_TRACE(ToText(finding));
      ++overlaps;
      const size_t winner = std::stoul(finding.routes[0]), loser = std::stoul(finding.routes[1]);
      const RouteSpec& first = routes[winner];
      const RouteSpec& second = routes[loser];
      const Replayed witness(*finding.witness);
      ASSERT_TRUE(Matches(second, witness.query));
      ASSERT_EQ(Winner(routes, witness.query), winner);
      ASSERT_EQ(Winner({second, first}, witness.query), 1u);
      if (!finding.contrast) continue;
      ++contrasts;
      const Replayed contrast(*finding.contrast);
      ASSERT_EQ(Winner(routes, contrast.query), loser);
    }
  }
  EXPECT_GT(overlaps, 100u);
  EXPECT_GT(contrasts, 40u);
}

// The requests of a test bring some headers twice.
void AddTiesByRepeats(const std::vector<RouteSpec>& routes, const RouteTable& table, RegexProver* prover,
                      Diagnostics* findings) {
  Diagnostics review;
  FindOverlaps(routes, table, prover, &review);
  for (Diagnostic& finding : review) {
    if (finding.code != "route_tie") continue;
    EXPECT_EQ(finding.severity, Severity::kNote);
    findings->push_back(std::move(finding));
  }
}

// Every witness holds; a shadowed route is never found; and where the document's order decides, a finding says so.
TEST(RandomConflicts, TiesAndShadows) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  RandomRoutes random(seed);
  const auto prover = MakeLibfaProver();
  size_t all_ties = 0;
  size_t all_shadowed = 0;
  size_t decided = 0;
  for (int set = 0; set < 75; ++set) {
    std::unique_ptr<const RouteTable> table;
    std::vector<RouteSpec> routes = DrawRoutes(&random, &table);
    for (size_t i = 0; i < routes.size(); ++i) routes[i].name = absl::StrCat(i);
    Diagnostics findings;
    FindConflicts(routes, *table, prover.get(), &findings);
    AddTiesByRepeats(routes, *table, prover.get(), &findings);
    std::set<std::pair<size_t, size_t>> ties;
    std::set<size_t> shadowed;
    CheckFindings(routes, findings, &ties, &shadowed);
    if (HasFatalFailure()) return;
    all_ties += ties.size();
    all_shadowed += shadowed.size();
    const bool undecided = std::any_of(findings.begin(), findings.end(),
                                       [](const Diagnostic& finding) { return finding.code == "conflicts_undecided"; });
    const std::vector<RouteSpec> reversed(routes.rbegin(), routes.rend());
    Diagnostics problems;
    const auto other_order = RouteTable::Build(reversed, &problems);
    for (int i = 0; i < 300; ++i) {
      RandomRequest request;
      request.Draw(&random);
      RouteMatch match, other;
      // Proofs are about paths in normal form, and `*` is for OPTIONS alone.
      if (absl::StrContains(request.query.path, "//") || request.query.path == "*") continue;
      if (!table->Find(request.query, &match)) continue;
      ASSERT_EQ(shadowed.count(match.route), 0u) << match.route << " " << Describe(request.query);
      ASSERT_TRUE(other_order->Find(request.query, &other));
      const size_t last = routes.size() - 1 - other.route;
      if (match.route == last || undecided) continue;
      ++decided;
      ASSERT_TRUE(ties.count({match.route, last}) || shadowed.count(last))
          << match.route << " and " << last << " tie: " << Describe(request.query);
    }
  }
  EXPECT_GT(all_ties, 5u);
  EXPECT_GT(all_shadowed, 5u);
  EXPECT_GT(decided, 50u);
  std::printf("%zu ties, %zu shadowed, %zu requests that the order decides\n", all_ties, all_shadowed, decided);
}

}  // namespace
}  // namespace sluice::router
