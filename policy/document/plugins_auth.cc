// jwt, key-auth, basic-auth, hmac-auth and acl.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"
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

void ReadJwksUri(Reader& reader, const Cursor& at, JwtConfig* out) {
  std::string text;
  Url url;
  if (!reader.String(at, nullptr, &text)) return;
  if (!ParseUrl(text, &url) || (url.scheme != "https" && url.scheme != "http")) {
    reader.Expected(at, "https://host[:port]/path");
    return;
  }
  out->jwks_uri = text;
}

void CheckJwksSize(Reader& reader, const Cursor& at, const JwtConfig& config) {
  if (config.jwks.size() > limits::kJwkSetBytes)
    reader.Error(at, "too_large", absl::StrCat("a key set larger than ", limits::kJwkSetBytes >> 10, " KiB"),
                 "serve it at a `jwks_uri`, or remove keys");
}

// Written in the document's own syntax, or as a string that holds JSON.
void ReadJwks(Reader& reader, const Cursor& at, JwtConfig* out) {
  if (at.node->kind == NodeKind::kMap) {
    const Node* keys = at.node->Find("keys");
    if (keys == nullptr || keys->kind != NodeKind::kList) {
      reader.Expected(at, "a JWK set, which has a list `keys`");
      return;
    }
    out->jwks = ToJson(*at.node);
    CheckJwksSize(reader, at, *out);
    return;
  }
  auto check = [](std::string_view text) -> std::string_view {
    return absl::StartsWith(text, "{") ? "" : "a JWK set as a map or as JSON text";
  };
  reader.String(at, check, &out->jwks);
}

// A claim by its name, or a list of names that leads to it through objects.
void ReadPath(Reader& reader, const Cursor& at, std::vector<std::string>* out) {
  out->clear();
  if (at.node->kind != NodeKind::kList) {
    std::string name;
    if (reader.String(at, CheckNotEmpty, &name)) out->push_back(std::move(name));
    return;
  }
  reader.Strings(at, CheckNotEmpty, out);
  if (at.node->size() == 0 || at.node->size() > limits::kTokenDepth)
    reader.Expected(at, absl::StrCat("a claim: a name, or a list of 1 to ", limits::kTokenDepth, " names"));
}

template <auto kMember>
void ReadClaimPath(Reader& reader, const Cursor& at, JwtConfig* out) {
  ReadPath(reader, at, &(out->*kMember));
}

void ReadRequiredClaims(Reader& reader, const Cursor& at, JwtConfig* out) {
  reader.List(at, [&](const Cursor& item) { ReadPath(reader, item, &out->required_claims.emplace_back()); });
}

// A header, or one of the two names of hmac-auth for the request itself.
std::string_view CheckSignedName(std::string_view text) {
  return text == "@request-target" || CheckHeaderName(text).empty() ? "" : "a header name or `@request-target`";
}

// RFC 6749, 3.3.
std::string_view CheckScope(std::string_view text) {
  auto fits = [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits) ? "" : "one scope, without spaces and quotes";
}

constexpr Word<bool> kUnavailable[] = {{"closed", false}, {"open", true}};

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
    {"jwks_uri", ReadJwksUri, kSecret},
    {"jwks_allow_http", ReadBool<&JwtConfig::jwks_allow_http>},
    {"jwks", ReadJwks, kSecret},
    {"issuer", ReadString<&JwtConfig::issuer, CheckNotEmpty>},
    {"audience", ReadStrings<&JwtConfig::audience, CheckNotEmpty>},
    {"consumer_claim", ReadClaimPath<&JwtConfig::consumer_claim>},
    {"consumer_optional", ReadBool<&JwtConfig::consumer_optional>},
    {"groups_claim", ReadClaimPath<&JwtConfig::groups_claim>},
    {"required_claims", ReadRequiredClaims},
    {"required_scopes", ReadStrings<&JwtConfig::required_scopes, CheckScope>},
    {"leeway", ReadInteger<&JwtConfig::leeway_s, 0, 3600>},
    {"jwks_unavailable", ReadWord<&JwtConfig::jwks_unavailable_open, kUnavailable>},
    {"jwks_cooldown", ReadInteger<&JwtConfig::jwks_cooldown_s, 1, 86400>},
    {"jwks_algorithms", ReadWords<&JwtConfig::jwks_algorithms, kJwtAlgorithms>},
    {"token_types", ReadStrings<&JwtConfig::token_types, CheckNotEmpty>},
};

// A list that is written down with nothing in it would mean all, which its author can hardly have meant.
void RefuseEmptyList(Reader& reader, const Cursor& at, std::string_view field) {
  Reader::WithMember(at, field, [&](const Cursor& list) {
    if (list.node->kind == NodeKind::kList && list.node->size() == 0)
      reader.Error(list, "bad_value", absl::StrCat("expected at least one of `", field, "`"),
                   "add one, or remove the field");
  });
}

void CheckJwksAlgorithms(Reader& reader, const Cursor& at, const JwtConfig& config) {
  if (std::any_of(config.jwks_algorithms.begin(), config.jwks_algorithms.end(), IsShared) && !config.jwks_uri.empty())
    reader.Error(at, "insecure", "`jwks_algorithms` has one of shared secrets: a secret behind a URL is no secret",
                 "remove HS256, HS384 and HS512, or hold the key set in `jwks`");
}

void CheckJwt(Reader& reader, const Cursor& at, const JwtConfig& config) {
  if (config.maximum_expiration_s > 0 && !config.verify_exp)
    reader.Error(at, "conflict", "`maximum_expiration` needs `exp` in `claims_to_verify`",
                 "add `claims_to_verify: [exp]`");
  if (Reader::IsSet(at, "jwks_uri") && Reader::IsSet(at, "jwks"))
    reader.Error(at, "conflict", "`jwks_uri` and `jwks` cannot be used together", "remove one of them");
  if (absl::StartsWithIgnoreCase(config.jwks_uri, "http://") && !config.jwks_allow_http)
    reader.Error(at, "insecure", "`jwks_uri` is fetched without TLS: whoever answers could choose the keys",
                 "use https, or set `jwks_allow_http: true` in a closed test");
  CheckJwksAlgorithms(reader, at, config);
  bool from_uri = Reader::IsSet(at, "jwks_uri");
  for (std::string_view field : {"jwks_allow_http", "jwks_unavailable", "jwks_cooldown"})
    if (Reader::IsSet(at, field) && !from_uri)
      reader.Warn(reader.PlaceOf(at), "no_effect", absl::StrCat("`", field, "` has no effect without `jwks_uri`"),
                  "remove it");
  for (std::string_view field :
       {"issuer", "audience", "consumer_claim", "consumer_optional", "groups_claim", "jwks_algorithms"})
    if (Reader::IsSet(at, field) && !from_uri && !Reader::IsSet(at, "jwks"))
      reader.Warn(reader.PlaceOf(at), "no_effect",
                  absl::StrCat("`", field, "` has no effect without `jwks_uri` or `jwks`"), "remove it");
}

constexpr Field<KeyAuthConfig> kKeyAuthFields[] = {
    {"key_names", ReadStrings<&KeyAuthConfig::key_names, CheckHeaderName>},
    {"key_in_header", ReadBool<&KeyAuthConfig::key_in_header>},
    {"key_in_query", ReadBool<&KeyAuthConfig::key_in_query>},
    {"key_in_body", NotYetTrue<KeyAuthConfig>},
    {"hide_credentials", ReadBool<&KeyAuthConfig::hide_credentials>},
    {"anonymous", ReadAnonymous<KeyAuthConfig>},
    {"run_on_preflight", ReadBool<&KeyAuthConfig::run_on_preflight>},
    {"realm", ReadString<&KeyAuthConfig::realm, CheckHeaderValue>},
    {"identity_realms", NotYetList<KeyAuthConfig>},
};

constexpr Field<BasicAuthConfig> kBasicAuthFields[] = {
    {"hide_credentials", ReadBool<&BasicAuthConfig::hide_credentials>},
    {"anonymous", ReadAnonymous<BasicAuthConfig>},
    {"realm", ReadString<&BasicAuthConfig::realm, CheckHeaderValue>},
};

void ReadBodyValidation(Reader& reader, const Cursor& at, HmacAuthConfig*) {
  bool value = false;
  if (reader.Bool(at, &value) && value)
    reader.NotSupported(at, "validate_request_body: true",
                        "set it to false: the gateway sees no bodies; put `digest` into `enforce_headers` and let the "
                        "upstream compare it");
}

constexpr Word<HmacAuthConfig::Algorithm> kHmacAlgorithms[] = {
    {"hmac-sha1", HmacAuthConfig::Algorithm::kSha1},     {"hmac-sha224", std::nullopt},
    {"hmac-sha256", HmacAuthConfig::Algorithm::kSha256}, {"hmac-sha384", HmacAuthConfig::Algorithm::kSha384},
    {"hmac-sha512", HmacAuthConfig::Algorithm::kSha512},
};

constexpr Field<HmacAuthConfig> kHmacAuthFields[] = {
    {"hide_credentials", ReadBool<&HmacAuthConfig::hide_credentials>},
    {"clock_skew", ReadInteger<&HmacAuthConfig::clock_skew_s, 1, kYearSeconds>},
    {"anonymous", ReadAnonymous<HmacAuthConfig>},
    {"realm", ReadString<&HmacAuthConfig::realm, CheckHeaderValue>},
    {"validate_request_body", ReadBodyValidation},
    {"enforce_headers", ReadStrings<&HmacAuthConfig::enforce_headers, CheckSignedName>},
    {"algorithms", ReadWords<&HmacAuthConfig::algorithms, kHmacAlgorithms>},
};

constexpr Field<AclConfig> kAclFields[] = {
    {"allow", ReadStrings<&AclConfig::allow, CheckNotEmpty>},
    {"deny", ReadStrings<&AclConfig::deny, CheckNotEmpty>},
    {"whitelist", ReadStrings<&AclConfig::allow, CheckNotEmpty>},  // the names before Kong 2.1
    {"blacklist", ReadStrings<&AclConfig::deny, CheckNotEmpty>},
    {"hide_groups_header", ReadBool<&AclConfig::hide_groups_header>},
    {"always_use_authenticated_groups", ReadBool<&AclConfig::always_use_authenticated_groups>},
    {"include_consumer_groups", NotYetTrue<AclConfig>},
};

}  // namespace

void ReadJwtConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  JwtConfig& config = out->emplace<JwtConfig>();
  if (!reader.Map(at, kJwtFields, &config)) return;
  RefuseEmptyList(reader, at, "jwks_algorithms");
  RefuseEmptyList(reader, at, "token_types");
  CheckJwt(reader, at, config);
}

void ReadKeyAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  KeyAuthConfig& config = out->emplace<KeyAuthConfig>();
  if (!reader.Map(at, kKeyAuthFields, &config)) return;
  if (Reader::IsSet(at, "key_names") && config.key_names.empty())
    reader.Error(at, "bad_value", "expected at least one name in `key_names`", "add one, or remove `key_names`");
  if (!config.key_in_header && !config.key_in_query)
    reader.Error(at, "conflict", "no key can be found: `key_in_header` and `key_in_query` are both false",
                 "set one of them to true");
}

void ReadBasicAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  reader.Map(at, kBasicAuthFields, &out->emplace<BasicAuthConfig>());
}

void ReadHmacAuthConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  HmacAuthConfig& config = out->emplace<HmacAuthConfig>();
  if (!reader.Map(at, kHmacAuthFields, &config)) return;
  if (config.enforce_headers.size() > limits::kSignedHeaders)
    reader.Error(at, "too_large", absl::StrCat("more than ", limits::kSignedHeaders, " names in `enforce_headers`"),
                 "remove some: no signature covers more");
  RefuseEmptyList(reader, at, "algorithms");
}

void ReadAclConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  AclConfig& config = out->emplace<AclConfig>();
  for (auto [name, old_name] : {std::pair("allow", "whitelist"), std::pair("deny", "blacklist")})
    if (Reader::IsSet(at, name) && Reader::IsSet(at, old_name))
      reader.Error(at, "conflict", absl::StrCat("`", name, "` and `", old_name, "` are the same"),
                   "keep one of the two");
  if (reader.Map(at, kAclFields, &config) && config.allow.empty() == config.deny.empty())
    reader.Error(at, "bad_value", "expected exactly one of `allow` and `deny`, with at least one group",
                 config.allow.empty() ? "add one of them" : "remove one of them");
}

}  // namespace sluice::policy
