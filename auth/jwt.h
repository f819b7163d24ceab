// JSON Web Tokens (RFC 7519), verified as RFC 8725 asks, in three steps that a policy can put its own between:
//
//   Token token;                                            // keep one per transaction: a warm one allocates nothing
//   Verdict v = token.Parse(compact);                       // 1. form; nothing is proven yet
//   const Key* key = KeyOf(token.Claim("iss").AsString());  //    choose the key by a claim or by token.kid()
//   if (v.ok()) v = token.Verify(*key);                     // 2. signature, with the key's algorithm
//   ClaimFigures figures;
//   if (v.ok()) v = CheckClaims(token, rules, now.wall_ns, &figures);  // 3. times, issuer, audience, type
//   if (!v.ok()) trace(ReasonCode(v.reason), v.detail, figures);
//
// All claims are strangers' words before step 2. Steps 1 and 3 allocate nothing once warm and never throw.
// Strings of claims may hold any valid UTF-8, also control characters (JSON escapes them): whoever puts one into an
// HTTP header must look for CR, LF and NUL first. Not thread-safe.
#ifndef SLUICE_AUTH_JWT_H_
#define SLUICE_AUTH_JWT_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/json.h"
#include "auth/jws.h"
#include "auth/reason.h"
#include "auth/requirement.h"

namespace sluice::auth {

class Token {
 public:
  // kOk, kMalformed, kTooLarge or kCritical. `compact` is borrowed until the next Parse.
  Verdict Parse(std::string_view compact);

  JsonValue header() const { return jws_.header(); }
  JsonValue claims() const { return claims_.root(); }
  JsonValue Claim(std::string_view name) const { return claims().Member(name); }
  JsonValue ClaimAt(const ClaimPath& path) const { return auth::ClaimAt(claims(), path); }
  std::string_view kid() const { return jws_.kid(); }
  std::string_view algorithm_name() const { return jws_.algorithm_name(); }
  std::optional<Algorithm> algorithm() const { return jws_.algorithm(); }
  const char* json_fault() const { return jws_.json_fault(); }  // of the header or of the claims

  // kOk, kAlgNotAllowed, kUnknownKid or kBadSignature.
  Verdict Verify(const Key& key) const { return jws_.Verify(key); }
  Verdict Verify(const KeySet& keys, uint32_t* key_index = nullptr) const { return jws_.Verify(keys, key_index); }

 private:
  Jws jws_;
  Json claims_;
};

struct ClaimRules {
  // Whether `exp` must be there. A token without an end is valid for ever; off only for issuers that never set it.
  bool require_exp = true;
  bool require_nbf = false;

  // Whether `exp` and `nbf` are looked at when present. Off only to do as Kong's jwt plugin does without
  // claims_to_verify; require_* and max_lifetime_s override it.
  bool check_exp = true;
  bool check_nbf = true;

  // Seconds of clock difference between issuer and gateway that are forgiven, for `exp` and `nbf` alike. 0 to 300 is
  // sane; a leeway lengthens the life of a stolen token by as much.
  int64_t leeway_s = 0;

  // How far ahead `exp` may be, in seconds; 0: any. Kong's maximum_expiration. Makes `exp` required.
  int64_t max_lifetime_s = 0;

  // `iss` must equal one of these; empty: not checked here (the key was chosen by the issuer, or the policy has one).
  std::vector<std::string> issuers;

  // `aud`, a string or a list, must have one of these in common; empty: not checked.
  std::vector<std::string> audiences;

  // Header `typ` must be one of these, ignoring case and an `application/` prefix (RFC 8725 section 3.11), e.g.
  // "at+jwt"; empty: not checked.
  std::vector<std::string> types;

  // Claims that must be there, whatever they say; null counts as missing.
  std::vector<ClaimPath> required_claims;

  // Scopes, all of which the token must have: in `scope` (RFC 8693 section 4.2) or `scp` (what Okta and Entra ID send),
  // a string with spaces between, or a list of such.
  std::vector<std::string> required_scopes;

  // All of which must be met, in order; the first that is not gives its reason.
  std::vector<Requirement> requirements;
};

// What the trace of a refusal shows beside its reason.
struct ClaimFigures {
  const char* claim = "";  // the claim, header member or scope at fault: "exp", "aud" …; may point into the rules
  int64_t off_by_s = 0;    // expired this long ago, valid only in so many seconds, ahead by so many too many
  int64_t allowed_s = 0;   // the rule: leeway_s or max_lifetime_s
  const char* requirement = "";  // the text of the part that is not met; points into the rules
};

// The times of a token in nanoseconds since the epoch, saturated, never overflown; what a cache needs to recheck them.
struct TokenTimes {
  int64_t exp_ns = std::numeric_limits<int64_t>::max();  // no `exp`: never
  int64_t nbf_ns = std::numeric_limits<int64_t>::min();  // no `nbf`: always
  bool has_exp = false;
  bool has_nbf = false;
};

// False if `exp`, `nbf` or `iat` is there and is not a number; figures->claim says which.
bool ReadTimes(const Token& token, TokenTimes* times, ClaimFigures* figures);

// `iat` in nanoseconds since the epoch, saturated; without one that is a number, the least there is.
int64_t IssuedAt(const Token& token);

// Checks `exp`, `nbf` and the lifetime against the clock: all that must be repeated for a token that is cached.
Verdict CheckTimes(const TokenTimes& times, const ClaimRules& rules, int64_t now_wall_ns, ClaimFigures* figures);

// ReadTimes, CheckTimes, issuer, audience, type, required claims, scopes and, last, requirements. `figures` may be
// null.
Verdict CheckClaims(const Token& token, const ClaimRules& rules, int64_t now_wall_ns, ClaimFigures* figures);

// Whether `value` is the string `wanted` or a list that has it (`aud`, `groups`, `scp`).
bool HasString(JsonValue value, std::string_view wanted);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_JWT_H_
