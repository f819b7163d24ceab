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
  ASSERT_EQ(metrics.tables.size(), 2u);
  EXPECT_EQ(metrics.tables[0].table, "sliding");
  EXPECT_EQ(metrics.tables[0].live, 1u);
  EXPECT_EQ(metrics.tables[1].live, 2u);
  EXPECT_GT(metrics.tables[1].capacity, 100'000u);
  for (const LimitTableMetrics& table : gateway.Metrics(After(120 * kSecond)).tables) EXPECT_EQ(table.live, 0u);
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

}  // namespace
}  // namespace sluice
