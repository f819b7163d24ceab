// One decision as a line of JSON: what `sluice decide`, sluice_txn_decision_json and sluice_decide_json print.
//
//   std::string out;
//   sluice::AppendDecisionJson({.decision = txn.decision(), .id_json = line->id_json}, &out);
//
// Every member is always there, in one order; one that does not apply is null or empty:
//   id, action, status, reason, message, route, service, consumer, consumer_groups, plan, captures, client, upstream,
//   request_headers, response_headers, body, limits, and when given: trace, diagnosis.
// Bytes that are not UTF-8 become U+FFFD (see json_writer.h). Allocates only what the string needs to grow.
#ifndef SLUICE_POLICY_JSON_DECISION_JSON_H_
#define SLUICE_POLICY_JSON_DECISION_JSON_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/decision.h"

namespace sluice {

struct DecisionLine {
  const Decision& decision;
  std::string_view id_json = "null";  // JSON text
  std::optional<std::span<const TraceStep>> trace = std::nullopt;
  std::optional<Diagnosis> diagnosis = std::nullopt;
};

// "forward", "respond", "wait".
std::string_view ActionName(Action action);

// Appends without a newline at the end.
void AppendDecisionJson(const DecisionLine& line, std::string* out);

}  // namespace sluice

#endif  // SLUICE_POLICY_JSON_DECISION_JSON_H_
