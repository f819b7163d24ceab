#include "conformance/timeline.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "conformance/matcher.h"
#include "policy/json/json_reader.h"
#include "policy/json/request_json.h"

namespace sluice::conformance {
namespace {

constexpr int64_t kFirstNowNs = 1'760'000'000'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int kMostRounds = 16;  // a face that still waits after so many would wait for ever

class Timeline {
 public:
  Timeline(const Case& test, Face& face) : test_(test), face_(face) {}

  std::vector<std::string> Run() {
    CheckProblems(face_.Load(test_, test_.policy));
    if (!failures_.empty()) return failures_;
    for (const Step& step : test_.steps) step.policy.empty() ? Request(step) : Reload(step);
    for (const auto& [url, series] : test_.answers)
      if (answered_[url] == 0) Fail(test_.where, absl::StrCat("the answers for ", url, " were never asked for"));
    return failures_;
  }

 private:
  void Fail(const std::string& where, std::string_view text) {
    failures_.push_back(absl::StrCat(where, ": ", test_.name, ": ", text));
  }

  // ---- Policies ----

  static bool Fits(const Problem& expected, const Problem& found) {
    return expected.severity == found.severity && expected.code == found.code && expected.line == found.line &&
           absl::StrContains(found.says, expected.says);
  }

  // What is wrong with the policy must be exactly what the case lists, in order.
  void CheckProblems(const std::vector<Problem>& found) {
    size_t most = std::max(found.size(), test_.problems.size());
    for (size_t i = 0; i < most; ++i) {
      if (i >= found.size()) {
        Fail(test_.where, absl::StrCat("not reported: ", test_.problems[i].code, " on line ", test_.problems[i].line));
      } else if (i >= test_.problems.size() || !Fits(test_.problems[i], found[i])) {
        Fail(test_.where, absl::StrCat("not expected here: ", found[i].severity, " ", found[i].code, " on line ",
                                       found[i].line, ": ", found[i].says));
      }
    }
  }

  void Reload(const Step& step) {
    for (const Problem& problem : face_.Load(test_, step.policy))
      Fail(step.where, absl::StrCat(problem.severity, " ", problem.code, " on line ", problem.line));
  }

  // ---- Jobs ----

  const Answer& AnswerFor(const std::string& url) {
    static const Answer kUnreachable = {.status = 0, .error = "connect", .headers = {}, .body = {}};
    auto series = test_.answers.find(url);
    if (series == test_.answers.end()) return kUnreachable;
    size_t turn = answered_[url]++;
    return series->second[std::min(turn, series->second.size() - 1)];  // the last one repeats
  }

  void RunJobs() {
    for (int round = 0; round < kMostRounds; ++round) {
      std::optional<Face::Job> job = face_.NextJob(now_);
      if (!job) return;
      ++fetches_;
      face_.JobDone(job->id, AnswerFor(job->url), now_);
    }
    Fail(test_.where, "jobs do not end");
  }

  // ---- Requests ----

  // How often the decision waited. Time stands still but where an answer does not end the wait.
  int64_t Settle(Face::Begun state) {
    int64_t waits = 0;
    for (; state.waits && waits < kMostRounds; ++waits) {
      RunJobs();
      if (waits > 0) Advance(now_.wall_ns + state.timeout_ms * kNsPerMs);
      state = face_.Resume(now_);
    }
    return waits;
  }

  // The monotonic clock follows the wall clock of the requests, but never back.
  void Advance(int64_t wall_ns) { now_ = {wall_ns, std::max(now_.mono_ns, wall_ns)}; }

  void Request(const Step& step) {
    lines_.push_back(std::make_unique<RequestReader>());
    std::string error;
    const RequestLine* line = lines_.back()->Read(step.request, &error);
    if (line == nullptr) return Fail(step.where, error);
    Advance(line->wall_ns.value_or(now_.wall_ns));
    if (test_.has_answers) RunJobs();
    Face::Begun begun = face_.Begin(line->request, now_, !step.no_wait);
    int64_t waits = test_.has_answers ? Settle(begun) : 0;
    if (step.waits && *step.waits != waits) Fail(step.where, absl::StrCat("waited ", waits, " times"));
    if (step.fetches && *step.fetches != fetches_) Fail(step.where, absl::StrCat(fetches_, " fetches so far"));
    Compare(step, face_.Decision(line->outcome ? &*line->outcome : nullptr, now_));
  }

  void Compare(const Step& step, const std::string& decision) {
    JsonReader reader;
    std::string error;
    const JsonNode* actual = reader.Read(decision, {}, &error);
    if (actual == nullptr) return Fail(step.where, absl::StrCat("not JSON: ", error));
    for (const std::string& difference : Differences(*step.expect, *actual)) Fail(step.where, difference);
    if (const JsonNode* trace = actual->Find("trace")) CheckNoSecret(step, *trace);
  }

  // A token or a key has no place in a trace. "-secret" stands in each key of the cases; a token begins with "eyJ".
  void CheckNoSecret(const Step& step, const JsonNode& trace) {
    for (const JsonNode& entry : trace) {
      std::string_view cause = entry.Find("cause")->text;
      if (absl::StrContains(cause, "-secret") || absl::StrContains(cause, "eyJ"))
        Fail(step.where, absl::StrCat("the trace shows a credential: ", cause));
    }
  }

  const Case& test_;
  Face& face_;
  Now now_{kFirstNowNs, kFirstNowNs};
  int64_t fetches_ = 0;
  std::map<std::string, size_t> answered_;
  std::vector<std::unique_ptr<RequestReader>> lines_;  // requests live as long as their transactions
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> Run(const Case& test, Face& face) { return Timeline(test, face).Run(); }

}  // namespace sluice::conformance
