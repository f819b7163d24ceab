// What the authentication plugins of the identify stage share.
#ifndef SLUICE_POLICY_STAGES_IDENTIFY_H_
#define SLUICE_POLICY_STAGES_IDENTIFY_H_

#include "auth/token_cache.h"
#include "policy/stages/stages.h"

namespace sluice {

Step IdentifyByJwt(Txn& t);
Step IdentifyByKey(Txn& t);
Step IdentifyByPassword(Txn& t);
Step IdentifyByOpenidConnect(Txn& t);
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

// Removes the client's headers of that name from what the upstream gets, and those whose names are the same to somebody
// behind us: CGI and its heirs take `_` and `-` for one. `keep_exact`: only the others.
void DropSpellings(Txn& t, std::string_view name, bool keep_exact = false);

// Who a credential stands for, as a cache keeps it: its identifier, and groups as in Identity. False: too long for
// that.
bool PackIdentity(std::string_view identifier, std::string_view groups, auth::CachedToken* out);
void UnpackIdentity(Txn& t, const auth::CachedToken& packed, std::string_view* identifier, std::string_view* groups);

// The decoded value of a query parameter; `next` is where to look on. False: no more of that name.
bool NextQueryValue(Txn& t, std::string_view name, size_t* next, std::string_view* value);

// The query without any parameter of that name.
std::string_view QueryWithout(Txn& t, std::string_view query, std::string_view name);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_IDENTIFY_H_
