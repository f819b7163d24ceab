// The books of leases.cc: what it keeps of a caller, of an ask under way, and how it reports.
#ifndef SLUICE_RATELIMIT_LEASE_ACCOUNT_H_
#define SLUICE_RATELIMIT_LEASE_ACCOUNT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "ratelimit/leases.h"

namespace sluice::ratelimit {

struct Leases::Flight {
  Account* account = nullptr;  // which has no other caller before the flight has ended
  uint64_t strict_cost = 0;    // 0: for a lease, or only to tell something
  int64_t asked_at = 0;
  uint64_t need = 0, want = 0, debt = 0;
};

struct Leases::StrictAnswer {
  bool there = false;
  Answer answer;
};

// Of the caller who has the slot. Guarded by the mutex.
struct Leases::Account {
  std::shared_ptr<const LeaseSet> set;
  std::string bucket;
  LeaseSlot* slot = nullptr;
  bool watched = false;
  bool renew = false;
  uint64_t flight = 0;    // for a lease; 0: none
  uint32_t airborne = 0;  // flights of strict sets
  uint64_t need = 0;      // the largest cost somebody waits with
  uint64_t wanted = 0;    // all costs together
  int64_t asked_at = 0;
  uint64_t granted = 0;  // last time
  int64_t lease_of_us[LeaseSlot::kLeases] = {};
  uint64_t returned = 0;  // unspent units to give back
  int64_t returned_of_us = 0;
  // The server's last word: a proof, should it have forgotten.
  std::string seen_generation;
  uint64_t seen_version = 0;
  int64_t seen_until = 0;

  void End(const Flight& ended) {
    if (ended.strict_cost > 0) {
      --airborne;
    } else {
      flight = 0;
    }
  }
  void Learn(const Answer& answer, int64_t mono);
};

// What is told of limits to whom a lease, the server, or his request's size answers.
void ReportLease(const LeaseSet& set, const LeaseSlot& slot, uint64_t cost, bool allowed, int64_t mono,
                 Verdict* verdicts);
void ReportAnswer(const LeaseSet& set, const Answer& answer, uint64_t cost, Verdict* verdicts);
void ReportNever(const LeaseSet& set, uint64_t cost, Verdict* verdicts);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASE_ACCOUNT_H_
