// At most L in any window over any number of nodes, whatever the network does; and what the usual design, counting
// locally and synchronizing now and then, admits in the same place.
#include "ratelimit/lease_simulation.h"

#include <cstdio>

namespace sluice::ratelimit {
namespace {

class LeaseSimulation : public ::testing::Test {
 protected:
  SimulationResult Simulate(const std::shared_ptr<const LeaseSet>& set, const SimulationOptions& options) {
    return Simulation(set, options, central_, TestSeed() + runs_++).Run();
  }

  RedisServer server_;
  Central central_{server_};
  uint64_t runs_ = 0;
};

SimulationOptions Rough(uint32_t nodes, double offered_per_s) {
  SimulationOptions options;
  options.nodes = nodes;
  options.offered_per_s = offered_per_s;
  options.duration_ns = 60 * kSecond;
  options.pulse_ns = 300 * kMillisecond;
  options.most_cost = 3;
  options.most_delay_ns = 60 * kMillisecond;
  options.lost = 0.03;
  options.restarts_per_s = 1;
  return options;
}

TEST_F(LeaseSimulation, NeverMoreThanTheLimitInAnySlidingWindow) {
  for (const uint32_t nodes : {1u, 3u, 16u}) {
    for (const double offered : {80.0, 400.0}) {
      const SimulationResult result =
          Simulate(MakeSet({LimitSpec::SlidingWindow(200, 2 * kSecond)}), Rough(nodes, offered));
      EXPECT_LE(MostWithin(result.admitted, 2 * kSecond), 200u) << nodes << " nodes, " << offered << " offered";
      EXPECT_GT(result.admitted.size(), 200u);
    }
  }
}

TEST_F(LeaseSimulation, NeverMoreThanBurstAndRateInAnyInterval) {
  for (const uint32_t nodes : {1u, 3u, 16u}) {
    for (const double offered : {80.0, 400.0}) {
      const LimitSpec spec = LimitSpec::TokenBucket(100, kSecond, 150);
      const SimulationResult result = Simulate(MakeSet({spec}), Rough(nodes, offered));
      EXPECT_TRUE(WithinBucket(result.admitted, spec)) << nodes << " nodes, " << offered << " offered";
      EXPECT_GT(result.admitted.size(), 200u);
    }
  }
}

TEST_F(LeaseSimulation, NeverMoreThanTheLimitBetweenTwoBoundaries) {
  for (const uint32_t nodes : {1u, 3u, 16u}) {
    const SimulationResult result = Simulate(MakeSet({LimitSpec::FixedWindow(200, kSecond)}), Rough(nodes, 400));
    EXPECT_LE(MostOnCalendar(result.admitted, kSecond), 200u) << nodes << " nodes";
    EXPECT_GT(result.admitted.size(), 200u);
  }
}

TEST_F(LeaseSimulation, EveryLimitOfASetHolds) {
  const LimitSpec pace = LimitSpec::TokenBucket(50, kSecond, 100);
  const SimulationResult result =
      Simulate(MakeSet({pace, LimitSpec::SlidingWindow(300, 10 * kSecond), LimitSpec::FixedWindow(500, 20 * kSecond)}),
               Rough(8, 300));
  EXPECT_TRUE(WithinBucket(result.admitted, pace));
  EXPECT_LE(MostWithin(result.admitted, 10 * kSecond), 300u);
  EXPECT_LE(MostOnCalendar(result.admitted, 20 * kSecond), 500u);
}

TEST_F(LeaseSimulation, FewRoundTripsAtTwiceTheLimit) {
  SimulationOptions options;
  options.nodes = 4;
  options.offered_per_s = 2'000;
  const SimulationResult result = Simulate(MakeSet({LimitSpec::TokenBucket(1'000, kSecond, 2'000)}), options);
  std::printf("round trips for each request: %.4f; admitted %.0f a second of 1000\n",
              static_cast<double>(result.round_trips) / static_cast<double>(result.requests),
              static_cast<double>(result.admitted.size()) / 10);
  EXPECT_LT(result.round_trips * 20, result.requests);
  EXPECT_GT(result.admitted.size(), 9'000u);
}

// Each node counts what it admits and adds it to the common count every `sync`, from which it goes on then.
std::vector<int64_t> SynchronizedCounters(uint32_t nodes, uint64_t limit, int64_t window, int64_t sync,
                                          double offered_per_s, int64_t duration, Random& random) {
  struct Node {
    uint64_t known = 0, own = 0;
    int64_t sync_at = 0, window = 0;
  };
  std::vector<Node> all(nodes);
  std::map<int64_t, uint64_t> common;
  for (Node& node : all) node.sync_at = static_cast<int64_t>(Pick(random, 0, sync));
  std::vector<int64_t> admitted;
  std::exponential_distribution<double> gap(offered_per_s);
  for (double at = 0; at * kSecond < static_cast<double>(duration); at += gap(random)) {
    const int64_t now = static_cast<int64_t>(at * kSecond);
    Node& node = all[Pick(random, 0, nodes - 1)];
    if (now / window != node.window) node.known = node.own = 0;
    node.window = now / window;
    if (now >= node.sync_at) {
      node.known = common[node.window] += node.own;
      node.own = 0;
      node.sync_at += (now - node.sync_at) / sync * sync + sync;
    }
    if (node.known + node.own >= limit) continue;
    ++node.own;
    admitted.push_back(now);
  }
  return admitted;
}

// The table of docs/redis.md.
TEST_F(LeaseSimulation, BesideSynchronizedCounters) {
  constexpr uint64_t kLimit = 1'000;
  constexpr int64_t kWindow = 10 * kSecond;
  std::printf("nodes  offered  counters synchronized every second  leases\n");
  for (const uint32_t nodes : {1u, 4u, 16u, 64u}) {
    SimulationOptions options;
    options.nodes = nodes;
    options.offered_per_s = 7'000;
    options.duration_ns = 20 * kSecond;
    Random random(TestSeed());
    const uint64_t synchronized = MostOnCalendar(
        SynchronizedCounters(nodes, kLimit, kWindow, kSecond, options.offered_per_s, options.duration_ns, random),
        kWindow);
    const SimulationResult leased = Simulate(MakeSet({LimitSpec::FixedWindow(kLimit, kWindow)}), options);
    const uint64_t most = MostOnCalendar(leased.admitted, kWindow);
    std::printf("%5u  %6.0f/s  %33.2f L  %5.2f L\n", nodes, options.offered_per_s,
                static_cast<double>(synchronized) / kLimit, static_cast<double>(most) / kLimit);
    EXPECT_LE(most, kLimit);
    EXPECT_GE(most, kLimit * 95 / 100);
    EXPECT_GE(synchronized, nodes == 1 ? kLimit : 2 * kLimit);
  }
}

}  // namespace
}  // namespace sluice::ratelimit
