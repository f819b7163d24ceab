// What traces say of limits where no conformance case gets: when memory is full, and over time.
#include <string>

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

std::string PolicyWith(const std::string& limit) {
  return R"(
_format_version: "3.0"
services: [{name: s, url: "http://s.internal", routes: [{name: r, paths: [/], plan: p}]}]
plans: [{name: p, limits: [)" +
         limit + "]}]\n";
}

// Of the only limit.
std::string CauseOf(Transaction& txn, const TestRequest& r, Now now) {
  txn.Begin(r.request, now, {.trace = true});
  std::string cause;
  for (const TraceStep& step : txn.trace())
    if (step.step == "limit") cause = std::string(step.verdict) + " " + std::string(step.cause);
  return cause;
}

TEST(ChargeTrace, SaysThatThereIsNoRoomForAnotherCaller) {
  GatewayOptions options;
  options.region_bytes = size_t{64} << 10;
  Gateway gateway(options);
  gateway.Publish(MustCompile(PolicyWith("{name: hourly, quota: 5, window: hour, type: fixed, limit_by: ip}")));
  Transaction txn(gateway);
  std::string cause;
  for (int i = 0; i < 20'000 && cause.substr(0, 6) != "refuse"; ++i) {
    TestRequest r("GET", "/");
    const std::string peer =
        "10." + std::to_string(i / 65'536) + "." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256) + ":1";
    r.request.peer = peer;
    cause = CauseOf(txn, r, kStart);
  }
  EXPECT_EQ(
      cause,
      "refuse hourly (5 in each hour of the calendar): no room to count another caller: all entries are live, the "
      "region is too small");
}

TEST(ChargeTrace, GivesEachLengthOfTimeInItsUnit) {
  const struct {
    const char* pace;
    const char* rule;
    const char* every;
  } cases[] = {
      {"rate: 1000000, per: second", "1000000 per second, burst 1000000", "one more every 1 us"},
      {"rate: 3, per: second", "3 per second, burst 3", "one more every 334 ms"},
      {"rate: 40, per: minute", "40 per minute, burst 40", "one more every 1.5 s"},
      {"rate: 7, per: hour", "7 per hour, burst 7", "one more every 8 min 35 s"},
      {"rate: 7, per: day", "7 per day, burst 7", "one more every 3 h 26 min"},
  };
  for (const auto& c : cases) {
    Gateway gateway;
    gateway.Publish(MustCompile(PolicyWith(std::string("{name: pace, ") + c.pace + "}")));
    Transaction txn(gateway);
    const TestRequest r("GET", "/");
    const std::string cause = CauseOf(txn, r, kStart);
    EXPECT_EQ(cause.substr(0, cause.find(':')), std::string("pass pace (") + c.rule + ")");
    EXPECT_NE(cause.find(c.every), std::string::npos) << cause;
  }
}

// "again in" is when it passes, to the unit that is shown.
TEST(ChargeTrace, WhatIsPromisedHolds) {
  Gateway gateway;
  gateway.Publish(MustCompile(PolicyWith("{name: sliding, quota: 2, window: minute}")));
  Transaction txn(gateway);
  const TestRequest r("GET", "/");
  CauseOf(txn, r, kStart);
  CauseOf(txn, r, After(10 * kSecond));
  const std::string refused = CauseOf(txn, r, After(20 * kSecond));
  EXPECT_NE(refused.find("the oldest 1 leaves the window in 40 s"), std::string::npos) << refused;
  EXPECT_NE(refused.find("refused, again in 40 s"), std::string::npos) << refused;
  EXPECT_EQ(CauseOf(txn, r, After(60 * kSecond - 1)).substr(0, 6), "refuse");
  EXPECT_EQ(CauseOf(txn, r, After(60 * kSecond)).substr(0, 4), "pass");
}

TEST(ChargeTrace, IsThereOnlyIfItIsAskedFor) {
  Gateway gateway;
  gateway.Publish(MustCompile(PolicyWith("{name: sliding, quota: 2, window: minute}")));
  Transaction txn(gateway);
  const TestRequest r("GET", "/");
  txn.Begin(r.request, kStart);
  EXPECT_EQ(txn.decision().action, Action::kForward);
  EXPECT_TRUE(txn.trace().empty());
}

}  // namespace
}  // namespace sluice
