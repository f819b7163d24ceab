// Canned HTTP answers, so that key sets behind a URL can be tried without a network.
//
//   {"https://idp.example.com/jwks.json": {"status": 200, "headers": {"Content-Type": "application/json"},
//                                          "body": "{\"keys\":[]}"},
//    "https://other.example.com/keys": [{"error": "timeout"}, {"body": "{\"keys\":[…]}"}]}
//
// A list answers successive fetches; its last answer repeats. `status` defaults to 200, `body` may be any JSON value
// that is no string to save quoting it twice; `error` is why no answer came. A URL that is not there is unreachable.
#ifndef SLUICE_CLI_ANSWERS_H_
#define SLUICE_CLI_ANSWERS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/request.h"
#include "policy/gateway.h"
#include "policy/json/json_reader.h"

namespace sluice::cli {

class Answers {
 public:
  // False: `*error` says what is wrong. At most 64 MiB.
  bool Read(std::string_view path, std::string* error);

  // Carries out every job that is due.
  void RunJobs(Gateway* gateway, Now now);

  // Carries out jobs and resumes until the decision is made. Time stands still but where a wait runs out.
  void Settle(Gateway* gateway, Transaction* txn, Now* now);

 private:
  struct Answer {
    uint32_t status = 200;
    std::string error;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
  };
  struct Series {
    std::vector<Answer> answers;
    size_t next = 0;
  };

  static bool ReadAnswer(const JsonNode& node, Answer* answer, std::string* error);
  static bool ReadHeaders(const JsonNode& node, Answer* answer, std::string* error);
  static bool ReadSeries(const JsonNode& node, Series* series, std::string* error);
  void CarryOut(Gateway* gateway, const Effect& effect, Now now);

  std::map<std::string, Series, std::less<>> by_url_;
};

}  // namespace sluice::cli

#endif  // SLUICE_CLI_ANSWERS_H_
