// The table against the linear matcher, on random routes and requests.
#include "router/testing/random_routes.h"

#include <cstdio>
#include <random>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "router/testing/linear_matcher.h"
#include "router/testing/random_runs.h"

namespace sluice::router {
namespace {

std::vector<std::string> CapturesOf(const RouteMatch& match) {
  std::vector<std::string> captures;
  for (size_t i = 0; i < match.capture_count; ++i) captures.emplace_back(match.captures[i].value);
  return captures;
}

void Compare(uint32_t seed, int sets, int requests_each) {
  RandomRoutes random(seed);
  int matches = 0;
  for (int set = 0; set < sets; ++set) {
    std::unique_ptr<const RouteTable> table;
    const LinearMatcher linear(DrawRoutes(&random, &table));
    for (int i = 0; i < requests_each; ++i) {
      RandomRequest request;
      request.Draw(&random);
      const LinearMatch expected = linear.Find(request.query);
      RouteMatch match;
      ASSERT_EQ(table->Find(request.query, &match), expected.found) << Describe(request.query);
      if (!expected.found) continue;
      ++matches;
      ASSERT_EQ(match.route, expected.route) << Describe(request.query);
      ASSERT_EQ(match.path, expected.path) << Describe(request.query);
      ASSERT_EQ(match.matched, expected.matched) << Describe(request.query);
      ASSERT_EQ(CapturesOf(match), expected.captures) << Describe(request.query);
    }
  }
  EXPECT_GT(matches, sets * requests_each / 10);
}

TEST(RandomRoutes, TheTableAgreesWithTheLinearMatcher) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  Compare(seed, Rounds(1'500), 80);
}

TEST(RandomRoutes, AlsoWithASeedThatNeverChanges) { Compare(1, 500, 40); }

}  // namespace
}  // namespace sluice::router
