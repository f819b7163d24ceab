// The conformance cases, as loader.py wrote them into cases.json. README.md describes what they say.
#ifndef SLUICE_CONFORMANCE_CASES_H_
#define SLUICE_CONFORMANCE_CASES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/json/json_reader.h"

namespace sluice::conformance {

// One canned answer of an identity provider.
struct Answer {
  uint32_t status = 200;
  std::string error;  // not empty: no answer came
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Something wrong with a policy, expected or found.
struct Problem {
  std::string severity;  // "error", "warning"
  std::string code;
  uint32_t line = 0;
  std::string says;  // expected: a part of the message; found: the message
};

struct Step {
  std::string where;    // of the case file
  std::string policy;   // not empty: a reload; nothing else is then set
  std::string request;  // a line of JSON
  bool no_wait = false;
  std::optional<int64_t> waits;    // how often this decision waited
  std::optional<int64_t> fetches;  // how many fetches there were since the case began
  const JsonNode* expect = nullptr;
};

struct Case {
  std::string name;
  std::string where;
  std::string about;
  std::string policy;
  std::map<std::string, std::string, std::less<>> env;
  size_t memory = 0;  // bytes of the gateway's region; 0: its own default
  bool has_answers = false;
  std::map<std::string, std::vector<Answer>, std::less<>> answers;
  std::vector<Step> steps;
  std::vector<Problem> problems;
};

// Reads the file once; the cases borrow from it.
class Cases {
 public:
  // Exits the process with a message if the file is not what loader.py writes.
  explicit Cases(const std::string& path);

  const std::vector<Case>& all() const { return cases_; }

 private:
  std::string text_;
  JsonReader reader_;
  std::vector<Case> cases_;
};

}  // namespace sluice::conformance

#endif  // SLUICE_CONFORMANCE_CASES_H_
