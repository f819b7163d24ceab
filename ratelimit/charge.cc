#include "ratelimit/charge.h"

#include <algorithm>
#include <new>

#include "ratelimit/algorithm.h"
#include "ratelimit/entry.h"
#include "ratelimit/store_impl.h"

namespace sluice::ratelimit {
namespace {

// One charge on its way: where its entry is, what it said, and what to write.
struct Pending {
  const Table* table = nullptr;
  Key key;  // of the entry: the overflow entry's if there was no room
  Found found;
  Step step;
};

Word StateFor(const Limit& limit, Word word) {
  const bool same_kind = kKindField.Get(word) == KindCode(limit.kind());
  return same_kind ? kStateField.Get(word) : 0;  // a limit that changed its kind begins afresh
}

Word WithState(Word word, const Limit& limit, Word state) {
  const Word rest = ~(kStateField.Put(~Word{0}) | kKindField.Put(~Word{0}));
  return (word & rest) | kKindField.Put(KindCode(limit.kind())) | kStateField.Put(state);
}

// By figures too: limits of one id (of the plans that callers have) would else take each other's counts for their own,
// and what one forgets would be lost for the other.
Key OverflowKey(const StoreImpl& store, const Limit& limit) {
  const LimitSpec& spec = limit.spec();
  const uint64_t figures[] = {static_cast<uint64_t>(spec.kind), spec.amount, spec.burst,
                              static_cast<uint64_t>(spec.period_ns), static_cast<uint64_t>(spec.calendar)};
  return KeyOf(limit.id(),
               SubjectBuilder(store.hash_key()).Add({reinterpret_cast<const char*>(figures), sizeof figures}).Finish());
}

// The steps of a charge are inlined, whoever calls them: a third of its time would go into handing results over.
//
// Results are built in place (`new (&x) X(F())` copies nothing): a copy would load 16 bytes at once that were just
// stored in halves, and wait until the processor has written both.
[[gnu::always_inline]] inline void Locate(const StoreImpl& store, const Charge& charge, const Receipt& receipt,
                                          Pending* pending) {
  pending->table = receipt.overflow ? &store.OverflowOf(*charge.limit) : &store.TableOf(*charge.limit);
  pending->key = receipt.overflow ? OverflowKey(store, *charge.limit) : charge.key;
  new (&pending->found) Found(pending->table->Find(pending->key));
}

Ring RingFor(const Pending& pending) {
  if (pending.found.entry != nullptr) return pending.table->RingOf(pending.found.entry);
  return {nullptr, pending.table->ring_slots()};
}

[[gnu::always_inline]] inline void AssessPending(const Charge& charge, const Now& now, Pending* pending,
                                                 Verdict* verdict) {
  const Word state = pending->found.entry == nullptr ? 0 : StateFor(*charge.limit, pending->found.state);
  new (&pending->step) Step(Assess(charge, state, RingFor(*pending), now, verdict));
}

[[gnu::always_inline]] inline bool Write(const Limit& limit, const Pending& pending) {
  const Ring ring = RingFor(pending);
  for (uint32_t i = 0; i < pending.step.slot_count; ++i) {
    // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a step has slots only where its ring has
    ring.Raise((pending.step.first_slot + i) % ring.slots, pending.step.slot_time);
  }
  return pending.found.entry->state.CompareExchange(pending.found.state,
                                                    WithState(pending.found.state, limit, pending.step.state));
}

// A place for a key that has none, or one in the overflow table. False if there is none.
bool Claim(const StoreImpl& store, const Charge& charge, const Now& now, Pending* pending, Verdict* verdict) {
  const LimitKind kind = charge.limit->kind();
  if (!verdict->receipt.overflow) {
    pending->found = pending->table->FindOrClaim(pending->key, kind, charge.known, now);
    if (pending->found.entry != nullptr) return true;
  }
  if (charge.on_full == OnFull::kOverflow) {
    pending->table = &store.OverflowOf(*charge.limit);
    pending->key = OverflowKey(store, *charge.limit);
    pending->found = pending->table->FindOrClaim(pending->key, kind, true, now);
    if (pending->found.entry != nullptr) {
      if (!verdict->receipt.overflow) store.header()->overflowed.fetch_add(1, std::memory_order_relaxed);
      verdict->receipt.overflow = true;
      return true;
    }
  }
  store.header()->full_refusals.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void RefuseForRoom(const Charge& charge, Verdict* verdict) {
  *verdict = Verdict();
  verdict->refusal = Refusal::kFull;
  verdict->limit = verdict->used = charge.limit->size();
  // An entry of this limit itself may free a place after this long; nobody knows about the others.
  verdict->reset_ns = verdict->retry_after_ns = kSecond;
}

bool Penalizes(const Charge& charge) { return charge.penalize && charge.limit->kind() != LimitKind::kConcurrency; }

// Writes what was assessed, or assesses anew until that succeeds or is refused. A penalty is written too, but is
// nothing to give back.
[[gnu::always_inline]] inline bool Commit(const StoreImpl& store, const Charge& charge, const Now& now,
                                          Pending* pending, Verdict* verdict) {
  while (charge.cost > 0 && (verdict->allowed || Penalizes(charge))) {
    if (pending->found.entry != nullptr && Write(*charge.limit, *pending)) {
      verdict->receipt.mono_ns = now.mono_ns;
      if (verdict->allowed) verdict->receipt.units = charge.limit->kind() == LimitKind::kConcurrency ? 1 : charge.cost;
      return verdict->allowed;
    }
    if (!Claim(store, charge, now, pending, verdict)) {
      RefuseForRoom(charge, verdict);
      return false;
    }
    AssessPending(charge, now, pending, verdict);
  }
  if (pending->step.carry && pending->found.entry != nullptr) Write(*charge.limit, *pending);
  return verdict->allowed;
}

[[gnu::always_inline]] inline void Assess(const StoreImpl& store, const Charge& charge, const Now& now,
                                          Pending* pending, Verdict* verdict) {
  *verdict = Verdict();
  Locate(store, charge, verdict->receipt, pending);
  AssessPending(charge, now, pending, verdict);
}

// Whether the charge would go to the limit's overflow entry.
bool WouldOverflow(const Charge& charge, const Pending& pending, const Now& now) {
  return charge.on_full == OnFull::kOverflow && pending.found.entry == nullptr &&
         !pending.table->HasRoom(pending.key, charge.known, now);
}

// After a refusal: how the limits that did not refuse stand without this request, and those that did with its penalty.
void Restate(const Store& store, const Charge* charges, size_t n, const Now& now, Verdict* out) {
  for (size_t i = 0; i < n; ++i) {
    if (out[i].allowed) {
      Charge question = charges[i];
      question.cost = 0;
      out[i] = Peek(store, question, now);
    } else if (charges[i].penalize && out[i].refusal == Refusal::kLimit) {
      const Verdict again = Peek(store, charges[i], now);
      if (!again.allowed) out[i] = again;  // else somebody has given back in the meantime
    }
  }
}

bool RefuseTooMany(size_t n, Verdict* out) {
  for (size_t i = 0; i < n; ++i) {
    out[i] = Verdict();
    out[i].refusal = Refusal::kTooMany;
  }
  return false;
}

}  // namespace

bool ChargeAll(Store& store, const Charge* charges, size_t n, const Now& now, Verdict* out) {
  if (n > kMaxCharges) return RefuseTooMany(n, out);
  const StoreImpl& impl = store.impl();
  // Set by Assess, as many as are used and not cleared before: to clear one takes a tenth of the time of a charge.
  alignas(Pending) unsigned char memory[kMaxCharges * sizeof(Pending)];
  Pending* pending = reinterpret_cast<Pending*>(memory);
  bool allowed = true;
  if (n > 1) {  // so that their entries come from memory at once
    for (size_t i = 0; i < n; ++i) impl.TableOf(*charges[i].limit).Prefetch(charges[i].key);
  }
  for (size_t i = 0; i < n; ++i) {
    Assess(impl, charges[i], now, &pending[i], &out[i]);
    allowed = allowed && (out[i].allowed || charges[i].shadow);
  }
  size_t done = 0;
  for (; allowed && done < n; ++done) {
    allowed = Commit(impl, charges[done], now, &pending[done], &out[done]) || charges[done].shadow;
  }
  if (allowed) return true;
  // Those not yet reached still have to carry over to changed limits, or to penalize; those that were charged give
  // back.
  for (size_t i = done; i < n; ++i) {
    if (!out[i].allowed || Penalizes(charges[i])) Commit(impl, charges[i], now, &pending[i], &out[i]);
  }
  for (size_t i = 0; i < done; ++i) {
    if (!Penalizes(charges[i])) Refund(store, charges[i], &out[i].receipt, out[i].receipt.units, now);
  }
  for (size_t i = 0; i < n; ++i) out[i].receipt.units = 0;
  Restate(store, charges, n, now, out);
  return false;
}

Verdict Peek(const Store& store, const Charge& charge, const Now& now) {
  Pending pending;
  Verdict verdict;
  Assess(store.impl(), charge, now, &pending, &verdict);
  if (!WouldOverflow(charge, pending, now)) return verdict;
  verdict = Verdict();
  verdict.receipt.overflow = true;
  Locate(store.impl(), charge, verdict.receipt, &pending);
  AssessPending(charge, now, &pending, &verdict);
  return verdict;
}

int64_t UntilMore(const Store& store, const Charge& charge, const Verdict& verdict, const Now& now) {
  if (verdict.remaining >= verdict.limit || charge.limit->kind() == LimitKind::kConcurrency) return 0;
  Charge one_more = charge;
  one_more.cost = verdict.remaining + 1;
  Pending pending;
  Verdict refused;
  Locate(store.impl(), one_more, verdict.receipt, &pending);
  AssessPending(one_more, now, &pending, &refused);
  return refused.retry_after_ns;
}

Breakdown BreakDown(const Store& store, const Charge& charge, const Receipt& receipt, const Now& now) {
  Pending pending;
  Locate(store.impl(), charge, receipt, &pending);
  if (pending.found.entry == nullptr) return {};
  return BreakDown(*charge.limit, StateFor(*charge.limit, pending.found.state), RingFor(pending), now);
}

void Refund(Store& store, const Charge& charge, Receipt* receipt, uint64_t units, const Now& now) {
  units = std::min(units, receipt->units);
  receipt->units -= units;
  while (units > 0) {
    Pending pending;
    Locate(store.impl(), charge, *receipt, &pending);
    if (pending.found.entry == nullptr) return;
    const Word state = StateFor(*charge.limit, pending.found.state);
    const GiveBack back = Undo(*charge.limit, state, RingFor(pending), *receipt, units, now);
    if (state == 0 || back.units == 0) return;
    pending.step.state = back.state;
    if (Write(*charge.limit, pending)) return;
  }
}

void ReleaseAll(Store& store, const Charge* charges, Verdict* verdicts, size_t n, const Now& now) {
  for (size_t i = 0; i < n; ++i) {
    if (charges[i].limit->kind() != LimitKind::kConcurrency) continue;
    Refund(store, charges[i], &verdicts[i].receipt, verdicts[i].receipt.units, now);
  }
}

namespace {

void ChargeMore(Store& store, const Charge& charge, uint64_t units, const Now& now) {
  Charge more = charge;
  more.cost = units;
  more.penalize = more.shadow = true;
  Verdict verdict;
  ChargeAll(store, &more, 1, now, &verdict);
}

}  // namespace

void SettleAll(Store& store, const Charge* charges, Verdict* verdicts, size_t n, uint64_t cost, const Now& now) {
  for (size_t i = 0; i < n; ++i) {
    const uint64_t charged = charges[i].cost;
    if (charged == 0 || charges[i].limit->kind() == LimitKind::kConcurrency) continue;
    if (cost < charged) Refund(store, charges[i], &verdicts[i].receipt, charged - cost, now);
    if (cost > charged) ChargeMore(store, charges[i], cost - charged, now);
  }
}

void RefundAll(Store& store, const Charge* charges, Verdict* verdicts, size_t n, const Now& now) {
  for (size_t i = 0; i < n; ++i) Refund(store, charges[i], &verdicts[i].receipt, verdicts[i].receipt.units, now);
}

}  // namespace sluice::ratelimit
