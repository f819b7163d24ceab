// A node of shared limits, the whole of it: a gateway behind the C ABI, with an io thread. For tests.
#ifndef SLUICE_IO_LIMITS_NODE_H_
#define SLUICE_IO_LIMITS_NODE_H_

#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <string>
#include <thread>

#include "capi/sluice.h"
#include "io/sluice_io.h"

namespace sluice::io {

inline sluice_now ReadClocks() {
  timespec wall, mono;
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_MONOTONIC, &mono);
  return {int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec, int64_t{mono.tv_sec} * 1'000'000'000 + mono.tv_nsec};
}

// A document that lets every address have `limit` requests a year, counted in Redis. `redis`: members of the plugin's
// member of that name; `more`: further members of the plugin.
inline std::string YearlyLimit(int limit, const std::string& redis, const std::string& more = "") {
  return R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins:
  - name: rate-limiting
    config: {policy: redis, limit_by: ip, year: )" +
         std::to_string(limit) + more + ", redis: {" + redis + "}}\n";
}

class LimitsNode {
 public:
  // `ca_file`: whose certificates its io thread trusts; empty: the system's.
  explicit LimitsNode(const std::string& document, const std::string& ca_file = "") {
    sluice_policy* policy = nullptr;
    sluice_error* error = nullptr;
    if (sluice_policy_compile(Str(document), nullptr, &policy, &error) != SLUICE_OK) {
      const sluice_str message = sluice_error_message(error);
      ADD_FAILURE() << std::string(message.data, message.size);
    }
    sluice_error_free(error);
    EXPECT_EQ(sluice_gateway_new(nullptr, &gateway_, nullptr), SLUICE_OK);
    EXPECT_EQ(sluice_gateway_publish(gateway_, policy), SLUICE_OK);
    sluice_policy_free(policy);
    sluice_io_options options{};
    options.struct_size = sizeof options;
    options.ca_file = Str(ca_file);
    EXPECT_EQ(sluice_io_start(gateway_, &options, &io_, nullptr), SLUICE_OK);
  }
  ~LimitsNode() {
    sluice_io_stop(io_);
    sluice_gateway_free(gateway_);
  }
  LimitsNode(const LimitsNode&) = delete;
  LimitsNode& operator=(const LimitsNode&) = delete;

  // The status that a request of this caller gets; 0: it is forwarded. `waits` counts how often it waited.
  uint32_t Ask(const std::string& peer, int* waits = nullptr) { return Decide(peer, 0, waits, nullptr); }

  // The whole decision, as JSON with its trace.
  std::string Explain(const std::string& peer) {
    std::string json;
    Decide(peer, SLUICE_REQUEST_TRACE, nullptr, &json);
    return json;
  }

  // Asks until the status is this one, and counts how many were forwarded.
  int AskUntil(const std::string& peer, uint32_t wanted) {
    int forwarded = 0;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(40);
    while (std::chrono::steady_clock::now() < give_up) {
      const uint32_t status = Ask(peer);
      forwarded += status == 0;
      if (status == wanted) return forwarded;
      if (status == 500) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "never " << wanted;
    return forwarded;
  }

 private:
  static sluice_str Str(const std::string& text) { return {text.data(), text.size()}; }

  uint32_t Decide(const std::string& peer, uint32_t flags, int* waits, std::string* json) {
    const std::string method = "GET", target = "/", host = "api.example.com", address = peer + ":1";
    sluice_request request{};
    request.struct_size = sizeof request;
    request.flags = flags;
    request.method = Str(method);
    request.target = Str(target);
    request.host = Str(host);
    request.peer = Str(address);
    request.content_length = -1;
    sluice_txn* txn = nullptr;
    sluice_now now = ReadClocks();
    sluice_status status = sluice_txn_begin(gateway_, &request, &now, &txn);
    while (status == SLUICE_WAIT) {
      if (waits != nullptr) ++*waits;
      sluice_effect effect{};
      effect.struct_size = sizeof effect;
      EXPECT_EQ(sluice_txn_effect(txn, &effect), SLUICE_OK);
      sluice_io_wait(io_, effect.id, effect.timeout_ms);
      now = ReadClocks();
      status = sluice_txn_resume(txn, &now);
    }
    EXPECT_EQ(status, SLUICE_OK);
    sluice_decision decision{};
    decision.struct_size = sizeof decision;
    EXPECT_EQ(sluice_txn_decision(txn, &decision), SLUICE_OK);
    if (sluice_str text; json != nullptr && sluice_txn_decision_json(txn, &text) == SLUICE_OK)
      json->assign(text.data, text.size);
    const uint32_t answer = decision.action == SLUICE_ACTION_FORWARD ? 0 : decision.status;
    sluice_txn_free(txn);
    return answer;
  }

  sluice_gateway* gateway_ = nullptr;
  sluice_io* io_ = nullptr;
};

}  // namespace sluice::io

#endif  // SLUICE_IO_LIMITS_NODE_H_
