#include "ratelimit/lease_account.h"

#include <algorithm>

namespace sluice::ratelimit {
namespace {

void Fill(const Limit& limit, uint64_t remaining, int64_t reset_ns, Verdict* verdict) {
  *verdict = Verdict();
  verdict->allowed = true;
  verdict->limit = limit.size();
  verdict->remaining = std::min(remaining, limit.size());
  verdict->used = limit.size() - verdict->remaining;
  verdict->reset_ns = std::max<int64_t>(reset_ns, 0);
}

// The limits that have less than `cost`; if none has, the one that has least.
void Refuse(size_t count, uint64_t cost, int64_t retry_ns, Verdict* verdicts) {
  Verdict* least = verdicts;
  for (Verdict* v = verdicts; v != verdicts + count; ++v)
    if (v->remaining < least->remaining) least = v;
  for (Verdict* v = verdicts; v != verdicts + count; ++v) {
    if (v->remaining >= cost && v != least) continue;
    v->allowed = false;
    v->refusal = Refusal::kLimit;
    v->retry_after_ns = retry_ns;
  }
}

}  // namespace

void Leases::Account::Learn(const Answer& answer, int64_t mono) {
  // Answers may overtake each other: the highest version counts.
  if (answer.generation != seen_generation || answer.version >= seen_version) {
    seen_generation = answer.generation;
    seen_version = answer.version;
  }
  seen_until = mono + answer.ttl_ns;
  for (size_t i = 0; i < set->limits().size(); ++i) {
    slot->figures[i].remaining.store(answer.figures[i].remaining, std::memory_order_relaxed);
    slot->figures[i].reset_at.store(mono + answer.figures[i].reset_ns, std::memory_order_relaxed);
  }
}

void ReportLease(const LeaseSet& set, const LeaseSlot& slot, uint64_t cost, bool allowed, int64_t mono,
                 Verdict* verdicts) {
  const uint64_t in_hand = slot.Usable(static_cast<uint64_t>(mono));
  const size_t count = set.limits().size();
  for (size_t i = 0; i < count; ++i)
    Fill(set.limits()[i], slot.figures[i].remaining.load(std::memory_order_relaxed) + in_hand,
         slot.figures[i].reset_at.load(std::memory_order_relaxed) - mono, &verdicts[i]);
  if (allowed) return;
  const int64_t retry_at = slot.retry_at.load(std::memory_order_relaxed);
  Refuse(count, cost, retry_at == kNever ? kNever : std::max<int64_t>(retry_at - mono, 1), verdicts);
}

void ReportAnswer(const LeaseSet& set, const Answer& answer, uint64_t cost, Verdict* verdicts) {
  const size_t count = set.limits().size();
  for (size_t i = 0; i < count; ++i)
    Fill(set.limits()[i], answer.figures[i].remaining, answer.figures[i].reset_ns, &verdicts[i]);
  if (answer.granted < cost) Refuse(count, cost, answer.retry_ns < 0 ? kNever : answer.retry_ns, verdicts);
}

void ReportNever(const LeaseSet& set, uint64_t cost, Verdict* verdicts) {
  for (size_t i = 0; i < set.limits().size(); ++i) {
    const Limit& limit = set.limits()[i];
    Fill(limit, limit.size(), 0, &verdicts[i]);
    if (cost <= limit.size()) continue;
    verdicts[i].allowed = false;
    verdicts[i].refusal = Refusal::kLimit;
    verdicts[i].retry_after_ns = kNever;
  }
}

}  // namespace sluice::ratelimit
