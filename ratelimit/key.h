// Whom a limit counts: a 128-bit fingerprint of (limit id, parts that tell a caller).
//
//   const Subject alice = SubjectBuilder(store.hash_key()).Add("consumer").Add(consumer.id).Finish();
//   Charge charges[] = {{&pace, KeyOf(pace.id(), alice)}, {&hourly, KeyOf(hourly.id(), alice)}};
//
// Each part is preceded by its length, so ("a", "bc") and ("ab", "c") differ, and so do one empty part and none.
//
// A subject is SipHash-2-4-128 under a secret key that lives in the store's region, so all processes of a group agree
// and nobody outside can grind a collision. With the id of a limit added to it bit by bit it is that limit's key: one
// subject has another key for each limit, and two subjects meet under given limits only if their 128 bits differ by
// just what the limits' ids do. Two callers are mistaken for one among n keys with probability below n^2 / 2^129, for
// 10^9 keys about 1.5e-21.
//
// No allocation. A builder belongs to one thread.
#ifndef SLUICE_RATELIMIT_KEY_H_
#define SLUICE_RATELIMIT_KEY_H_

#include <string_view>

#include "ratelimit/limit.h"
#include "ratelimit/siphash.h"

namespace sluice::ratelimit {

using Key = Hash128;

// Who is counted, by whichever limit.
using Subject = Hash128;

class SubjectBuilder {
 public:
  explicit SubjectBuilder(const HashKey& hash_key) : hasher_(hash_key) {}

  SubjectBuilder& Add(std::string_view part) {
    hasher_.AddWord(part.size());
    hasher_.Add(part);
    return *this;
  }

  Subject Finish() { return hasher_.Finish(); }

 private:
  SipHasher hasher_;
};

constexpr Key KeyOf(const LimitId& limit, const Subject& subject) {
  return {limit.lo ^ subject.lo, limit.hi ^ subject.hi};
}

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_KEY_H_
