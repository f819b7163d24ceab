// Many nodes, one server, and a network between them that delays, reorders and loses; nodes die and begin anew. Time is
// simulated, the server is real. Whatever the nodes admit is written down and judged by a naive log.
#ifndef SLUICE_RATELIMIT_LEASE_SIMULATION_H_
#define SLUICE_RATELIMIT_LEASE_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "ratelimit/lease_test_support.h"
#include "ratelimit/leases.h"

namespace sluice::ratelimit {

struct SimulationOptions {
  uint32_t nodes = 4;
  double offered_per_s = 100;  // all nodes together, Poisson
  int64_t pulse_ns = 0;        // mean time of silence and of twice that load, in turn; 0: an even load
  int64_t duration_ns = 10 * kSecond;
  uint64_t most_cost = 1;
  int64_t least_delay_ns = kMillisecond / 5;  // one way
  int64_t most_delay_ns = 2 * kMillisecond;
  double lost = 0;  // of messages, either way
  int64_t timeout_ns = 100 * kMillisecond;
  double restarts_per_s = 0;  // of some node
};

struct SimulationResult {
  std::vector<int64_t> admitted;  // when, one entry a unit, in order
  uint64_t requests = 0;
  uint64_t round_trips = 0;
};

class Simulation {
 public:
  Simulation(std::shared_ptr<const LeaseSet> set, const SimulationOptions& options, Central& central, uint64_t seed);
  SimulationResult Run();

  static constexpr int64_t kEpoch = 1'760'000'000 * kSecond;

 private:
  struct Waiter {
    uint64_t cost;
    int tries;
  };
  struct Node {
    std::unique_ptr<Leases> leases;
    uint64_t life = 0;
    int64_t poll_at = 0;
    std::multimap<uint64_t, Waiter> waiting;
  };
  struct Event {
    int64_t at;
    uint64_t order;
    std::function<void()> run;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  void At(int64_t when, std::function<void()> run) { events_.push({when, next_order_++, std::move(run)}); }
  Now Time() const { return {kEpoch + now_, now_}; }
  int64_t Exponential(double per_s);
  int64_t Delay() { return static_cast<int64_t>(Pick(random_, options_.least_delay_ns, options_.most_delay_ns)); }
  bool Lost() { return std::bernoulli_distribution(options_.lost)(random_); }
  void Begin(Node& node);
  void Arrive();
  void Restart();
  void Request(Node& node, Waiter waiter);
  void Poll(Node& node);
  void Send(Node& node, const Ask& ask);
  void Answer(Node& node, uint64_t life, uint64_t ask, const std::string& text);
  void Resume(Node& node, uint64_t ask);

  std::shared_ptr<const LeaseSet> set_;
  const SimulationOptions options_;
  Central& central_;
  Random random_;
  Key key_;
  std::string bucket_;
  int64_t now_ = kSecond;
  int64_t pulse_until_ = 0;
  uint64_t next_order_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<Event>> events_;
  std::vector<Node> nodes_;
  SimulationResult result_;
};

// The most units within any (t, t + window].
uint64_t MostWithin(const std::vector<int64_t>& admitted, int64_t window_ns);
// Whether any interval of length t holds at most burst + rate * t / period.
bool WithinBucket(const std::vector<int64_t>& admitted, const LimitSpec& spec);
// The most units between two multiples of `window` since the epoch.
uint64_t MostOnCalendar(const std::vector<int64_t>& admitted, int64_t window_ns);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASE_SIMULATION_H_
