// Kong's jwt-signer, as far as it signs the access token for the upstream. All its fields are known by name. Those that
// verify the caller's token are refused, for jwt and openid-connect do that; so are those of its second, the channel
// token.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"
#include "policy/document/known_fields.h"

namespace sluice::policy {
namespace {

using Config = JwtSignerConfig;

// ---- Fields without an effect ----

template <Text kDefault>
void Verifies(Reader& reader, const Cursor& at, Config*) {
  if (!IsJson(*at.node, kDefault.view()))
    reader.NotSupported(at, at.key->text,
                        "remove it: jwt or openid-connect verifies the caller's token, and this plugin signs another");
}

template <Text kDefault>
void Channel(Reader& reader, const Cursor& at, Config*) {
  const bool is_off = at.node->kind == NodeKind::kString && at.node->text.empty();
  if (!is_off && !IsJson(*at.node, kDefault.view()))
    reader.NotSupported(at, at.key->text, "remove it: only the access token is signed, no channel token");
}

// Without channel tokens, they are always optional.
void ReadChannelOptional(Reader& reader, const Cursor& at, Config*) {
  bool ignored = false;
  reader.Bool(at, &ignored);
}

// ---- Fields that are honoured ----

void ReadKeySetName(Reader& reader, const Cursor& at, Config* out) {
  if (absl::StartsWith(at.node->text, "http://") || absl::StartsWith(at.node->text, "https://")) {
    reader.NotSupported(at, "access_token_keyset: a url",
                        "write the keys into `keys` of the document, and name their set");
    return;
  }
  out->key_set = reader.Reference(at, EntityKind::kKeySet);
}

void ReadAlgorithm(Reader& reader, const Cursor& at, Config* out) {
  std::optional<JwtAlgorithm> algorithm = WordAt(reader, at, kJwtAlgorithms);
  if (!algorithm) return;
  if (IsShared(*algorithm))
    reader.NotSupported(at, absl::StrCat(at.key->text, ": ", at.node->text),
                        "use one with a key pair: who can verify with a shared secret can sign with it, too");
  out->algorithm = *algorithm;
}

std::string_view CheckRequestHeader(std::string_view text) { return text.empty() ? "" : CheckHeaderName(text); }

// A text that is JSON stands for what it says, any other for itself.
std::string ClaimJson(const Node& node) {
  Problems ignored;
  ParseOptions options;
  options.format = ParseOptions::Format::kJson;
  std::optional<Tree> tree = ParseTree(absl::StrCat("{\"v\":", node.text, "}"), options, &ignored);
  const bool is_json = tree && !HasErrors(ignored.Take("")) && tree->root().size() == 1;
  if (is_json) return ToJson(tree->root().value(0));
  Node text = node;
  text.kind = NodeKind::kString;
  return ToJson(text);
}

// What says who signed, and for how long, is not for others to say.
bool CheckClaimName(Reader& reader, const Cursor& at, std::string_view name, bool removed) {
  if (name.empty()) return reader.Error(at, "bad_value", "expected the name of a claim, found none", "name it");
  if (name == "iss") return reader.Error(at, "conflict", "`iss` is what `access_token_issuer` says", "remove it here");
  if (name == "exp" || name == "iat")
    return reader.Error(at, "conflict", absl::StrCat("`", name, "` follows from when the token is signed"),
                        "remove it here, and set `lifetime`");
  if (name == "original_iss" && !removed)
    return reader.Error(at, "conflict", "`original_iss` is what the caller's token has in `iss`", "remove it here");
  return true;
}

template <auto kMember>
void ReadClaims(Reader& reader, const Cursor& at, Config* out) {
  if (at.node->kind != NodeKind::kMap) {
    reader.Expected(at, "a map of claims");
    return;
  }
  for (size_t i = 0; i < at.node->size(); ++i) {
    const Cursor member = at.Member(i);
    std::string text;
    if (!CheckClaimName(reader, member, member.key->text, false) || !reader.String(member, nullptr, &text)) continue;
    (out->*kMember).push_back({std::string(member.key->text), ClaimJson(*member.node)});
  }
}

void ReadRemoved(Reader& reader, const Cursor& at, Config* out) {
  reader.List(at, [&](const Cursor& item) {
    std::string name;
    if (reader.String(item, nullptr, &name) && CheckClaimName(reader, item, name, true)) out->remove.push_back(name);
  });
}

constexpr int64_t kDaySeconds = 86'400;

constexpr Field<Config> kFields[] = {
    {"access_token_signing", ReadBool<&Config::signing>},
    {"access_token_keyset", ReadKeySetName},
    {"access_token_issuer", ReadString<&Config::issuer, CheckNotEmpty>},
    {"access_token_signing_algorithm", ReadAlgorithm},
    {"access_token_request_header", ReadString<&Config::request_header, CheckRequestHeader>},
    {"access_token_upstream_header", ReadString<&Config::upstream_header, CheckTokenHeader>},
    {"original_access_token_upstream_header", ReadString<&Config::original_header, CheckTokenHeader>},
    {"access_token_optional", ReadBool<&Config::optional>},
    {"realm", ReadString<&Config::realm, CheckHeaderValue>},
    {"access_token_upstream_leeway", ReadInteger<&Config::upstream_leeway_s, -kDaySeconds, kDaySeconds>},
    // The plugin's own, below: in the order in which they count.
    {"set_claims", Skip<Config>},
    {"set_access_token_claims", Skip<Config>},
    {"add_access_token_claims", Skip<Config>},
    {"add_claims", Skip<Config>},
    {"remove_access_token_claims", ReadRemoved},
    // Sluice's own.
    {"lifetime", ReadInteger<&Config::lifetime_s, 10, kDaySeconds>},

    {"enable_instrumentation", Later<"false">},

    {"access_token_audience_claim", Verifies<"[\"aud\"]">},
    {"access_token_audiences_allowed", Verifies<"">},
    {"access_token_consumer_by", Verifies<"[\"custom_id\",\"username\"]">},
    {"access_token_consumer_claim", Verifies<"">},
    {"access_token_endpoints_ssl_verify", Verifies<"true">},
    {"access_token_expiry_claim", Verifies<"[\"exp\"]">},
    {"access_token_introspection_audience_claim", Verifies<"[\"aud\"]">},
    {"access_token_introspection_audiences_allowed", Verifies<"">},
    {"access_token_introspection_authorization", Verifies<"">, kSecret},
    {"access_token_introspection_body_args", Verifies<"">, kSecret},
    {"access_token_introspection_consumer_by", Verifies<"[\"custom_id\",\"username\"]">},
    {"access_token_introspection_consumer_claim", Verifies<"">},
    {"access_token_introspection_endpoint", Verifies<"">},
    {"access_token_introspection_expiry_claim", Verifies<"[\"exp\"]">},
    {"access_token_introspection_hint", Verifies<"\"access_token\"">},
    {"access_token_introspection_issuer_claim", Verifies<"[\"iss\"]">},
    {"access_token_introspection_issuers_allowed", Verifies<"">},
    {"access_token_introspection_jwt_claim", Verifies<"">},
    {"access_token_introspection_leeway", Verifies<"0">},
    {"access_token_introspection_notbefore_claim", Verifies<"[\"nbf\"]">},
    {"access_token_introspection_optional_claims", Verifies<"">},
    {"access_token_introspection_required_claims", Verifies<"">},
    {"access_token_introspection_scopes_claim", Verifies<"[\"scope\"]">},
    {"access_token_introspection_scopes_required", Verifies<"">},
    {"access_token_introspection_subject_claim", Verifies<"[\"sub\"]">},
    {"access_token_introspection_subjects_allowed", Verifies<"">},
    {"access_token_introspection_timeout", Verifies<"">},
    {"access_token_issuer_claim", Verifies<"[\"iss\"]">},
    {"access_token_issuers_allowed", Verifies<"">},
    {"access_token_jwks_uri", Verifies<"">},
    {"access_token_jwks_uri_client_certificate", Verifies<"">},
    {"access_token_jwks_uri_client_password", Verifies<"">, kSecret},
    {"access_token_jwks_uri_client_username", Verifies<"">},
    {"access_token_jwks_uri_rotate_period", Verifies<"0">},
    {"access_token_keyset_client_certificate", Later<"">},
    {"access_token_keyset_client_password", Later<"">, kSecret},
    {"access_token_keyset_client_username", Later<"">},
    {"access_token_keyset_rotate_period", Later<"0">},
    {"access_token_leeway", Verifies<"0">},
    {"access_token_notbefore_claim", Verifies<"[\"nbf\"]">},
    {"access_token_optional_claims", Verifies<"">},
    {"access_token_required_claims", Verifies<"">},
    {"access_token_scopes_claim", Verifies<"[\"scope\"]">},
    {"access_token_scopes_required", Verifies<"">},
    {"access_token_subject_claim", Verifies<"[\"sub\"]">},
    {"access_token_subjects_allowed", Verifies<"">},
    {"cache_access_token_introspection", Verifies<"true">},
    {"enable_access_token_introspection", Verifies<"true">},
    {"enable_hs_signatures", Verifies<"false">},
    {"trust_access_token_introspection", Verifies<"true">},
    {"verify_access_token_audience", Verifies<"true">},
    {"verify_access_token_expiry", Verifies<"true">},
    {"verify_access_token_introspection_audience", Verifies<"true">},
    {"verify_access_token_introspection_expiry", Verifies<"true">},
    {"verify_access_token_introspection_issuer", Verifies<"true">},
    {"verify_access_token_introspection_notbefore", Verifies<"false">},
    {"verify_access_token_introspection_scopes", Verifies<"true">},
    {"verify_access_token_introspection_subject", Verifies<"true">},
    {"verify_access_token_issuer", Verifies<"true">},
    {"verify_access_token_notbefore", Verifies<"false">},
    {"verify_access_token_scopes", Verifies<"true">},
    {"verify_access_token_signature", Verifies<"true">},
    {"verify_access_token_subject", Verifies<"true">},

    {"add_channel_token_claims", Channel<"{}">},
    {"cache_channel_token_introspection", Channel<"true">},
    {"channel_token_audience_claim", Channel<"[\"aud\"]">},
    {"channel_token_audiences_allowed", Channel<"">},
    {"channel_token_consumer_by", Channel<"[\"custom_id\",\"username\"]">},
    {"channel_token_consumer_claim", Channel<"">},
    {"channel_token_endpoints_ssl_verify", Channel<"true">},
    {"channel_token_expiry_claim", Channel<"[\"exp\"]">},
    {"channel_token_introspection_audience_claim", Channel<"[\"aud\"]">},
    {"channel_token_introspection_audiences_allowed", Channel<"">},
    {"channel_token_introspection_authorization", Channel<"">, kSecret},
    {"channel_token_introspection_body_args", Channel<"">, kSecret},
    {"channel_token_introspection_consumer_by", Channel<"[\"custom_id\",\"username\"]">},
    {"channel_token_introspection_consumer_claim", Channel<"">},
    {"channel_token_introspection_endpoint", Channel<"">},
    {"channel_token_introspection_expiry_claim", Channel<"[\"exp\"]">},
    {"channel_token_introspection_hint", Channel<"">},
    {"channel_token_introspection_issuer_claim", Channel<"[\"iss\"]">},
    {"channel_token_introspection_issuers_allowed", Channel<"">},
    {"channel_token_introspection_jwt_claim", Channel<"">},
    {"channel_token_introspection_leeway", Channel<"0">},
    {"channel_token_introspection_notbefore_claim", Channel<"[\"nbf\"]">},
    {"channel_token_introspection_optional_claims", Channel<"">},
    {"channel_token_introspection_required_claims", Channel<"">},
    {"channel_token_introspection_scopes_claim", Channel<"[\"scope\"]">},
    {"channel_token_introspection_scopes_required", Channel<"">},
    {"channel_token_introspection_subject_claim", Channel<"[\"sub\"]">},
    {"channel_token_introspection_subjects_allowed", Channel<"">},
    {"channel_token_introspection_timeout", Channel<"">},
    {"channel_token_issuer", Channel<"\"kong\"">},
    {"channel_token_issuer_claim", Channel<"[\"iss\"]">},
    {"channel_token_issuers_allowed", Channel<"">},
    {"channel_token_jwks_uri", Channel<"">},
    {"channel_token_jwks_uri_client_certificate", Channel<"">},
    {"channel_token_jwks_uri_client_password", Channel<"">, kSecret},
    {"channel_token_jwks_uri_client_username", Channel<"">},
    {"channel_token_jwks_uri_rotate_period", Channel<"0">},
    {"channel_token_keyset", Channel<"\"kong\"">},
    {"channel_token_keyset_client_certificate", Channel<"">},
    {"channel_token_keyset_client_password", Channel<"">, kSecret},
    {"channel_token_keyset_client_username", Channel<"">},
    {"channel_token_keyset_rotate_period", Channel<"0">},
    {"channel_token_leeway", Channel<"0">},
    {"channel_token_notbefore_claim", Channel<"[\"nbf\"]">},
    {"channel_token_optional", ReadChannelOptional},
    {"channel_token_optional_claims", Channel<"">},
    {"channel_token_request_header", Channel<"">},
    {"channel_token_required_claims", Channel<"">},
    {"channel_token_scopes_claim", Channel<"[\"scope\"]">},
    {"channel_token_scopes_required", Channel<"">},
    {"channel_token_signing", Channel<"true">},
    {"channel_token_signing_algorithm", Channel<"\"RS256\"">},
    {"channel_token_subject_claim", Channel<"[\"sub\"]">},
    {"channel_token_subjects_allowed", Channel<"">},
    {"channel_token_upstream_header", Channel<"">},
    {"channel_token_upstream_leeway", Channel<"0">},
    {"enable_channel_token_introspection", Channel<"true">},
    {"original_channel_token_upstream_header", Channel<"">},
    {"remove_channel_token_claims", Channel<"[]">},
    {"set_channel_token_claims", Channel<"{}">},
    {"trust_channel_token_introspection", Channel<"true">},
    {"verify_channel_token_audience", Channel<"true">},
    {"verify_channel_token_expiry", Channel<"true">},
    {"verify_channel_token_introspection_audience", Channel<"true">},
    {"verify_channel_token_introspection_expiry", Channel<"true">},
    {"verify_channel_token_introspection_issuer", Channel<"true">},
    {"verify_channel_token_introspection_notbefore", Channel<"false">},
    {"verify_channel_token_introspection_scopes", Channel<"true">},
    {"verify_channel_token_introspection_subject", Channel<"true">},
    {"verify_channel_token_issuer", Channel<"true">},
    {"verify_channel_token_notbefore", Channel<"false">},
    {"verify_channel_token_scopes", Channel<"true">},
    {"verify_channel_token_signature", Channel<"true">},
    {"verify_channel_token_subject", Channel<"true">},
};

// ---- What fits together ----

// Kong's way to switch a default off.
void ReadNull(const Cursor& at, std::string_view field, std::string* header) {
  const Node* node = at.node->Find(field);
  if (node != nullptr && node->kind == NodeKind::kNull) header->clear();
}

std::string_view NameOf(std::string_view header) { return header.substr(0, header.find(':')); }

void CheckHeaders(Reader& reader, const Cursor& at, const Config& config) {
  if (!config.original_header.empty() &&
      absl::EqualsIgnoreCase(NameOf(config.original_header), NameOf(config.upstream_header)))
    reader.Error(at, "conflict",
                 "`original_access_token_upstream_header` and `access_token_upstream_header` name the same header",
                 "give one of the tokens another");
}

// By order, wherever they stand in the document: what is more special is set last, and added first.
void ReadEdits(Reader& reader, const Cursor& at, Config* config) {
  constexpr auto kSet = ReadClaims<&Config::set_claims>;
  constexpr auto kAdd = ReadClaims<&Config::add_claims>;
  Reader::WithMember(at, "set_claims", [&](const Cursor& map) { kSet(reader, map, config); });
  Reader::WithMember(at, "set_access_token_claims", [&](const Cursor& map) { kSet(reader, map, config); });
  Reader::WithMember(at, "add_access_token_claims", [&](const Cursor& map) { kAdd(reader, map, config); });
  Reader::WithMember(at, "add_claims", [&](const Cursor& map) { kAdd(reader, map, config); });
  const size_t count = config->set_claims.size() + config->add_claims.size() + config->remove.size();
  if (count > limits::kSignerClaims)
    reader.Error(at, "too_large",
                 absl::StrCat(count, " claims to set, add or remove are more than ", limits::kSignerClaims),
                 "leave some out");
}

void FindKeys(Reader& reader, const Cursor& at, Config* config) {
  if (config->upstream_header.empty()) config->signing = false;
  if (!config->signing || Reader::IsSet(at, "access_token_keyset")) return;
  config->key_set = reader.names().Find(EntityKind::kKeySet, "kong");
  if (config->key_set == kNone)
    reader.Error(at, "missing_field", "the field `access_token_keyset` is missing, and there is no key set `kong`",
                 "name a set of `key_sets`: keys are not made up here, as Kong makes them");
}

}  // namespace

void ReadJwtSignerConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  Config& config = out->emplace<Config>();
  if (!reader.Map(at, kFields, &config)) return;
  ReadNull(at, "access_token_request_header", &config.request_header);
  ReadNull(at, "access_token_upstream_header", &config.upstream_header);
  ReadEdits(reader, at, &config);
  CheckHeaders(reader, at, config);
  FindKeys(reader, at, &config);
}

}  // namespace sluice::policy
