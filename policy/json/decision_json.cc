#include "policy/json/decision_json.h"

#include "policy/json/json_writer.h"

namespace sluice {
namespace {

void WriteNamed(JsonWriter* json, std::string_view name, std::string_view text) {
  json->Key(name);
  json->String(text);
}

void WriteNamed(JsonWriter* json, std::string_view name, uint64_t number) {
  json->Key(name);
  json->Unsigned(number);
}

void WriteFlag(JsonWriter* json, std::string_view name, bool flag) {
  json->Key(name);
  json->Bool(flag);
}

void WriteNameOrNull(JsonWriter* json, std::string_view name, std::string_view text) {
  json->Key(name);
  json->StringOrNull(text);
}

void WriteClient(JsonWriter* json, const Client& client) {
  json->Key("client");
  json->BeginObject();
  WriteNamed(json, "ip", client.ip);
  WriteNamed(json, "scheme", client.scheme);
  WriteNamed(json, "host", client.host);
  WriteNamed(json, "port", client.port);
  json->EndObject();
}

void WriteUpstream(JsonWriter* json, const Decision& decision) {
  json->Key("upstream");
  const UpstreamChoice& upstream = decision.upstream;
  if (decision.action != Action::kForward || upstream.scheme.empty()) return json->Null();
  json->BeginObject();
  WriteNamed(json, "name", upstream.name);
  WriteNamed(json, "scheme", upstream.scheme);
  WriteNamed(json, "host", upstream.host);
  WriteNamed(json, "port", upstream.port);
  WriteNamed(json, "path", upstream.path);
  WriteNamed(json, "host_header", upstream.host_header);
  WriteNamed(json, "connect_timeout_ms", upstream.connect_timeout_ms);
  WriteNamed(json, "send_timeout_ms", upstream.send_timeout_ms);
  WriteNamed(json, "read_timeout_ms", upstream.read_timeout_ms);
  WriteNamed(json, "retries", upstream.retries);
  json->EndObject();
}

void WritePairs(JsonWriter* json, std::string_view name, std::span<const HeaderChange> changes, HeaderOp op) {
  json->Key(name);
  json->BeginArray();
  for (const HeaderChange& change : changes) {
    if (change.op != op) continue;
    json->BeginArray();
    json->String(change.name);
    json->String(change.value);
    json->EndArray();
  }
  json->EndArray();
}

void WriteHeaders(JsonWriter* json, std::string_view name, std::span<const HeaderChange> changes) {
  json->Key(name);
  json->BeginObject();
  WritePairs(json, "set", changes, HeaderOp::kSet);
  WritePairs(json, "add", changes, HeaderOp::kAdd);
  json->Key("remove");
  json->BeginArray();
  for (const HeaderChange& change : changes)
    if (change.op == HeaderOp::kRemove) json->String(change.name);
  json->EndArray();
  json->EndObject();
}

void WriteLimits(JsonWriter* json, std::span<const LimitState> limits) {
  json->Key("limits");
  json->BeginArray();
  for (const LimitState& limit : limits) {
    json->BeginObject();
    WriteNamed(json, "name", limit.name);
    WriteNamed(json, "limit", limit.limit);
    WriteNamed(json, "remaining", limit.remaining);
    WriteNamed(json, "reset_ms", limit.reset_ms);
    WriteFlag(json, "refused", limit.refused);
    WriteFlag(json, "shadow_refused", limit.shadow_refused);
    json->EndObject();
  }
  json->EndArray();
}

void WriteWhere(JsonWriter* json, const TraceStep& step) {
  json->Key("where");
  if (step.file.empty() && step.line == 0) return json->Null();
  json->BeginObject();
  WriteNamed(json, "file", step.file);
  WriteNamed(json, "line", step.line);
  WriteNamed(json, "column", step.column);
  json->EndObject();
}

void WriteTrace(JsonWriter* json, std::span<const TraceStep> trace) {
  json->Key("trace");
  json->BeginArray();
  for (const TraceStep& step : trace) {
    json->BeginObject();
    WriteNamed(json, "step", step.step);
    WriteNamed(json, "verdict", step.verdict);
    WriteNamed(json, "cause", step.cause);
    WriteWhere(json, step);
    json->EndObject();
  }
  json->EndArray();
}

void WriteDiagnosis(JsonWriter* json, const Diagnosis& diagnosis) {
  json->Key("diagnosis");
  json->BeginObject();
  WriteNamed(json, "fault", diagnosis.fault);
  WriteNamed(json, "advice", diagnosis.advice);
  json->EndObject();
}

void WriteIdentity(JsonWriter* json, const Decision& decision) {
  WriteNameOrNull(json, "route", decision.route);
  WriteNameOrNull(json, "service", decision.service);
  WriteNameOrNull(json, "consumer", decision.consumer);
  json->Key("consumer_groups");
  json->BeginArray();
  for (std::string_view group : decision.consumer_groups) json->String(group);
  json->EndArray();
  WriteNameOrNull(json, "plan", decision.plan);
  json->Key("captures");
  json->BeginObject();
  for (const Capture& capture : decision.captures) WriteNamed(json, capture.name, capture.value);
  json->EndObject();
}

}  // namespace

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kForward: return "forward";
    case Action::kRespond: return "respond";
    case Action::kWait: return "wait";
  }
  return "respond";
}

void AppendDecisionJson(const DecisionLine& line, std::string* out) {
  const Decision& decision = line.decision;
  const bool responds = decision.action == Action::kRespond;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("id");
  json.Raw(line.id_json);
  WriteNamed(&json, "action", ActionName(decision.action));
  json.Key("status");
  responds ? json.Unsigned(decision.status) : json.Null();
  WriteNamed(&json, "reason", decision.reason);
  WriteNamed(&json, "message", decision.message);
  WriteIdentity(&json, decision);
  WriteClient(&json, decision.client);
  WriteUpstream(&json, decision);
  WriteHeaders(&json, "request_headers", decision.request_headers);
  WriteHeaders(&json, "response_headers", decision.response_headers);
  json.Key("body");
  responds ? json.StringOrNull(decision.body) : json.Null();
  WriteLimits(&json, decision.limits);
  if (line.trace) WriteTrace(&json, *line.trace);
  if (line.diagnosis) WriteDiagnosis(&json, *line.diagnosis);
  json.EndObject();
}

}  // namespace sluice
