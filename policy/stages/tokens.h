// What jwt and openid-connect share: tokens of identity providers.
//
//   Presented presented;
//   CollectHeader(t, "authorization", true, &presented);            // wherever the plugin looks
//   if (!CheckPresented(t, plugin, presented, &step)) return step;
//   if (FromCache(t, plugin, presented.token, &step)) return step;
//   auth::Verdict form = t.token.Parse(presented.token);
//   if (!form.ok()) return RefuseToken(t, plugin, form);
//   return VerifyByProvider(t, plugin, 0, presented.token);
//
// All claims are a stranger's words until a signature is verified. Of a token that was verified, the cache keeps who it
// stands for, not what it says: a plugin that wants more of it reads the token again, whose bytes are the same.
#ifndef SLUICE_POLICY_STAGES_TOKENS_H_
#define SLUICE_POLICY_STAGES_TOKENS_H_

#include "policy/stages/identify.h"

namespace sluice {

struct Presented {
  std::string_view token;
  bool several = false;  // distinct tokens in one request
};
void CollectHeader(const Txn& t, std::string_view name, bool has_scheme, Presented* presented);
void CollectCookies(const Txn& t, std::string_view name, Presented* presented);
void CollectQuery(Txn& t, std::string_view name, Presented* presented);

// The next pair of a Cookie header's value (RFC 6265, 4.2.1). False: no more.
bool NextCookie(std::string_view* rest, std::string_view* pair);
inline bool IsCookie(std::string_view pair, std::string_view name) {
  return pair.substr(0, name.size()) == name && pair.substr(name.size(), 1) == "=";
}

// False: there is no token to verify; `step` is what comes of it.
bool CheckPresented(Txn& t, const TokenPlugin& plugin, const Presented& presented, Step* step);

// True: the token was verified before; `step` is what came of it now.
bool FromCache(Txn& t, const TokenPlugin& plugin, std::string_view token, Step* step);

// t.token, with the keys and by the rules of that provider. May wait.
Step VerifyByProvider(Txn& t, const TokenPlugin& plugin, uint32_t provider, std::string_view token);

// t.token was good, by the key of a jwt_secret.
Step AcceptBySecret(Txn& t, const JwtPlugin& plugin, std::string_view token, uint32_t secret);

Step RefuseToken(Txn& t, const TokenPlugin& plugin, std::string_view reason, std::string_view cause);
Step RefuseToken(Txn& t, const TokenPlugin& plugin, auth::Verdict verdict, const auth::ClaimFigures& figures = {});

// The client's own copies of the headers that tell the upstream of claims.
void DropClaimHeaders(Txn& t, const TokenPlugin& plugin);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_TOKENS_H_
