// Once warm, a request through the C ABI allocates nothing: begin, decision, report, free.
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "capi/sluice.h"
#include "gtest/gtest.h"

extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_calloc(size_t, size_t);
extern "C" void* __libc_realloc(void*, size_t);

namespace {
size_t allocations = 0;
}  // namespace

// Everything that allocates in this program comes through these, operator new and BoringSSL included.
extern "C" void* malloc(size_t size) { return ++allocations, __libc_malloc(size); }
extern "C" void* calloc(size_t count, size_t size) { return ++allocations, __libc_calloc(count, size); }
extern "C" void* realloc(void* old, size_t size) { return ++allocations, __libc_realloc(old, size); }

namespace {

constexpr std::string_view kPolicy = R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal:8080
  routes: [{name: orders, paths: [/orders]}]
  plugins:
  - name: key-auth
  - name: request-transformer
    config: {add: {headers: ["X-A:1", "X-B:2"]}, remove: {headers: [X-C]}}
plans:
- name: free
  limits:
  - {name: pace, rate: 1000000, per: second}
  - {name: hourly, quota: 1000000000, window: hour}
  - {name: parallel, in_flight: 10}
consumers:
- username: alice
  plan: free
  keyauth_credentials: [{key: alice-key}]
)";

sluice_str Str(std::string_view text) { return {text.data(), text.size()}; }

class Allocation : public ::testing::Test {
 protected:
  void SetUp() override {
    sluice_policy* policy = nullptr;
    sluice_error* error = nullptr;
    ASSERT_EQ(sluice_policy_compile(Str(kPolicy), nullptr, &policy, &error), SLUICE_OK)
        << std::string(sluice_error_message(error).data, sluice_error_message(error).size);
    sluice_error_free(error);
    ASSERT_EQ(sluice_gateway_new(nullptr, &gateway_, nullptr), SLUICE_OK);
    ASSERT_EQ(sluice_gateway_publish(gateway_, policy), SLUICE_OK);
    sluice_policy_free(policy);
  }
  void TearDown() override { sluice_gateway_free(gateway_); }

  // One request, from begin to free; its header changes prove that the whole way was walked.
  size_t Serve() {
    const sluice_pair headers[] = {{Str("apikey"), Str("alice-key")}, {Str("X-C"), Str("1")}};
    sluice_request request = {};
    request.struct_size = sizeof request;
    request.method = Str("GET");
    request.target = Str("/orders/7?x=1");
    request.host = Str("api.example.com");
    request.peer = Str("203.0.113.9:51234");
    request.headers = headers;
    request.header_count = 2;
    now_.wall_ns += 1'000'000;
    now_.mono_ns += 1'000'000;
    sluice_txn* txn = nullptr;
    EXPECT_EQ(sluice_txn_begin(gateway_, &request, &now_, &txn), SLUICE_OK);
    sluice_decision decision;
    decision.struct_size = sizeof decision;
    EXPECT_EQ(sluice_txn_decision(txn, &decision), SLUICE_OK);
    EXPECT_EQ(decision.action, SLUICE_ACTION_FORWARD);
    sluice_outcome outcome = {};
    outcome.struct_size = sizeof outcome;
    outcome.status = 200;
    EXPECT_EQ(sluice_txn_report(txn, &outcome, &now_, nullptr), SLUICE_OK);
    size_t changes = decision.request_header_count;
    EXPECT_EQ(decision.limit_count, 3u);
    sluice_txn_free(txn);
    return changes;
  }

  sluice_gateway* gateway_ = nullptr;
  sluice_now now_ = {1'760'000'000'000'000'000, 1'000'000'000};
};

TEST_F(Allocation, TheCounterCounts) {
  size_t before = allocations;
  int* volatile one = new int;  // volatile, or the compiler leaves it out
  delete one;
  void* volatile two = malloc(100);
  free(two);
  size_t counted = allocations - before;
  EXPECT_EQ(counted, 2u);
}

TEST_F(Allocation, NoneOnceWarm) {
  for (int i = 0; i < 8; ++i) Serve();
  size_t before = allocations;
  size_t changes = 0;
  for (int i = 0; i < 1000; ++i) changes += Serve();
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_GE(changes, 3000u);
}

TEST_F(Allocation, NoneOnceWarmForTheFlatCall) {
  constexpr std::string_view kLine =
      R"({"id":"r1","method":"GET","path":"/orders/7","headers":[["apikey","alice-key"]],"outcome":{"status":200}})";
  char buffer[8192];
  size_t size = 0;
  auto serve = [&] {
    now_.mono_ns += 1'000'000;
    ASSERT_EQ(sluice_decide_json(gateway_, Str(kLine), &now_, buffer, sizeof buffer, &size), SLUICE_OK);
    ASSERT_NE(std::string_view(buffer, size).find("\"forward\""), std::string_view::npos);
  };
  for (int i = 0; i < 8; ++i) serve();
  size_t before = allocations;
  for (int i = 0; i < 1000; ++i) serve();
  EXPECT_EQ(allocations - before, 0u);
}

}  // namespace
