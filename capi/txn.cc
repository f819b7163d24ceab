// sluice_txn_*: one request, from begin to free.
#include "capi/abi.h"
#include "capi/convert.h"
#include "capi/handles.h"
#include "capi/sluice.h"
#include "policy/json/decision_json.h"

namespace sluice::capi {

PooledTxn::PooledTxn(sluice_gateway* gateway) : txn_(gateway->pool.Acquire()) {
  txn_->converted = txn_->traced = txn_->reported = false;
}

PooledTxn::~PooledTxn() {
  if (txn_ != nullptr) GiveBack(txn_);
}

void PooledTxn::GiveBack(sluice_txn* txn) noexcept {
  txn->txn.Reset(txn->now);
  txn->request.Reset();
  txn->arrays.Reset();
  txn->gateway->pool.Release(txn);
}

sluice_txn* PooledTxn::Release() {
  sluice_txn* txn = txn_;
  txn_ = nullptr;
  txn->magic = sluice_txn::kMagic;
  return txn;
}

namespace {

bool Waits(const sluice_txn& txn) { return txn.txn.decision().action == Action::kWait; }

sluice_status StatusOf(const sluice_txn& txn) { return Waits(txn) ? SLUICE_WAIT : SLUICE_OK; }

sluice_status Begin(sluice_gateway* gateway, const sluice_request& given, Now now, sluice_txn** out) {
  PooledTxn txn(gateway);
  Request request;
  if (!ToRequest(given, &txn->request, &request)) return SLUICE_E_ARGUMENT;
  if (!gateway->published.load(std::memory_order_acquire)) return SLUICE_E_STATE;
  txn->now = now;
  txn->traced = (given.flags & SLUICE_REQUEST_TRACE) != 0;
  txn->txn.Begin(request, now, {.trace = txn->traced, .can_wait = (given.flags & SLUICE_REQUEST_NO_WAIT) == 0});
  sluice_status status = StatusOf(*txn.get());
  *out = txn.Release();
  return status;
}

void WriteJson(sluice_txn* txn) {
  DecisionLine line = {.decision = txn->txn.decision()};
  if (txn->traced) line.trace = txn->txn.trace();
  if (txn->reported) line.diagnosis = txn->diagnosis;
  txn->json.clear();
  AppendDecisionJson(line, &txn->json);
}

}  // namespace
}  // namespace sluice::capi

extern "C" {

sluice_status sluice_txn_begin(sluice_gateway* gateway, const sluice_request* request, const sluice_now* now,
                               sluice_txn** txn) noexcept {
  using namespace sluice::capi;
  if (txn == nullptr) return SLUICE_E_ARGUMENT;
  *txn = nullptr;
  sluice_request given;
  if (!IsHandle(gateway) || now == nullptr || !CopyIn(request, &given)) return SLUICE_E_ARGUMENT;
  return Guard([&] { return Begin(gateway, given, ToNow(*now), txn); });
}

sluice_status sluice_txn_effect(const sluice_txn* txn, sluice_effect* effect) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(txn) || !IsSized(effect)) return SLUICE_E_ARGUMENT;
  if (!Waits(*txn)) return SLUICE_E_STATE;
  CopyOut(ToEffect(txn->txn.effect()), effect);
  return SLUICE_OK;
}

sluice_status sluice_txn_resume(sluice_txn* txn, const sluice_now* now) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(txn) || now == nullptr) return SLUICE_E_ARGUMENT;
  if (!Waits(*txn)) return SLUICE_E_STATE;
  return Guard([&] {
    txn->now = ToNow(*now);
    txn->converted = false;
    txn->arrays.Reset();
    txn->txn.Resume(txn->now);
    return StatusOf(*txn);
  });
}

sluice_status sluice_txn_decision(const sluice_txn* txn, sluice_decision* decision) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(txn) || !IsSized(decision)) return SLUICE_E_ARGUMENT;
  return Guard([&] {
    auto* cache = const_cast<sluice_txn*>(txn);  // one thread at a time: the handle's own scratch
    if (!cache->converted) cache->decision = ToDecision(txn->txn.decision(), &cache->arrays);
    cache->converted = true;
    CopyOut(txn->decision, decision);
    return SLUICE_OK;
  });
}

sluice_status sluice_txn_decision_json(sluice_txn* txn, sluice_str* json) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(txn) || json == nullptr) return SLUICE_E_ARGUMENT;
  return Guard([&] {
    WriteJson(txn);
    *json = Str(txn->json);
    return SLUICE_OK;
  });
}

sluice_status sluice_txn_report(sluice_txn* txn, const sluice_outcome* outcome, const sluice_now* now,
                                sluice_diagnosis* diagnosis) noexcept {
  using namespace sluice::capi;
  sluice_outcome given;
  if (!IsHandle(txn) || now == nullptr || !CopyIn(outcome, &given)) return SLUICE_E_ARGUMENT;
  if (diagnosis != nullptr && !IsSized(diagnosis)) return SLUICE_E_ARGUMENT;
  if (!IsString(given.error)) return SLUICE_E_ARGUMENT;
  if (Waits(*txn) || txn->reported) return SLUICE_E_STATE;
  return Guard([&] {
    txn->now = ToNow(*now);
    txn->diagnosis = txn->txn.Report({given.status, given.latency_ns, View(given.error), given.cost}, txn->now);
    txn->reported = true;
    if (diagnosis != nullptr)
      CopyOut({sizeof(sluice_diagnosis), Str(txn->diagnosis.fault), Str(txn->diagnosis.advice)}, diagnosis);
    return SLUICE_OK;
  });
}

void sluice_txn_free(sluice_txn* txn) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(txn)) return;
  txn->magic = 0;
  PooledTxn::GiveBack(txn);
}

}  // extern "C"
