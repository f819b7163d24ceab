// The whole way: two gateways behind the C ABI, an io thread each, and one real redis-server that dies and comes back.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/redis_test_server.h"
#include "io/limits_node.h"

namespace {

using sluice::RedisServer;
using Node = sluice::io::LimitsNode;

std::string Policy(const RedisServer& server, const std::string& more) {
  return sluice::io::YearlyLimit(300, "timeout: 10000, socket: " + server.socket_path() + more,
                                 ", fault_tolerant: false");
}

int ForwardedBy(const std::vector<Node*>& nodes, const std::string& peer, int requests) {
  std::atomic<int> forwarded{0};
  std::vector<std::thread> threads;
  for (Node* node : nodes)
    threads.emplace_back([&, node] {
      for (int i = 0; i < requests; ++i) forwarded += node->Ask(peer) == 0;
    });
  for (std::thread& thread : threads) thread.join();
  return forwarded;
}

class SharedLimitsIo : public testing::TestWithParam<const char*> {};

TEST_P(SharedLimitsIo, HoldOverTwoNodesAndOverTheServersDeath) {
  RedisServer server;
  Node one(Policy(server, GetParam())), other(Policy(server, GetParam()));
  const int all = ForwardedBy({&one, &one, &other, &other}, "203.0.113.1", 500);
  EXPECT_LE(all, 300);
  EXPECT_GE(all, 200);  // but for what a node had in hand when its lease ended
  int forwarded = ForwardedBy({&one, &other}, "203.0.113.2", 100);
  EXPECT_EQ(forwarded, 200);

  server.Stop();
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));  // what is in hand ends
  EXPECT_EQ(one.Ask("203.0.113.3"), 500u);
  EXPECT_EQ(one.Ask("203.0.113.2"), 500u);

  server.Start();  // with nothing of what it knew
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  uint32_t status = 500;
  while (status == 500 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    status = one.Ask("203.0.113.2");
    forwarded += status == 0;
  }
  forwarded += ForwardedBy({&one, &other}, "203.0.113.2", 300);
  EXPECT_LE(forwarded, 300);
  EXPECT_EQ(one.Ask("203.0.113.2"), 429u);
  EXPECT_EQ(one.Ask("203.0.113.4"), 0u);  // whom nobody has seen before
}

INSTANTIATE_TEST_SUITE_P(BothModes, SharedLimitsIo, testing::Values("", ", mode: strict"));

}  // namespace
