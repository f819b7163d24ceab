// What the tests of sentinels and clusters share: a policy that names them, and a cluster of three real servers.
#ifndef SLUICE_IO_REDIS_TOPOLOGY_H_
#define SLUICE_IO_REDIS_TOPOLOGY_H_

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/redis_test_server.h"
#include "io/limits_node.h"

namespace sluice::io {

inline constexpr int kLimit = 40;  // a year
inline constexpr auto kPatience = std::chrono::seconds(40);

inline std::string Port() { return std::to_string(FreePort()); }

inline std::string Policy(const std::string& redis) {
  return YearlyLimit(kLimit, "timeout: 5000, lease_ms: 10, on_error: closed, " + redis);
}

inline void WaitUntil(const std::function<bool()>& reached) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!reached()) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

inline bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Every slot has its node, and each node knows the others.
class RedisCluster {
 public:
  static constexpr size_t kNodes = 3;

  // `port_option`: "--port", or "--tls-port" for nothing but TLS. `greeting`: what to tell each server first.
  explicit RedisCluster(const std::string& port_option = "--port", const std::vector<std::string>& options = {},
                        const std::vector<std::string>& greeting = {"PING"}) {
    for (size_t i = 0; i < kNodes; ++i) {
      ports_[i] = Port();
      std::vector<std::string> all = {
          port_option,      ports_[i], "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
          "--cluster-port", Port()};
      all.insert(all.end(), options.begin(), options.end());
      nodes_[i] = std::make_unique<RedisServer>(std::move(all));
      EXPECT_NE(nodes_[i]->Run(greeting).front(), '-');
    }
    const char* const ranges[kNodes][2] = {{"0", "5460"}, {"5461", "10922"}, {"10923", "16383"}};
    for (size_t i = 0; i < kNodes; ++i) {
      EXPECT_EQ(nodes_[i]->Run({"CLUSTER", "ADDSLOTSRANGE", ranges[i][0], ranges[i][1]}), "OK");
    }
    for (size_t i = 1; i < kNodes; ++i)
      EXPECT_EQ(nodes_[i]->Run({"CLUSTER", "MEET", "127.0.0.1", ports_[0], BusPort(*nodes_[0])}), "OK");
    for (auto& node : nodes_) WaitUntil([&] { return IsWell(*node); });
  }

  RedisServer& operator[](size_t i) { return *nodes_[i]; }
  const std::string& port(size_t i) const { return ports_[i]; }
  // Who has buckets.
  size_t Owner() {
    size_t owner = 0;
    while (owner + 1 < kNodes && nodes_[owner]->Run({"DBSIZE"}) == "0") ++owner;
    return owner;
  }

 private:
  static std::string BusPort(RedisServer& node) {
    const std::string text = node.Run({"CONFIG", "GET", "cluster-port"});
    return text.substr(text.find(' ') + 1);
  }
  static bool IsWell(RedisServer& node) {
    const std::string info = node.Run({"CLUSTER", "INFO"});
    return Has(info, "cluster_state:ok") && Has(info, "cluster_known_nodes:3");
  }

  std::array<std::string, kNodes> ports_;
  std::array<std::unique_ptr<RedisServer>, kNodes> nodes_;
};

}  // namespace sluice::io

#endif  // SLUICE_IO_REDIS_TOPOLOGY_H_
