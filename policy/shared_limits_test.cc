// Limits that gateways share in a real Redis server: each gateway here is a node, and the test carries out its jobs.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/redis_test_server.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using testing::After;
using testing::Changed;
using testing::kSecond;
using testing::kStart;
using testing::MustCompile;
using testing::TestRequest;

// One gateway, with somebody who carries out what it asks for.
class Node {
 public:
  explicit Node(RedisServer& server, const std::string& policy) : server_(server) { Publish(policy); }
  void Publish(const std::string& policy) { gateway_.Publish(MustCompile(policy)); }

  bool reachable = true;
  int jobs = 0;

  void RunJobs(Now now) {
    int64_t ask_again;
    while (std::optional<Effect> job = gateway_.NextJob(now, &ask_again)) Run(*job, now);
  }

  // Decides, and reports the outcome if it is forwarded.
  const Decision& Decide(const TestRequest& r, Now now, const BeginOptions& options = {}) {
    txn_.Begin(r.request, now, options);
    while (txn_.decision().action == Action::kWait) {
      ++waits;
      EXPECT_EQ(txn_.effect().kind, EffectKind::kJob);
      RunJobs(now);
      txn_.Resume(now);
    }
    return txn_.decision();
  }
  // How many of so many requests are forwarded.
  int Forwarded(const TestRequest& r, int requests, Now now) {
    int forwarded = 0;
    for (int i = 0; i < requests; ++i) forwarded += Decide(r, now).action == Action::kForward;
    return forwarded;
  }
  Transaction& txn() { return txn_; }
  Gateway& gateway() { return gateway_; }
  int waits = 0;

 private:
  void Run(const Effect& job, Now now) {
    ++jobs;
    ASSERT_EQ(job.kind, EffectKind::kRedis);
    ASSERT_EQ(job.redis->socket, server_.socket_path());
    std::vector<std::string> command = {"EVAL", std::string(job.redis->script), std::to_string(job.redis->keys.size())};
    for (std::string_view key : job.redis->keys) command.emplace_back(key);
    for (std::string_view argument : job.redis->arguments) command.emplace_back(argument);
    HttpResult result;
    std::string text = reachable ? server_.Run(command) : "-connect";
    if (text[0] == '-') {
      result.error = text;
    } else {
      result.status = 200;
      result.body = text;
    }
    gateway_.JobDone(job.id, result, now);
  }

  RedisServer& server_;
  Gateway gateway_;
  Transaction txn_{gateway_};
};

class SharedLimits : public ::testing::Test {
 protected:
  std::string Plugin(const std::string& config, const std::string& redis = "") {
    return R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins:
  - name: rate-limiting
    config: {policy: redis, limit_by: header, header_name: X-Caller, )" +
           config + ", redis: {socket: " + server_.socket_path() + redis + "}}\n";
  }
  std::string Plan(const std::string& limits, const std::string& redis = "") {
    return R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins:
  - {name: key-auth}
consumers:
- {username: alice, plan: free, keyauth_credentials: [{key: alices}]}
- {username: bob, plan: free, keyauth_credentials: [{key: bobs}]}
plans:
- name: free
  policy: redis
  redis: {socket: )" +
           server_.socket_path() + redis + "}\n  limits: " + limits + "\n";
  }

  RedisServer server_;
  TestRequest alice_{"GET", "/", {{"X-Caller", "alice"}, {"apikey", "alices"}}};
  TestRequest bob_{"GET", "/", {{"X-Caller", "bob"}, {"apikey", "bobs"}}};
};

TEST_F(SharedLimits, HoldForAllNodesTogether) {
  const std::string policy = Plugin("day: 50");
  Node one(server_, policy), other(server_, policy);
  int forwarded = 0;
  for (int i = 0; i < 100; ++i)
    forwarded += (i % 2 ? one : other).Forwarded(alice_, 1, After(i * 100 * kSecond / 1'000));
  EXPECT_EQ(forwarded, 50);
  EXPECT_EQ(one.Decide(bob_, After(20 * kSecond)).action, Action::kForward);
}

TEST_F(SharedLimits, TellTheCallerWhatKongTells) {
  Node node(server_, Plugin("minute: 10, day: 10"));
  const Decision& d = node.Decide(alice_, kStart);
  EXPECT_EQ(d.action, Action::kForward);
  EXPECT_EQ(Changed(d.response_headers, "X-RateLimit-Limit-Day"), "10");
  EXPECT_EQ(Changed(d.response_headers, "X-RateLimit-Remaining-Day"), "9");
  EXPECT_EQ(Changed(d.response_headers, "X-RateLimit-Remaining-Minute"), "9");
  EXPECT_EQ(Changed(d.response_headers, "RateLimit-Limit"), "10");
  ASSERT_EQ(d.limits.size(), 2u);
  EXPECT_EQ(node.Forwarded(alice_, 20, kStart), 9);
  const Decision& refused = node.Decide(alice_, kStart);
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.reason, "rate_limited");
  EXPECT_EQ(refused.message, "API rate limit exceeded");
  EXPECT_EQ(Changed(refused.response_headers, "X-RateLimit-Remaining-Day"), "0");
  EXPECT_NE(Changed(refused.response_headers, "Retry-After"), "(none)");
  EXPECT_TRUE(refused.limits[1].refused);
}

TEST_F(SharedLimits, CostNoRoundTripWhileALeaseLastsOrARefusalHolds) {
  Node node(server_, Plugin("day: 1000"));
  for (int i = 0; i < 500; ++i) {
    node.Decide(alice_, After(i * kSecond / 100));
    if (i % 5 == 0) node.RunJobs(After(i * kSecond / 100));
  }
  EXPECT_LT(node.jobs, 25);
  EXPECT_LE(node.waits, 5);
  EXPECT_EQ(node.Forwarded(alice_, 1'000, After(7 * kSecond)), 500);  // all that is left, lent or not
  node.jobs = 0;
  EXPECT_EQ(node.Forwarded(alice_, 1'000, After(8 * kSecond)), 0);
  EXPECT_LE(node.jobs, 1);
}

TEST_F(SharedLimits, StrictAsksAtEachRequest) {
  Node one(server_, Plugin("day: 5", ", mode: strict")), other(server_, Plugin("day: 5", ", mode: strict"));
  EXPECT_EQ(one.Forwarded(alice_, 3, kStart) + other.Forwarded(alice_, 5, kStart), 5);
  EXPECT_EQ(one.jobs + other.jobs, 8);
  EXPECT_EQ(other.txn().decision().limits[0].remaining, 0u);
}

// Each way to count callers is a bucket, and a question, of its own.
TEST_F(SharedLimits, StrictAsksAboutEachOfManyBuckets) {
  Node node(server_, Plan("[{name: a, quota: 9, window: day}, {name: b, quota: 9, window: day, limit_by: ip},"
                          " {name: c, quota: 9, window: day, limit_by: credential},"
                          " {name: d, quota: 9, window: day, limit_by: route},"
                          " {name: e, quota: 9, window: day, limit_by: service}]",
                          ", mode: strict, on_error: closed"));
  EXPECT_EQ(node.Decide(alice_, kStart).action, Action::kForward);
  EXPECT_EQ(node.waits, 5);
  EXPECT_EQ(node.Forwarded(bob_, 20, kStart), 8);
}

TEST_F(SharedLimits, APlansLimitsAreChargedAllOrNone) {
  Node node(server_, Plan("[{name: hourly, quota: 20, window: hour}, {name: daily, quota: 5, window: day, type: fixed},"
                          " {name: parallel, in_flight: 2}]"));
  EXPECT_EQ(node.Forwarded(alice_, 30, kStart), 5);
  const Decision& refused = node.Decide(alice_, kStart);
  EXPECT_EQ(refused.reason, "rate_limited");
  ASSERT_EQ(refused.limits.size(), 3u);
  EXPECT_EQ(refused.limits[0].name, "hourly");
  EXPECT_EQ(refused.limits[0].remaining, 15u);
  EXPECT_TRUE(refused.limits[1].refused);
  EXPECT_EQ(refused.limits[2].remaining, 2u);  // nothing in flight
  EXPECT_EQ(node.Forwarded(bob_, 3, kStart), 3);
}

TEST_F(SharedLimits, WhatTheNodesOwnLimitRefusesIsNotSpent) {
  for (const auto& [mode, caller] : {std::pair{"lease", &alice_}, std::pair{"strict", &bob_}}) {
    SCOPED_TRACE(mode);
    const std::string policy = Plan("[{name: daily, quota: 100, window: day}, {name: parallel, in_flight: 1}]",
                                    std::string(", mode: ") + mode);
    Node node(server_, policy), other(server_, policy);
    EXPECT_EQ(node.Decide(*caller, kStart).action, Action::kForward);
    Transaction second(node.gateway());
    for (int i = 0; i < 20; ++i) {
      second.Begin(caller->request, kStart);
      if (second.decision().action == Action::kWait) node.RunJobs(kStart);
      if (second.decision().action == Action::kWait) second.Resume(kStart);
      EXPECT_EQ(second.decision().reason, "rate_limited");
    }
    EXPECT_LE(node.jobs, 2);
    node.RunJobs(After(3 * kSecond));  // gives back what is left of its lease
    EXPECT_EQ(other.Decide(*caller, After(3 * kSecond)).limits[0].remaining, 98u);
  }
}

TEST_F(SharedLimits, AWaitThatIsGivenUpCostsNothing) {
  Gateway gateway;
  gateway.Publish(MustCompile(Plugin("day: 5", ", mode: strict")));
  Transaction txn(gateway);
  txn.Begin(alice_.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  EXPECT_GT(txn.effect().timeout_ms, 0);
  txn.Reset(kStart);
  txn.Begin(alice_.request, kStart);
  EXPECT_EQ(txn.decision().action, Action::kWait);
  txn.Resume(kStart);                                  // its time is up
  EXPECT_EQ(txn.decision().action, Action::kForward);  // fault_tolerant
}

// Others may have been faster, or the host gives up before whoever asks does: all waits together take one time-out.
TEST_F(SharedLimits, NobodyWaitsLongerThanTheTimeOut) {
  Gateway gateway;
  gateway.Publish(MustCompile(Plugin("day: 5, fault_tolerant: false", ", timeout: 1000")));
  Transaction txn(gateway);
  txn.Begin(alice_.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  EXPECT_EQ(txn.effect().timeout_ms, 1'000);
  txn.Resume(After(kSecond * 3 / 10));
  ASSERT_EQ(txn.decision().action, Action::kWait);
  EXPECT_EQ(txn.effect().timeout_ms, 700);
  txn.Resume(After(kSecond));
  EXPECT_EQ(txn.decision().reason, "limits_unavailable");
}

// A server that grants one unit at a time, as near exhaustion: those who get none in the end are refused, since it does
// answer.
TEST_F(SharedLimits, WhoIsOutrunEachTimeIsRefused) {
  Gateway gateway;
  gateway.Publish(MustCompile(Plugin("day: 100")));
  std::vector<std::unique_ptr<Transaction>> waiting;
  for (int i = 0; i < 9; ++i) {
    waiting.push_back(std::make_unique<Transaction>(gateway));
    waiting.back()->Begin(alice_.request, kStart);
  }
  int forwarded = 0;
  while (!waiting.empty()) {
    int64_t ask_again;
    const std::optional<Effect> job = gateway.NextJob(kStart, &ask_again);
    ASSERT_TRUE(job);
    HttpResult answer;
    answer.status = 200;
    answer.body = "G 1 1000000 7000 1 gen 60000 0 9 5";
    gateway.JobDone(job->id, answer, kStart);
    for (auto& txn : waiting) txn->Resume(kStart);
    for (const auto& txn : waiting) {
      const Decision& d = txn->decision();
      forwarded += d.action == Action::kForward;
      if (d.action != Action::kRespond) continue;
      EXPECT_EQ(d.reason, "rate_limited");
      EXPECT_EQ(Changed(d.response_headers, "Retry-After"), "1");
    }
    std::erase_if(waiting, [](const auto& txn) { return txn->decision().action != Action::kWait; });
  }
  EXPECT_EQ(forwarded, 4);
}

// ---- The server cannot be asked ----

TEST_F(SharedLimits, FaultTolerantLetsEverybodyPassAndOtherwiseNobody) {
  Node tolerant(server_, Plugin("day: 2"));
  tolerant.reachable = false;
  EXPECT_EQ(tolerant.Forwarded(alice_, 10, kStart), 10);
  EXPECT_EQ(tolerant.txn().decision().limits[0].remaining, 2u);
  Node intolerant(server_, Plugin("day: 2, fault_tolerant: false"));
  intolerant.reachable = false;
  EXPECT_EQ(intolerant.Forwarded(alice_, 10, kStart), 0);
  EXPECT_EQ(intolerant.txn().decision().status, 500u);
  EXPECT_EQ(intolerant.txn().decision().reason, "limits_unavailable");
  EXPECT_EQ(intolerant.waits, 1);  // nobody waits for who has not answered
}

TEST_F(SharedLimits, LocallyEachNodeGoesByItsOwnCountAndTheServerIsToldAfterwards) {
  const std::string policy = Plan("[{name: daily, quota: 10, window: day}]");
  Node node(server_, policy);
  node.reachable = false;
  EXPECT_EQ(node.Forwarded(alice_, 20, kStart), 10);
  EXPECT_EQ(node.txn().decision().reason, "rate_limited");
  node.reachable = true;
  node.RunJobs(After(10 * kSecond));
  Node other(server_, policy);
  EXPECT_EQ(other.Forwarded(alice_, 10, After(11 * kSecond)), 0);  // no second helping after recovery
}

TEST_F(SharedLimits, WhoCannotWaitFindsALeaseNextTime) {
  Node node(server_, Plan("[{name: daily, quota: 10, window: day}]"));
  EXPECT_EQ(node.Decide(alice_, kStart, {.can_wait = false}).action, Action::kForward);
  node.RunJobs(kStart);
  EXPECT_EQ(node.Decide(alice_, kStart, {.can_wait = false}).action, Action::kForward);
  EXPECT_EQ(node.waits, 0);
  EXPECT_LE(node.txn().decision().limits[0].remaining, 8u);
}

TEST_F(SharedLimits, TheServersErrorsCountAsNoAnswer) {
  Node node(server_, Plugin("day: 5, fault_tolerant: false"));
  server_.Run({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(node.Decide(alice_, kStart).reason, "limits_unavailable");
  server_.Run({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(node.Forwarded(alice_, 1, After(kSecond)), 0);  // finds out in the background
  node.RunJobs(After(kSecond));
  EXPECT_EQ(node.Forwarded(alice_, 10, After(kSecond)), 5);
}

// ---- What operators see ----

uint64_t ErrorsOf(const ServerMetrics& server, std::string_view error) {
  for (const ServerErrorCount& e : server.errors)
    if (e.error == error) return e.count;
  ADD_FAILURE() << "no error `" << error << "`";
  return 0;
}

TEST_F(SharedLimits, MetricsTellHowTheServerAnswers) {
  Node node(server_, Plugin("day: 600"));
  ServerMetrics before = node.gateway().Metrics(kStart).servers.at(0);
  EXPECT_EQ(before.server, "unix:" + server_.socket_path());
  EXPECT_TRUE(before.up);
  EXPECT_EQ(before.granted + before.refused + before.told + before.callers, 0u);
  node.Decide(alice_, kStart);
  ServerMetrics m = node.gateway().Metrics(kStart).servers.at(0);
  EXPECT_EQ(m.granted, 1u);
  EXPECT_EQ(m.leases, 1u);
  EXPECT_EQ(m.units_in_hand, m.granted_units - 1);
  EXPECT_EQ(node.Forwarded(alice_, 700, kStart), 599);
  m = node.gateway().Metrics(kStart).servers.at(0);
  EXPECT_EQ(m.granted_units, 600u);
  EXPECT_EQ(m.units_in_hand, 0u);
  EXPECT_EQ(m.held_refusals, 1u);
  EXPECT_EQ(m.granted + m.refused + m.told, static_cast<uint64_t>(node.jobs));
}

TEST_F(SharedLimits, MetricsTellWhyItDoesNot) {
  Node node(server_, Plugin("day: 20"));
  node.reachable = false;
  node.Decide(alice_, kStart);
  ServerMetrics m = node.gateway().Metrics(kStart).servers.at(0);
  EXPECT_FALSE(m.up);
  EXPECT_GT(m.backoff_ms, 0u);
  EXPECT_EQ(ErrorsOf(m, "connect"), 1u);
  node.reachable = true;
  server_.Run({"CONFIG", "SET", "maxmemory", "1"});
  node.RunJobs(After(kSecond));
  m = node.gateway().Metrics(After(kSecond)).servers.at(0);
  EXPECT_EQ(ErrorsOf(m, "out_of_memory"), 1u);
  server_.Run({"CONFIG", "SET", "maxmemory", "0"});
  node.RunJobs(After(5 * kSecond));
  m = node.gateway().Metrics(After(5 * kSecond)).servers.at(0);
  EXPECT_TRUE(m.up);
  EXPECT_EQ(m.backoff_ms, 0u);
  EXPECT_EQ(m.told, 1u);  // of what was let pass
  EXPECT_EQ(ErrorsOf(m, "connect"), 1u);
}

TEST_F(SharedLimits, MetricsOfSeveralWaysToOneServerAreOne) {
  Node node(server_, Plan("[{name: hourly, quota: 900, window: hour}]") + R"(
- name: other
  policy: redis
  redis: {socket: )" + server_.socket_path() +
                         R"(, prefix: 'other:'}
  limits: [{name: hourly, quota: 900, window: hour}]
- name: third
  policy: redis
  redis: {host: elsewhere}
  limits: [{name: hourly, quota: 900, window: hour}]
)");
  node.Decide(alice_, kStart);
  const std::vector<ServerMetrics> servers = node.gateway().Metrics(kStart).servers;
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].granted, 1u);
  EXPECT_EQ(servers[0].callers, 1u);
  EXPECT_EQ(servers[1].server, "redis://elsewhere:6379/0");
  EXPECT_EQ(servers[1].granted, 0u);
}

// Another time-out is another way to the same server: its counters go on.
TEST_F(SharedLimits, MetricsOfAServerOutliveAReload) {
  Node node(server_, Plugin("day: 20"));
  node.Decide(alice_, kStart);
  const uint64_t units = node.gateway().Metrics(kStart).servers.at(0).granted_units;
  node.Publish(Plugin("day: 20", ", timeout: 1000, password: word-secret, username: user-secret"));
  const GatewayMetrics m = node.gateway().Metrics(kStart);
  ASSERT_EQ(m.servers.size(), 1u);
  EXPECT_EQ(m.servers[0].granted_units, units);
  EXPECT_EQ(m.servers[0].units_in_hand, 0u);  // the new way's
  EXPECT_EQ(PrometheusText(m).find("-secret"), std::string::npos);
  node.Publish("_format_version: '3.0'");
  EXPECT_TRUE(node.gateway().Metrics(kStart).servers.empty());
}

// ---- Reload ----

TEST_F(SharedLimits, AReloadKeepsWhatWasUsedAndWhoeverWaits) {
  Node node(server_, Plugin("day: 10"));
  EXPECT_EQ(node.Forwarded(alice_, 20, kStart), 10);
  node.Publish(Plugin("day: 15"));
  EXPECT_EQ(node.Forwarded(alice_, 20, After(kSecond)), 5);
  node.Publish(Plugin("day: 8"));
  EXPECT_EQ(node.Forwarded(alice_, 20, After(2 * kSecond)), 0);
}

TEST_F(SharedLimits, AServerThatThePolicyDropsIsStillThereForWhoBeganWithIt) {
  Gateway gateway;
  gateway.Publish(MustCompile(Plugin("day: 10")));
  Transaction txn(gateway);
  txn.Begin(alice_.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  gateway.Publish(MustCompile(Plugin("day: 10", ", prefix: 'another:'")));
  int64_t ask_again;
  const std::optional<Effect> job = gateway.NextJob(kStart, &ask_again);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->redis->keys[0].substr(0, 8), "sluice:{");
  HttpResult answer;
  answer.status = 200;
  answer.body = "G 1 1000000 7000 1 gen 60000 0 9 5";
  gateway.JobDone(job->id, answer, kStart);
  txn.Resume(kStart);
  EXPECT_EQ(txn.decision().action, Action::kForward);
}

TEST_F(SharedLimits, TheOutcomeSettlesTheCost) {
  Node node(server_, Plugin("day: 20"));
  node.Decide(alice_, kStart);
  node.txn().Report({.status = 200, .cost = 15}, kStart);
  node.RunJobs(After(3 * kSecond));
  EXPECT_EQ(node.Forwarded(alice_, 20, After(3 * kSecond)), 5);
}

}  // namespace
}  // namespace sluice
