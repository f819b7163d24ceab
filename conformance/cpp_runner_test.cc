// All cases through the C++ API.
#include <cstdlib>
#include <memory>
#include <vector>

#include "conformance/face.h"
#include "conformance/suite.h"
#include "policy/gateway.h"
#include "policy/json/decision_json.h"

namespace sluice::conformance {
namespace {

class CppFace : public Face {
 public:
  explicit CppFace(const Case& test) : gateway_(OptionsOf(test)) {}

  std::vector<Problem> Load(const Case& test, const std::string& policy) override {
    CompileOptions options;
    options.file_name = kPolicyName;
    options.environment = [&test](std::string_view name) -> std::optional<std::string> {
      auto found = test.env.find(name);
      return found == test.env.end() ? std::nullopt : std::optional(found->second);
    };
    CompileResult compiled = Compile(policy, options);
    if (compiled.snapshot) gateway_.Publish(compiled.snapshot);
    std::vector<Problem> problems;
    for (const Diagnostic& d : compiled.diagnostics)
      problems.push_back({d.severity == Severity::kError ? "error" : "warning", d.code, d.where.line, d.message});
    return problems;
  }

  std::optional<Job> NextJob(Now now) override {
    int64_t ask_again_mono_ns = 0;
    std::optional<Effect> effect = gateway_.NextJob(now, &ask_again_mono_ns);
    if (!effect) return std::nullopt;
    return Job{effect->id, std::string(effect->url)};
  }

  void JobDone(uint64_t id, const Answer& answer, Now now) override {
    std::vector<Header> headers;
    for (const auto& [name, value] : answer.headers) headers.push_back({name, value});
    gateway_.JobDone(id, {answer.status, answer.error, headers, answer.body}, now);
  }

  Begun Begin(const Request& request, Now now, bool can_wait) override {
    transactions_.push_back(std::make_unique<Transaction>(gateway_));
    txn().Begin(request, now, {.trace = true, .can_wait = can_wait});
    return State();
  }

  Begun Resume(Now now) override {
    txn().Resume(now);
    return State();
  }

  std::string Decision(const Outcome* outcome, Now now) override {
    DecisionLine line{.decision = txn().decision(), .trace = txn().trace()};
    if (outcome != nullptr)
      line.diagnosis = txn().Report(*outcome, {now.wall_ns + outcome->latency_ns, now.mono_ns + outcome->latency_ns});
    std::string json;
    AppendDecisionJson(line, &json);
    return json;
  }

 private:
  static GatewayOptions OptionsOf(const Case& test) {
    GatewayOptions options;
    if (test.memory != 0) options.region_bytes = test.memory;
    return options;
  }

  Transaction& txn() { return *transactions_.back(); }

  Begun State() {
    if (txn().decision().action != Action::kWait) return {};
    return {true, txn().effect().timeout_ms};
  }

  Gateway gateway_;
  std::vector<std::unique_ptr<Transaction>> transactions_;
};

}  // namespace
}  // namespace sluice::conformance

int main(int argc, char** argv) {
  return sluice::conformance::Main(
      argc, argv, [](const auto& test) { return std::make_unique<sluice::conformance::CppFace>(test); });
}
