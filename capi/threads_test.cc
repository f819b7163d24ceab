// Many threads on one gateway: transactions of the pool are never handed out twice, and a policy may be swapped
// meanwhile. Most telling under ThreadSanitizer.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "capi/sluice.hpp"
#include "gtest/gtest.h"

namespace host = sluice::host;

#ifdef __SANITIZE_THREAD__
// Abseil's Mutex hides its inside from ThreadSanitizer, which then takes the mmap of a waiting thread's identity and
// the wake-up of that thread for a race.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "race:synchronization_internal::Waiter\n";
}
#endif

namespace {

constexpr std::string_view kPolicy = R"(
_format_version: "3.0"
services: [{name: orders, url: "http://orders.internal", routes: [{name: orders, paths: [/orders]}]}]
)";

constexpr int kThreads = 8;
constexpr int kRounds = 2000;

TEST(Threads, EachHasItsOwnTransactions) {
  host::Gateway gateway;
  gateway.Publish(host::Policy(kPolicy));
  std::atomic<int> wrong{0};
  auto serve = [&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      std::string path = "/orders/" + std::to_string(thread) + "/" + std::to_string(round);
      host::Request request("GET", path);
      std::vector<host::Transaction> open;  // several at once, so that the pool's list moves
      for (int i = 0; i <= round % 3; ++i)
        open.emplace_back(gateway, request, sluice_now{1'760'000'000'000'000'000, 1});
      std::string want = "/" + std::to_string(thread) + "/" + std::to_string(round);
      for (const host::Transaction& txn : open) wrong += host::View(txn.decision().upstream_path) != want;
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(serve, thread);
  for (int i = 0; i < 50; ++i) gateway.Publish(host::Policy(kPolicy));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Threads, ATransactionMayMigrate) {
  host::Gateway gateway;
  gateway.Publish(host::Policy(kPolicy));
  host::Request request("GET", "/orders/1");
  host::Transaction txn(gateway, request, host::Clock());
  std::thread([moved = std::move(txn)]() mutable {
    EXPECT_EQ(moved.decision().action, SLUICE_ACTION_FORWARD);
    moved.Report(200, std::chrono::milliseconds(1), host::Clock());
  }).join();
}

}  // namespace
