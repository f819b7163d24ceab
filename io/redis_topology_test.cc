// Limits behind real sentinels and in a real cluster, over the whole way: masters are found, failovers and moved keys
// followed, and nothing is admitted beyond the limit meanwhile.
#include "io/redis_topology.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "base/redis_test_server.h"
#include "io/fault_proxy.h"
#include "io/limits_node.h"

namespace sluice::io {
namespace {

class Sentinel : public testing::Test {
 protected:
  static constexpr char kName[] = "limits";
  const std::string master_port_ = Port(), replica_port_ = Port(), sentinel_port_ = Port();
  RedisServer master_{{"--port", master_port_}};
  RedisServer replica_{{"--port", replica_port_, "--replicaof", "127.0.0.1 " + master_port_}};
  RedisServer sentinel_{{"--port", sentinel_port_, "--sentinel"},
                        std::string("sentinel monitor ") + kName + " 127.0.0.1 " + master_port_ + " 1\n" +
                            "sentinel down-after-milliseconds " + kName + " 500\n" + "sentinel failover-timeout " +
                            kName + " 3000\n"};

  std::string Through(const std::string& sentinels) {
    return Policy("sentinel_master: " + std::string(kName) + ", sentinel_nodes: [" + sentinels + "]");
  }
};

TEST_F(Sentinel, TellsTheMasterAndItsSuccessor) {
  WaitUntil([&] { return replica_.Run({"INFO", "replication"}).find("master_link_status:up") != std::string::npos; });
  WaitUntil([&] { return sentinel_.Run({"SENTINEL", "REPLICAS", kName}).find(replica_port_) != std::string::npos; });
  LimitsNode node(Through("{port: " + Port() + "}, {host: 127.0.0.1, port: " + sentinel_port_ + "}"));
  int forwarded = node.AskUntil("203.0.113.1", 0);  // the first sentinel is dead
  for (int i = 0; i < 9; ++i) {
    forwarded += node.Ask("203.0.113.1") == 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(12));  // each lease is new
  }
  EXPECT_EQ(forwarded, 10);
  EXPECT_NE(master_.Run({"DBSIZE"}), "0");
  EXPECT_EQ(master_.Run({"WAIT", "1", "10000"}), "1");
  master_.Stop();
  EXPECT_EQ(node.AskUntil("203.0.113.2", 500), 0);
  node.AskUntil("203.0.113.2", 0);  // the replica has become the master
  forwarded += node.AskUntil("203.0.113.1", 429);
  EXPECT_LE(forwarded, kLimit);
  EXPECT_NE(replica_.Run({"ROLE"}).find("master"), std::string::npos);
}

TEST_F(Sentinel, OneThatHangsDoesNotHideTheOthers) {
  FaultProxy hangs(sentinel_.socket_path());
  hangs.Set({.lose_answers = true});
  LimitsNode node(Through("{port: " + std::to_string(hangs.port()) + "}, {port: " + sentinel_port_ + "}"));
  EXPECT_EQ(node.Ask("203.0.113.1"), 0u);
}

TEST_F(Sentinel, WhoIsNoMasterIsLeftAlone) {
  const std::string another_port = Port();
  RedisServer another({"--port", another_port, "--sentinel"},
                      "sentinel monitor " + std::string(kName) + " 127.0.0.1 " + replica_port_ + " 2\n");
  LimitsNode node(Through("{port: " + another_port + "}"));
  EXPECT_EQ(node.Ask("203.0.113.1"), 500u);
  EXPECT_EQ(replica_.Run({"DBSIZE"}), "0");
  LimitsNode lost(Through("{port: " + sentinel_port_ + "}"));
  EXPECT_EQ(lost.Ask("203.0.113.1"), 0u);
}

class Cluster : public testing::Test {
 protected:
  std::string Through() {
    return Policy("cluster_nodes: [{port: " + Port() + "}, {ip: 127.0.0.1, port: " + cluster_.port(0) + "}]");
  }

  RedisCluster cluster_;
};

TEST_F(Cluster, EachCallersKeyIsFoundWhereItIs) {
  LimitsNode node(Through()), other(Through());
  node.AskUntil("198.51.100.1", 0);  // the first seed is dead
  other.AskUntil("198.51.100.1", 0);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(node.Ask("203.0.113." + std::to_string(i)), 0u) << i;
  for (size_t i = 0; i < RedisCluster::kNodes; ++i) EXPECT_NE(cluster_[i].Run({"DBSIZE"}), "0");
  EXPECT_LE(1 + node.AskUntil("203.0.113.7", 429) + other.AskUntil("203.0.113.7", 429), kLimit);
}

TEST_F(Cluster, KeysThatMoveAreFollowed) {
  LimitsNode node(Through());
  int forwarded = node.AskUntil("203.0.113.1", 0);
  const size_t from = cluster_.Owner(), to = (from + 1) % RedisCluster::kNodes;
  const std::string key = cluster_[from].Run({"KEYS", "*}:plugin*"});
  const std::string since = cluster_[from].Run({"KEYS", "*}:since"});
  const std::string slot = cluster_[from].Run({"CLUSTER", "KEYSLOT", key});
  const std::string from_id = cluster_[from].Run({"CLUSTER", "MYID"}), to_id = cluster_[to].Run({"CLUSTER", "MYID"});
  const auto ask = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(12));
    const uint32_t status = node.Ask("203.0.113.1");
    EXPECT_EQ(status, 0u);
    forwarded += status == 0;
  };
  ask();
  EXPECT_EQ(cluster_[to].Run({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}), "OK");
  EXPECT_EQ(cluster_[from].Run({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}), "OK");
  ask();
  EXPECT_EQ(cluster_[from].Run({"MIGRATE", "127.0.0.1", cluster_.port(to), "", "0", "5000", "KEYS", key, since}), "OK");
  ask();  // ASK
  ask();
  EXPECT_NE(cluster_[to].Run({"INFO", "commandstats"}).find("cmdstat_asking"), std::string::npos);
  for (const size_t i : {to, from}) EXPECT_EQ(cluster_[i].Run({"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK");
  ask();  // MOVED
  ask();
  EXPECT_EQ(cluster_[from].Run({"DBSIZE"}), "0");
  EXPECT_LE(forwarded + node.AskUntil("203.0.113.1", 429), kLimit);
}

TEST_F(Cluster, ANodeThatDiesAndComesBackIsFoundAgain) {
  LimitsNode node(Through());
  int forwarded = node.AskUntil("203.0.113.1", 0);
  const size_t owner = cluster_.Owner();
  cluster_[owner].Stop();
  forwarded += node.AskUntil("203.0.113.1", 500);
  cluster_[owner].Start();  // with nothing of what it knew but its place
  forwarded += node.AskUntil("203.0.113.1", 429);
  EXPECT_LE(forwarded, kLimit);
  node.AskUntil("203.0.113.2", 0);
}

}  // namespace
}  // namespace sluice::io
