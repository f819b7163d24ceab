#include "policy/json/decision_json.h"

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(DecisionJson, ForwardHasEveryMemberInOrder) {
  const std::string_view groups[] = {"gold"};
  const Capture captures[] = {{"id", "7"}};
  const HeaderChange to_upstream[] = {{HeaderOp::kSet, "X-Consumer-Username", "alice"},
                                      {HeaderOp::kAdd, "X-B", "1"},
                                      {HeaderOp::kRemove, "X-Anonymous-Consumer", ""}};
  const HeaderChange to_client[] = {{HeaderOp::kSet, "RateLimit-Remaining", "19"}};
  const LimitState limits[] = {{"second", 20, 19, 750, false, true}};
  Decision d;
  d.action = Action::kForward;
  d.route = "orders";
  d.service = "orders-api";
  d.consumer = "alice";
  d.plan = "premium";
  d.consumer_groups = groups;
  d.captures = captures;
  d.client = {"203.0.113.9", "https", "api.example.com", 443};
  d.upstream = {"orders-api", "http", "orders.internal", 8080, "/7?x=1", "orders.internal:8080", 60000, 60000,
                60000,        5};
  d.request_headers = to_upstream;
  d.response_headers = to_client;
  d.limits = limits;
  std::string out;
  AppendDecisionJson({.decision = d, .id_json = "\"r1\""}, &out);
  EXPECT_EQ(
      out,
      R"({"id":"r1","action":"forward","status":null,"reason":"","message":"","route":"orders","service":"orders-api",)"
      R"("consumer":"alice","consumer_groups":["gold"],"plan":"premium","captures":{"id":"7"},)"
      R"("client":{"ip":"203.0.113.9","scheme":"https","host":"api.example.com","port":443},)"
      R"("upstream":{"name":"orders-api","scheme":"http","host":"orders.internal","port":8080,"path":"/7?x=1",)"
      R"("host_header":"orders.internal:8080","connect_timeout_ms":60000,"send_timeout_ms":60000,)"
      R"("read_timeout_ms":60000,"retries":5},)"
      R"("request_headers":{"set":[["X-Consumer-Username","alice"]],"add":[["X-B","1"]],)"
      R"("remove":["X-Anonymous-Consumer"]},)"
      R"("response_headers":{"set":[["RateLimit-Remaining","19"]],"add":[],"remove":[]},)"
      R"("body":null,"limits":[{"name":"second","limit":20,"remaining":19,"reset_ms":750,)"
      R"("refused":false,"shadow_refused":true}]})");
}

TEST(DecisionJson, WhatDoesNotApplyIsNullOrEmpty) {
  Decision d;
  d.status = 404;
  d.reason = "no_route";
  d.message = "no Route matched with those values";
  d.body = R"({"message":"no"})";
  d.upstream.scheme = "http";  // of no account when nothing is forwarded
  std::string out;
  AppendDecisionJson({.decision = d}, &out);
  EXPECT_EQ(out, R"({"id":null,"action":"respond","status":404,"reason":"no_route",)"
                 R"("message":"no Route matched with those values","route":null,"service":null,"consumer":null,)"
                 R"("consumer_groups":[],"plan":null,"captures":{},)"
                 R"("client":{"ip":"","scheme":"","host":"","port":0},"upstream":null,)"
                 R"("request_headers":{"set":[],"add":[],"remove":[]},)"
                 R"("response_headers":{"set":[],"add":[],"remove":[]},"body":"{\"message\":\"no\"}","limits":[]})");
}

TEST(DecisionJson, AddsTraceAndDiagnosisWhenGiven) {
  const TraceStep trace[] = {{"route", "pass", "path /a", "policy.yaml", 3, 5}, {"client", "pass", "", "", 0, 0}};
  Decision d;
  d.action = Action::kWait;
  std::string out;
  AppendDecisionJson({.decision = d, .trace = trace, .diagnosis = Diagnosis{"upstream", "look there"}}, &out);
  EXPECT_EQ(out.substr(out.find(",\"limits\"")),
            R"(,"limits":[],"trace":[{"step":"route","verdict":"pass","cause":"path /a",)"
            R"("where":{"file":"policy.yaml","line":3,"column":5}},)"
            R"({"step":"client","verdict":"pass","cause":"","where":null}],)"
            R"("diagnosis":{"fault":"upstream","advice":"look there"}})");
  EXPECT_NE(out.find(R"("action":"wait","status":null)"), std::string::npos);

  out.clear();
  AppendDecisionJson({.decision = d, .trace = std::span<const TraceStep>()}, &out);
  EXPECT_NE(out.find(R"("trace":[]})"), std::string::npos) << "asked for, so there, if empty";
}

}  // namespace
}  // namespace sluice
