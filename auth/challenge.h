// The value of a WWW-Authenticate header (RFC 7235 section 4.1; for bearer tokens RFC 6750 section 3).
//
//   std::string_view value = Challenge(arena, {"Bearer", "example", "invalid_token", "the token has expired", ""});
//   // Bearer realm="example", error="invalid_token", error_description="the token has expired"
//
// Values are quoted; what a quoted string may not hold (control characters, bytes beyond ASCII) becomes a space, so
// that nothing can break out of the header.
#ifndef SLUICE_AUTH_CHALLENGE_H_
#define SLUICE_AUTH_CHALLENGE_H_

#include <string_view>

#include "base/arena.h"

namespace sluice::auth {

struct ChallengeParts {
  std::string_view scheme;       // "Bearer", "Key", "Basic"; a literal of the caller's, written as it is
  std::string_view realm;        // these four: left out when empty
  std::string_view error;        // "invalid_request", "invalid_token", "insufficient_scope"
  std::string_view description;  // for people; must tell an attacker nothing
  std::string_view scope;        // with insufficient_scope: what would have been enough
};

// Allocated in `arena`.
std::string_view Challenge(Arena& arena, const ChallengeParts& parts);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_CHALLENGE_H_
