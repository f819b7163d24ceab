// Kong's jwt plugin, and beyond it tokens of an identity provider whose keys are a JWK set.
//
// The token names its key: by the claim `key_claim_name` one of the consumers' jwt_secrets, else, or if its issuer is
// the plugin's `issuer`, a key of the set. All claims are a stranger's words until the signature is verified.
#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "auth/challenge.h"
#include "auth/token_cache.h"
#include "base/limits.h"
#include "policy/stages/identify.h"

namespace sluice {
namespace {

struct Presented {
  std::string_view token;
  bool several = false;  // distinct tokens in one request
};

void Collect(std::string_view token, Presented* presented) {
  if (token.empty() || token == presented->token) return;
  presented->several = !presented->token.empty();
  presented->token = token;
}

void CollectCookies(const Txn& t, std::string_view name, Presented* presented) {
  for (const Header& header : RequestHeaders(t)) {
    if (!absl::EqualsIgnoreCase(header.name, "cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      pair = absl::StripAsciiWhitespace(pair);
      if (absl::StartsWith(pair, name) && pair.substr(name.size(), 1) == "=")
        Collect(pair.substr(name.size() + 1), presented);
    }
  }
}

Presented FindToken(Txn& t, const policy::JwtConfig& config) {
  Presented presented;
  for (const std::string& name : config.uri_param_names) {
    size_t next = 0;
    for (std::string_view value; NextQueryValue(t, name, &next, &value);) Collect(value, &presented);
  }
  for (const std::string& name : config.cookie_names) CollectCookies(t, name, &presented);
  for (const std::string& name : config.header_names)
    for (const Header& header : RequestHeaders(t))
      if (absl::EqualsIgnoreCase(header.name, name)) Collect(CredentialsOf(header.value, "Bearer"), &presented);
  return presented;
}

// ---- Outcomes ----

std::string_view Cause(Txn& t, auth::Verdict verdict, const auth::ClaimFigures& figures) {
  std::string_view off = Decimal(t, figures.off_by_s);
  std::string_view allowed = Decimal(t, figures.allowed_s);
  switch (verdict.reason) {
    case auth::Reason::kExpired: return t.arena.Concat({"expired ", off, " s ago, leeway ", allowed, " s"});
    case auth::Reason::kNotYetValid: return t.arena.Concat({"valid only in ", off, " s, leeway ", allowed, " s"});
    case auth::Reason::kLifetimeTooLong:
      return t.arena.Concat({"ends ", off, " s later than the ", allowed, " s allowed"});
    case auth::Reason::kMissingClaim: return t.arena.Concat({"claim `", figures.claim, "` is missing"});
    case auth::Reason::kInsufficientScope: return t.arena.Concat({"scope `", figures.claim, "` is missing"});
    default: return verdict.detail;
  }
}

Step RefuseToken(Txn& t, const JwtPlugin& plugin, std::string_view reason, std::string_view cause) {
  Refusal refusal{"jwt", plugin.spot, plugin.anonymous};
  refusal.reason = reason;
  refusal.cause = cause;
  // RFC 6750, 3.1: no error code when no token came; 403 when it was good, but not for this.
  auth::ChallengeParts challenge{"Bearer", plugin.config.realm, reason == "jwt_missing" ? "" : "invalid_token", "", ""};
  if (reason == auth::ReasonCode(auth::Reason::kInsufficientScope)) {
    refusal.status = 403;
    refusal.message = "Forbidden";
    challenge.error = "insufficient_scope";
    challenge.scope = plugin.scopes;
  }
  refusal.challenge = auth::Challenge(t.arena, challenge);
  return RefuseCredential(t, refusal);
}

Step RefuseToken(Txn& t, const JwtPlugin& plugin, auth::Verdict verdict, const auth::ClaimFigures& figures = {}) {
  return RefuseToken(t, plugin, auth::ReasonCode(verdict.reason), Cause(t, verdict, figures));
}

Step KeysUnavailable(Txn& t, const JwtPlugin& plugin) {
  if (plugin.config.jwks_unavailable_open) {
    Trace(t, "jwt", "skip", plugin.spot, {"no key set, and jwks_unavailable is open: goes on unidentified"});
    return Step::kNext;
  }
  Trace(t, "jwt", "refuse", plugin.spot, {"no key set, and jwks_unavailable is closed"});
  return Refuse(t, 503, "jwks_unavailable", "Service unavailable");
}

// ---- The cache ----

// What is kept of a verified token beside its times: user[0] is the consumer, user[1] where its key came from, and
// PackIdentity's.
constexpr uint64_t kFromKeySet = uint64_t{1} << 32;
constexpr uint64_t kHasExp = uint64_t{1} << 33;

const KeySetView* ViewOf(const Txn& t, const JwtPlugin& plugin) {
  if (plugin.source == kNone) return nullptr;
  const KeySetView& own = t.world->key_sets[plugin.source];
  if (t.newer_world == nullptr) return &own;
  for (const KeySetView& view : t.newer_world->key_sets)
    if (view.slot == own.slot) return &view;
  return &own;
}

auth::TokenCache::Key CacheKey(const Txn& t, const JwtPlugin& plugin, std::string_view token) {
  const KeySetView* view = ViewOf(t, plugin);
  return t.gateway.tokens->KeyFor(
      token, {t.world->policy_generation << 20 | plugin.verifier, view != nullptr ? view->generation : 0});
}

void Remember(Txn& t, const JwtPlugin& plugin, std::string_view token, const auth::TokenTimes& times, uint32_t consumer,
              uint64_t origin, std::string_view identifier, std::string_view groups) {
  auth::CachedToken value;
  if (t.gateway.tokens == nullptr || !PackIdentity(identifier, groups, &value)) return;
  value.exp_ns = times.exp_ns;
  value.nbf_ns = times.nbf_ns;
  value.user[0] = consumer;
  value.user[1] = origin | (times.has_exp ? kHasExp : 0);
  t.gateway.tokens->Insert(CacheKey(t, plugin, token), value);
}

// True: the token was verified before; `step` is what came of it now.
bool FromCache(Txn& t, const JwtPlugin& plugin, std::string_view token, Step* step) {
  auth::CachedToken hit;
  if (t.gateway.tokens == nullptr || token.size() > limits::kTokenBytes ||
      !t.gateway.tokens->Find(CacheKey(t, plugin, token), &hit))
    return false;
  bool from_set = (hit.user[1] & kFromKeySet) != 0;
  const KeySetView* view = ViewOf(t, plugin);
  if (from_set && view != nullptr && t.now.mono_ns > view->usable_until_mono_ns) return false;
  auth::TokenTimes times{hit.exp_ns, hit.nbf_ns, (hit.user[1] & kHasExp) != 0, true};
  auth::ClaimFigures figures;
  auth::Verdict verdict =
      auth::CheckTimes(times, from_set ? plugin.set_rules : plugin.secret_rules, t.now.wall_ns, &figures);
  if (!verdict.ok()) {
    *step = RefuseToken(t, plugin, verdict, figures);
    return true;
  }
  std::string_view identifier, groups;
  if (from_set) {
    UnpackIdentity(t, hit, &identifier, &groups);
  } else {
    identifier = t.snapshot->jwt_secrets[static_cast<uint32_t>(hit.user[1])].credential.identifier;
  }
  *step = Accept(t, static_cast<uint32_t>(hit.user[0]), identifier);
  t.identity.groups = groups;
  Trace(t, "jwt", "pass", plugin.spot, {"verified before, still valid"});
  return true;
}

// ---- Verification ----

Step AcceptToken(Txn& t, const JwtPlugin& plugin, std::string_view token, uint32_t consumer, uint64_t origin,
                 std::string_view identifier, std::string_view groups = {}) {
  auth::TokenTimes times;
  auth::ClaimFigures figures;
  auth::ReadTimes(t.token, &times, &figures);  // cannot fail: CheckClaims has read them
  Remember(t, plugin, token, times, consumer, origin, identifier, groups);
  Trace(t, "jwt", "pass", plugin.spot, {"verified, algorithm ", t.token.algorithm_name()});
  Accept(t, consumer, identifier);
  t.identity.groups = groups;
  return Step::kNext;
}

Step VerifyWithSecret(Txn& t, const JwtPlugin& plugin, std::string_view token, uint32_t index) {
  const CompiledJwtSecret& secret = t.snapshot->jwt_secrets[index];
  const std::optional<auth::Key>& key = plugin.config.secret_is_base64 ? secret.decoded_key : secret.key;
  if (!key) return RefuseToken(t, plugin, "jwt_unverifiable", "the jwt_secret is no base64, as secret_is_base64 says");
  auth::Verdict verdict = t.token.Verify(*key);
  auth::ClaimFigures figures;
  if (verdict.ok()) verdict = auth::CheckClaims(t.token, plugin.secret_rules, t.now.wall_ns, &figures);
  if (!verdict.ok()) return RefuseToken(t, plugin, verdict, figures);
  return AcceptToken(t, plugin, token, secret.credential.consumer, index, secret.credential.identifier);
}

uint32_t ConsumerNamed(const Snapshot& snapshot, std::string_view name) {
  auto found = snapshot.consumer_by_name.find(name);
  if (found != snapshot.consumer_by_name.end()) return found->second;
  found = snapshot.consumer_by_custom_id.find(name);
  return found != snapshot.consumer_by_custom_id.end() ? found->second : kNone;
}

// A claim goes into a header: what could end one is no name of anybody.
bool IsHeaderSafe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Calls f with each name of a string or a list of strings. False: something else stands there.
template <typename F>
bool ForEachName(auth::JsonValue claim, F f) {
  if (claim.IsString()) f(claim.AsString());
  for (auth::JsonValue name = claim.First(); claim.IsArray() && name.exists(); name = name.Next()) {
    if (!name.IsString()) return false;
    f(name.AsString());
  }
  return claim.IsString() || claim.IsArray();
}

// The groups of a token as in Identity, empty names left out. False: no names, or one that fits into no header.
bool ReadGroups(Txn& t, auth::JsonValue claim, std::string_view* groups) {
  if (claim.type() == auth::JsonType::kMissing || claim.type() == auth::JsonType::kNull) return true;
  size_t size = 0;
  bool safe = true;
  auto measure = [&](std::string_view name) {
    size += name.size() + 1;
    safe = safe && IsHeaderSafe(name);
  };
  if (!ForEachName(claim, measure) || !safe) return false;
  char* out = t.arena.Array<char>(size);
  size_t at = 0;
  ForEachName(claim, [&](std::string_view name) {
    if (name.empty()) return;
    at += name.copy(out + at, name.size());
    out[at++] = '\n';
  });
  *groups = {out, at};
  return true;
}

Step AcceptVerifiedBySet(Txn& t, const JwtPlugin& plugin, std::string_view token) {
  auth::ClaimFigures figures;
  auth::Verdict verdict = auth::CheckClaims(t.token, plugin.set_rules, t.now.wall_ns, &figures);
  if (!verdict.ok()) return RefuseToken(t, plugin, verdict, figures);
  std::string_view name = t.token.ClaimAt(plugin.config.consumer_claim).AsString();
  if (!IsHeaderSafe(name)) return RefuseToken(t, plugin, "jwt_bad_claim", "the consumer claim has control characters");
  std::string_view groups;
  if (!plugin.config.groups_claim.empty() && !ReadGroups(t, t.token.ClaimAt(plugin.config.groups_claim), &groups))
    return RefuseToken(t, plugin, "jwt_bad_claim", "the groups claim is neither a name nor a list of names");
  name = t.arena.Copy(name);  // the token's buffers are used again
  uint32_t consumer = name.empty() ? kNone : ConsumerNamed(*t.snapshot, name);
  if (consumer == kNone && !plugin.config.consumer_optional)
    return RefuseToken(t, plugin, "jwt_unknown_consumer",
                       t.arena.Concat({"claim `", plugin.config.consumer_claim.back(),
                                       name.empty() ? "` is missing" : "` names no consumer"}));
  return AcceptToken(t, plugin, token, consumer, kFromKeySet, name, groups);
}

Step WaitForKeys(Txn& t, const JwtPlugin& plugin, uint64_t job) {
  t.effect = Effect();
  t.effect.kind = EffectKind::kJob;
  t.effect.id = job;
  t.effect.timeout_ms = t.snapshot->key_sources[plugin.source].timeout_ms;
  t.identify.waited = true;
  Trace(t, "jwt", "wait", plugin.spot, {"for the key set of ", plugin.config.jwks_uri});
  return Step::kWait;
}

enum class Keys { kFound, kNotFound };

// Verifies with the keys at hand. kNotFound: no key of the token's id is among them, so that newer ones might help.
Keys TryKeys(Txn& t, const JwtPlugin& plugin, std::string_view token, Step* step) {
  const KeySetView* view = ViewOf(t, plugin);
  const auth::KeySet* keys = plugin.static_keys.get();
  if (view != nullptr) keys = t.now.mono_ns <= view->usable_until_mono_ns ? view->keys.get() : nullptr;
  if (keys == nullptr) return Keys::kNotFound;
  auth::Verdict verdict = t.token.Verify(*keys);
  if (verdict.reason == auth::Reason::kUnknownKid && view != nullptr) return Keys::kNotFound;
  *step = verdict.ok() ? AcceptVerifiedBySet(t, plugin, token) : RefuseToken(t, plugin, verdict);
  return Keys::kFound;
}

Step VerifyWithSet(Txn& t, const JwtPlugin& plugin, std::string_view token) {
  Step step;
  if (TryKeys(t, plugin, token, &step) == Keys::kFound) return step;
  using State = auth::KeySetSource::State;
  auth::KeySetSource::Want want = t.gateway.key_sets.WantKey(ViewOf(t, plugin)->slot, t.token.kid(), t.now);
  if (want.state == State::kHave) {  // another request has just brought it
    t.newer_world = t.newer_reader.Pin();
    if (TryKeys(t, plugin, token, &step) == Keys::kFound) return step;
    want.state = State::kUnknown;
  }
  if (want.state == State::kUnknown)
    return RefuseToken(t, plugin,
                       {auth::Reason::kUnknownKid, "no key of that id, also after asking the identity provider"});
  if (want.state == State::kWait && t.options.can_wait && !t.identify.waited)
    return WaitForKeys(t, plugin, want.flight);
  return KeysUnavailable(t, plugin);
}

std::string_view KeyClaim(const Txn& t, const JwtPlugin& plugin) {
  auth::JsonValue claim = t.token.Claim(plugin.config.key_claim_name);
  return claim.exists() ? claim.AsString() : t.token.header().Member(plugin.config.key_claim_name).AsString();
}

Step VerifyToken(Txn& t, const JwtPlugin& plugin, std::string_view token) {
  auth::Verdict form = t.token.Parse(token);
  if (!form.ok()) return RefuseToken(t, plugin, form);
  std::string_view name = KeyClaim(t, plugin);
  auto secret = t.snapshot->jwt_secret_by_key.find(name);
  bool has_secret = secret != t.snapshot->jwt_secret_by_key.end();
  bool for_set = plugin.config.issuer.empty() ? !has_secret : t.token.Claim("iss").AsString() == plugin.config.issuer;
  if (plugin.has_key_set() && for_set) return VerifyWithSet(t, plugin, token);
  if (has_secret) return VerifyWithSecret(t, plugin, token, secret->second);
  if (name.empty())
    return RefuseToken(t, plugin, "jwt_missing_key_claim",
                       t.arena.Concat({"no claim `", plugin.config.key_claim_name, "`"}));
  return RefuseToken(
      t, plugin, "jwt_unknown_issuer",
      t.arena.Concat({"no consumer has a jwt_secret for the token's `", plugin.config.key_claim_name, "`"}));
}

}  // namespace

Step IdentifyByJwt(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kJwt);
  if (scoped == nullptr) return Step::kNext;
  const JwtPlugin& plugin = t.snapshot->jwt[scoped->config];
  if (SkipsAuthentication(t, plugin.anonymous, plugin.config.run_on_preflight)) return Step::kNext;
  t.auth_ran = true;
  Presented presented = FindToken(t, plugin.config);
  if (presented.token.empty())
    return RefuseToken(t, plugin, "jwt_missing", "no token in the configured headers, parameters and cookies");
  if (presented.several) return RefuseToken(t, plugin, "jwt_multiple", "more than one token in the request");
  Step step;
  if (FromCache(t, plugin, presented.token, &step)) return step;
  return VerifyToken(t, plugin, presented.token);
}

}  // namespace sluice
