// What one request is charged: its limits side by side, in the document's order. Lives in the transaction's arena, also
// while the transaction waits for units of limits that all nodes share.
#ifndef SLUICE_POLICY_STAGES_BILL_H_
#define SLUICE_POLICY_STAGES_BILL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/snapshot.h"
#include "policy/stages/counted.h"
#include "ratelimit/charge.h"
#include "ratelimit/leases.h"

namespace sluice {

// Those limits that are charged together from one bucket in a Redis server.
struct SharedPart {
  enum class State : uint8_t {
    kOpen,     // not asked yet, or to be asked again
    kTaken,    // the units are there
    kRefused,  // a limit is used up
    kMissing,  // the server cannot be asked: on_error decides
  };
  const CompiledSharing* sharing = nullptr;
  Counted counted;
  uint64_t cost = 0;
  ratelimit::Key key;
  State state = State::kOpen;
  ratelimit::Leases::Ticket ticket;  // where a lease's units came from
  uint64_t ask = 0;                  // of a strict set, whose answer is awaited
  int waits = 0;                     // for this part
  ratelimit::Verdict verdicts[ratelimit::kMaxLeaseLimits];
};

struct Bill {
  static constexpr uint32_t kLocal = kNone;
  struct Line {
    const CompiledLimit* limit = nullptr;
    const RateLimitingPlugin* plugin = nullptr;  // whose limit it is; null: the plan's
    ratelimit::Charge charge;
    ratelimit::Verdict verdict;
    uint32_t part = kLocal;  // of `parts`
  };
  Line* lines = nullptr;
  size_t count = 0;
  SharedPart* parts = nullptr;
  size_t part_count = 0;
  bool waited = false;
  int64_t waits_since = 0;  // monotonic
  bool charged = false;

  // The part whose units or refusal a line goes by; null: the node's own count.
  const SharedPart* PartOf(const Line& line) const {
    if (line.part == kLocal) return nullptr;
    const SharedPart& part = parts[line.part];
    const bool local =
        part.state == SharedPart::State::kMissing && part.sharing->on_error != policy::Sharing::OnError::kOpen;
    return local ? nullptr : &part;
  }
  // Whether this one is a reason to refuse the request.
  static bool Refused(const Line& line) { return !line.verdict.allowed && !line.limit->shadow; }
};

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_BILL_H_
