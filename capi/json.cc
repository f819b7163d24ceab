// sluice_decide_json: the flat call.
#include "capi/abi.h"
#include "capi/handles.h"
#include "capi/sluice.h"
#include "policy/json/decision_json.h"
#include "policy/json/json_writer.h"

namespace sluice::capi {
namespace {

void WriteError(std::string_view error, std::string* out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Key("error");
  json.String(error);
  json.EndObject();
}

// SLUICE_E_ARGUMENT: the line is malformed, and *out says how.
sluice_status DecideLine(sluice_txn* txn, std::string_view text, Now now, std::string* out) {
  std::string error;
  const RequestLine* line = txn->reader.Read(text, &error);
  if (line == nullptr) {
    WriteError(error, out);
    return SLUICE_E_ARGUMENT;
  }
  if (line->wall_ns) now.wall_ns = *line->wall_ns;
  txn->now = now;
  txn->txn.Begin(line->request, now, {.can_wait = false});
  DecisionLine decision = {.decision = txn->txn.decision(), .id_json = line->id_json};
  if (line->outcome) decision.diagnosis = txn->txn.Report(*line->outcome, now);
  AppendDecisionJson(decision, out);
  return SLUICE_OK;
}

}  // namespace
}  // namespace sluice::capi

extern "C" {

sluice_status sluice_decide_json(sluice_gateway* gateway, sluice_str request, const sluice_now* now, char* buffer,
                                 size_t capacity, size_t* size) noexcept {
  using namespace sluice::capi;
  if (size == nullptr) return SLUICE_E_ARGUMENT;
  *size = 0;
  if (!IsHandle(gateway) || !IsString(request) || now == nullptr) return SLUICE_E_ARGUMENT;
  if (buffer == nullptr && capacity != 0) return SLUICE_E_ARGUMENT;
  if (!gateway->published.load(std::memory_order_acquire)) return SLUICE_E_STATE;
  return Guard([&] {
    PooledTxn txn(gateway);
    txn->json.clear();
    sluice_status status = DecideLine(txn.get(), View(request), ToNow(*now), &txn->json);
    sluice_status stored = CopyText(txn->json, buffer, capacity, size);
    return stored == SLUICE_OK ? status : stored;
  });
}

}  // extern "C"
