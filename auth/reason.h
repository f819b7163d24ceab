// Why a credential was refused: stable codes for decisions, traces and metrics.
//
//   Verdict v = token.Parse(compact);
//   if (!v.ok()) trace("%s: %s", ReasonCode(v.reason), v.detail);   // "jwt_malformed: header is not base64url"
//
// Codes and their spelling never change their meaning. Details are static, lower-case texts for the operator's trace:
// they hold no byte of the token.
#ifndef SLUICE_AUTH_REASON_H_
#define SLUICE_AUTH_REASON_H_

#include <cstdint>

namespace sluice::auth {

enum class Reason : uint8_t {
  kOk,
  kMalformed,          // jwt_malformed: not three segments, not base64url, not JSON, a duplicate member …
  kTooLarge,           // jwt_too_large: beyond limits::kTokenBytes
  kCritical,           // jwt_critical: has `crit`, none of which is understood
  kAlgNotAllowed,      // jwt_alg_not_allowed: `none`, unknown, or not what the key is for
  kUnknownKid,         // jwt_unknown_kid: no key of that id (a refetch may help)
  kBadSignature,       // jwt_bad_signature
  kMissingExp,         // jwt_missing_exp
  kMissingNbf,         // jwt_missing_nbf
  kExpired,            // jwt_expired
  kNotYetValid,        // jwt_not_yet_valid
  kLifetimeTooLong,    // jwt_lifetime_too_long: `exp` is further ahead than the policy allows
  kBadClaim,           // jwt_bad_claim: a registered claim of the wrong type
  kWrongIssuer,        // jwt_wrong_issuer
  kWrongAudience,      // jwt_wrong_audience
  kWrongType,          // jwt_wrong_type: header `typ` is not among those allowed
  kMissingClaim,       // jwt_missing_claim: one that the policy requires
  kInsufficientScope,  // jwt_insufficient_scope: the token is good, but not for this (RFC 6750 section 3.1: 403)
  kRequirement,        // jwt_requirement: its claims are not those that the policy asks for (403, too)
  kRevoked,            // jwt_revoked: signed and within its times, but on a list of those not to be believed
};

inline constexpr int kReasonCount = 20;

// "" for kOk, else "jwt_expired" …
const char* ReasonCode(Reason reason);

struct Verdict {
  Reason reason = Reason::kOk;
  const char* detail = "";  // static

  bool ok() const { return reason == Reason::kOk; }
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_REASON_H_
