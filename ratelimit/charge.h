// Charging: cost and now in, allowed or not out; several limits all or none.
//
//   Charge charges[] = {{&pace, pace_key}, {&hourly, hourly_key}, {&parallel, parallel_key}};
//   Verdict verdicts[3];
//   if (!ChargeAll(*store, charges, 3, now, verdicts)) return TooMany(verdicts);
//   …                                                        // forward the request
//   SettleAll(*store, charges, verdicts, 3, tokens, later);  // if only its answer tells what it cost
//   ReleaseAll(*store, charges, verdicts, 3, later);         // when its outcome is known: frees what was in flight
//
// No call here allocates, locks, blocks, throws, or asks the system anything. Any thread, any process.
#ifndef SLUICE_RATELIMIT_CHARGE_H_
#define SLUICE_RATELIMIT_CHARGE_H_

#include <cstddef>
#include <cstdint>

#include "base/request.h"
#include "ratelimit/key.h"
#include "ratelimit/limit.h"
#include "ratelimit/store.h"

namespace sluice::ratelimit {

inline constexpr size_t kMaxCharges = 80;     // limits of one request
inline constexpr int64_t kNever = INT64_MAX;  // a retry_after_ns: this cost exceeds the limit's size

// What becomes of a new key when both its buckets are full of live entries.
enum class OnFull : uint8_t {
  kRefuse,    // it is refused (fail closed)
  kOverflow,  // all such keys of one limit share one overflow entry, as if they were one caller
};

struct Charge {
  const Limit* limit = nullptr;  // borrowed; until the charge is released or refunded
  Key key;
  uint64_t cost = 1;    // units; concurrency always takes one. 0 asks and consumes nothing
  bool shadow = false;  // counted and reported, never a reason to refuse
  // What is refused counts too, whichever limit refused it, so that whoever does not wait is let in later: its cost is
  // taken as far as the limit goes; a sliding counter has no end. Concurrency knows no penalty.
  bool penalize = false;
  bool known = false;  // the key belongs to an authenticated caller; see store.h
  OnFull on_full = OnFull::kRefuse;
};

enum class Refusal : uint8_t {
  kNone,
  kLimit,    // the limit is used up
  kFull,     // the store has no room for this key
  kTooMany,  // more than kMaxCharges limits at once
};

// What a charge consumed, for giving it back. Opaque.
struct Receipt {
  int64_t mono_ns = 0;
  uint64_t mark = 0;
  uint64_t units = 0;     // 0: nothing was consumed
  bool overflow = false;  // it went to the limit's overflow entry
};

struct Verdict {
  bool allowed = false;  // by this limit alone; with `shadow` a refusal counts for nothing
  Refusal refusal = Refusal::kNone;
  uint64_t limit = 0;      // the limit's size: burst, quota, in flight
  uint64_t used = 0;       // after this charge, if it was made
  uint64_t remaining = 0;  // limit - used, at least 0
  int64_t reset_ns = 0;    // until all of it is available again; fixed window: until the window ends
  // If refused: until this cost could pass, were nobody else to charge; kNever if it cannot.
  int64_t retry_after_ns = 0;
  // Of a refusal only `overflow` says something: the figures are those of the overflow entry.
  Receipt receipt;
};

// Charges all or none. True if every limit allows (shadow ones aside); then all are charged. Otherwise nothing stays
// charged, on shadow limits neither, but on those that penalize. All limits are read first, so that a refusal normally
// writes nothing; when a charge is overtaken between reading and writing, what it has already taken is given back, and
// until then a concurrent caller may be refused who would otherwise have passed. Never the reverse: no caller is
// admitted beyond a limit. `out` has n verdicts; on refusal each tells how things stand without this request, or with
// its penalty.
bool ChargeAll(Store& store, const Charge* charges, size_t n, const Now& now, Verdict* out);

// What ChargeAll would say of one limit at this cost; with cost 0, how it stands. Writes nothing.
Verdict Peek(const Store& store, const Charge& charge, const Now& now);

// Until more than verdict.remaining can be charged, were nobody else to charge; 0 when all is available already, and
// for concurrency, where nobody knows. `verdict` is what was said of this charge at `now`. Writes nothing.
int64_t UntilMore(const Store& store, const Charge& charge, const Verdict& verdict, const Now& now);

// What a verdict leaves out of how a limit stands, for whoever explains it to people; what the limit's kind does not
// have is 0.
struct Breakdown {
  // kSlidingWindow: the units that leave the window next, together, and when.
  uint64_t oldest = 0;
  int64_t oldest_leaves_ns = 0;
  // kSlidingCounter: used = carried + count, where `carried` is `former` of the window before, less what of it is more
  // than a window old by now.
  uint64_t former = 0;
  uint64_t carried = 0;
  uint64_t count = 0;
  int64_t elapsed_ns = 0;  // of this window …
  int64_t length_ns = 0;   // … which is so long
};
// `receipt` is that of a verdict of this charge. Writes nothing.
Breakdown BreakDown(const Store& store, const Charge& charge, const Receipt& receipt, const Now& now);

// Gives back up to `units` of what a receipt stands for, and takes them off the receipt. Units that time has given back
// already (the bucket has been full since, the window is over) are not given back twice.
void Refund(Store& store, const Charge& charge, Receipt* receipt, uint64_t units, const Now& now);

// The request is over: frees what it held of concurrency limits and leaves the others as they are. A second call does
// nothing.
void ReleaseAll(Store& store, const Charge* charges, Verdict* verdicts, size_t n, const Now& now);

// What an admitted request cost in the end, if that is known only by its answer: `cost` instead of what each charge
// asked for. Fewer units are given back, as by Refund; more are charged as far as the limit goes, as by a penalty, so
// nobody goes into debt: a bucket is empty and a window full afterwards (a sliding counter counts on, for two windows
// at most). So requests may pass that would not have, had their cost been known: charge the most that a request may
// cost and settle downwards where the limit must hold. Concurrency, and charges that asked for nothing, are left alone.
// Once for each admitted request: a second call would settle against the first charge again.
void SettleAll(Store& store, const Charge* charges, Verdict* verdicts, size_t n, uint64_t cost, const Now& now);

// Undoes ChargeAll on every kind: for a request that was never forwarded.
void RefundAll(Store& store, const Charge* charges, Verdict* verdicts, size_t n, const Now& now);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_CHARGE_H_
