// Limits that nodes share, beside a real redis-server: decisions in strict mode over the whole way (C ABI, io thread,
// server and back) beside the bare script with as many asks outstanding, and what leases spare.
//
//   redis_bench --benchmark_filter=Strict
#include <hiredis/hiredis.h>
#include <poll.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/redis_test_server.h"
#include "benchmark/benchmark.h"
#include "capi/sluice.h"
#include "io/sluice_io.h"
#include "ratelimit/lease_set.h"
#include "ratelimit/lease_wire.h"

namespace sluice {
namespace {

constexpr size_t kCallers = 1'000;
constexpr int64_t kRate = 1'000'000;  // never refused in strict mode

RedisServer& Server() {
  static RedisServer server;
  return server;
}

std::string Caller(size_t i) { return "203.0." + std::to_string(i / 250) + "." + std::to_string(i % 250); }

sluice_str Str(const std::string& text) { return {text.data(), text.size()}; }

sluice_now ReadClocks() {
  timespec wall, mono;
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_MONOTONIC, &mono);
  return {int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec, int64_t{mono.tv_sec} * 1'000'000'000 + mono.tv_nsec};
}

std::string Policy(const std::string& mode, int64_t rate, int64_t burst) {
  return R"({"_format_version":"3.0","plans":[{"name":"p","policy":"redis","redis":{"timeout":10000,"mode":")" + mode +
         R"(","on_error":"closed","socket":")" + Server().socket_path() +
         R"("},"limits":[{"name":"pace","limit_by":"ip","rate":)" + std::to_string(rate) +
         R"(,"per":"second","burst":)" + std::to_string(burst) +
         R"(}]}],"services":[{"name":"s","url":"http://s.internal","plan":"p","routes":[{"name":"r","paths":["/"]}]}]})";
}

// A host with an event loop, and its io thread.
class Node {
 public:
  explicit Node(const std::string& document) {
    sluice_policy* policy = nullptr;
    const bool made = sluice_policy_compile(Str(document), nullptr, &policy, nullptr) == SLUICE_OK &&
                      sluice_gateway_new(nullptr, &gateway_, nullptr) == SLUICE_OK &&
                      sluice_gateway_publish(gateway_, policy) == SLUICE_OK &&
                      sluice_io_start(gateway_, nullptr, &io_, nullptr) == SLUICE_OK;
    if (!made) std::abort();
    sluice_policy_free(policy);
  }
  ~Node() {
    for (const auto& [job, txn] : waiting_) sluice_txn_free(txn);
    sluice_io_stop(io_);
    sluice_gateway_free(gateway_);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // What is lent must live as long as the node.
  void Begin(const sluice_request& request) {
    sluice_txn* txn = nullptr;
    const sluice_now now = ReadClocks();
    const sluice_status status = sluice_txn_begin(gateway_, &request, &now, &txn);
    GoOn(txn, status);
  }

  // Waits until answers have come, for so long at most, and resumes who waited for them.
  void ResumeWaiting(int timeout_ms) {
    pollfd readable = {sluice_io_fd(io_), POLLIN, 0};
    poll(&readable, 1, timeout_ms);
    std::array<uint64_t, 64> jobs;
    const size_t count = sluice_io_take_done(io_, jobs.data(), jobs.size());
    for (size_t i = 0; i < count; ++i) Resume(jobs[i]);
  }

  size_t waiting() const { return waiting_.size(); }
  uint64_t forwarded() const { return forwarded_; }
  uint64_t refused() const { return refused_; }
  uint64_t failed() const { return failed_; }

 private:
  void Resume(uint64_t job) {
    const auto [first, last] = waiting_.equal_range(job);
    std::vector<sluice_txn*> woken;
    for (auto at = first; at != last; ++at) woken.push_back(at->second);
    waiting_.erase(first, last);
    for (sluice_txn* txn : woken) {
      const sluice_now now = ReadClocks();
      GoOn(txn, sluice_txn_resume(txn, &now));
    }
  }
  void GoOn(sluice_txn* txn, sluice_status status) {
    if (status == SLUICE_WAIT) {
      sluice_effect effect{};
      effect.struct_size = sizeof effect;
      sluice_txn_effect(txn, &effect);
      waiting_.emplace(effect.id, txn);
      sluice_io_kick(io_);
      return;
    }
    sluice_decision decision{};
    decision.struct_size = sizeof decision;
    sluice_txn_decision(txn, &decision);
    const bool forwarded = decision.action == SLUICE_ACTION_FORWARD;
    ++(forwarded ? forwarded_ : decision.status == 429 ? refused_ : failed_);
    sluice_txn_free(txn);
  }

  sluice_gateway* gateway_ = nullptr;
  sluice_io* io_ = nullptr;
  std::unordered_multimap<uint64_t, sluice_txn*> waiting_;
  uint64_t forwarded_ = 0, refused_ = 0, failed_ = 0;
};

// Requests of many callers, one after the other.
class Requests {
 public:
  explicit Requests(size_t callers) : peers_(callers), requests_(callers) {
    for (size_t i = 0; i < callers; ++i) {
      peers_[i] = Caller(i) + ":1";
      sluice_request& request = requests_[i];
      request.struct_size = sizeof request;
      request.method = Str(method_);
      request.target = Str(target_);
      request.host = Str(host_);
      request.peer = Str(peers_[i]);
      request.content_length = -1;
    }
  }
  const sluice_request& Next() { return requests_[next_++ % requests_.size()]; }

 private:
  const std::string method_ = "GET", target_ = "/", host_ = "api.example.com";
  std::vector<std::string> peers_;
  std::vector<sluice_request> requests_;
  size_t next_ = 0;
};

void StrictDecisions(benchmark::State& state) {
  const auto outstanding = static_cast<size_t>(state.range(0));
  Requests requests(kCallers);
  Node node(Policy("strict", kRate, kRate));
  for (size_t i = 0; i < outstanding; ++i) node.Begin(requests.Next());
  uint64_t counted = 0;
  for (auto _ : state) {
    while (node.forwarded() == counted && node.refused() + node.failed() == 0) {
      node.ResumeWaiting(-1);
      while (node.waiting() < outstanding) node.Begin(requests.Next());
    }
    ++counted;
  }
  while (node.waiting() > 0) node.ResumeWaiting(-1);
  if (node.refused() + node.failed() > 0) state.SkipWithError("not all were forwarded");
}
BENCHMARK(StrictDecisions)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

// The asks that a node makes of a strict set, formatted beforehand.
std::vector<std::string> BareAsks(const std::string& sha) {
  ratelimit::Limit pace;
  std::string error;
  const auto spec = ratelimit::LimitSpec::TokenBucket(kRate, ratelimit::kSecond, kRate);
  if (!ratelimit::Limit::Compile(ratelimit::HashLimitName("pace"), spec, &pace, &error)) std::abort();
  ratelimit::LeaseSet::Options strict;
  strict.lease_ns = 0;
  ratelimit::Ask ask;
  ask.set = ratelimit::LeaseSet::Compile("plan/p", {pace}, strict, &error);
  if (ask.set == nullptr) std::abort();
  ask.need = ask.want = 1;
  std::vector<std::string> asks;
  for (size_t i = 0; i < kCallers; ++i) {
    ask.bucket = std::string(28, '0') + Caller(i);  // as long as a digest
    const ratelimit::AskText text = ratelimit::ToText(ask, "bare:");
    std::vector<std::string> words = {"EVALSHA", sha, std::to_string(text.keys.size())};
    words.insert(words.end(), text.keys.begin(), text.keys.end());
    words.insert(words.end(), text.arguments.begin(), text.arguments.end());
    std::string formatted = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) formatted += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    asks.push_back(std::move(formatted));
  }
  return asks;
}

void FloorBareScript(benchmark::State& state) {
  const std::string sha = Server().Run({"SCRIPT", "LOAD", std::string(ratelimit::LeaseScript())});
  const std::vector<std::string> asks = BareAsks(sha);
  const std::unique_ptr<redisContext, void (*)(redisContext*)> context(redisConnectUnix(Server().socket_path().c_str()),
                                                                       &redisFree);
  size_t next = 0;
  const auto append = [&] {
    const std::string& ask = asks[next++ % asks.size()];
    redisAppendFormattedCommand(context.get(), ask.data(), ask.size());
  };
  const auto take = [&] {
    void* reply = nullptr;
    bool granted = redisGetReply(context.get(), &reply) == REDIS_OK;
    if (granted) {
      const auto& text = *static_cast<const redisReply*>(reply);
      granted = text.type == REDIS_REPLY_STRING && std::string_view(text.str, text.len).substr(0, 4) == "G 1 ";
    }
    freeReplyObject(reply);
    if (!granted) state.SkipWithError("not granted");
  };
  for (int64_t i = 0; i < state.range(0); ++i) append();
  for (auto _ : state) {
    take();
    append();
  }
  for (int64_t i = 0; i < state.range(0); ++i) take();
}
BENCHMARK(FloorBareScript)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

uint64_t ScriptsRun() {
  const std::string stats = Server().Run({"INFO", "commandstats"});
  const std::string name = "cmdstat_evalsha:calls=";
  const size_t at = stats.find(name);
  return at == std::string::npos ? 0 : std::strtoull(stats.c_str() + at + name.size(), nullptr, 10);
}

// Four nodes, and hot callers of whom each comes twice as often as he may, in real time: leases end by the clock.
void LeasesAtTwiceTheLimit(benchmark::State& state) {
  constexpr int64_t kHotCallers = 8, kHotRate = 1'000;
  constexpr int64_t kGapNs = 1'000'000'000 / (2 * kHotRate * kHotCallers);
  Requests requests(kHotCallers);
  const std::string policy = Policy("lease", kHotRate, kHotRate);
  std::array<Node, 4> nodes = {Node(policy), Node(policy), Node(policy), Node(policy)};
  Server().Run({"FLUSHALL"});
  const uint64_t before = ScriptsRun();
  int64_t due_ns = ReadClocks().mono_ns, asked = 0;
  for (auto _ : state) {
    while (ReadClocks().mono_ns < due_ns)
      for (Node& node : nodes) node.ResumeWaiting(0);
    nodes[static_cast<size_t>(asked / kHotCallers) % nodes.size()].Begin(requests.Next());
    due_ns += kGapNs;
    ++asked;
  }
  uint64_t forwarded = 0, failed = 0;
  for (Node& node : nodes) {
    while (node.waiting() > 0) node.ResumeWaiting(-1);
    forwarded += node.forwarded();
    failed += node.failed();
  }
  state.counters["round_trips_per_request"] = static_cast<double>(ScriptsRun() - before) / static_cast<double>(asked);
  state.counters["forwarded_per_request"] = static_cast<double>(forwarded) / static_cast<double>(asked);
  if (failed > 0) state.SkipWithError("the server did not answer");
}
BENCHMARK(LeasesAtTwiceTheLimit)->Iterations(48'000)->UseRealTime();

}  // namespace
}  // namespace sluice
