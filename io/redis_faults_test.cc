// What docs/redis.md says of each failure, over the whole way: a gateway, its io thread, a bad network, a real server.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/redis_test_server.h"
#include "io/fault_proxy.h"
#include "io/limits_node.h"

namespace sluice::io {
namespace {

using std::chrono::milliseconds;

constexpr int kLimit = 20;  // a year
constexpr auto kPatience = std::chrono::seconds(30);

struct World {
  RedisServer server;
  FaultProxy proxy{server.socket_path()};

  std::string Through(const std::string& options) {
    return Policy("host: 127.0.0.1, port: " + std::to_string(proxy.port()) + ", timeout: 1000" + options);
  }
  // Past the bad network: who sees how the server counts.
  std::string Straight() { return Policy("socket: " + server.socket_path() + ", mode: strict, on_error: closed"); }

  static std::string Policy(const std::string& redis) { return YearlyLimit(kLimit, redis); }
};

// Until a new caller waits for the server's answer: while it is down nobody does.
void AskUntilItAsks(LimitsNode& node) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  int waits = 0;
  for (int i = 0; waits == 0 && std::chrono::steady_clock::now() < give_up; ++i) {
    node.Ask("198.51.100." + std::to_string(i % 250), &waits);
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_GT(waits, 0) << "it never asked again";
}

struct Fault {
  const char* name;
  void (*begin)(World&);
  void (*end)(World&);
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

void Refuse(World& world) {
  world.proxy.Set({.refuse = true});
  world.proxy.Cut();
}
void Heal(World& world) { world.proxy.Set({}); }

// The server gives no usable answer while it lasts.
constexpr Fault kFaults[] = {
    {"refused", Refuse, Heal},
    {"dead", [](World& w) { w.server.Stop(); }, [](World& w) { w.server.Start(); }},
    {"slow", [](World& w) { w.proxy.Set({.delay_ms = 2'000}); }, Heal},
    {"answers_lost", [](World& w) { w.proxy.Set({.lose_answers = true}); }, Heal},
    {"readonly",
     [](World& w) {
       w.server.Run({"REPLICAOF", "127.0.0.1", "1"});
     },
     [](World& w) {
       w.server.Run({"REPLICAOF", "NO", "ONE"});
     }},
    {"full",
     [](World& w) {
       w.server.Run({"CONFIG", "SET", "maxmemory", "1"});
     },
     [](World& w) {
       w.server.Run({"CONFIG", "SET", "maxmemory", "0"});
     }},
    {"password",
     [](World& w) {
       w.server.Run({"CONFIG", "SET", "requirepass", "another"});
       w.proxy.Cut();
     },
     [](World& w) {
       w.server.Run({"AUTH", "another"});
       w.server.Run({"CONFIG", "SET", "requirepass", ""});
     }},
};

class WithoutAnswer : public testing::TestWithParam<Fault> {
 protected:
  // What the node says to 30 requests of a new caller while the fault lasts; then everything is well again.
  std::vector<uint32_t> Statuses(const char* on_error) {
    node_.emplace(world_.Through(std::string(", on_error: ") + on_error));
    EXPECT_EQ(node_->Ask(kOther), 0u);  // there is a connection
    GetParam().begin(world_);
    std::vector<uint32_t> statuses;
    int waits = 0;
    for (int i = 0; i < 30; ++i) statuses.push_back(node_->Ask(kCaller, &waits));
    EXPECT_LE(waits, 2);  // the second one for what the first one gave up a moment before io does
    GetParam().end(world_);
    return statuses;
  }
  // How many of the caller's requests the server grants once it has been told of what it missed.
  int StillGranted() {
    LimitsNode witness(world_.Straight());
    return witness.AskUntil(kCaller, 429);
  }

  static constexpr char kCaller[] = "203.0.113.2", kOther[] = "203.0.113.1";
  World world_;
  std::optional<LimitsNode> node_;
};

TEST_P(WithoutAnswer, OpenForwardsEverybodyAndChargesThemAfterwards) {
  EXPECT_EQ(Statuses("open"), std::vector<uint32_t>(30, 0));
  node_->AskUntil(kCaller, 429);  // by itself: it has told the server
  EXPECT_EQ(StillGranted(), 0);
}

TEST_P(WithoutAnswer, LocalGoesByTheNodesOwnCountAndChargesItAfterwards) {
  std::vector<uint32_t> expected(kLimit, 0);
  expected.resize(30, 429);
  EXPECT_EQ(Statuses("local"), expected);
  AskUntilItAsks(*node_);
  EXPECT_EQ(node_->Ask(kCaller), 429u);  // what it admitted goes along with the question
  EXPECT_EQ(StillGranted(), 0);
}

TEST_P(WithoutAnswer, ClosedRefusesEverybodyAndRecoversByItself) {
  EXPECT_EQ(Statuses("closed"), std::vector<uint32_t>(30, 500));
  const int forwarded = node_->AskUntil(kCaller, 429);
  EXPECT_LE(forwarded, kLimit);
  EXPECT_LE(forwarded + StillGranted(), kLimit);
}

INSTANTIATE_TEST_SUITE_P(, WithoutAnswer, testing::ValuesIn(kFaults),
                         [](const auto& info) { return std::string(info.param.name); });

// Nobody is to notice more than a moment's refusal; nothing is admitted beyond the limit.
constexpr Fault kMoments[] = {
    {"restarted_empty", [](World& w) { w.server.Restart(); }, [](World&) {}},
    {"script_forgotten",
     [](World& w) {
       w.server.Run({"SCRIPT", "FLUSH"});
     },
     [](World&) {}},
    {"cut", [](World& w) { w.proxy.Cut(); }, [](World&) {}},
    {"cut_under_way_and_late",
     [](World& w) {
       w.proxy.Set({.delay_ms = 400});
       std::this_thread::sleep_for(milliseconds(20));
     },
     [](World& w) {
       std::this_thread::sleep_for(milliseconds(100));
       w.proxy.Cut();  // what was asked arrives after what is asked from now on
       w.proxy.Set({});
     }},
};

class OfAMoment : public testing::TestWithParam<Fault> {};

TEST_P(OfAMoment, CostsNoBoundAndNoHelp) {
  World world;
  LimitsNode node(world.Through(", on_error: closed, lease_ms: 50"));
  int forwarded = 0;
  for (int i = 0; i < 3; ++i) forwarded += node.Ask("203.0.113.1") == 0;
  std::this_thread::sleep_for(milliseconds(60));
  GetParam().begin(world);
  std::atomic<int> meanwhile{0};
  std::thread caller([&] { meanwhile = node.Ask("203.0.113.1") == 0; });
  GetParam().end(world);
  caller.join();
  forwarded += meanwhile + node.AskUntil("203.0.113.1", 429);
  EXPECT_GE(forwarded, 3);
  EXPECT_LE(forwarded, kLimit);
  std::this_thread::sleep_for(milliseconds(500));  // the late one has arrived
  LimitsNode witness(world.Straight());
  EXPECT_LE(forwarded + witness.AskUntil("203.0.113.1", 429), kLimit);
}

INSTANTIATE_TEST_SUITE_P(, OfAMoment, testing::ValuesIn(kMoments),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(OneCallersKey, OfAnotherTypeConcernsThatCallerAlone) {
  World world;
  LimitsNode node(world.Through(", on_error: closed, lease_ms: 50"));
  EXPECT_EQ(node.Ask("203.0.113.1"), 0u);
  const std::string keys = world.server.Run({"KEYS", "sluice:*}:plugin*"});
  ASSERT_EQ(keys.find(' '), std::string::npos) << keys;
  world.server.Run({"DEL", keys});
  world.server.Run({"LPUSH", keys, "x"});
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_EQ(node.Ask("203.0.113.1"), 500u);
  EXPECT_EQ(node.Ask("203.0.113.2"), 0u);
  EXPECT_EQ(world.server.Run({"TYPE", keys}), "list");
  world.server.Run({"DEL", keys});
  node.AskUntil("203.0.113.1", 0);
}

// Delays, cuts and losses at random, several connections' requests out of order: what is admitted is at most the limit.
TEST(AnyNetwork, NeverMoreThanTheLimit) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  World world;
  const std::string policy = world.Through(", on_error: closed, lease_ms: 30");
  LimitsNode one(policy), other(policy);
  constexpr int kCallers = 10;
  std::atomic<bool> stop{false};
  std::atomic<int> forwarded[kCallers] = {};
  std::vector<std::thread> threads;
  for (LimitsNode* node : {&one, &other})
    threads.emplace_back([&, node] {
      for (int i = 0; !stop; ++i) {
        const int caller = i / 3 % kCallers;
        forwarded[caller] += node->Ask("203.0.113." + std::to_string(caller)) == 0;
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
  for (int i = 0; i < 40; ++i) {
    world.proxy.Set({.delay_ms = random() % 3 == 0 ? static_cast<int64_t>(random() % 150) : 0,
                     .refuse = random() % 8 == 0,
                     .lose_answers = random() % 6 == 0});
    if (random() % 3 == 0) world.proxy.Cut();
    std::this_thread::sleep_for(milliseconds(random() % 100));
  }
  world.proxy.Set({});
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (int caller = 0; caller < kCallers; ++caller) {
    const std::string peer = "203.0.113." + std::to_string(caller);
    const int all = forwarded[caller] + one.AskUntil(peer, 429) + other.AskUntil(peer, 429);
    EXPECT_LE(all, kLimit) << peer;
    EXPECT_GT(all, 0) << peer;
  }
}

}  // namespace
}  // namespace sluice::io
