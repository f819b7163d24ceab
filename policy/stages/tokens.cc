#include "policy/stages/tokens.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "auth/challenge.h"
#include "auth/token_cache.h"
#include "base/limits.h"

namespace sluice {
namespace {

void Collect(std::string_view token, Presented* presented) {
  if (token.empty() || token == presented->token) return;
  presented->several |= !presented->token.empty();
  presented->token = token;
}

// ---- Outcomes ----

// Of a claim that may be a list, what stands there or stands there first.
auth::JsonValue FirstOf(auth::JsonValue claim) { return claim.IsArray() ? claim.First() : claim; }

// The cause, and what the token says instead: a text, or else only that there is none or that it is no text.
std::string_view Found(Txn& t, std::string_view cause, auth::JsonValue found) {
  if (!found.exists()) return t.arena.Concat({cause, ", found none"});
  return t.arena.Concat({cause, ", found ", found.IsString() ? ShownOf(t, found.AsString()) : "no text"});
}

std::string_view Cause(Txn& t, auth::Verdict verdict, const auth::ClaimFigures& figures) {
  if (*figures.requirement != '\0') return t.arena.Concat({"not met: ", figures.requirement});
  std::string_view off = Decimal(t, figures.off_by_s);
  std::string_view allowed = Decimal(t, figures.allowed_s);
  switch (verdict.reason) {
    case auth::Reason::kExpired: return t.arena.Concat({"expired ", off, " s ago, leeway ", allowed, " s"});
    case auth::Reason::kNotYetValid: return t.arena.Concat({"valid only in ", off, " s, leeway ", allowed, " s"});
    case auth::Reason::kLifetimeTooLong:
      return t.arena.Concat({"ends ", off, " s later than the ", allowed, " s allowed"});
    case auth::Reason::kMissingClaim: return t.arena.Concat({"claim `", figures.claim, "` is missing"});
    case auth::Reason::kInsufficientScope: return t.arena.Concat({"scope `", figures.claim, "` is missing"});
    case auth::Reason::kMalformed:
      return *t.token.json_fault() == '\0' ? verdict.detail
                                           : t.arena.Concat({verdict.detail, ": ", t.token.json_fault()});
    case auth::Reason::kAlgNotAllowed: return Found(t, verdict.detail, t.token.header().Member("alg"));
    case auth::Reason::kUnknownKid: return Found(t, verdict.detail, t.token.header().Member("kid"));
    case auth::Reason::kWrongType: return Found(t, verdict.detail, t.token.header().Member("typ"));
    case auth::Reason::kWrongIssuer: return Found(t, verdict.detail, t.token.Claim("iss"));
    case auth::Reason::kWrongAudience: return Found(t, verdict.detail, FirstOf(t.token.Claim("aud")));
    case auth::Reason::kBadClaim: return t.arena.Concat({"claim `", figures.claim, "`: ", verdict.detail});
    default: return verdict.detail;
  }
}

// 403: the token is good, but not for this.
bool Forbids(const TokenPlugin& plugin, std::string_view reason) {
  return reason == auth::ReasonCode(auth::Reason::kInsufficientScope) ||
         reason == auth::ReasonCode(auth::Reason::kRequirement) || reason == "jwt_unknown_plan" ||
         (plugin.forbids &&
          (reason == auth::ReasonCode(auth::Reason::kWrongAudience) || reason == "jwt_unknown_consumer"));
}

// RFC 6750, 3.1: no error code when no token came. What is said of times is said of tokens that were verified.
auth::ChallengeParts ChallengeFor(const TokenPlugin& plugin, std::string_view reason) {
  auth::ChallengeParts challenge{"Bearer", plugin.realm, "invalid_token", "", ""};
  if (reason == "jwt_missing") challenge.error = "";
  if (reason == "jwt_multiple") challenge.error = "invalid_request";
  if (reason == auth::ReasonCode(auth::Reason::kExpired)) challenge.description = "the token has expired";
  if (reason == auth::ReasonCode(auth::Reason::kNotYetValid)) challenge.description = "the token is not valid yet";
  if (Forbids(plugin, reason)) challenge.error = "insufficient_scope";
  if (reason == auth::ReasonCode(auth::Reason::kInsufficientScope)) challenge.scope = plugin.scopes;
  return challenge;
}

Step KeysUnavailable(Txn& t, const TokenPlugin& plugin) {
  if (plugin.unavailable_open) {
    Trace(t, plugin.name, "skip", plugin.spot, {"no key set, and jwks_unavailable is open: goes on unidentified"});
    return Step::kNext;
  }
  Trace(t, plugin.name, "refuse", plugin.spot, {"no key set, and jwks_unavailable is closed"});
  return Refuse(t, 503, "jwks_unavailable", "Service unavailable");
}

// ---- The cache ----

// What is kept of a verified token beside its times: user[0] is the consumer and above it the plan, user[1] which
// jwt_secret or provider its key came from, of which generation of the provider's keys, and PackIdentity's.
constexpr uint64_t kFromProvider = uint64_t{1} << 32;
constexpr uint64_t kHasExp = uint64_t{1} << 33;
constexpr int kGenerationShift = 34;

const KeySetView* ViewOf(const Txn& t, const TokenProvider& provider) {
  if (provider.source == kNone) return nullptr;
  const KeySetView& own = t.world->key_sets[provider.source];
  if (t.newer_world == nullptr) return &own;
  for (const KeySetView& view : t.newer_world->key_sets)
    if (view.slot == own.slot) return &view;
  return &own;
}

// A key of the provider's as of now: what other keys have verified may be what these would not.
uint64_t Origin(const KeySetView* view, uint32_t provider) {
  return (view == nullptr ? 0 : view->generation << kGenerationShift) | kFromProvider | provider;
}

auth::TokenCache::Key CacheKey(const Txn& t, const TokenPlugin& plugin, std::string_view token) {
  return t.gateway.tokens->KeyFor(token, {plugin.verifier, t.world->policy_generation});
}

struct Identified {
  uint32_t consumer = kNone;
  std::string_view credential;
  std::string_view groups;
  uint32_t plan = kNone;
  std::string_view token = {};  // if a provider answers for what it says
};

// Refuses what is on one of the lists of the moment. An entry that ends with its token lasts through the leeway, too,
// within which the token is still good.
bool IsRevoked(Txn& t, const TokenPlugin& plugin, const auth::ClaimRules& rules, const auth::TokenMarks& marks,
               Step* step) {
  using Match = auth::RevokedTokens::Match;
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  const int64_t at_ns = t.now.wall_ns - rules.leeway_s * kNsPerSecond;
  for (const auth::RevokedTokens* list : {t.world->revoked_by_policy.get(), t.world->revoked_live.get()}) {
    const Match match = list == nullptr ? Match::kNone : list->Find(marks, at_ns);
    if (match == Match::kNone) continue;
    *step = RefuseToken(t, plugin,
                        {auth::Reason::kRevoked, match == Match::kToken
                                                     ? "revoked by its `jti`"
                                                     : "revoked with all that its subject was issued before a moment"});
    return true;
  }
  return false;
}

void Remember(Txn& t, const TokenPlugin& plugin, std::string_view token, uint64_t origin, const Identified& who,
              const auth::TokenMarks& marks) {
  auth::CachedToken value;
  if (t.gateway.tokens == nullptr || !PackIdentity(who.credential, who.groups, &value)) return;
  auth::TokenTimes times;
  auth::ClaimFigures figures;
  auth::ReadTimes(t.token, &times, &figures);  // cannot fail: CheckClaims has read them
  value.exp_ns = times.exp_ns;
  value.nbf_ns = times.nbf_ns;
  value.user[0] = uint64_t{who.plan} << 32 | who.consumer;
  value.user[1] = origin | (times.has_exp ? kHasExp : 0);
  value.marks = marks;
  t.gateway.tokens->Insert(CacheKey(t, plugin, token), value);
}

Step AcceptAs(Txn& t, const Identified& who) {
  Accept(t, who.consumer, who.credential);
  t.identity.groups = who.groups;
  t.identity.plan = who.plan;
  t.identity.token = who.token;
  return Step::kNext;
}

// ---- Whom a token stands for ----

uint32_t ConsumerNamed(const Txn& t, const TokenPlugin& plugin, std::string_view name) {
  using By = policy::OpenidConnectConfig::ConsumerBy;
  for (By by : plugin.consumer_by) {
    const auto& names = by == By::kUsername   ? t.snapshot->consumer_by_name
                        : by == By::kCustomId ? t.snapshot->consumer_by_custom_id
                                              : t.snapshot->consumer_by_id;
    auto found = names.find(name);
    if (found != names.end()) return found->second;
  }
  return kNone;
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

// What a header says of a claim; empty: nothing. Views the token's buffers.
std::string_view HeaderText(Txn& t, auth::JsonValue claim) {
  if (claim.type() == auth::JsonType::kInteger) return Decimal(t, claim.AsInteger());
  if (claim.type() == auth::JsonType::kBool) return claim.AsBool() ? "true" : "false";
  return claim.AsString();
}

// False: one of them would end its header; nothing is told then.
bool TellClaims(Txn& t, const TokenPlugin& plugin) {
  for (const ClaimHeader& header : plugin.headers)
    if (!IsHeaderSafe(t.token.ClaimAt(header.claim).AsString())) return false;
  for (const ClaimHeader& header : plugin.headers) {
    std::string_view text = HeaderText(t, t.token.ClaimAt(header.claim));
    if (!text.empty()) t.request_changes.Set(header.name, t.arena.Copy(text));
  }
  return true;
}

// The plan that the token names; without the claim it is the consumer's. False: none at all, which would be no limits.
bool FindPlan(const Txn& t, const TokenPlugin& plugin, Identified* who) {
  const auth::JsonValue claim = t.token.ClaimAt(plugin.plan_claim);
  if (claim.type() == auth::JsonType::kMissing || claim.type() == auth::JsonType::kNull)
    return who->consumer != kNone && t.snapshot->consumers[who->consumer].plan != kNone;
  auto found = t.snapshot->plan_by_name.find(claim.AsString());
  if (found == t.snapshot->plan_by_name.end()) return false;
  who->plan = found->second;
  return true;
}

// Who the token stands for. The buffers of t.token are used again: what is kept is copied. False: nobody; `step` is
// what comes of it.
bool ReadClaims(Txn& t, const TokenPlugin& plugin, Identified* who, Step* step) {
  auto refuse = [&](std::string_view reason, std::string_view cause) {
    *step = RefuseToken(t, plugin, reason, cause);
    return false;
  };
  std::string_view name;
  for (const auth::ClaimPath& path : plugin.consumer_claims)
    if (name.empty()) name = t.token.ClaimAt(path).AsString();
  std::string_view credential = t.token.ClaimAt(plugin.credential_claim).AsString();
  if (!IsHeaderSafe(name) || !IsHeaderSafe(credential))
    return refuse("jwt_bad_claim", "the consumer claim has control characters");
  if (!plugin.groups_claim.empty() && !ReadGroups(t, t.token.ClaimAt(plugin.groups_claim), &who->groups))
    return refuse("jwt_bad_claim",
                  "the groups claim is neither a name nor a list of names, or one of them has control characters");
  if (!name.empty()) who->consumer = ConsumerNamed(t, plugin, name);
  if (who->consumer == kNone && !plugin.consumer_optional)
    return refuse("jwt_unknown_consumer", t.arena.Concat({"claim `", plugin.consumer_claims.front().back(),
                                                          name.empty() ? "` is missing" : "` names no consumer"}));
  if (!plugin.plan_claim.empty() && !FindPlan(t, plugin, who))
    return refuse("jwt_unknown_plan", t.arena.Concat({"claim `", plugin.plan_claim.back(), "` names no plan"}));
  who->credential = t.arena.Copy(credential);
  return TellClaims(t, plugin) || refuse("jwt_bad_claim", "a claim for a header has control characters");
}

// t.token is signed by a key of the provider.
Step AcceptByClaims(Txn& t, const TokenPlugin& plugin, uint32_t provider, std::string_view token) {
  auth::ClaimFigures figures;
  auth::Verdict verdict = auth::CheckClaims(t.token, plugin.providers[provider].rules, t.now.wall_ns, &figures);
  if (!verdict.ok()) return RefuseToken(t, plugin, verdict, figures);
  const auth::TokenMarks marks = t.gateway.marker.MarksOf(t.token);
  Identified who;
  Step step;
  if (IsRevoked(t, plugin, plugin.providers[provider].rules, marks, &step) || !ReadClaims(t, plugin, &who, &step))
    return step;
  who.token = token;
  Remember(t, plugin, token, Origin(ViewOf(t, plugin.providers[provider]), provider), who, marks);
  Trace(t, plugin.name, "pass", plugin.spot, {"verified, algorithm ", t.token.algorithm_name()});
  return AcceptAs(t, who);
}

// ---- Keys ----

Step WaitForKeys(Txn& t, const TokenPlugin& plugin, const TokenProvider& provider, uint64_t job) {
  t.effect = Effect();
  t.effect.kind = EffectKind::kJob;
  t.effect.id = job;
  t.effect.timeout_ms = t.snapshot->key_sources[provider.source].timeout_ms;
  t.identify.waited_for = job;
  ++t.identify.waits;
  Trace(t, plugin.name, "wait", plugin.spot, {"for the key set of ", provider.keys_from});
  return Step::kWait;
}

// Once for a plugin; twice if the first time brought only the document that says where the keys are.
bool MayWait(const Txn& t, const auth::KeySetSource::Want& want) {
  constexpr int kMostWaits = 2;
  if (!t.options.can_wait) return false;
  return t.identify.waits == 0 ||
         (want.follows && want.flight != t.identify.waited_for && t.identify.waits < kMostWaits);
}

// Verifies with the keys at hand. False: no key of the token's id is among them, so that newer ones might help.
bool TryKeys(Txn& t, const TokenPlugin& plugin, uint32_t index, std::string_view token, Step* step) {
  const TokenProvider& provider = plugin.providers[index];
  const KeySetView* view = ViewOf(t, provider);
  const auth::KeySet* keys = provider.static_keys.get();
  if (view != nullptr) keys = t.now.mono_ns <= view->usable_until_mono_ns ? view->keys.get() : nullptr;
  if (keys == nullptr) return false;
  auth::Verdict verdict = t.token.Verify(*keys);
  if (verdict.reason == auth::Reason::kUnknownKid && view != nullptr) return false;
  *step = verdict.ok() ? AcceptByClaims(t, plugin, index, token) : RefuseToken(t, plugin, verdict);
  return true;
}

}  // namespace

// ---- Where tokens are ----

void CollectHeader(const Txn& t, std::string_view name, bool has_scheme, Presented* presented) {
  for (const Header& header : RequestHeaders(t))
    if (absl::EqualsIgnoreCase(header.name, name))
      Collect(has_scheme ? CredentialsOf(header.value, "Bearer") : absl::StripAsciiWhitespace(header.value), presented);
}

void CollectCookies(const Txn& t, std::string_view name, Presented* presented) {
  for (const Header& header : RequestHeaders(t)) {
    if (!absl::EqualsIgnoreCase(header.name, "cookie")) continue;
    std::string_view rest = header.value;
    for (std::string_view pair; NextCookie(&rest, &pair);)
      if (IsCookie(pair, name)) Collect(pair.substr(name.size() + 1), presented);
  }
}

bool NextCookie(std::string_view* rest, std::string_view* pair) {
  for (*pair = {}; pair->empty() && !rest->empty();) {
    *pair = rest->substr(0, rest->find(';'));
    rest->remove_prefix(std::min(pair->size() + 1, rest->size()));
    *pair = absl::StripAsciiWhitespace(*pair);
  }
  return !pair->empty();
}

void CollectQuery(Txn& t, std::string_view name, Presented* presented) {
  size_t next = 0;
  for (std::string_view value; NextQueryValue(t, name, &next, &value);) Collect(value, presented);
}

bool CheckPresented(Txn& t, const TokenPlugin& plugin, const Presented& presented, Step* step) {
  if (presented.several) {
    *step = RefuseToken(t, plugin, "jwt_multiple", "more than one token in the request");
    return false;
  }
  if (!presented.token.empty()) return true;
  if (plugin.allow_missing) {
    Trace(t, plugin.name, "skip", plugin.spot, {"no token, and allow_missing: goes on unidentified"});
    *step = Step::kNext;
  } else {
    *step = RefuseToken(t, plugin, "jwt_missing", "no token in the configured headers, parameters and cookies");
  }
  return false;
}

// ---- What comes of them ----

Step RefuseToken(Txn& t, const TokenPlugin& plugin, std::string_view reason, std::string_view cause) {
  Refusal refusal{plugin.name, plugin.spot, plugin.anonymous};
  refusal.reason = reason;
  refusal.cause = cause;
  refusal.message = plugin.unauthorized_message;
  if (Forbids(plugin, reason)) {
    refusal.status = 403;
    refusal.message = plugin.forbidden_message;
  }
  refusal.challenge = auth::Challenge(t.arena, ChallengeFor(plugin, reason));
  return RefuseCredential(t, refusal);
}

Step RefuseToken(Txn& t, const TokenPlugin& plugin, auth::Verdict verdict, const auth::ClaimFigures& figures) {
  return RefuseToken(t, plugin, auth::ReasonCode(verdict.reason), Cause(t, verdict, figures));
}

void DropClaimHeaders(Txn& t, const TokenPlugin& plugin) {
  for (const ClaimHeader& header : plugin.headers) DropSpellings(t, header.name);
}

bool FromCache(Txn& t, const TokenPlugin& plugin, std::string_view token, Step* step) {
  auth::CachedToken hit;
  if (t.gateway.tokens == nullptr || token.size() > limits::kTokenBytes ||
      !t.gateway.tokens->Find(CacheKey(t, plugin, token), &hit))
    return false;
  const auto index = static_cast<uint32_t>(hit.user[1]);
  const bool from_provider = (hit.user[1] & kFromProvider) != 0;
  const KeySetView* view = from_provider ? ViewOf(t, plugin.providers[index]) : nullptr;
  if (from_provider && (hit.user[1] & ~kHasExp) != Origin(view, index)) return false;
  if (view != nullptr && t.now.mono_ns > view->usable_until_mono_ns) return false;
  const auth::ClaimRules& rules = from_provider ? plugin.providers[index].rules : *plugin.secret_rules;
  auth::TokenTimes times{hit.exp_ns, hit.nbf_ns, (hit.user[1] & kHasExp) != 0, true};
  auth::ClaimFigures figures;
  auth::Verdict verdict = auth::CheckTimes(times, rules, t.now.wall_ns, &figures);
  if (!verdict.ok()) {
    *step = RefuseToken(t, plugin, verdict, figures);
    return true;
  }
  if (IsRevoked(t, plugin, rules, hit.marks, step)) return true;
  if (!plugin.headers.empty() && !(t.token.Parse(token).ok() && TellClaims(t, plugin))) return false;
  Identified who{static_cast<uint32_t>(hit.user[0]), {}, {}, static_cast<uint32_t>(hit.user[0] >> 32)};
  if (from_provider) {
    UnpackIdentity(t, hit, &who.credential, &who.groups);
    who.token = token;
  } else {
    who.credential = t.snapshot->jwt_secrets[index].credential.identifier;
  }
  Trace(t, plugin.name, "pass", plugin.spot, {"verified before, still valid"});
  *step = AcceptAs(t, who);
  return true;
}

Step AcceptBySecret(Txn& t, const JwtPlugin& plugin, std::string_view token, uint32_t secret) {
  const auth::TokenMarks marks = t.gateway.marker.MarksOf(t.token);
  Step step;
  if (IsRevoked(t, plugin, *plugin.secret_rules, marks, &step)) return step;
  const CompiledCredential& credential = t.snapshot->jwt_secrets[secret].credential;
  Identified who{credential.consumer, credential.identifier, {}};
  Remember(t, plugin, token, secret, who, marks);
  Trace(t, plugin.name, "pass", plugin.spot, {"verified, algorithm ", t.token.algorithm_name()});
  return AcceptAs(t, who);
}

Step VerifyByProvider(Txn& t, const TokenPlugin& plugin, uint32_t index, std::string_view token) {
  Step step;
  if (TryKeys(t, plugin, index, token, &step)) return step;
  using State = auth::KeySetSource::State;
  const TokenProvider& provider = plugin.providers[index];
  auth::KeySetSource::Want want = t.gateway.key_sets.WantKey(ViewOf(t, provider)->slot, t.token.kid(), t.now);
  if (want.state == State::kHave) {  // another request has just brought it
    t.newer_world = t.newer_reader.Pin();
    if (TryKeys(t, plugin, index, token, &step)) return step;
    want.state = State::kUnknown;
  }
  if (want.state == State::kUnknown)
    return RefuseToken(t, plugin,
                       {auth::Reason::kUnknownKid, "no key of that id, also after asking the identity provider"});
  if (want.state == State::kWait && MayWait(t, want)) return WaitForKeys(t, plugin, provider, want.flight);
  return KeysUnavailable(t, plugin);
}

}  // namespace sluice
