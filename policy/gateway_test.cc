// What the conformance cases cannot show: the transaction's own rules. What is decided is in conformance/.
#include "policy/gateway.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using testing::After;
using testing::Changed;
using testing::kSecond;
using testing::kStart;
using testing::MustCompile;
using testing::TestRequest;

constexpr char kKeyPolicy[] = R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal:8080/v1
  plugins:
  - {name: key-auth}
  routes:
  - {name: orders, paths: [/orders]}
plans:
- name: free
  limits:
  - {name: parallel, in_flight: 1}
consumers:
- username: alice
  plan: free
  keyauth_credentials: [{key: alice-key}]
)";

TEST(Transaction, AnswersWithoutAPolicy) {
  Gateway gateway;
  Transaction txn(gateway);
  TestRequest r("GET", "/");
  txn.Begin(r.request, kStart);
  EXPECT_EQ(txn.decision().status, 503u);
  EXPECT_EQ(txn.decision().reason, "no_policy");
}

TEST(Transaction, ForwardsWithIdentity) {
  Gateway gateway;
  gateway.Publish(MustCompile(kKeyPolicy));
  Transaction txn(gateway);
  TestRequest r("GET", "/orders/7?x=1", {{"apikey", "alice-key"}, {"X-Consumer-Username", "root"}});
  txn.Begin(r.request, kStart);
  const Decision& d = txn.decision();
  ASSERT_EQ(d.action, Action::kForward) << d.reason;
  EXPECT_EQ(d.consumer, "alice");
  EXPECT_EQ(d.plan, "free");
  EXPECT_EQ(d.upstream.path, "/v1/7?x=1");
  EXPECT_EQ(d.upstream.host_header, "orders.internal:8080");
  EXPECT_EQ(Changed(d.request_headers, "X-Consumer-Username"), "alice");
  EXPECT_EQ(Changed(d.request_headers, "X-Anonymous-Consumer"), "(removed)");
}

TEST(Transaction, AConnectionHasNothingOfTheRequestBefore) {
  Gateway gateway;
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
services:
- {name: web, url: "http://web.internal", routes: [{name: web, paths: ["~/(?<word>.+)$"], preserve_host: true}]}
- {name: db, url: "tcp://db.internal:5432", routes: [{name: db, protocols: [tls], snis: [db.example.com]}]}
)"));
  Transaction txn(gateway);
  TestRequest r("GET", "/some/path?query", {{"X-Consumer-Username", "root"}});
  TestRequest connection("GET", "/some/path?query", {{"X-Consumer-Username", "root"}});
  connection.request.scheme = "TLS";
  connection.request.tls.sni = "db.example.com";
  for (int i = 0; i < 2; ++i) {
    txn.Begin(r.request, kStart);
    EXPECT_EQ(txn.decision().route, "web");
    EXPECT_EQ(txn.decision().upstream.path, "/?query");
    EXPECT_EQ(txn.decision().upstream.host_header, "api.example.com");
    EXPECT_EQ(Changed(txn.decision().request_headers, "X-Consumer-Username"), "(removed)");
    txn.Begin(connection.request, kStart);
    EXPECT_EQ(txn.decision().route, "db");
    EXPECT_EQ(txn.decision().client.scheme, "tls");
    EXPECT_EQ(txn.decision().client.host, "");
    EXPECT_TRUE(txn.decision().captures.empty());
    EXPECT_TRUE(txn.decision().request_headers.empty());
    EXPECT_EQ(txn.decision().upstream.path, "");
    EXPECT_EQ(txn.decision().upstream.host_header, "");
  }
}

TEST(Transaction, InFlightEndsWithReportResetOrTheNextBegin) {
  Gateway gateway;
  gateway.Publish(MustCompile(kKeyPolicy));
  TestRequest r("GET", "/orders", {{"apikey", "alice-key"}});
  Transaction first(gateway), second(gateway);
  first.Begin(r.request, kStart);
  ASSERT_EQ(first.decision().action, Action::kForward);
  second.Begin(r.request, kStart);
  EXPECT_EQ(second.decision().reason, "rate_limited");
  first.Report({200, 0, ""}, After(kSecond));
  second.Begin(r.request, After(kSecond));
  EXPECT_EQ(second.decision().action, Action::kForward);
  first.Begin(r.request, After(kSecond));
  EXPECT_EQ(first.decision().reason, "rate_limited");
  second.Reset(After(kSecond));
  first.Begin(r.request, After(kSecond));
  EXPECT_EQ(first.decision().action, Action::kForward);
  first.Begin(r.request, After(kSecond));  // gives up the one before
  EXPECT_EQ(first.decision().action, Action::kForward);
}

TEST(Transaction, KeepsThePolicyItBeganWith) {
  Gateway gateway;
  gateway.Publish(MustCompile(kKeyPolicy));
  TestRequest r("GET", "/orders", {{"apikey", "alice-key"}});
  Transaction txn(gateway);
  txn.Begin(r.request, kStart);
  gateway.Publish(MustCompile("_format_version: \"3.0\"\nservices: []\n"));
  EXPECT_EQ(txn.decision().consumer, "alice");
  txn.Begin(r.request, kStart);
  EXPECT_EQ(txn.decision().reason, "no_route");
}

TEST(Transaction, RefusesATokenWhoseSecretIsNotTheBase64ItShouldBe) {
  Gateway gateway;
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
services: [{name: s, url: "http://s", routes: [{name: r, paths: [/]}]}]
plugins: [{name: jwt, config: {secret_is_base64: true}}]
consumers: [{username: alice, jwt_secrets: [{key: alice, secret: "not base64!"}]}]
)"));
  Transaction txn(gateway);
  TestRequest r("GET", "/", {{"Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhbGljZSJ9.AAAA"}});
  txn.Begin(r.request, kStart);
  EXPECT_EQ(txn.decision().status, 401u);
  EXPECT_EQ(txn.decision().reason, "jwt_unverifiable");
}

TEST(Gateway, CountersSurviveAReload) {
  Gateway gateway;
  gateway.Publish(MustCompile(kKeyPolicy));
  TestRequest r("GET", "/orders", {{"apikey", "alice-key"}});
  Transaction held(gateway), other(gateway);
  held.Begin(r.request, kStart);
  ASSERT_EQ(held.decision().action, Action::kForward);
  gateway.Publish(MustCompile(kKeyPolicy));
  other.Begin(r.request, kStart);
  EXPECT_EQ(other.decision().reason, "rate_limited");
}

TEST(Gateway, RefusesARegionItCannotUse) {
  char small[64] = {};
  GatewayOptions options;
  options.region = small;
  options.region_bytes = sizeof small;
  EXPECT_THROW(Gateway gateway(options), std::runtime_error);
}

TEST(Compile, ReportsAllErrorsWithPlaces) {
  CompileOptions options;
  options.file_name = "bad.yaml";
  CompileResult result = Compile(R"(_format_version: "3.0"
services:
- name: a
  url: http://a
  routs: []
  routes:
  - {name: one, paths: [/x]}
  - {name: two, paths: [/x]}
plugins:
- {name: rate-limitting}
)",
                                 options);
  EXPECT_EQ(result.snapshot, nullptr);
  std::string text;
  for (const Diagnostic& d : result.diagnostics) text += ToText(d) + "\n";
  EXPECT_NE(text.find("bad.yaml:5:3: error: "), text.npos) << text;
  EXPECT_NE(text.find("`routes`"), text.npos) << text;
  EXPECT_NE(text.find("duplicate_route"), text.npos) << text;
  EXPECT_NE(text.find("`rate-limiting`"), text.npos) << text;
}

TEST(Compile, NeedsAGroupToCountByGroup) {
  CompileResult result = Compile(R"(_format_version: "3.0"
plugins:
- {name: rate-limiting, config: {minute: 1, limit_by: consumer-group}}
- {name: rate-limiting-advanced, config: {limit: [1], window_size: [60], identifier: consumer-group}}
)",
                                 CompileOptions());
  EXPECT_EQ(result.snapshot, nullptr);
  ASSERT_EQ(result.diagnostics.size(), 2u);
  EXPECT_NE(ToText(result.diagnostics[0]).find("`limit_by: consumer-group` needs"), std::string::npos);
  EXPECT_NE(ToText(result.diagnostics[1]).find("`identifier: consumer-group` needs"), std::string::npos);
}

// Keys that callers make up do not get the places that are kept for known ones, whoever makes them up.
TEST(Limits, KeepPlacesForConsumersFromACallersInventions) {
  GatewayOptions options;
  options.region_bytes = 64 << 10;
  Gateway gateway(options);
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  plugins: [{name: key-auth}]
  routes:
  - {name: r, paths: [/header], plugins: [{name: rate-limiting, config: {hour: 9, limit_by: header, header_name: x}}]}
  - {name: c, paths: [/consumer], plugins: [{name: rate-limiting, config: {hour: 9}}]}
consumers:
- {username: alice, keyauth_credentials: [{key: alice-key}]}
- {username: bob, keyauth_credentials: [{key: bob-key}]}
)"));
  Transaction txn(gateway);
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = std::to_string(i);
    TestRequest invented("GET", "/header", {{"apikey", "alice-key"}, {"x", name}});
    txn.Begin(invented.request, kStart);
    refused += txn.decision().status == 429;
  }
  EXPECT_GT(refused, 1'000) << "the region is not full";
  TestRequest bob("GET", "/consumer", {{"apikey", "bob-key"}});
  txn.Begin(bob.request, kStart);
  EXPECT_EQ(txn.decision().action, Action::kForward);
}

std::string SixteenLimits(std::string_view plan) {
  std::string text = "- name: " + std::string(plan) + "\n  limits:\n";
  for (int i = 0; i < 16; ++i) text += "  - {name: l" + std::to_string(i) + ", quota: 2, window: hour}\n";
  return text;
}

// As many as a document can put upon one request: four plans of 16, and both plugins with all of their windows.
TEST(Limits, ChargeAsManyAsADocumentCanName) {
  Gateway gateway;
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
plan: everyone
services:
- name: s
  url: http://s.internal
  plan: service
  routes: [{name: r, paths: [/], plan: route}]
  plugins:
  - {name: key-auth}
  - {name: rate-limiting, config: {second: 2, minute: 2, hour: 2, day: 2, month: 2, year: 2}}
  - name: rate-limiting-advanced
    config: {limit: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2], window_size: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]}
consumers:
- {username: alice, plan: caller, keyauth_credentials: [{key: alice-key}]}
plans:
)" + SixteenLimits("everyone") +
                              SixteenLimits("service") + SixteenLimits("route") + SixteenLimits("caller")));
  TestRequest request("GET", "/", {{"apikey", "alice-key"}});
  Transaction txn(gateway);
  for (uint32_t status : {0u, 0u, 429u}) {
    txn.Begin(request.request, kStart);
    EXPECT_EQ(txn.decision().status, status);
    EXPECT_EQ(txn.decision().limits.size(), 80u);
  }
}

// What the limits said of a request, as the trace tells it.
std::string LimitCauses(Transaction& txn, const TestRequest& request) {
  txn.Begin(request.request, kStart, {.trace = true});
  std::string causes;
  for (const auto& entry : txn.trace())
    if (entry.step == "limit") causes += std::string(entry.verdict) + ": " + std::string(entry.cause) + "; ";
  return causes;
}

// Plan and plugins each say what becomes of callers for whom there is no counter left.
TEST(Limits, RefuseOrCountTogetherWhomTheyHaveNoRoomFor) {
  GatewayOptions options;
  options.region_bytes = 64 << 10;
  Gateway gateway(options);
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes:
  - {name: fill, paths: [/fill], plugins: [{name: rate-limiting, config: {hour: 9, limit_by: header, header_name: x}}]}
  - {name: a, paths: [/a], plugins: [{name: rate-limiting, config: {hour: 3, limit_by: ip, on_full: overflow}}]}
  - name: b
    paths: [/b]
    plugins: [{name: rate-limiting-advanced,
               config: {limit: [3], window_size: [60], identifier: ip, on_full: overflow, disable_penalty: true}}]
  - {name: c, paths: [/c], plan: together}
  - {name: d, paths: [/d], plan: apart}
plans:
- {name: together, on_full: overflow, limits: [{name: l, rate: 3, per: hour, limit_by: ip}]}
- {name: apart, on_full: refuse, limits: [{name: l, rate: 3, per: hour, limit_by: ip}]}
)"));
  Transaction txn(gateway);
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = std::to_string(i);
    TestRequest filler("GET", "/fill", {{"x", name}});
    txn.Begin(filler.request, kStart);
  }
  for (const auto& [path, limit] : {std::pair{"/a", "hour ("}, {"/b", "minute ("}, {"/c", "l ("}}) {
    for (int caller = 0; caller < 4; ++caller) {
      const std::string peer = "203.0.113." + std::to_string(caller) + ":1";
      TestRequest request("GET", path);
      request.request.peer = peer;
      const std::string causes = LimitCauses(txn, request);
      EXPECT_EQ(causes.find((caller < 3 ? "pass: " : "refuse: ") + std::string(limit)), 0u) << causes;
      EXPECT_NE(causes.find("; counted in the entry that callers without room share"), std::string::npos) << causes;
      EXPECT_EQ(txn.decision().status, caller < 3 ? 0u : 429u) << path << " " << caller;
    }
  }
  TestRequest request("GET", "/d");
  const std::string causes = LimitCauses(txn, request);
  EXPECT_EQ(causes.find("refuse: l ("), 0u) << causes;
  EXPECT_NE(causes.find("): no room to count another caller"), std::string::npos) << causes;
  EXPECT_EQ(gateway.Metrics(kStart).overflowed, 12u);
}

TEST(Limits, AddAtMostTheJitterToRetryAfter) {
  Gateway gateway;
  gateway.Publish(MustCompile(R"(
_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes: [{name: r, paths: [/]}]
  plugins:
  - name: rate-limiting-advanced
    config: {limit: [1], window_size: [60], disable_penalty: true, identifier: service, retry_after_jitter_max: 3}
)"));
  Transaction txn(gateway);
  TestRequest r("GET", "/");
  txn.Begin(r.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kForward);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    txn.Begin(r.request, kStart);
    ASSERT_EQ(txn.decision().status, 429u);
    seen.insert(std::string(Changed(txn.decision().response_headers, "Retry-After")));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"120", "121", "122", "123"}));
}

TEST(Diagnosis, NamesWhoIsAtFault) {
  Gateway gateway;
  gateway.Publish(MustCompile(kKeyPolicy));
  Transaction txn(gateway);
  TestRequest none("GET", "/orders");
  txn.Begin(none.request, kStart);
  EXPECT_EQ(txn.Report({401, 0, ""}, kStart).fault, "client");
  txn.Begin(none.request, kStart);
  EXPECT_EQ(txn.Report({502, 0, ""}, kStart).fault, "front_proxy");
  TestRequest good("GET", "/orders", {{"apikey", "alice-key"}});
  txn.Begin(good.request, kStart);
  EXPECT_EQ(txn.Report({504, 0, "timeout"}, kStart).fault, "upstream");
  txn.Begin(good.request, kStart);
  EXPECT_EQ(txn.Report({401, 0, ""}, kStart).fault, "upstream");
  txn.Begin(good.request, kStart);
  EXPECT_EQ(txn.Report({200, 0, ""}, kStart).fault, "none");
}

}  // namespace
}  // namespace sluice
