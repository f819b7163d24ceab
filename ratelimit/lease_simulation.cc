#include "ratelimit/lease_simulation.h"

#include <algorithm>
#include <utility>

namespace sluice::ratelimit {

Simulation::Simulation(std::shared_ptr<const LeaseSet> set, const SimulationOptions& options, Central& central,
                       uint64_t seed)
    : set_(std::move(set)),
      options_(options),
      central_(central),
      random_(seed),
      key_(KeyOf(set_->id(), SubjectBuilder(kTestSeed).Add("alice").Finish())),
      bucket_("alice" + std::to_string(seed)),
      nodes_(options.nodes) {}

int64_t Simulation::Exponential(double per_s) {
  return static_cast<int64_t>(std::exponential_distribution<double>(per_s)(random_) * static_cast<double>(kSecond));
}

SimulationResult Simulation::Run() {
  for (Node& node : nodes_) Begin(node);
  At(now_, [this] { Arrive(); });
  if (options_.restarts_per_s > 0) At(now_ + Exponential(options_.restarts_per_s), [this] { Restart(); });
  const int64_t end = now_ + options_.duration_ns;
  while (!events_.empty() && events_.top().at <= end) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.run();
  }
  return std::move(result_);
}

void Simulation::Begin(Node& node) {
  Leases::Options options;
  options.callers = 64;
  options.seed = random_();
  node.leases = std::make_unique<Leases>(options);
  node.waiting.clear();
  ++node.life;
  node.poll_at = now_;
  Poll(node);
}

void Simulation::Arrive() {
  ++result_.requests;
  Node& node = nodes_[Pick(random_, 0, nodes_.size() - 1)];
  Request(node, {Pick(random_, 1, options_.most_cost), 0});
  int64_t next = now_ + Exponential(options_.offered_per_s * (options_.pulse_ns > 0 ? 2 : 1));
  if (options_.pulse_ns > 0 && next >= pulse_until_) {
    const double pulses_per_s = static_cast<double>(kSecond) / static_cast<double>(options_.pulse_ns);
    next += Exponential(pulses_per_s);
    pulse_until_ = next + Exponential(pulses_per_s);
  }
  At(next, [this] { Arrive(); });
}

// What was leased and not spent dies with it, and so do those who waited.
void Simulation::Restart() {
  Begin(nodes_[Pick(random_, 0, nodes_.size() - 1)]);
  At(now_ + Exponential(options_.restarts_per_s), [this] { Restart(); });
}

void Simulation::Request(Node& node, Waiter waiter) {
  Verdict verdicts[kMaxLeaseLimits];
  Leases::Ticket ticket;
  const Leases::Outcome outcome = node.leases->Take(*set_, key_, waiter.cost, Time(), verdicts, &ticket);
  if (outcome == Leases::Outcome::kAllowed) result_.admitted.insert(result_.admitted.end(), waiter.cost, now_);
  if (outcome != Leases::Outcome::kAsk || waiter.tries == 3) return;
  const uint64_t ask = node.leases->Want(set_, key_, bucket_, waiter.cost, Time());
  if (ask == 0) return;
  node.waiting.insert({ask, {waiter.cost, waiter.tries + 1}});
  Poll(node);
}

void Simulation::Poll(Node& node) {
  int64_t ask_again = 0;
  while (std::optional<Ask> ask = node.leases->NextAsk(Time(), &ask_again)) Send(node, *ask);
  if (ask_again >= options_.duration_ns + kSecond) return;
  node.poll_at = std::max(ask_again, now_ + 1);
  At(node.poll_at, [this, &node, at = node.poll_at] {
    if (node.poll_at == at) Poll(node);
  });
}

void Simulation::Send(Node& node, const Ask& ask) {
  ++result_.round_trips;
  const uint64_t life = node.life;
  At(now_ + options_.timeout_ns, [this, &node, life, id = ask.id] { Answer(node, life, id, ""); });
  if (Lost()) return;
  At(now_ + Delay(), [this, &node, life, ask] {
    const std::string text = central_.Run(ask, (kEpoch + now_) / 1'000);
    EXPECT_EQ(text.substr(0, 2), "G ") << text;
    if (Lost()) return;
    At(now_ + Delay(), [this, &node, life, id = ask.id, text] { Answer(node, life, id, text); });
  });
}

void Simulation::Answer(Node& node, uint64_t life, uint64_t ask, const std::string& text) {
  if (node.life != life) return;
  if (text.empty()) {
    node.leases->Failed(ask, Time());
  } else {
    node.leases->Answered(ask, text, Time());
  }
  Resume(node, ask);
  Poll(node);
}

void Simulation::Resume(Node& node, uint64_t ask) {
  const auto [first, last] = node.waiting.equal_range(ask);
  std::vector<Waiter> woken;
  for (auto i = first; i != last; ++i) woken.push_back(i->second);
  node.waiting.erase(first, last);
  for (const Waiter& waiter : woken) Request(node, waiter);
}

uint64_t MostWithin(const std::vector<int64_t>& admitted, int64_t window_ns) {
  size_t most = 0, first = 0;
  for (size_t i = 0; i < admitted.size(); ++i) {
    while (admitted[first] <= admitted[i] - window_ns) ++first;
    most = std::max(most, i - first + 1);
  }
  return most;
}

bool WithinBucket(const std::vector<int64_t>& admitted, const LimitSpec& spec) {
  double level = static_cast<double>(spec.burst);
  int64_t last = admitted.empty() ? 0 : admitted.front();
  for (const int64_t at : admitted) {
    level = std::min(static_cast<double>(spec.burst), level + static_cast<double>(at - last) *
                                                                  static_cast<double>(spec.amount) /
                                                                  static_cast<double>(spec.period_ns)) -
            1;
    last = at;
    if (level < -1e-6) return false;
  }
  return true;
}

uint64_t MostOnCalendar(const std::vector<int64_t>& admitted, int64_t window_ns) {
  std::map<int64_t, uint64_t> counts;
  uint64_t most = 0;
  for (const int64_t at : admitted) most = std::max(most, ++counts[(Simulation::kEpoch + at) / window_ns]);
  return most;
}

}  // namespace sluice::ratelimit
