#include "policy/transaction.h"

#include "policy/decide.h"
#include "policy/diagnose.h"
#include "policy/stages/charge_shared.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

void GiveBack(Txn& t, Now now) {
  if (t.held.count > 0) ratelimit::ReleaseAll(*t.gateway.store, t.held.charges, t.held.verdicts, t.held.count, now);
  t.held = {};
}

void Settle(Txn& t, const Outcome& outcome, Now now) {
  if (outcome.cost == 0 || t.bill == nullptr || !t.bill->charged) return;
  const uint64_t cost = uint64_t{outcome.cost} * t.route->cost;
  SettleShared(t, *t.bill, cost, now);
  if (t.held.count == 0) return;
  ratelimit::SettleAll(*t.gateway.store, t.held.charges, t.held.verdicts, t.held.count, cost, now);
}

void Clear(Txn& t) {
  if (t.bill != nullptr) ForgetShared(t, *t.bill);
  t.bill = nullptr;
  t.newer_reader.Unpin();
  t.reader.Unpin();
  t.world = t.newer_world = nullptr;
  t.snapshot = nullptr;
  t.stage = 0;
  t.stream = false;
  t.route = nullptr;
  t.service = nullptr;
  t.identify = {};
  t.identity = {};
  t.auth_ran = false;
  t.request_changes.Clear();
  t.response_changes.Clear();
  t.decision = {};
  t.trace.clear();
  t.arena.Reset();
}

}  // namespace

Transaction::Transaction(Gateway& gateway) : impl_(new Impl(gateway.state())) {}

Transaction::~Transaction() {
  // Its time is not known here; what was in flight is released as of when it was charged.
  Reset(impl_->now);
  delete impl_;
}

void Transaction::Begin(const Request& request, Now now, const BeginOptions& options) {
  Txn& t = *impl_;
  Reset(now);
  t.request = request;
  t.now = now;
  t.options = options;
  t.world = t.reader.Pin();
  if (t.world == nullptr) {
    Refuse(t, 503, "no_policy", "Service unavailable");
    t.decision.response_headers = t.response_changes.view();
    return;
  }
  t.snapshot = t.world->snapshot.get();
  Decide(t);
}

void Transaction::Resume(Now now) {
  Txn& t = *impl_;
  if (t.decision.action != Action::kWait) return;
  t.now = now;
  t.newer_world = t.newer_reader.Pin();
  Decide(t);
}

const Decision& Transaction::decision() const { return impl_->decision; }
const Effect& Transaction::effect() const { return impl_->effect; }
std::span<const TraceStep> Transaction::trace() const { return impl_->trace; }

Diagnosis Transaction::Report(const Outcome& outcome, Now now) {
  Settle(*impl_, outcome, now);
  GiveBack(*impl_, now);
  return Diagnose(impl_->decision, outcome);
}

void Transaction::Reset(Now now) {
  GiveBack(*impl_, now);
  Clear(*impl_);
}

}  // namespace sluice
