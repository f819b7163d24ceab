// All cases through the C ABI of libsluice.so.0. Each decision is read twice, as a struct and as JSON: both must agree.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "capi/sluice.h"
#include "conformance/face.h"
#include "conformance/suite.h"
#include "policy/decision.h"
#include "policy/json/decision_json.h"
#include "policy/json/json_writer.h"

namespace sluice::conformance {
namespace {

// No case makes a call fail: a status that was not expected ends the run.
void Must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "c_runner_test: %s\n", what);
  std::exit(1);
}

sluice_str Str(std::string_view text) { return {text.data(), text.size()}; }
std::string_view View(sluice_str text) { return {text.data, text.size}; }
sluice_now ToC(Now now) { return {now.wall_ns, now.mono_ns}; }

std::vector<sluice_pair> Pairs(const Header* headers, size_t count) {
  std::vector<sluice_pair> pairs;
  for (size_t i = 0; i < count; ++i) pairs.push_back({Str(headers[i].name), Str(headers[i].value)});
  return pairs;
}

// ---- What is wrong with a policy, from the text that sluice_error_message gives ----

// "policy.yaml:3:5: error: unknown field `host` (did you mean `hosts`?) [unknown_field]"
bool ParseProblem(std::string_view line, Problem* out) {
  const std::vector<std::string_view> parts = absl::StrSplit(line, absl::MaxSplits(": ", 2));
  if (parts.size() != 3) return false;
  const std::vector<std::string_view> place = absl::StrSplit(parts[0], ':');
  size_t code = parts[2].rfind(" [");
  if (code == std::string_view::npos || place[0] != kPolicyName) return false;
  if (place.size() > 1 && !absl::SimpleAtoi(place[1], &out->line)) return false;
  out->severity = std::string(parts[1]);
  out->code = std::string(absl::StripSuffix(parts[2].substr(code + 2), "]"));
  out->says = std::string(parts[2].substr(0, code));
  return true;
}

std::vector<Problem> ProblemsOf(const sluice_error* error) {
  std::vector<Problem> problems;
  for (std::string_view line : absl::StrSplit(View(sluice_error_message(error)), '\n', absl::SkipEmpty())) {
    if (absl::StrContains(line, ": note: ")) continue;
    Must(ParseProblem(line, &problems.emplace_back()), "a line of an error message has another form");
  }
  return problems;
}

// ---- The struct as C++ has it ----

// A decision made from the C struct, with the arrays that it points to.
struct Copied {
  explicit Copied(const sluice_decision& c) {
    for (size_t i = 0; i < c.consumer_group_count; ++i) groups.push_back(View(c.consumer_groups[i]));
    for (size_t i = 0; i < c.capture_count; ++i)
      captures.push_back({View(c.captures[i].name), View(c.captures[i].value)});
    for (size_t i = 0; i < c.limit_count; ++i)
      limits.push_back({View(c.limits[i].name), c.limits[i].limit, c.limits[i].remaining, c.limits[i].reset_ms,
                        c.limits[i].refused != 0, c.limits[i].shadow_refused != 0});
    request_headers = Changes(c.request_headers, c.request_header_count);
    response_headers = Changes(c.response_headers, c.response_header_count);
    decision.action = static_cast<Action>(c.action);
    decision.status = c.status;
    decision.reason = View(c.reason);
    decision.message = View(c.message);
    decision.body = View(c.body);
    decision.route = View(c.route);
    decision.service = View(c.service);
    decision.consumer = View(c.consumer);
    decision.plan = View(c.plan);
    decision.consumer_groups = groups;
    decision.captures = captures;
    decision.client = {View(c.client_ip), View(c.client_scheme), View(c.client_host), c.client_port};
    decision.upstream = {View(c.upstream_name), View(c.upstream_scheme),
                         View(c.upstream_host), c.upstream_port,
                         View(c.upstream_path), View(c.upstream_host_header),
                         c.connect_timeout_ms,  c.send_timeout_ms,
                         c.read_timeout_ms,     c.retries};
    decision.request_headers = request_headers;
    decision.response_headers = response_headers;
    decision.limits = limits;
  }

  static std::vector<HeaderChange> Changes(const sluice_header_change* changes, size_t count) {
    std::vector<HeaderChange> copied;
    for (size_t i = 0; i < count; ++i)
      copied.push_back({static_cast<HeaderOp>(changes[i].op), View(changes[i].name), View(changes[i].value)});
    return copied;
  }

  std::vector<std::string_view> groups;
  std::vector<Capture> captures;
  std::vector<LimitState> limits;
  std::vector<HeaderChange> request_headers;
  std::vector<HeaderChange> response_headers;
  Decision decision;
};

std::string StructAsJson(const sluice_txn* txn) {
  sluice_decision c{};
  c.struct_size = sizeof c;
  Must(sluice_txn_decision(txn, &c) == SLUICE_OK, "sluice_txn_decision fails");
  Copied copied(c);
  std::string json;
  AppendDecisionJson({.decision = copied.decision}, &json);
  return json;
}

// ---- The face ----

class CFace : public Face {
 public:
  explicit CFace(const Case& test) {
    sluice_gateway_options options{};
    options.struct_size = sizeof options;
    options.region_size = test.memory;
    Must(sluice_gateway_new(&options, &gateway_, nullptr) == SLUICE_OK, "sluice_gateway_new fails");
  }
  ~CFace() override {
    for (sluice_txn* txn : transactions_) sluice_txn_free(txn);
    sluice_gateway_free(gateway_);
  }

  std::vector<Problem> Load(const Case& test, const std::string& policy) override {
    sluice_policy_options options{};
    options.struct_size = sizeof options;
    options.file_name = Str(kPolicyName);
    options.env = Environment;
    options.env_context = const_cast<Case*>(&test);
    sluice_policy* compiled = nullptr;
    sluice_error* error = nullptr;
    sluice_status status = sluice_policy_compile(Str(policy), &options, &compiled, &error);
    Must(status == SLUICE_OK || status == SLUICE_E_POLICY, "sluice_policy_compile fails otherwise than by the policy");
    Must((status == SLUICE_OK) == (compiled != nullptr), "the policy and the status contradict each other");
    if (compiled != nullptr)
      Must(sluice_gateway_publish(gateway_, compiled) == SLUICE_OK, "sluice_gateway_publish fails");
    sluice_policy_free(compiled);
    std::vector<Problem> problems;
    if (error != nullptr) problems = ProblemsOf(error);
    sluice_error_free(error);
    return problems;
  }

  std::optional<Job> NextJob(Now now) override {
    sluice_effect effect{};
    effect.struct_size = sizeof effect;
    int64_t ask_again_mono_ns = 0;
    const sluice_now at = ToC(now);
    sluice_status status = sluice_gateway_next_job(gateway_, &at, &effect, &ask_again_mono_ns);
    if (status == SLUICE_WAIT) return std::nullopt;
    Must(status == SLUICE_OK, "sluice_gateway_next_job fails");
    Must((effect.kind == SLUICE_EFFECT_REDIS) == (effect.redis != nullptr), "a job is for HTTP or for Redis");
    return Job{effect.id, std::string(View(effect.url))};
  }

  void JobDone(uint64_t id, const Answer& answer, Now now) override {
    std::vector<sluice_pair> headers;
    for (const auto& [name, value] : answer.headers) headers.push_back({Str(name), Str(value)});
    sluice_http_result result{};
    result.struct_size = sizeof result;
    result.status = answer.status;
    result.error = Str(answer.error);
    result.headers = headers.data();
    result.header_count = headers.size();
    result.body = Str(answer.body);
    const sluice_now at = ToC(now);
    Must(sluice_gateway_job_done(gateway_, id, &result, &at) == SLUICE_OK, "sluice_gateway_job_done fails");
  }

  Begun Begin(const Request& request, Now now, bool can_wait) override {
    headers_.push_back(Pairs(request.headers, request.header_count));
    sluice_request c{};
    c.struct_size = sizeof c;
    c.flags = SLUICE_REQUEST_TRACE | (can_wait ? 0 : SLUICE_REQUEST_NO_WAIT);
    c.port = request.port;
    c.method = Str(request.method);
    c.target = Str(request.target);
    c.scheme = Str(request.scheme);
    c.host = Str(request.host);
    c.http_version = Str(request.http_version);
    c.peer = Str(request.peer);
    c.server = Str(request.server);
    c.headers = headers_.back().data();
    c.header_count = headers_.back().size();
    c.tls_sni = Str(request.tls.sni);
    c.tls_client_cert = Str(request.tls.client_cert);
    c.tls_client_chain = Str(request.tls.client_chain);
    c.content_length = request.content_length;
    c.cost = request.cost;
    const sluice_now at = ToC(now);
    sluice_txn* txn = nullptr;
    sluice_status status = sluice_txn_begin(gateway_, &c, &at, &txn);
    Must(txn != nullptr, "sluice_txn_begin fails");
    transactions_.push_back(txn);
    return StateOf(status);
  }

  Begun Resume(Now now) override {
    const sluice_now at = ToC(now);
    return StateOf(sluice_txn_resume(transactions_.back(), &at));
  }

  std::string Decision(const Outcome* outcome, Now now) override {
    sluice_txn* txn = transactions_.back();
    sluice_str text{};
    Must(sluice_txn_decision_json(txn, &text) == SLUICE_OK, "sluice_txn_decision_json fails");
    std::string json(View(text));
    const std::string from_struct = StructAsJson(txn);
    const std::string_view shared = absl::StripSuffix(from_struct, "}");
    if (!absl::StartsWith(json, absl::StrCat(shared, ",\"trace\":")))
      return absl::StrCat("the struct says ", from_struct, " but the text ", json);
    if (outcome != nullptr) AddDiagnosis(*outcome, now, &json);
    return json;
  }

 private:
  static int Environment(void* context, sluice_str name, sluice_str* value) {
    const Case& test = *static_cast<const Case*>(context);
    auto found = test.env.find(View(name));
    if (found == test.env.end()) return 0;
    *value = Str(found->second);
    return 1;
  }

  Begun StateOf(sluice_status status) {
    if (status == SLUICE_OK) return {};
    Must(status == SLUICE_WAIT, "a transaction neither decides nor waits");
    sluice_effect effect{};
    effect.struct_size = sizeof effect;
    Must(sluice_txn_effect(transactions_.back(), &effect) == SLUICE_OK, "sluice_txn_effect fails");
    Must(effect.kind == SLUICE_EFFECT_JOB, "a transaction waits for something else than a job");
    return {true, effect.timeout_ms};
  }

  void AddDiagnosis(const Outcome& outcome, Now now, std::string* json) {
    sluice_outcome c{};
    c.struct_size = sizeof c;
    c.status = outcome.status;
    c.latency_ns = outcome.latency_ns;
    c.error = Str(outcome.error);
    c.cost = outcome.cost;
    sluice_diagnosis diagnosis{};
    diagnosis.struct_size = sizeof diagnosis;
    const sluice_now at{now.wall_ns + outcome.latency_ns, now.mono_ns + outcome.latency_ns};
    Must(sluice_txn_report(transactions_.back(), &c, &at, &diagnosis) == SLUICE_OK, "sluice_txn_report fails");
    std::string text;
    JsonWriter writer(&text);
    writer.BeginObject();
    writer.Key("fault");
    writer.String(View(diagnosis.fault));
    writer.Key("advice");
    writer.String(View(diagnosis.advice));
    writer.EndObject();
    json->pop_back();
    absl::StrAppend(json, ",\"diagnosis\":", text, "}");
  }

  sluice_gateway* gateway_ = nullptr;
  std::vector<sluice_txn*> transactions_;
  std::vector<std::vector<sluice_pair>> headers_;  // live as long as their transactions
};

}  // namespace
}  // namespace sluice::conformance

int main(int argc, char** argv) {
  return sluice::conformance::Main(argc, argv,
                                   [](const auto& test) { return std::make_unique<sluice::conformance::CFace>(test); });
}
