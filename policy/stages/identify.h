// What the authentication plugins of the identify stage share.
#ifndef SLUICE_POLICY_STAGES_IDENTIFY_H_
#define SLUICE_POLICY_STAGES_IDENTIFY_H_

#include "policy/stages/stages.h"

namespace sluice {

Step IdentifyByJwt(Txn& t);
Step IdentifyByKey(Txn& t);
Step IdentifyByPassword(Txn& t);
Step IdentifyBySignature(Txn& t);
Step IdentifyByCertificate(Txn& t);           // of the TLS connection
Step IdentifyByForwardedCertificate(Txn& t);  // of a header

// What follows `scheme` in the value of an Authorization header (RFC 9110, 11.4; the scheme is compared without case);
// empty: another scheme, or nothing.
std::string_view CredentialsOf(std::string_view value, std::string_view scheme);

// A credential was good. `consumer` may be kNone: authenticated without a consumer.
Step Accept(Txn& t, uint32_t consumer, std::string_view credential);

// A credential is missing or bad. With an anonymous consumer the request goes on as that one.
struct Refusal {
  std::string_view plugin;  // "jwt"
  Spot spot;
  uint32_t anonymous = kNone;
  uint32_t status = 401;
  std::string_view reason = {};
  std::string_view message = "Unauthorized";  // tells an attacker nothing
  std::string_view cause = {};                // for the trace
  std::string_view challenge = {};            // WWW-Authenticate
};
Step RefuseCredential(Txn& t, const Refusal& refusal);

// Whether a plugin has nothing to do: someone is authenticated already and this one only falls back to anonymous, or
// a preflight is to be let through.
bool SkipsAuthentication(const Txn& t, uint32_t anonymous, bool run_on_preflight);

// Whether two names of headers are one to somebody behind us: CGI and its heirs take `_` and `-` for the same.
bool IsSpelling(std::string_view name, std::string_view of);

// The decoded value of a query parameter; `next` is where to look on. False: no more of that name.
bool NextQueryValue(Txn& t, std::string_view name, size_t* next, std::string_view* value);

// The query without any parameter of that name.
std::string_view QueryWithout(Txn& t, std::string_view query, std::string_view name);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_IDENTIFY_H_
