// jwt: Kong's, and beyond it tokens of identity providers.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/claims.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

void ReadClaimsToVerify(Reader& reader, const Cursor& at, JwtConfig* out) {
  out->verify_exp = out->verify_nbf = false;
  reader.List(at, [&](const Cursor& item) {
    std::string claim;
    if (!reader.String(item, nullptr, &claim)) return;
    if (claim != "exp" && claim != "nbf") reader.Unknown(item, "value", claim, {"exp", "nbf"});
    out->verify_exp |= claim == "exp";
    out->verify_nbf |= claim == "nbf";
  });
}

// ---- Keys ----

// Written in the document's own syntax, or as a string that holds JSON.
void ReadJwks(Reader& reader, const Cursor& at, TokenIssuer* out) {
  if (at.node->kind != NodeKind::kMap) {
    auto check = [](std::string_view text) -> std::string_view {
      return absl::StartsWith(text, "{") ? "" : "a JWK set as a map or as JSON text";
    };
    reader.String(at, check, &out->jwks);
    return;
  }
  const Node* keys = at.node->Find("keys");
  if (keys == nullptr || keys->kind != NodeKind::kList) {
    reader.Expected(at, "a JWK set, which has a list `keys`");
    return;
  }
  out->jwks = ToJson(*at.node);
  if (out->jwks.size() > limits::kJwkSetBytes)
    reader.Error(at, "too_large", absl::StrCat("a key set larger than ", limits::kJwkSetBytes >> 10, " KiB"),
                 "serve it at a `jwks_uri`, or remove keys");
}

constexpr Field<TokenIssuer> kProviderFields[] = {
    {"issuer", ReadString<&TokenIssuer::issuer, CheckNotEmpty>, kRequired},
    {"jwks_uri", ReadUrlField<&TokenIssuer::jwks_uri>, kSecret},
    {"jwks_allow_http", ReadBool<&TokenIssuer::allow_http>},
    {"jwks", ReadJwks, kSecret},
    {"discovery", ReadBool<&TokenIssuer::discovery>},
    {"audience", ReadStrings<&TokenIssuer::audience, CheckNotEmpty>},
};

void CheckProvider(Reader& reader, const Cursor& at, const TokenIssuer& provider) {
  if (Reader::IsSet(at, "jwks_uri") + Reader::IsSet(at, "jwks") + int{provider.discovery} != 1)
    reader.Error(at, "conflict", "a provider needs one of `jwks_uri`, `jwks` and `discovery: true`",
                 "say where the keys are, once");
  const bool by_discovery = provider.discovery && provider.jwks_uri.empty();
  RefusePlainHttp(reader, at, by_discovery ? provider.issuer : provider.jwks_uri, provider.allow_http,
                  by_discovery ? "issuer" : "jwks_uri", "jwks_allow_http");
  RefuseEmptyList(reader, at, "audience");
}

void ReadProviders(Reader& reader, const Cursor& at, JwtConfig* out) {
  reader.List(at, [&](const Cursor& item) {
    TokenIssuer& provider = out->providers.emplace_back();
    if (!reader.Map(item, kProviderFields, &provider)) return;
    CheckProvider(reader, item, provider);
    auto same = [&](const TokenIssuer& other) { return other.issuer == provider.issuer; };
    if (std::count_if(out->providers.begin(), out->providers.end(), same) > 1)
      reader.Error(item, "duplicate_value", "two providers have the same `issuer`", "remove one of the two");
  });
  if (out->providers.size() > limits::kTokenIssuers)
    reader.Error(at, "too_large", absl::StrCat("more than ", limits::kTokenIssuers, " providers"),
                 "give routes providers of their own");
}

// ---- Claims ----

void ReadRequiredClaims(Reader& reader, const Cursor& at, JwtConfig* out) {
  reader.List(at, [&](const Cursor& item) { ReadPath(reader, item, &out->required_claims.emplace_back()); });
}

// RFC 6749, 3.3.
std::string_view CheckScope(std::string_view text) {
  auto fits = [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits) ? "" : "one scope, without spaces and quotes";
}

constexpr Word<bool> kUnavailable[] = {{"closed", false}, {"open", true}};

// A field of the provider that a plugin has without `providers`.
template <auto kRead>
void Own(Reader& reader, const Cursor& at, JwtConfig* out) {
  kRead(reader, at, &out->own);
}

constexpr int64_t kYearSeconds = 31'536'000;

constexpr Field<JwtConfig> kJwtFields[] = {
    {"uri_param_names", ReadStrings<&JwtConfig::uri_param_names, CheckNotEmpty>},
    {"cookie_names", ReadStrings<&JwtConfig::cookie_names, CheckHeaderName>},
    {"header_names", ReadStrings<&JwtConfig::header_names, CheckHeaderName>},
    {"key_claim_name", ReadString<&JwtConfig::key_claim_name, CheckNotEmpty>},
    {"secret_is_base64", ReadBool<&JwtConfig::secret_is_base64>},
    {"claims_to_verify", ReadClaimsToVerify},
    {"anonymous", ReadAnonymous<JwtConfig>},
    {"run_on_preflight", ReadBool<&JwtConfig::run_on_preflight>},
    {"maximum_expiration", ReadInteger<&JwtConfig::maximum_expiration_s, 0, kYearSeconds>},
    {"realm", ReadString<&JwtConfig::realm, CheckHeaderValue>},
    {"jwks_uri", Own<ReadUrlField<&TokenIssuer::jwks_uri>>, kSecret},
    {"jwks_allow_http", Own<ReadBool<&TokenIssuer::allow_http>>},
    {"jwks", Own<ReadJwks>, kSecret},
    {"issuer", Own<ReadString<&TokenIssuer::issuer, CheckNotEmpty>>},
    {"audience", Own<ReadStrings<&TokenIssuer::audience, CheckNotEmpty>>},
    {"consumer_claim", ReadClaimPath<&JwtConfig::consumer_claim>},
    {"consumer_optional", ReadBool<&JwtConfig::consumer_optional>},
    {"groups_claim", ReadClaimPath<&JwtConfig::groups_claim>},
    {"required_claims", ReadRequiredClaims},
    {"required_scopes", ReadStrings<&JwtConfig::required_scopes, CheckScope>},
    {"leeway", ReadInteger<&JwtConfig::leeway_s, 0, 3600>},
    {"jwks_unavailable", ReadWord<&JwtConfig::jwks_unavailable_open, kUnavailable>},
    {"jwks_cooldown", ReadInteger<&JwtConfig::jwks_cooldown_s, 1, 86400>},
    {"jwks_algorithms", ReadWords<&JwtConfig::jwks_algorithms, kJwtAlgorithms>},
    {"providers", ReadProviders},
    {"allow_missing", ReadBool<&JwtConfig::allow_missing>},
    {"requires", ReadRequires<&JwtConfig::requirement>},
    {"plan_claim", ReadClaimPath<&JwtConfig::plan_claim>},
    {"token_types", ReadStrings<&JwtConfig::token_types, CheckNotEmpty>},
};

// A secret behind a URL is no secret.
void CheckJwksAlgorithms(Reader& reader, const Cursor& at, const JwtConfig& config) {
  if (std::none_of(config.jwks_algorithms.begin(), config.jwks_algorithms.end(), IsShared)) return;
  auto is_fetched = [](const TokenIssuer& provider) { return !provider.jwks_uri.empty() || provider.discovery; };
  if (is_fetched(config.own) || std::any_of(config.providers.begin(), config.providers.end(), is_fetched))
    reader.Error(at, "insecure", "`jwks_algorithms` has one of shared secrets: a secret behind a URL is no secret",
                 "remove HS256, HS384 and HS512, or hold the key set in `jwks`");
}

void WarnOfNoEffect(Reader& reader, const Cursor& at, std::initializer_list<std::string_view> fields,
                    std::string_view without) {
  for (std::string_view field : fields)
    if (Reader::IsSet(at, field))
      reader.Warn(reader.PlaceOf(at), "no_effect", absl::StrCat("`", field, "` has no effect without ", without),
                  "remove it");
}

void CheckKeySets(Reader& reader, const Cursor& at, const JwtConfig& config) {
  for (std::string_view field : {"jwks_uri", "jwks", "issuer", "audience", "jwks_allow_http"})
    if (!config.providers.empty() && Reader::IsSet(at, field))
      reader.Error(at, "conflict", absl::StrCat("`", field, "` and `providers` cannot be used together"),
                   "move it into a provider");
  if (Reader::IsSet(at, "jwks_uri") && Reader::IsSet(at, "jwks"))
    reader.Error(at, "conflict", "`jwks_uri` and `jwks` cannot be used together", "remove one of them");
  RefusePlainHttp(reader, at, config.own.jwks_uri, config.own.allow_http, "jwks_uri", "jwks_allow_http");
  CheckJwksAlgorithms(reader, at, config);
  if (!config.providers.empty()) return;
  const bool from_uri = Reader::IsSet(at, "jwks_uri");
  if (!from_uri) WarnOfNoEffect(reader, at, {"jwks_allow_http", "jwks_unavailable", "jwks_cooldown"}, "`jwks_uri`");
  if (!from_uri && !Reader::IsSet(at, "jwks"))
    WarnOfNoEffect(
        reader, at,
        {"issuer", "audience", "consumer_claim", "consumer_optional", "groups_claim", "jwks_algorithms", "plan_claim"},
        "`jwks_uri` or `jwks`");
}

}  // namespace

void ReadJwtConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  JwtConfig& config = out->emplace<JwtConfig>();
  if (!reader.Map(at, kJwtFields, &config)) return;
  for (std::string_view field : {"jwks_algorithms", "token_types", "providers"}) RefuseEmptyList(reader, at, field);
  if (config.maximum_expiration_s > 0 && !config.verify_exp)
    reader.Error(at, "conflict", "`maximum_expiration` needs `exp` in `claims_to_verify`",
                 "add `claims_to_verify: [exp]`");
  CheckKeySets(reader, at, config);
  CheckMissingToken(reader, at, config.anonymous, config.allow_missing);
}

}  // namespace sluice::policy
