#include "cli/answers.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/input.h"
#include "policy/json/json_writer.h"

namespace sluice::cli {
namespace {

constexpr size_t kAnswersBytes = size_t{64} << 20;
constexpr JsonBounds kBounds = {.bytes = kAnswersBytes, .depth = 32, .nodes = 1'000'000};
constexpr int kMostRounds = 64;  // a gateway that still waits after so many would wait for ever
constexpr int64_t kNsPerMs = 1'000'000;

bool Wrong(std::string_view what, const JsonNode& node, std::string* error) {
  *error = absl::StrCat("expected ", what, ", found ", JsonKindName(node.kind));
  return false;
}

}  // namespace

bool Answers::Read(std::string_view path, std::string* error) {
  std::optional<std::string> text = ReadFile(path, kAnswersBytes, error);
  if (!text) return false;
  JsonReader reader;
  const JsonNode* root = reader.Read(*text, kBounds, error);
  bool read = root != nullptr && (root->kind == JsonKind::kObject || Wrong("an object of URLs", *root, error));
  if (!read) {
    *error = absl::StrCat(path, ": ", *error);
    return false;
  }
  for (const JsonNode& member : *root) {
    if (ReadSeries(member, &by_url_[std::string(member.name)], error)) continue;
    *error = absl::StrCat(path, ": `", member.name, "`: ", *error);
    return false;
  }
  return true;
}

bool Answers::ReadSeries(const JsonNode& node, Series* series, std::string* error) {
  if (node.kind != JsonKind::kArray) return ReadAnswer(node, &series->answers.emplace_back(), error);
  if (node.count == 0) return Wrong("at least one answer", node, error);
  for (const JsonNode& element : node)
    if (!ReadAnswer(element, &series->answers.emplace_back(), error)) return false;
  return true;
}

bool Answers::ReadAnswer(const JsonNode& node, Answer* answer, std::string* error) {
  if (node.kind != JsonKind::kObject) return Wrong("an answer {\"status\", \"headers\", \"body\"}", node, error);
  for (const JsonNode& member : node) {
    if (member.name == "status") {
      if (member.kind != JsonKind::kNumber || !absl::SimpleAtoi(member.text, &answer->status))
        return Wrong("`status` as an integer", member, error);
    } else if (member.name == "error") {
      if (member.kind != JsonKind::kString) return Wrong("`error` as a string", member, error);
      answer->error = member.text;
      answer->status = 0;
    } else if (member.name == "headers") {
      if (!ReadHeaders(member, answer, error)) return false;
    } else if (member.name == "body") {
      answer->body = member.kind == JsonKind::kString ? std::string(member.text) : ToJson(member);
    } else {
      *error = absl::StrCat("unknown member `", member.name, "` (known: status, headers, body, error)");
      return false;
    }
  }
  return true;
}

bool Answers::ReadHeaders(const JsonNode& node, Answer* answer, std::string* error) {
  if (node.kind != JsonKind::kObject) return Wrong("`headers` as an object of strings", node, error);
  for (const JsonNode& header : node) {
    if (header.kind != JsonKind::kString) return Wrong("`headers` as an object of strings", header, error);
    answer->headers.emplace_back(header.name, header.text);
  }
  return true;
}

void Answers::CarryOut(Gateway* gateway, const Effect& effect, Now now) {
  static const Answer kUnreachable = {.status = 0, .error = "connect", .headers = {}, .body = {}};
  auto found = by_url_.find(effect.url);
  const Answer* answer = &kUnreachable;
  if (found != by_url_.end()) {
    Series& series = found->second;
    answer = &series.answers[series.next];
    if (series.next + 1 < series.answers.size()) ++series.next;
  }
  std::vector<Header> headers;
  for (const auto& [name, value] : answer->headers) headers.push_back({name, value});
  HttpResult result = {answer->status, answer->error, headers, answer->body};
  if (result.body.size() > effect.max_body_bytes) result = {0, "too_large", {}, {}};
  gateway->JobDone(effect.id, result, now);
}

void Answers::RunJobs(Gateway* gateway, Now now) {
  int64_t ask_again_mono_ns = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    std::optional<Effect> job = gateway->NextJob(now, &ask_again_mono_ns);
    if (!job) return;
    CarryOut(gateway, *job, now);
  }
}

void Answers::Settle(Gateway* gateway, Transaction* txn, Now* now) {
  for (int round = 0; round < kMostRounds && txn->decision().action == Action::kWait; ++round) {
    int64_t timeout_ns = txn->effect().timeout_ms * kNsPerMs;
    RunJobs(gateway, *now);
    if (round > 0) {  // the answer did not end the wait: let its time run out
      now->wall_ns += timeout_ns;
      now->mono_ns += timeout_ns;
    }
    txn->Resume(*now);
  }
}

}  // namespace sluice::cli
