// What is wrong with a document, where, and what to do about it. Collected, never thrown: one run reports everything.
//
// Texts are lower case; what was found stands in backticks; the hint says what to do.
#ifndef SLUICE_BASE_DIAGNOSTIC_H_
#define SLUICE_BASE_DIAGNOSTIC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// A spot in an authored document. Lines and columns count from 1; 0 means unknown.
struct Place {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  std::string pointer;  // RFC 6901, e.g. "/services/0/routes/1/paths/0"
};

// A concrete request that proves a conflict, with those members of a request that `sluice decide` reads which matter.
struct Witness {
  std::string method;  // empty for a stream, which has no host and no path either
  std::string scheme;  // "http", "https", "tcp", "tls", "udp"
  std::string host;
  uint16_t port = 0;  // 0: the scheme's own
  std::string path;   // as it is sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string sni;     // empty: none
  std::string peer;    // "ip:port"; empty: any
  std::string server;  // likewise
};

// As a person would write it: `GET http://example.com/a`, then headers, server name and addresses if there are any. A
// request for `*` is the URL without a path, as RFC 9112, 3.2.4 writes it, which `sluice explain` takes.
std::string ToText(const Witness& witness);

// A note is for a review: what it says may well be meant so.
enum class Severity { kWarning, kError, kNote };

// "error", "warning" or "note".
std::string_view ToText(Severity severity);

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;     // stable, snake_case: "unknown_field", "duplicate_route"
  std::string message;  // one sentence, lower case, no newline
  Place where;
  std::string hint;                 // what to do; may be empty
  std::vector<std::string> routes;  // names of the routes that it is about; may be empty
  std::vector<Place> related;       // other places that it is about, e.g. the first of two duplicates
  std::optional<Witness> witness;   // a request that proves it
  std::optional<Witness> contrast;  // of routes that overlap: a request that goes to the other one
};

using Diagnostics = std::vector<Diagnostic>;

inline bool HasErrors(const Diagnostics& all) {
  for (const Diagnostic& d : all)
    if (d.severity == Severity::kError) return true;
  return false;
}

// "file:line:column: error: message (hint)", one line a diagnostic and one for each related place.
std::string ToText(const Diagnostic& diagnostic);

// The name in `known` nearest to `name` (edit distance at most a third of its length), or "" if none is near.
std::string NearestName(const std::string& name, const std::vector<std::string>& known);

}  // namespace sluice

#endif  // SLUICE_BASE_DIAGNOSTIC_H_
