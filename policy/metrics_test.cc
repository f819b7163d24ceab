#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using testing::After;
using testing::kSecond;
using testing::kStart;
using testing::MustCompile;
using testing::TestRequest;

constexpr char kPolicy[] = R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal:8080
  plugins:
  - {name: key-auth}
  - {name: rate-limiting, config: {minute: 5}}
  routes:
  - {name: orders, paths: [/orders]}
plans:
- name: free
  limits:
  - {name: pace, rate: 2, per: minute}
  - {name: trial, quota: 1, window: minute, shadow: true}
consumers:
- username: alice
  plan: free
  keyauth_credentials: [{key: alice-key}]
)";

void Send(Gateway& gateway, int times) {
  Transaction txn(gateway);
  TestRequest r("GET", "/orders", {{"apikey", "alice-key"}});
  for (int i = 0; i < times; ++i) {
    txn.Begin(r.request, kStart);
    txn.Report({.status = 200}, After(kSecond));
  }
}

std::string Line(const LimitMetrics& m) {
  return m.scope + " " + m.limit + " " + std::to_string(m.allowed) + " " + std::to_string(m.refused) + " " +
         std::to_string(m.shadow_refused);
}

std::vector<std::string> Lines(const Gateway& gateway) {
  std::vector<std::string> lines;
  for (const LimitMetrics& m : gateway.Metrics(kStart).limits) lines.push_back(Line(m));
  return lines;
}

TEST(Metrics, CountWhatEachLimitSaidAndOutliveAReload) {
  Gateway gateway;
  EXPECT_TRUE(gateway.Metrics(kStart).limits.empty());
  gateway.Publish(MustCompile(kPolicy));
  Send(gateway, 5);
  const std::vector<std::string> expected = {"plan/free pace 2 3 0", "plan/free trial 1 0 4",
                                             "plugin/rate-limiting/service:orders minute 5 0 0"};
  EXPECT_EQ(Lines(gateway), expected);
  gateway.Publish(MustCompile(kPolicy));
  EXPECT_EQ(Lines(gateway), expected);
  EXPECT_EQ(gateway.Metrics(kStart).unmetered, 0u);
}

TEST(Metrics, ShowHowFullTheTablesAre) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  Send(gateway, 1);
  const GatewayMetrics metrics = gateway.Metrics(kStart);
  ASSERT_EQ(metrics.tables.size(), 3u);
  EXPECT_EQ(metrics.tables[0].table, "sliding");
  EXPECT_EQ(metrics.tables[0].live, 1u);
  EXPECT_EQ(metrics.tables[1].table, "sliding_60");
  EXPECT_EQ(metrics.tables[1].live, 0u);
  EXPECT_GT(metrics.tables[1].capacity, 1'500u);
  EXPECT_EQ(metrics.tables[2].table, "other");
  EXPECT_EQ(metrics.tables[2].live, 2u);
  EXPECT_GT(metrics.tables[2].capacity, 100'000u);
  for (const LimitTableMetrics& table : gateway.Metrics(After(120 * kSecond)).tables) EXPECT_EQ(table.live, 0u);
}

// Entries of each size have a table, and a name, of their own.
TEST(Metrics, TellTheTablesOfSlidingWindowsApart) {
  Gateway gateway;
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
plans:
- name: p
  limits:
  - {name: coarse, quota: 5, window: minute, limit_by: ip}
  - {name: fine, quota: 5, window: minute, sub_windows: 60, limit_by: ip}
  - {name: finer, quota: 6, window: hour, sub_windows: 60, limit_by: ip}
services: [{name: s, url: "http://s.internal", plan: p, routes: [{name: r, paths: [/]}]}]
)"));
  TestRequest request("GET", "/");
  Transaction txn(gateway);
  txn.Begin(request.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kForward);
  std::vector<std::string> live;
  for (const LimitTableMetrics& table : gateway.Metrics(kStart).tables)
    live.push_back(table.table + " " + std::to_string(table.live));
  EXPECT_EQ(live, (std::vector<std::string>{"sliding 1", "sliding_60 2", "other 0"}));
}

TEST(Metrics, AreTextForPrometheus) {
  GatewayMetrics metrics;
  metrics.limits = {{"plan/a\"b\\c\nd", "pace", 3, 2, 1}};
  metrics.tables = {{"sliding", 10, 4}};
  metrics.full_refusals = 7;
  EXPECT_EQ(PrometheusText(metrics),
            R"(# HELP sluice_limit_rulings_total What each limit said of the requests that it applied to.
# TYPE sluice_limit_rulings_total counter
sluice_limit_rulings_total{scope="plan/a\"b\\c\nd",limit="pace",ruling="allowed"} 3
sluice_limit_rulings_total{scope="plan/a\"b\\c\nd",limit="pace",ruling="refused"} 2
sluice_limit_rulings_total{scope="plan/a\"b\\c\nd",limit="pace",ruling="shadow_refused"} 1
# HELP sluice_limit_table_entries Entries for callers that the memory of limits has.
# TYPE sluice_limit_table_entries gauge
sluice_limit_table_entries{table="sliding"} 10
# HELP sluice_limit_table_live_entries Entries that are needed now.
# TYPE sluice_limit_table_live_entries gauge
sluice_limit_table_live_entries{table="sliding"} 4
# HELP sluice_limit_table_reclaimed_entries_total Entries that gave way to other callers.
# TYPE sluice_limit_table_reclaimed_entries_total counter
sluice_limit_table_reclaimed_entries_total 0
# HELP sluice_limit_table_full_refusals_total Charges refused for lack of an entry.
# TYPE sluice_limit_table_full_refusals_total counter
sluice_limit_table_full_refusals_total 7
# HELP sluice_limit_table_overflowed_charges_total Charges to an entry that all callers without one of their own share.
# TYPE sluice_limit_table_overflowed_charges_total counter
sluice_limit_table_overflowed_charges_total 0
# HELP sluice_limit_unmetered_rulings_total Rulings of limits that found no counter.
# TYPE sluice_limit_unmetered_rulings_total counter
sluice_limit_unmetered_rulings_total 0
)");
}

TEST(Metrics, OfServersAreTextForPrometheus) {
  GatewayMetrics metrics;
  EXPECT_EQ(PrometheusText(metrics).find("sluice_limit_server"), std::string::npos);
  ServerMetrics& server = metrics.servers.emplace_back();
  server.server = "redis://a:6379/0";
  server.granted = 4;
  server.refused = 3;
  server.told = 2;
  server.granted_units = 31;
  server.errors = {{"timeout", 5}, {"readonly", 0}};
  server.up = false;
  server.backoff_ms = 1'093;
  server.callers = 9;
  server.leases = 8;
  server.units_in_hand = 7;
  server.held_refusals = 6;
  const std::string text = PrometheusText(metrics);
  EXPECT_EQ(text.substr(text.find("# HELP sluice_limit_server")),
            R"(# HELP sluice_limit_server_answers_total Answers of a server in which limits are shared.
# TYPE sluice_limit_server_answers_total counter
sluice_limit_server_answers_total{server="redis://a:6379/0",answer="granted"} 4
sluice_limit_server_answers_total{server="redis://a:6379/0",answer="refused"} 3
sluice_limit_server_answers_total{server="redis://a:6379/0",answer="told"} 2
# HELP sluice_limit_server_errors_total Questions to it that got no answer, by what was wrong.
# TYPE sluice_limit_server_errors_total counter
sluice_limit_server_errors_total{server="redis://a:6379/0",error="timeout"} 5
sluice_limit_server_errors_total{server="redis://a:6379/0",error="readonly"} 0
# HELP sluice_limit_server_granted_units_total Units that it granted.
# TYPE sluice_limit_server_granted_units_total counter
sluice_limit_server_granted_units_total{server="redis://a:6379/0"} 31
# HELP sluice_limit_server_up 1: it answered this process last time; 0: it did not.
# TYPE sluice_limit_server_up gauge
sluice_limit_server_up{server="redis://a:6379/0"} 0
# HELP sluice_limit_server_backoff_seconds Until this process asks it again, after it failed.
# TYPE sluice_limit_server_backoff_seconds gauge
sluice_limit_server_backoff_seconds{server="redis://a:6379/0"} 1.093
# HELP sluice_limit_server_callers Callers of whom this process knows something.
# TYPE sluice_limit_server_callers gauge
sluice_limit_server_callers{server="redis://a:6379/0"} 9
# HELP sluice_limit_server_leases Leases of this process that have units left.
# TYPE sluice_limit_server_leases gauge
sluice_limit_server_leases{server="redis://a:6379/0"} 8
# HELP sluice_limit_server_units_in_hand Units left in them.
# TYPE sluice_limit_server_units_in_hand gauge
sluice_limit_server_units_in_hand{server="redis://a:6379/0"} 7
# HELP sluice_limit_server_held_refusals Refused callers about whom it is not asked again yet.
# TYPE sluice_limit_server_held_refusals gauge
sluice_limit_server_held_refusals{server="redis://a:6379/0"} 6
)");
}

}  // namespace
}  // namespace sluice
