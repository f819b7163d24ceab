// Kong's hmac-auth: requests signed with a secret that the consumer shares with the gateway.
#include "absl/strings/match.h"
#include "auth/http_signature.h"
#include "policy/stages/identify.h"

namespace sluice {
namespace {

// In Kong's order; the first that has an hmac signature counts.
constexpr std::string_view kHeaders[] = {"Proxy-Authorization", "Authorization"};

// Kong's messages. It has one more for a user that is not known; here he reads the same as the owner of a bad
// signature.
constexpr std::string_view kNoDate =
    "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication";
constexpr std::string_view kUnverifiable = "HMAC signature cannot be verified";
constexpr std::string_view kDoesNotMatch = "HMAC signature does not match";

struct PresentedSignature {
  std::string_view header;  // its name; empty: no signature
  std::string_view parameters;
  bool several = false;
};

PresentedSignature FindSignature(const Txn& t) {
  PresentedSignature presented;
  for (std::string_view name : kHeaders) {
    for (const Header& header : RequestHeaders(t)) {
      if (!absl::EqualsIgnoreCase(header.name, name)) continue;
      std::string_view parameters = CredentialsOf(header.value, "hmac");
      if (parameters.empty()) continue;
      presented.several = !presented.header.empty();
      presented.header = name;
      presented.parameters = parameters;
    }
    if (!presented.header.empty()) break;
  }
  return presented;
}

struct Refused {
  std::string_view reason;  // empty: not refused
  std::string_view message = {};
  std::string_view cause = {};
};

// All that can be said without the secret.
Refused CheckForm(Txn& t, const HmacAuthPlugin& plugin, const PresentedSignature& presented,
                  auth::SignatureParameters* parameters) {
  if (presented.header.empty())
    return {"hmac_missing", "Unauthorized", "no hmac signature in Proxy-Authorization and Authorization"};
  if (presented.several) return {"hmac_malformed", kUnverifiable, "more than one hmac signature in one header"};
  const char* fault = auth::ParseSignature(presented.parameters, parameters);
  if (*fault != '\0') return {"hmac_malformed", kUnverifiable, fault};
  for (const std::string& name : plugin.config.enforce_headers)
    if (!parameters->Signs(name))
      return {"hmac_header_not_signed", kUnverifiable,
              t.arena.Concat({"`", name, "` of enforce_headers is not signed"})};
  if (!parameters->hash || (plugin.hashes & 1 << static_cast<int>(*parameters->hash)) == 0)
    return {"hmac_algorithm", kUnverifiable, "the algorithm is not among those of the plugin"};
  constexpr int64_t kSecondNs = 1'000'000'000;
  if (!auth::IsFresh(*parameters, t.request, t.now.wall_ns / kSecondNs, plugin.config.clock_skew_s))
    return {"hmac_date", kNoDate,
            t.arena.Concat({"neither X-Date nor Date is signed and within ", Decimal(t, plugin.config.clock_skew_s),
                            " s of the gateway's clock"})};
  return {};
}

// A stranger's signature is checked as well, with a secret that nobody has, so that he takes no less time.
Refused CheckSignature(Txn& t, const auth::SignatureParameters& parameters, const SigningCredential** credential) {
  const char* fault;
  std::string_view text = auth::SignedText(parameters, t.request, &t.arena, &fault);
  if (*fault != '\0') return {"hmac_malformed", kUnverifiable, fault};
  auto found = t.snapshot->signing_credential_by_username.find(parameters.username);
  bool known = found != t.snapshot->signing_credential_by_username.end();
  *credential = known ? &t.snapshot->signing_credentials[found->second] : nullptr;
  const auth::SigningSecret& secret = known ? (*credential)->secret : *t.snapshot->nobodys_secret;
  bool matches = secret.Verify(*parameters.hash, text, parameters.signature);
  if (!known) return {"hmac_unknown", kDoesNotMatch, "no consumer has a credential of that username"};
  if (!matches) return {"hmac_bad_signature", kDoesNotMatch, "signed with another secret, or another text was signed"};
  return {};
}

}  // namespace

Step IdentifyBySignature(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kHmacAuth);
  if (scoped == nullptr) return Step::kNext;
  const HmacAuthPlugin& plugin = t.snapshot->hmac_auth[scoped->config];
  if (SkipsAuthentication(t, plugin.anonymous, true)) return Step::kNext;
  t.auth_ran = true;
  PresentedSignature presented = FindSignature(t);
  if (plugin.config.hide_credentials && !presented.header.empty()) t.request_changes.Remove(presented.header);
  auth::SignatureParameters parameters;
  const SigningCredential* credential = nullptr;
  Refused refused = CheckForm(t, plugin, presented, &parameters);
  if (refused.reason.empty()) refused = CheckSignature(t, parameters, &credential);
  if (!refused.reason.empty()) {
    Refusal refusal{"hmac-auth", plugin.spot, plugin.anonymous};
    refusal.reason = refused.reason;
    refusal.message = refused.message;
    refusal.cause = refused.cause;
    refusal.challenge = plugin.challenge;
    return RefuseCredential(t, refusal);
  }
  Accept(t, credential->credential.consumer, credential->credential.identifier);
  Trace(t, "hmac-auth", "pass", plugin.spot, {"signed by `", t.decision.consumer, "`"});
  return Step::kNext;
}

}  // namespace sluice
