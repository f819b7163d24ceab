#include "conformance/cases.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sluice::conformance {
namespace {

[[noreturn]] void Fail(std::string_view what, std::string_view detail) {
  std::fprintf(stderr, "cases.json: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(detail.size()), detail.data());
  std::exit(1);
}

std::string Text(const JsonNode& node) {
  if (node.kind != JsonKind::kString) Fail(node.name, "expected a string");
  return std::string(node.text);
}

bool Boolean(const JsonNode& node) {
  if (node.kind != JsonKind::kBool) Fail(node.name, "expected a boolean");
  return node.boolean;
}

int64_t Integer(const JsonNode& node) {
  if (node.kind != JsonKind::kNumber) Fail(node.name, "expected a number");
  return std::strtoll(std::string(node.text).c_str(), nullptr, 10);
}

std::optional<int64_t> IntegerOrNull(const JsonNode& node) {
  return node.kind == JsonKind::kNull ? std::nullopt : std::optional(Integer(node));
}

Answer ReadAnswer(const JsonNode& node) {
  Answer answer;
  for (const JsonNode& member : node) {
    if (member.name == "status") {
      answer.status = static_cast<uint32_t>(Integer(member));
    } else if (member.name == "error") {
      answer.error = Text(member);
      answer.status = 0;
    } else if (member.name == "body") {
      answer.body = member.kind == JsonKind::kString ? Text(member) : ToJson(member);
    } else if (member.name == "headers") {
      for (const JsonNode& header : member) answer.headers.emplace_back(header.name, Text(header));
    } else {
      Fail("unknown member of an answer", member.name);
    }
  }
  return answer;
}

void ReadAnswers(const JsonNode& node, Case* out) {
  out->has_answers = node.kind == JsonKind::kObject;
  for (const JsonNode& url : node) {
    std::vector<Answer>& series = out->answers[std::string(url.name)];
    if (url.kind == JsonKind::kObject) series.push_back(ReadAnswer(url));
    if (url.kind == JsonKind::kArray)
      for (const JsonNode& answer : url) series.push_back(ReadAnswer(answer));
    if (series.empty()) Fail(url.name, "expected an answer or a list of them");
  }
}

Step ReadStep(const JsonNode& node) {
  Step step;
  for (const JsonNode& member : node) {
    if (member.name == "where") {
      step.where = Text(member);
    } else if (member.name == "policy") {
      step.policy = Text(member);
    } else if (member.name == "json") {
      step.request = Text(member);
    } else if (member.name == "no_wait") {
      step.no_wait = Boolean(member);
    } else if (member.name == "waits") {
      step.waits = IntegerOrNull(member);
    } else if (member.name == "fetches") {
      step.fetches = IntegerOrNull(member);
    } else if (member.name == "expect") {
      step.expect = &member;
    } else if (member.name != "kind" && member.name != "request") {  // told by what is set; "json", read
      Fail("unknown member of a step", member.name);
    }
  }
  return step;
}

Problem ReadProblem(const JsonNode& node) {
  Problem problem;
  for (const JsonNode& member : node) {
    if (member.name == "severity") {
      problem.severity = Text(member);
    } else if (member.name == "code") {
      problem.code = Text(member);
    } else if (member.name == "line") {
      problem.line = static_cast<uint32_t>(Integer(member));
    } else if (member.name == "says") {
      problem.says = Text(member);
    } else {
      Fail("unknown member of a problem", member.name);
    }
  }
  return problem;
}

Case ReadCase(const JsonNode& node) {
  Case out;
  for (const JsonNode& member : node) {
    if (member.name == "name") {
      out.name = Text(member);
    } else if (member.name == "where") {
      out.where = Text(member);
    } else if (member.name == "about") {
      out.about = Text(member);
    } else if (member.name == "policy") {
      out.policy = Text(member);
    } else if (member.name == "env") {
      for (const JsonNode& variable : member) out.env.emplace(variable.name, Text(variable));
    } else if (member.name == "memory") {
      out.memory = static_cast<size_t>(IntegerOrNull(member).value_or(0));
    } else if (member.name == "answers") {
      ReadAnswers(member, &out);
    } else if (member.name == "steps") {
      for (const JsonNode& step : member) out.steps.push_back(ReadStep(step));
    } else if (member.name == "problems") {
      for (const JsonNode& problem : member) out.problems.push_back(ReadProblem(problem));
    } else if (member.name != "proofs") {  // which the command makes, and no library
      Fail("unknown member of a case", member.name);
    }
  }
  return out;
}

}  // namespace

Cases::Cases(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  text_.assign(std::istreambuf_iterator<char>(file), {});
  std::string error;
  const JsonNode* root = reader_.Read(text_, {.bytes = size_t{64} << 20, .depth = 64, .nodes = 1'000'000}, &error);
  if (root == nullptr) Fail(path, error);
  for (const JsonNode& node : *root) cases_.push_back(ReadCase(node));
}

}  // namespace sluice::conformance
