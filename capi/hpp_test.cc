// The C++ wrapper: what it owns, what it throws.
#include "capi/sluice.hpp"
#include "gtest/gtest.h"

namespace host = sluice::host;

namespace {

constexpr std::string_view kPolicy = R"(
_format_version: "3.0"
services: [{name: orders, url: "http://orders.internal", routes: [{name: orders, paths: [/orders]}]}]
)";

TEST(Hpp, DecidesAndReports) {
  host::Gateway gateway;
  gateway.Publish(host::Policy(kPolicy));
  host::Request request("GET", "/orders/7?x=1");
  request.AddHeader("Host", "api.example.com:8080");
  request->peer = host::Str("203.0.113.9:51234");
  host::Transaction txn(gateway, request, host::Clock());
  ASSERT_FALSE(txn.waits());
  sluice_decision decision = txn.decision();
  EXPECT_EQ(decision.action, SLUICE_ACTION_FORWARD);
  EXPECT_EQ(host::View(decision.client_host), "api.example.com");
  EXPECT_EQ(decision.client_port, 8080u);
  EXPECT_NE(txn.Json().find("\"route\":\"orders\""), std::string_view::npos);
  sluice_diagnosis diagnosis = txn.Report(502, std::chrono::milliseconds(3), host::Clock(), "connect");
  EXPECT_EQ(host::View(diagnosis.fault), "upstream");
  EXPECT_NE(txn.Json().find("\"diagnosis\""), std::string_view::npos);
}

TEST(Hpp, MetricsOutliveTheirGateway) {
  std::optional<host::Gateway> gateway(std::in_place);
  gateway->Publish(host::Policy(std::string(kPolicy) + "plugins: [{name: rate-limiting, config: {minute: 1}}]\n"));
  host::Request request("GET", "/orders");
  for (int i = 0; i < 3; ++i) host::Transaction(*gateway, request, {1, 1});
  const host::Metrics metrics(*gateway, {1, 1});
  gateway.reset();
  const sluice_metrics_values values = metrics.values();
  ASSERT_EQ(values.limit_count, 1u);
  EXPECT_EQ(values.limits[0].refused, 2u);
  EXPECT_EQ(host::View(values.prometheus).substr(0, 33), "# HELP sluice_limit_rulings_total");
}

TEST(Hpp, ErrorsSayWhatIsWrong) {
  try {
    const host::Policy policy("_format_version: \"3.0\"\nservises: []\n", "mine.yaml");
    FAIL() << "it compiled";
  } catch (const host::Error& error) {
    EXPECT_EQ(error.status(), SLUICE_E_POLICY);
    EXPECT_NE(std::string_view(error.what()).find("mine.yaml:2:"), std::string_view::npos) << error.what();
    EXPECT_NE(std::string_view(error.what()).find("services"), std::string_view::npos) << error.what();
  }
  host::Gateway gateway;
  host::Request request("GET", "/");
  EXPECT_THROW(host::Transaction(gateway, request, host::Clock()), host::Error) << "no policy was published";
  gateway.Publish(host::Policy(kPolicy));
  host::Transaction txn(gateway, request, host::Clock());
  EXPECT_THROW(txn.Resume(host::Clock()), host::Error);
  EXPECT_THROW(txn.effect(), host::Error);
}

TEST(Hpp, PublishesRevocations) {
  host::Gateway gateway;
  gateway.PublishRevocations(R"({"revoked":[{"jti":"a","until":1760003600}]})");
  try {
    gateway.PublishRevocations("revoked: [{subject: a}]");
    FAIL() << "it was published";
  } catch (const host::Error& error) {
    EXPECT_EQ(error.status(), SLUICE_E_POLICY);
    EXPECT_NE(std::string_view(error.what()).find("`subject` needs `issuer`"), std::string_view::npos) << error.what();
  }
}

TEST(Hpp, GivesPublicKeys) {
  host::Gateway gateway;
  EXPECT_THROW(gateway.PublicKeys("none"), host::Error) << "no policy was published";
  gateway.Publish(host::Policy("_format_version: '3.0'\nkey_sets: [{name: none}]\n"));
  EXPECT_EQ(gateway.PublicKeys("none"), R"({"keys":[]})");
  EXPECT_THROW(gateway.PublicKeys("other"), host::Error);
}

TEST(Hpp, HandlesMove) {
  host::Gateway first;
  first.Publish(host::Policy(kPolicy));
  host::Gateway second = std::move(first);
  EXPECT_EQ(first.get(), nullptr);  // NOLINT(bugprone-use-after-move): what is left behind is the question
  host::Request request("GET", "/orders");
  host::Transaction txn(second, request, host::Clock());
  host::Transaction moved = std::move(txn);
  EXPECT_EQ(moved.decision().action, SLUICE_ACTION_FORWARD);
}

TEST(Hpp, AJobIsFetchedAndATransactionResumed) {
  host::Gateway gateway;
  gateway.Publish(host::Policy(R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins: [{name: jwt, config: {jwks_uri: "https://idp.example.com/jwks"}}]
)"));
  // {"alg":"ES256","kid":"k1"}.{}: well formed, signed by nobody
  const std::string token = "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30." + std::string(86, 'A');
  host::Request request("GET", "/");
  request.AddHeader("Authorization", token);
  host::Transaction txn(gateway, request, host::Clock());
  ASSERT_TRUE(txn.waits());
  int64_t ask_again = 0;
  std::optional<sluice_effect> job = gateway.NextJob(host::Clock(), &ask_again);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->id, txn.effect().id);
  EXPECT_EQ(host::View(job->url), "https://idp.example.com/jwks");
  sluice_http_result result = host::Sized<sluice_http_result>();
  result.error = host::Str("connect");
  gateway.JobDone(job->id, result, host::Clock());
  txn.Resume(host::Clock());
  EXPECT_FALSE(txn.waits());
  EXPECT_EQ(txn.decision().status, 503u) << "no key set, and the policy says closed";
  EXPECT_FALSE(gateway.NextJob(host::Clock(), &ask_again)) << "it backs off";
}

}  // namespace
