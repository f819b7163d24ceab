// Kong's jwt-signer: tells the upstream who is calling in a short-lived token of the gateway's own.
//
// Of a token of an identity provider, which was verified, its claims are signed again; of any other credential, and of
// a token that a consumer signed itself, only what the policy says of the consumer is: nobody else answers for what
// stands in it. Signing takes long, so that a token serves all requests of the same caller for most of its life.
#include <algorithm>
#include <optional>
#include <string>

#include "auth/base64url.h"
#include "auth/json_members.h"
#include "auth/token_cache.h"
#include "base/limits.h"
#include "policy/json/json_writer.h"
#include "policy/stages/identify.h"

namespace sluice {
namespace {

using auth::CachedSignedToken;

constexpr int64_t kSecond = 1'000'000'000;
static_assert(limits::kSignedTokenBytes == CachedSignedToken::kPayloadBytes, "no token is too long to be kept");

// ---- Claims ----

struct Claim {
  std::string_view name;
  std::string_view text;  // `"name":value`
};

// In the transaction's arena.
class Claims {
 public:
  Claims(Txn& t, size_t most) : t_(t), all_(t.arena.Array<Claim>(most)) {}

  void Push(std::string_view name, std::string_view text) { all_[size_++] = {name, text}; }
  void PushString(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    std::string text;
    JsonWriter json(&text);
    json.String(name);
    text += ':';
    JsonWriter(&text).String(value);
    Push(name, t_.arena.Copy(text));
  }
  void PushNumber(std::string_view name, int64_t value) {
    Push(name, t_.arena.Concat({"\"", name, "\":", Decimal(t_, value)}));
  }

  void Set(std::string_view name, std::string_view text) {
    Claim* claim = Find(name);
    if (claim == end()) return Push(name, text);
    claim->text = text;
  }
  void Add(std::string_view name, std::string_view text) {
    if (Find(name) == end()) Push(name, text);
  }
  void Remove(std::string_view name) {
    Claim* claim = Find(name);
    if (claim == end()) return;
    std::move(claim + 1, end(), claim);
    --size_;
  }

  // All in one object.
  std::string_view Json() const {
    size_t size = 2;
    for (size_t i = 0; i < size_; ++i) size += all_[i].text.size() + 1;
    char* out = t_.arena.Array<char>(size);
    char* to = out;
    *to++ = '{';
    for (size_t i = 0; i < size_; ++i) {
      if (i > 0) *to++ = ',';
      to += all_[i].text.copy(to, all_[i].text.size());
    }
    *to++ = '}';
    return {out, static_cast<size_t>(to - out)};
  }

 private:
  Claim* end() const { return all_ + size_; }
  Claim* Find(std::string_view name) const {
    return std::find_if(all_, end(), [&](const Claim& claim) { return claim.name == name; });
  }

  Txn& t_;
  Claim* all_;
  size_t size_ = 0;
};

size_t MostEdits(const JwtSignerPlugin& plugin) {
  constexpr size_t kOwn = 10;  // those below that every token may get
  return kOwn + plugin.set_claims.size() + plugin.add_claims.size();
}

std::string_view PayloadOf(Txn& t, std::string_view token) {
  const size_t begin = token.find('.') + 1;
  const std::string_view segment = token.substr(begin, token.find('.', begin) - begin);
  char* out = t.arena.Array<char>(auth::DecodedSize(segment.size()));
  const std::optional<size_t> size = auth::DecodeBase64Url(segment, out);
  return {out, size.value_or(0)};
}

// What the caller's token says, each claim as it is written there.
Claims ClaimsOfToken(Txn& t, const JwtSignerPlugin& plugin) {
  const auth::JsonValue claims = t.token.claims();
  Claims all(t, claims.size() + MostEdits(plugin));
  all.Push("iss", plugin.issuer);
  auth::JsonMembers members(PayloadOf(t, t.identity.token));
  auth::JsonMember member;
  for (auth::JsonValue claim = claims.First(); claim.exists() && members.Next(&member); claim = claim.Next()) {
    const std::string_view name = claim.name();
    if (name == "iss" && plugin.keeps_issuer)
      all.Push("original_iss", t.arena.Concat({"\"original_iss\":", member.value}));
    if (name != "iss" && name != "original_iss" && name != "exp" && name != "iat") all.Push(name, member.text);
  }
  for (const std::string& name : plugin.config.remove) all.Remove(name);
  return all;
}

std::string_view GroupList(Txn& t, const Identity& who) {
  std::string text = "\"groups\":";
  JsonWriter json(&text);
  json.BeginArray();
  if (who.consumer != nullptr)
    for (const std::string& group : who.consumer->acl_names) json.String(group);
  std::string_view given = who.consumer == nullptr ? who.groups : std::string_view();
  for (size_t end; !given.empty(); given.remove_prefix(end + 1)) {
    end = given.find('\n');
    json.String(given.substr(0, end));
  }
  json.EndArray();
  return t.arena.Copy(text);
}

// What the policy says of whoever the credential belongs to.
Claims ClaimsOfConsumer(Txn& t, const JwtSignerPlugin& plugin) {
  const Identity& who = t.identity;
  Claims all(t, MostEdits(plugin));
  all.Push("iss", plugin.issuer);
  all.PushString("sub", who.consumer != nullptr ? std::string_view(who.consumer->name) : who.credential);
  if (who.consumer != nullptr) {
    all.PushString("consumer_id", who.consumer->id);
    all.PushString("consumer_custom_id", who.consumer->custom_id);
    all.PushString("consumer_username", who.consumer->username);
  }
  all.PushString("credential_id", who.credential);
  all.Push("groups", GroupList(t, who));
  for (const std::string& name : plugin.config.remove) all.Remove(name);
  return all;
}

// ---- Times ----

struct Term {
  int64_t from_s;
  int64_t until_s;
  int64_t renew_ns;  // when a cached one is no longer given out
};

// Ends with the caller's own token, if that is sooner. Renewed when a quarter of its life is left, unless the next one
// would not last longer.
Term TermOf(const Txn& t, const JwtSignerPlugin& plugin, const auth::TokenTimes& own) {
  Term term;
  term.from_s = t.now.wall_ns / kSecond;
  term.until_s = term.from_s + plugin.config.lifetime_s;
  term.renew_ns = term.from_s * kSecond + plugin.config.lifetime_s * kSecond / 4 * 3;
  const int64_t most_s = own.exp_ns / kSecond + plugin.config.upstream_leeway_s;
  if (own.has_exp && most_s <= term.until_s) {
    term.until_s = most_s;
    term.renew_ns = most_s * kSecond;
  }
  return term;
}

// ---- The token ----

void Tell(Txn& t, const JwtSignerPlugin& plugin, const Term& term, std::string_view value, std::string_view how) {
  t.request_changes.Set(plugin.upstream.name, value);
  Trace(t, "jwt-signer", "pass", plugin.spot,
        {how, " with key `", plugin.kid, "`, ends in ", Decimal(t, term.until_s - t.now.wall_ns / kSecond), " s"});
}

// Where tokens are kept that say the same of the same caller, under this policy.
auth::TokenCacheKey CacheKey(Txn& t, const JwtSignerPlugin& plugin) {
  const Identity& who = t.identity;
  const bool of_token = !who.token.empty();
  const int64_t consumer = who.consumer == nullptr ? -1 : who.consumer - t.snapshot->consumers.data();
  const std::string_view caller =
      of_token ? who.token
               : t.arena.Concat({Decimal(t, consumer), " ", Decimal(t, static_cast<int64_t>(who.credential.size())),
                                 " ", who.credential, who.groups});
  return t.world->signed_tokens->KeyFor(caller, {plugin.number * 2 + of_token, t.world->policy_generation});
}

bool TellFromCache(Txn& t, const JwtSignerPlugin& plugin, const auth::TokenCacheKey& key) {
  auto* hit = t.arena.Array<CachedSignedToken>(1);
  if (!t.world->signed_tokens->Find(key, hit) || t.now.wall_ns < hit->nbf_ns ||
      t.now.wall_ns >= static_cast<int64_t>(hit->user[0]))
    return false;
  Tell(t, plugin, {0, hit->exp_ns / kSecond, 0}, hit->payload_view(), "signed before,");
  return true;
}

void Remember(Txn& t, const auth::TokenCacheKey& key, const Term& term, std::string_view value) {
  auto* kept = t.arena.Array<CachedSignedToken>(1);
  kept->nbf_ns = term.from_s * kSecond;
  kept->exp_ns = term.until_s * kSecond;
  kept->user[0] = static_cast<uint64_t>(term.renew_ns);
  kept->payload_size = value.copy(kept->payload, sizeof kept->payload);
  t.world->signed_tokens->Insert(key, *kept);
}

Step Fail(Txn& t, const JwtSignerPlugin& plugin, std::string_view reason, std::string_view cause) {
  Trace(t, "jwt-signer", "refuse", plugin.spot, {cause});
  return Refuse(t, 500, reason, "An unexpected error occurred");
}

Step RefuseCaller(Txn& t, const JwtSignerPlugin& plugin, std::string_view reason, std::string_view cause) {
  Trace(t, "jwt-signer", "refuse", plugin.spot, {cause});
  t.response_changes.Set("WWW-Authenticate", plugin.challenge);
  return Refuse(t, 401, reason, "Unauthorized");
}

// Signs those claims and tells the upstream.
Step SignClaims(Txn& t, const JwtSignerPlugin& plugin, const auth::TokenCacheKey& key, Claims claims,
                const auth::TokenTimes& own) {
  const Term term = TermOf(t, plugin, own);
  if (term.until_s <= term.from_s)
    return RefuseCaller(t, plugin, "signer_expired", "the caller's token ends before one for the upstream could begin");
  for (const SignedClaim& claim : plugin.set_claims) claims.Set(claim.name, claim.text);
  for (const SignedClaim& claim : plugin.add_claims) claims.Add(claim.name, claim.text);
  claims.PushNumber("iat", term.from_s);
  claims.PushNumber("exp", term.until_s);
  const std::string_view json = claims.Json();
  const std::string_view scheme = plugin.upstream.has_scheme ? "Bearer " : "";
  const size_t size = scheme.size() + plugin.overhead + (json.size() * 4 + 2) / 3;
  if (size > limits::kSignedTokenBytes)
    return Fail(t, plugin, "signer_too_large",
                t.arena.Concat({"a token of ", Decimal(t, static_cast<int64_t>(size)), " bytes is larger than ",
                                Decimal(t, limits::kSignedTokenBytes),
                                ": leave claims out with `remove_access_token_claims`"}));
  std::string error;
  const std::optional<std::string> token = plugin.signer->Sign(json, &error);
  if (!token) return Fail(t, plugin, "signer_failed", t.arena.Concat({"not signed: ", error}));
  const std::string_view value = t.arena.Concat({scheme, *token});
  if (t.world->signed_tokens != nullptr) Remember(t, key, term, value);
  Tell(t, plugin, term, value, "signed");
  return Step::kNext;
}

// `signer_failed` is beyond the reach of policies and requests: claims that fit into kSignedTokenBytes have fewer
// values than kTokenNodes and are nested no deeper than where they came from, a key that cannot sign fails when the
// policy is loaded, and a caller's token was read when it was verified. Should memory or one of these fail, nobody
// passes.
static_assert(limits::kTokenNodes * 2 * 4 / 3 > limits::kSignedTokenBytes, "a value takes two bytes at least");

Step SignAnew(Txn& t, const JwtSignerPlugin& plugin, const auth::TokenCacheKey& key) {
  auth::TokenTimes own;
  auth::ClaimFigures figures;
  if (t.identity.token.empty()) return SignClaims(t, plugin, key, ClaimsOfConsumer(t, plugin), own);
  if (!t.token.Parse(t.identity.token).ok() || !auth::ReadTimes(t.token, &own, &figures))
    return Fail(t, plugin, "signer_failed", "the caller's token, though verified, cannot be read");
  return SignClaims(t, plugin, key, ClaimsOfToken(t, plugin), own);
}

// ---- Headers ----

// Whatever the client, or a plugin before, would have had the upstream see there.
void TakeOut(Txn& t, std::string_view name) {
  if (name.empty()) return;
  std::string_view ignored;
  DropSpellings(t, name);
  if (t.request_changes.Get(RequestHeaders(t), name, &ignored)) t.request_changes.Remove(name);
}

void TellOriginal(Txn& t, const JwtSignerPlugin& plugin) {
  const std::string_view token = t.identity.token;
  if (plugin.original.name.empty() || token.empty()) return;
  t.request_changes.Set(plugin.original.name, plugin.original.has_scheme ? t.arena.Concat({"Bearer ", token}) : token);
}

}  // namespace

Step Sign(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kJwtSigner);
  if (scoped == nullptr) return Step::kNext;
  const JwtSignerPlugin& plugin = t.snapshot->jwt_signer[scoped->config];
  for (std::string_view name : {std::string_view(plugin.config.request_header), std::string_view(plugin.upstream.name),
                                std::string_view(plugin.original.name)})
    TakeOut(t, name);
  if (!t.identity.authenticated || t.identity.anonymous) {
    if (!plugin.config.optional) return RefuseCaller(t, plugin, "signer_unidentified", "nobody was identified");
    Trace(t, "jwt-signer", "skip", plugin.spot, {"nobody was identified, and access_token_optional: no token"});
    return Step::kNext;
  }
  TellOriginal(t, plugin);
  if (plugin.signer == nullptr) {
    Trace(t, "jwt-signer", "skip", plugin.spot, {"does not sign, as the policy says"});
    return Step::kNext;
  }
  if (t.world->signed_tokens == nullptr) return SignAnew(t, plugin, {});
  const auth::TokenCacheKey key = CacheKey(t, plugin);
  return TellFromCache(t, plugin, key) ? Step::kNext : SignAnew(t, plugin, key);
}

}  // namespace sluice
