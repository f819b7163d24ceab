// The whole way: two gateways behind the C ABI, an io thread each, and one real redis-server that dies and comes back.
#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/redis_test_server.h"
#include "capi/sluice.h"
#include "io/sluice_io.h"

namespace {

using sluice::RedisServer;

sluice_now Now() {
  timespec wall, mono;
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_MONOTONIC, &mono);
  return {int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec, int64_t{mono.tv_sec} * 1'000'000'000 + mono.tv_nsec};
}

sluice_str Str(const std::string& text) { return {text.data(), text.size()}; }

class Node {
 public:
  explicit Node(const std::string& document) {
    sluice_policy* policy = nullptr;
    sluice_error* error = nullptr;
    if (sluice_policy_compile(Str(document), nullptr, &policy, &error) != SLUICE_OK) {
      const sluice_str message = sluice_error_message(error);
      ADD_FAILURE() << std::string(message.data, message.size);
    }
    sluice_error_free(error);
    EXPECT_EQ(sluice_gateway_new(nullptr, &gateway_, nullptr), SLUICE_OK);
    EXPECT_EQ(sluice_gateway_publish(gateway_, policy), SLUICE_OK);
    sluice_policy_free(policy);
    EXPECT_EQ(sluice_io_start(gateway_, nullptr, &io_, nullptr), SLUICE_OK);
  }
  ~Node() {
    sluice_io_stop(io_);
    sluice_gateway_free(gateway_);
  }

  // The status that a request of this caller gets; 0: it is forwarded.
  uint32_t Ask(const std::string& peer) {
    const std::string method = "GET", target = "/", host = "api.example.com", address = peer + ":1";
    sluice_request request{};
    request.struct_size = sizeof request;
    request.method = Str(method);
    request.target = Str(target);
    request.host = Str(host);
    request.peer = Str(address);
    request.content_length = -1;
    sluice_txn* txn = nullptr;
    sluice_now now = Now();
    sluice_status status = sluice_txn_begin(gateway_, &request, &now, &txn);
    while (status == SLUICE_WAIT) {
      sluice_effect effect{};
      effect.struct_size = sizeof effect;
      EXPECT_EQ(sluice_txn_effect(txn, &effect), SLUICE_OK);
      sluice_io_wait(io_, effect.id, effect.timeout_ms);
      now = Now();
      status = sluice_txn_resume(txn, &now);
    }
    EXPECT_EQ(status, SLUICE_OK);
    sluice_decision decision{};
    decision.struct_size = sizeof decision;
    EXPECT_EQ(sluice_txn_decision(txn, &decision), SLUICE_OK);
    const uint32_t answer = decision.action == SLUICE_ACTION_FORWARD ? 0 : decision.status;
    sluice_txn_free(txn);
    return answer;
  }

 private:
  sluice_gateway* gateway_ = nullptr;
  sluice_io* io_ = nullptr;
};

std::string Policy(const RedisServer& server, const std::string& more) {
  return R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins:
  - name: rate-limiting
    config: {year: 300, policy: redis, limit_by: ip, fault_tolerant: false, redis: {timeout: 10000, socket: )" +
         server.socket_path() + more + "}}\n";
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
