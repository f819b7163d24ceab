// A node's part of limits that all nodes share: units leased from a central bucket, and spent without asking anybody.
//
//   Leases leases(Leases::Options{});
//   // On the way of a request; `set` is a LeaseSet of lease_set.h:
//   switch (leases.Take(*set, key, cost, now, verdicts, &ticket)) {
//     case Leases::Outcome::kAllowed: break;                      // forward it
//     case Leases::Outcome::kRefused: return TooMany(verdicts);
//     case Leases::Outcome::kAsk:     // wait for leases.Want(set, key, bucket, cost, now), then Take again;
//                                     // if that is 0 there is nothing to wait for: as kDown
//     case Leases::Outcome::kDown:    // what the policy says for when the server cannot be reached; leases.Owe(…)
//   }
//   // In the background, now and then, and whenever something waits:
//   while (std::optional<Ask> ask = leases.NextAsk(now, &ask_again)) {
//     run lease.lua with ToText(*ask, prefix), at most `timeout` long; then
//     leases.Answered(ask->id, body, now) or leases.Failed(ask->id, now)
//   }
//
// Guarantee, with lease.lua at the other end and any number of nodes, threads and processes: what Take allows keeps
// each limit's own bound (limit.h) by the server's clock, whatever is delayed, lost, repeated or reordered between them
// and whenever a node dies; docs/redis.md has the proof and what it rests on. Units that are not spent in time cost at
// most one grant for each node, until it gives them back.
//
// Threads: all calls from any thread. Take, Outrun and PutBack neither lock, block, throw nor allocate; the others lock
// briefly and are for who has nothing to spend. No I/O, no clock. For one process: every worker process is a node of
// its own.
#ifndef SLUICE_RATELIMIT_LEASES_H_
#define SLUICE_RATELIMIT_LEASES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/request.h"
#include "ratelimit/charge.h"
#include "ratelimit/key.h"
#include "ratelimit/lease_set.h"
#include "ratelimit/lease_slot.h"
#include "ratelimit/lease_wire.h"

namespace sluice::ratelimit {

struct LeaseStats {
  uint64_t callers = 0;   // of whom something is known: leases, refusals, debts
  uint64_t asks = 0;      // round trips begun
  uint64_t granted = 0;   // units
  uint64_t returned = 0;  // units given back unspent
  uint64_t refusals = 0;  // answers without a grant to somebody who needed one
  uint64_t failures = 0;  // asks without a usable answer
  uint64_t full = 0;      // callers for whom there was no room
  bool down = false;      // the last ask failed, and none has succeeded since
  // As it is now.
  int64_t down_ns = 0;         // until the server is tried again
  uint64_t leases = 0;         // that have units to spend
  uint64_t in_hand = 0;        // those units
  uint64_t held_refusals = 0;  // callers about whom the server is not asked again yet
};

// What came of an ask.
struct AskResult {
  bool usable = false;   // an answer; else the error of this caller's key, or no answer at all
  uint64_t granted = 0;  // units
  bool refused = false;  // nothing was granted to somebody who needed it
};

// How a node stands with the server about one caller, for whoever explains it to people.
struct LeaseState {
  bool known = false;         // a caller of whom something is known here
  uint64_t in_hand = 0;       // units that may be spent …
  int64_t ends_ns = 0;        // … until their last lease ends
  int64_t asked_ago_ns = -1;  // since the last ask about this caller; -1: there was none
  int64_t refused_ns = 0;     // until the server is asked again, after it refused …
  uint64_t refused_cost = 0;  // … so many units
  uint64_t debt = 0;          // units admitted without the server, which it will be told of
  bool down = false;          // the server does not answer …
  int64_t down_ns = 0;        // … and is tried again after so long
  int64_t broken_ns = 0;      // until it is asked again about this caller, whose key it could not use
};

class Leases {
 public:
  struct Options {
    // Callers of whom something can be remembered at once; 264 bytes each, and about as much again from the first ask
    // about one on. Rounded up to a power of two.
    size_t callers = 16'384;
    // The server is asked again so long after it failed, twice as long after each further failure, up to the second.
    int64_t first_retry_ns = 100 * kMillisecond;
    int64_t last_retry_ns = 5 * kSecond;
    uint64_t seed = 0;  // spreads the retries of many nodes
  };

  explicit Leases(const Options& options);
  ~Leases();
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  enum class Outcome : uint8_t { kAllowed, kRefused, kAsk, kDown };

  // Where units were taken from, for putting them back. Opaque.
  struct Ticket {
    uint32_t slot = 0;
    uint32_t which = 0;
    uint64_t cost = 0;  // 0: nothing was taken
    Word lease = 0;
  };

  // Takes `cost` units of the caller's lease. `key` is the caller's under set.id(), made with any secret hash key that
  // is always the same. `verdicts` has one place for each limit of the set; filled in unless the outcome is kAsk or
  // kDown, with what the server last said, less what is known to be spent since.
  Outcome Take(const LeaseSet& set, const Key& key, uint64_t cost, const Now& now, Verdict* verdicts, Ticket* ticket);

  // For a request that asked often enough. kRefused, with verdicts: the server grants, but others spend it first.
  // kDown: what it grants comes too late, as from a server that does not answer.
  Outcome Outrun(const LeaseSet& set, const Key& key, uint64_t cost, const Now& now, Verdict* verdicts) const;

  // For a request that something else refused. Nothing if the lease has ended meanwhile: then the units are lost.
  void PutBack(const Ticket& ticket);

  // Asks for units for a caller of whom Take said kAsk; many may wait for one ask. The ask's id; 0: there is nothing to
  // wait for, the server is down or the caller finds no room. `bucket` names the caller to the server.
  // A strict set has an ask of its own for each call; its answer is fetched with Collect, once.
  uint64_t Want(const std::shared_ptr<const LeaseSet>& set, const Key& key, std::string_view bucket, uint64_t cost,
                const Now& now);

  // Strict sets: the answer to an ask. kDown: it failed, or is not there yet and will not be waited for any longer.
  Outcome Collect(const LeaseSet& set, uint64_t ask, uint64_t cost, Verdict* verdicts);

  // Nobody waits for a strict set's ask any more: it is not carried out, unless that has begun.
  void Forget(uint64_t ask);

  // Units that were admitted without the server: it is told of them before it grants anything again.
  void Owe(const std::shared_ptr<const LeaseSet>& set, const Key& key, std::string_view bucket, uint64_t units,
           const Now& now);

  // The next ask to carry out, or nothing until `*ask_again_mono_ns` or until somebody waits.
  std::optional<Ask> NextAsk(const Now& now, int64_t* ask_again_mono_ns);
  // What the script answered.
  AskResult Answered(uint64_t ask, std::string_view text, const Now& now);
  // No answer: time is up, no connection, or the server's error. The script may have run all the same.
  void Failed(uint64_t ask, const Now& now);

  // Locks briefly.
  LeaseState Describe(const Key& key, const Now& now) const;

  // Locks for longer: it looks at all callers.
  LeaseStats Stats(const Now& now) const;

  // Of leases.cc.
  struct Account;
  struct Flight;
  struct StrictAnswer;

 private:
  // Lock-free.
  LeaseSlot* Find(const Key& key) const;

  // Under the mutex.
  Account* AccountFor(const std::shared_ptr<const LeaseSet>& set, const Key& key, std::string_view bucket,
                      const Now& now);
  LeaseSlot* Vacate(const Key& key, const Now& now);
  bool Idle(const LeaseSlot& slot, const Now& now) const;
  void Watch(Account& account, const Now& now);
  void Survey(const Now& now);
  bool Look(Account& account, const Now& now);
  void CollectExpired(Account& account, const Now& now);
  void GiveBack(Account& account, int64_t of_us, uint64_t units);
  uint64_t Queue(Account& account);
  uint64_t NewFlight(Account& account, uint64_t strict_cost);
  uint64_t Expected(const Account& account, const Now& now) const;
  Ask Begin(Flight& flight, uint64_t id, const Now& now);
  AskResult Settle(const Flight& flight, uint64_t id, const Answer& answer, const Now& now);
  void Install(Account& account, const Flight& flight, const Answer& answer, const Now& now);
  void Down(const Now& now);

  const Options options_;
  const size_t mask_;
  const std::unique_ptr<LeaseSlot[]> slots_;
  std::atomic<int64_t> down_until_{0};  // 0: the server answers

  mutable std::mutex mutex_;                        // guards what follows
  std::vector<std::unique_ptr<Account>> accounts_;  // by slot
  std::vector<uint32_t> watched_;                   // slots with leases, debts or units to give back
  std::deque<uint64_t> ready_;                      // asks to hand out
  std::unordered_map<uint64_t, Flight> flights_;
  std::unordered_map<uint64_t, StrictAnswer> strict_;
  uint64_t next_ask_ = 1;
  int64_t survey_at_ = 0;
  int64_t survey_ns_ = kMaxLease;
  int64_t retry_ns_ = 0;
  size_t failed_slot_ = 0;  // of the caller about whom an ask failed last
  uint64_t random_;
  LeaseStats stats_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASES_H_
