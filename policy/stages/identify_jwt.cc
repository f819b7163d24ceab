// Kong's jwt plugin, and beyond it tokens of identity providers.
//
// The token names its key: by the claim `key_claim_name` one of the consumers' jwt_secrets, else, or if its issuer is
// that of a provider, a key of the provider's set.
#include "policy/stages/tokens.h"

namespace sluice {
namespace {

Presented FindToken(Txn& t, const policy::JwtConfig& config) {
  Presented presented;
  for (const std::string& name : config.uri_param_names) CollectQuery(t, name, &presented);
  for (const std::string& name : config.cookie_names) CollectCookies(t, name, &presented);
  for (const std::string& name : config.header_names) CollectHeader(t, name, true, &presented);
  return presented;
}

Step VerifyWithSecret(Txn& t, const JwtPlugin& plugin, std::string_view token, uint32_t index) {
  const CompiledJwtSecret& secret = t.snapshot->jwt_secrets[index];
  const std::optional<auth::Key>& key = plugin.config.secret_is_base64 ? secret.decoded_key : secret.key;
  if (!key) return RefuseToken(t, plugin, "jwt_unverifiable", "the jwt_secret is no base64, as secret_is_base64 says");
  auth::Verdict verdict = t.token.Verify(*key);
  auth::ClaimFigures figures;
  if (verdict.ok()) verdict = auth::CheckClaims(t.token, *plugin.secret_rules, t.now.wall_ns, &figures);
  if (!verdict.ok()) return RefuseToken(t, plugin, verdict, figures);
  return AcceptBySecret(t, plugin, token, index);
}

std::string_view KeyClaim(const Txn& t, const JwtPlugin& plugin) {
  auth::JsonValue claim = t.token.Claim(plugin.config.key_claim_name);
  return claim.exists() ? claim.AsString() : t.token.header().Member(plugin.config.key_claim_name).AsString();
}

// The provider of the token's issuer; one for any issuer leaves tokens of consumers' own keys to these.
uint32_t ProviderOf(const Txn& t, const JwtPlugin& plugin, bool has_secret) {
  const std::string_view issuer = t.token.Claim("iss").AsString();
  for (uint32_t i = 0; i < plugin.providers.size(); ++i) {
    const std::string& wanted = plugin.providers[i].issuer;
    if (wanted.empty() ? !has_secret : wanted == issuer) return i;
  }
  return kNone;
}

Step VerifyToken(Txn& t, const JwtPlugin& plugin, std::string_view token) {
  auth::Verdict form = t.token.Parse(token);
  if (!form.ok()) return RefuseToken(t, plugin, form);
  std::string_view name = KeyClaim(t, plugin);
  auto secret = t.snapshot->jwt_secret_by_key.find(name);
  const bool has_secret = secret != t.snapshot->jwt_secret_by_key.end();
  const uint32_t provider = ProviderOf(t, plugin, has_secret);
  if (provider != kNone) return VerifyByProvider(t, plugin, provider, token);
  if (has_secret) return VerifyWithSecret(t, plugin, token, secret->second);
  if (name.empty())
    return RefuseToken(t, plugin, "jwt_missing_key_claim",
                       t.arena.Concat({"no claim `", plugin.config.key_claim_name, "` that is a text"}));
  return RefuseToken(
      t, plugin, "jwt_unknown_issuer",
      t.arena.Concat({"no consumer has a jwt_secret for the token's `", plugin.config.key_claim_name, "`, ",
                      ShownOf(t, name), plugin.providers.empty() ? "" : ", and its issuer is none of the plugin's"}));
}

}  // namespace

Step IdentifyByJwt(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kJwt);
  if (scoped == nullptr) return Step::kNext;
  const JwtPlugin& plugin = t.snapshot->jwt[scoped->config];
  if (SkipsAuthentication(t, plugin.anonymous, plugin.config.run_on_preflight)) return Step::kNext;
  t.auth_ran = true;
  const Presented presented = FindToken(t, plugin.config);
  Step step;
  if (!CheckPresented(t, plugin, presented, &step)) return step;
  if (FromCache(t, plugin, presented.token, &step)) return step;
  return VerifyToken(t, plugin, presented.token);
}

}  // namespace sluice
