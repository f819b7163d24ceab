// Policies swapped and keys rotated while requests run. Means most under ThreadSanitizer.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "auth/minter.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using testing::After;
using testing::kStart;
using testing::MustCompile;
using testing::TestRequest;

std::string Policy(int number) {
  return R"(
_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes: [{name: open, paths: [/open)" +
         std::to_string(number) + R"(, /open]}, {name: closed, paths: [/closed]}]
plugins:
- {name: jwt, route: closed, config: {jwks_uri: "https://idp.example.com/jwks", consumer_optional: true}}
- {name: rate-limiting, route: open, config: {year: 1000000, limit_by: ip}}
)";
}

TEST(Concurrency, ReloadsAndRotationsUnderLoad) {
  constexpr int kThreads = 3;
  constexpr int kReloads = 150;
  std::vector<std::shared_ptr<const Snapshot>> policies = {MustCompile(Policy(1)), MustCompile(Policy(2))};
  Gateway gateway;
  gateway.Publish(policies[0]);
  auth::Minter idp = auth::Minter::Make(auth::KeyType::kEd25519);
  std::string token = "Bearer " + idp.Mint(auth::Algorithm::kEdDsa, R"({"sub":"a","exp":1760003600})", "k");
  std::string keys = auth::JwkSet({idp.Jwk("k", "EdDSA")});
  std::atomic<bool> done{false};
  std::atomic<int> open_requests{0};

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Transaction txn(gateway);
      TestRequest open("GET", "/open"), closed("GET", "/closed", {{"Authorization", token}});
      while (!done.load()) {
        txn.Begin(open.request, kStart);
        EXPECT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
        open_requests.fetch_add(1);
        txn.Begin(closed.request, kStart);
        if (txn.decision().action == Action::kWait) txn.Resume(kStart);
      }
    });
  }
  for (int i = 0; i < kReloads; ++i) {
    gateway.Publish(policies[static_cast<size_t>(i) % 2]);
    Now now = After(i * int64_t{3'600'000'000'000});
    int64_t ask_again;
    if (std::optional<Effect> job = gateway.NextJob(now, &ask_again)) {
      HttpResult result;
      result.status = 200;
      result.body = keys;
      gateway.JobDone(job->id, result, now);
    }
    std::this_thread::yield();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();

  Transaction txn(gateway);
  TestRequest open("GET", "/open");
  txn.Begin(open.request, kStart);
  ASSERT_EQ(txn.decision().limits.size(), 1u);
  EXPECT_EQ(txn.decision().limits[0].remaining,
            1'000'000u - static_cast<uint64_t>(open_requests.load()) - 1);  // none lost
}

}  // namespace
}  // namespace sluice
