// key-auth, basic-auth, hmac-auth and acl.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/claims.h"
#include "policy/document/entities.h"
#include "policy/document/known_fields.h"

namespace sluice::policy {
namespace {

// A header, or one of the two names of hmac-auth for the request itself.
std::string_view CheckSignedName(std::string_view text) {
  return text == "@request-target" || CheckHeaderName(text).empty() ? "" : "a header name or `@request-target`";
}

constexpr int64_t kYearSeconds = 31'536'000;

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
    {"principals", LaterUnlessOff<"enabled", "false">},
};

constexpr Field<BasicAuthConfig> kBasicAuthFields[] = {
    {"hide_credentials", ReadBool<&BasicAuthConfig::hide_credentials>},
    {"anonymous", ReadAnonymous<BasicAuthConfig>},
    {"realm", ReadString<&BasicAuthConfig::realm, CheckHeaderValue>},
    {"brute_force_protection", LaterUnlessOff<"strategy", "\"off\"">, kSecret},  // its `redis` may have a password
    {"principals", LaterUnlessOff<"enabled", "false">},
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
