// What a node and lease.lua say to each other, as text: no I/O here.
#ifndef SLUICE_RATELIMIT_LEASE_WIRE_H_
#define SLUICE_RATELIMIT_LEASE_WIRE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ratelimit/lease_set.h"

namespace sluice::ratelimit {

// The script, for EVAL and SCRIPT LOAD; every Redis from 5.0 on runs it, cluster or not.
std::string_view LeaseScript();

// A question about one caller's bucket.
struct Ask {
  uint64_t id = 0;
  std::shared_ptr<const LeaseSet> set;
  std::string bucket;  // names the caller within the set: bytes that may stand in a key
  uint64_t need = 0, want = 0, debt = 0;
  uint64_t returned = 0;
  int64_t returned_of_us = 0;  // the grant (or the oldest of several) that the returned units come from
  std::string seen_generation = "-";
  uint64_t seen_version = 0;
};

struct AskText {
  std::vector<std::string> keys;  // of one cluster slot
  std::vector<std::string> arguments;
};
// `prefix` begins every key; it must not contain `{`.
AskText ToText(const Ask& ask, std::string_view prefix);

struct Answer {
  uint64_t granted = 0;
  int64_t usable_ns = 0;  // from when it was asked
  int64_t granted_at_us = 0;
  uint64_t version = 0;
  std::string generation;
  int64_t ttl_ns = 0;    // the server forgets the bucket after that, if nobody asks
  int64_t retry_ns = 0;  // until it is of use to ask again; refused: until `need` could be had; -1: never
  struct Figure {
    uint64_t remaining = 0;
    int64_t reset_ns = 0;
  };
  Figure figures[kMaxLeaseLimits];
};

// False: not an answer of the script about that many limits.
bool ParseAnswer(std::string_view text, size_t limits, Answer* answer);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASE_WIRE_H_
