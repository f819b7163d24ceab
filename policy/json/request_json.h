// One request as a line of JSON: what `sluice decide` and sluice_decide_json read.
//
//   sluice::RequestReader reader;
//   std::string error;
//   if (const sluice::RequestLine* line = reader.Read(text, &error)) txn.Begin(line->request, now);
//   else std::cerr << error;                       // member `cost`: expected an integer from 1 to 4294967295, found
//   `-1`
//
// Only `method` and `path` are needed, and neither when `scheme` is tcp, tls or udp; a member that is null counts as
// absent; an unknown one is an error that names the nearest known. What a hostile *request* may hold (odd methods,
// endless headers) is passed on for the gateway to refuse; what makes the *line* malformed is refused here. Errors
// never quote the text of a string: it may be a credential. Threads: one reader by one thread at a time. Memory:
// everything belongs to the reader until its next Read.
#ifndef SLUICE_POLICY_JSON_REQUEST_JSON_H_
#define SLUICE_POLICY_JSON_REQUEST_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/request.h"
#include "policy/json/json_reader.h"

namespace sluice {

struct RequestLine {
  Request request;
  std::string id_json = "null";    // JSON text of `id` (a string or a number), to be handed back
  std::optional<int64_t> wall_ns;  // `now`, exact to the nanosecond as far as it was written
  std::optional<Outcome> outcome;
};

class RequestReader {
 public:
  // Null: `*error` says what is wrong, where, and what was expected.
  const RequestLine* Read(std::string_view json, std::string* error);

 private:
  bool ReadMember(const JsonNode& member, std::string* error);
  bool ReadHeaders(const JsonNode& member, std::string* error);
  bool ReadTls(const JsonNode& member, std::string* error);
  bool ReadOutcome(const JsonNode& member, std::string* error);

  JsonReader reader_;
  RequestLine line_;
  std::vector<Header> headers_;
};

}  // namespace sluice

#endif  // SLUICE_POLICY_JSON_REQUEST_JSON_H_
