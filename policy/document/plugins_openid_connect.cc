// Kong's openid-connect, as far as it verifies bearer tokens. All its fields are known by name: those of other methods
// may stand there, those that would change what happens to a bearer token are honoured or refused.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/claims.h"
#include "policy/document/entities.h"
#include "policy/document/known_fields.h"

namespace sluice::policy {
namespace {

using Config = OpenidConnectConfig;

// ---- Fields without an effect ----

// Of a method or a step that bearer tokens do not go through. Its default, which Kong writes into its dumps, is fine.
template <Text kDefault>
void Idle(Reader& reader, const Cursor& at, Config*) {
  if (!IsJson(*at.node, kDefault.view()))
    reader.Warn(reader.PlaceOf(at), "no_effect",
                absl::StrCat("`", at.key->text, "` has no effect with `auth_methods: [bearer]`"), "remove it");
}

// ---- Fields that are honoured ----

constexpr Word<bool> kAuthMethods[] = {
    {"bearer", true},
    {"authorization_code", std::nullopt},
    {"client_credentials", std::nullopt},
    {"introspection", std::nullopt},
    {"kong_oauth2", std::nullopt},
    {"password", std::nullopt},
    {"refresh_token", std::nullopt},
    {"session", std::nullopt},
    {"userinfo", std::nullopt},
};

void ReadAuthMethods(Reader& reader, const Cursor& at, Config* out) {
  reader.List(at, [&](const Cursor& item) { out->bearer |= WordAt(reader, item, kAuthMethods).value_or(false); });
}

constexpr Word<Config::ParamType> kParamTypes[] = {
    {"header", Config::ParamType::kHeader},
    {"query", Config::ParamType::kQuery},
    {"cookie", Config::ParamType::kCookie},
    {"body", std::nullopt},  // the gateway sees no bodies
};

constexpr Word<Config::ConsumerBy> kConsumerBy[] = {
    {"username", Config::ConsumerBy::kUsername},
    {"custom_id", Config::ConsumerBy::kCustomId},
    {"id", Config::ConsumerBy::kId},
};

void ReadIssuer(Reader& reader, const Cursor& at, Config* out) {
  ReadUrl(reader, at, &out->issuer);
  if (Url url; ParseUrl(out->issuer, &url)) out->issuer_host = url.host;
}

template <auto kMember>
void ReadRequiredValues(Reader& reader, const Cursor& at, Config* out) {
  reader.Strings(at, CheckNotEmpty, &(out->*kMember).values);
  for (const std::string& entry : (out->*kMember).values)
    if (std::vector<std::string> words = absl::StrSplit(entry, ' ', absl::SkipEmpty()); words.empty())
      reader.Expected(at, "entries that are not blank");
}

template <auto kMember>
void ReadRequiredClaim(Reader& reader, const Cursor& at, Config* out) {
  ReadPath(reader, at, &(out->*kMember).claim);
}

void ReadConsumerClaim(Reader& reader, const Cursor& at, Config* out) {
  ReadPath(reader, at, &out->consumer_claims.emplace_back());
}

void ReadConsumerClaims(Reader& reader, const Cursor& at, Config* out) {
  reader.List(at, [&](const Cursor& item) { ReadPath(reader, item, &out->consumer_claims.emplace_back()); });
}

constexpr Field<Config::ClaimHeader> kHeaderFields[] = {
    {"header", ReadString<&Config::ClaimHeader::header, CheckToldHeader>, kRequired},
    {"path", ReadClaimPath<&Config::ClaimHeader::claim>, kRequired},
};

void ReadUpstreamHeaders(Reader& reader, const Cursor& at, Config* out) {
  reader.List(at, [&](const Cursor& item) { reader.Map(item, kHeaderFields, &out->upstream_headers.emplace_back()); });
}

constexpr Field<Config> kFields[] = {
    {"auth_methods", ReadAuthMethods},
    {"issuer", ReadIssuer, kRequired},
    {"using_pseudo_issuer", ReadBool<&Config::using_pseudo_issuer>},
    {"jwks_endpoint", ReadUrlField<&Config::jwks_endpoint>},
    {"issuers_allowed", ReadStrings<&Config::issuers_allowed, CheckNotEmpty>},
    {"rediscovery_lifetime", ReadInteger<&Config::rediscovery_lifetime_s, 1, 86400>},
    {"timeout", ReadInteger<&Config::timeout_ms, 1, 60000>},
    {"audience_required", ReadRequiredValues<&Config::audience>},
    {"audience_claim", ReadRequiredClaim<&Config::audience>},
    {"scopes_required", ReadRequiredValues<&Config::scopes>},
    {"scopes_claim", ReadRequiredClaim<&Config::scopes>},
    {"groups_required", ReadRequiredValues<&Config::groups>},
    {"groups_claim", ReadRequiredClaim<&Config::groups>},
    {"roles_required", ReadRequiredValues<&Config::roles>},
    {"roles_claim", ReadRequiredClaim<&Config::roles>},
    {"claims_forbidden", ReadStrings<&Config::claims_forbidden, CheckNotEmpty>},
    {"bearer_token_param_type", ReadWords<&Config::bearer_token_param_type, kParamTypes>},
    {"bearer_token_cookie_name", ReadString<&Config::bearer_token_cookie_name, CheckHeaderName>},
    {"hide_credentials", ReadBool<&Config::hide_credentials>},
    {"upstream_access_token_header", ReadString<&Config::upstream_access_token_header, CheckTokenHeader>},
    {"consumer_claim", ReadConsumerClaim},
    {"consumer_claims", ReadConsumerClaims},
    {"consumer_by", ReadWords<&Config::consumer_by, kConsumerBy>},
    {"consumer_optional", ReadBool<&Config::consumer_optional>},
    {"credential_claim", ReadClaimPath<&Config::credential_claim>},
    {"authenticated_groups_claim", ReadClaimPath<&Config::authenticated_groups_claim>},
    {"upstream_headers", ReadUpstreamHeaders},
    {"upstream_headers_claims", ReadStrings<&Config::upstream_headers_claims, CheckNotEmpty>},
    {"upstream_headers_names", ReadStrings<&Config::upstream_headers_names, CheckToldHeader>},
    {"leeway", ReadInteger<&Config::leeway_s, 0, 3600>},
    {"anonymous", ReadAnonymous<Config>},
    {"run_on_preflight", ReadBool<&Config::run_on_preflight>},
    {"unauthorized_error_message", ReadString<&Config::unauthorized_error_message, CheckHeaderValue>},
    {"forbidden_error_message", ReadString<&Config::forbidden_error_message, CheckHeaderValue>},
    // Sluice's own.
    {"issuer_allow_http", ReadBool<&Config::issuer_allow_http>},
    {"jwks_algorithms", ReadWords<&Config::jwks_algorithms, kJwtAlgorithms>},
    {"token_types", ReadStrings<&Config::token_types, CheckNotEmpty>},
    {"requires", ReadRequires<&Config::requirement>},
    {"allow_missing", ReadBool<&Config::allow_missing>},
    {"maximum_expiration", ReadInteger<&Config::maximum_expiration_s, 0, 31'536'000>},
    {"plan_claim", ReadClaimPath<&Config::plan_claim>},

    {"enable_hs_signatures", Insecure<"false">},
    {"ignore_signature", Insecure<"[]">},
    {"verify_claims", Insecure<"true">},
    {"verify_signature", Insecure<"true">},
    {"ssl_verify", Insecure<"true">},

    {"by_username_ignore_case", Later<"false">},
    {"consumer_groups_claim", Later<"">},
    {"consumer_groups_optional", Later<"false">},
    {"discovery_headers_names", Later<"">},
    {"discovery_headers_values", Later<"">, kSecret},
    {"display_errors", Later<"false">},
    {"domains", Later<"">},
    {"downstream_access_token_header", Later<"">},
    {"downstream_access_token_jwk_header", Later<"">},
    {"downstream_headers", Later<"">},
    {"downstream_headers_claims", Later<"">},
    {"downstream_headers_names", Later<"">},
    {"expose_error_code", Later<"true">},
    {"extra_jwks_uris", Later<"">},
    {"forbidden_redirect_uri", Later<"">},
    {"http_proxy", Later<"">},
    {"http_proxy_authorization", Later<"">, kSecret},
    {"https_proxy", Later<"">},
    {"https_proxy_authorization", Later<"">, kSecret},
    {"id_token_param_name", Later<"">},
    {"introspect_jwt_tokens", Later<"false">},
    {"jwt_session_cookie", Later<"">},
    {"max_age", Later<"">},
    {"proof_of_possession_dpop", Later<"\"off\"">},
    {"proof_of_possession_mtls", Later<"\"off\"">},
    {"resolve_distributed_claims", Later<"false">},
    {"search_user_info", Later<"false">},
    {"token_exchange", Later<"">},
    {"token_exchange_endpoint", Later<"">},
    {"unauthorized_redirect_uri", Later<"">},
    {"unexpected_redirect_uri", Later<"">},
    {"upstream_access_token_jwk_header", Later<"">},
    {"upstream_id_token_header", Later<"">},
    {"upstream_id_token_jwk_header", Later<"">},
    {"upstream_introspection_header", Later<"">},
    {"upstream_introspection_jwt_header", Later<"">},
    {"upstream_refresh_token_header", Later<"">},
    {"upstream_session_id_header", Later<"">},
    {"upstream_user_info_header", Later<"">},
    {"upstream_user_info_jwt_header", Later<"">},

    {"audience", Idle<"">},
    {"authorization_cookie_domain", Idle<"">},
    {"authorization_cookie_http_only", Idle<"true">},
    {"authorization_cookie_name", Idle<"\"authorization\"">},
    {"authorization_cookie_path", Idle<"\"/\"">},
    {"authorization_cookie_same_site", Idle<"\"Default\"">},
    {"authorization_cookie_secure", Idle<"">},
    {"authorization_endpoint", Idle<"">},
    {"authorization_query_args_client", Idle<"">},
    {"authorization_query_args_names", Idle<"">},
    {"authorization_query_args_values", Idle<"">},
    {"authorization_rolling_timeout", Idle<"600">},
    {"cache_introspection", Idle<"true">},
    {"cache_token_exchange", Idle<"true">},
    {"cache_tokens", Idle<"true">},
    {"cache_tokens_salt", Idle<"">, kSecret},
    {"cache_ttl", Idle<"3600">},
    {"cache_ttl_max", Idle<"">},
    {"cache_ttl_min", Idle<"">},
    {"cache_ttl_neg", Idle<"">},
    {"cache_ttl_resurrect", Idle<"">},
    {"cache_user_info", Idle<"true">},
    {"client_alg", Idle<"">},
    {"client_arg", Idle<"\"client_id\"">},
    {"client_auth", Idle<"">},
    {"client_credentials_param_type", Idle<"[\"header\",\"query\",\"body\"]">},
    {"client_id", Idle<"">, kSecret},
    {"client_jwk", Idle<"">, kSecret},
    {"client_secret", Idle<"">, kSecret},
    {"cluster_cache_redis", Skip<Config>, kSecret},  // this and `redis` stand in each dump, used or not
    {"cluster_cache_strategy", Idle<"\"off\"">},
    {"disable_session", Idle<"">},
    {"downstream_id_token_header", Idle<"">},
    {"downstream_id_token_jwk_header", Idle<"">},
    {"downstream_introspection_header", Idle<"">},
    {"downstream_introspection_jwt_header", Idle<"">},
    {"downstream_refresh_token_header", Idle<"">},
    {"downstream_session_id_header", Idle<"">},
    {"downstream_user_info_header", Idle<"">},
    {"downstream_user_info_jwt_header", Idle<"">},
    {"dpop_proof_lifetime", Idle<"300">},
    {"dpop_use_nonce", Idle<"false">},
    {"end_session_endpoint", Idle<"">},
    {"forbidden_destroy_session", Idle<"true">},
    {"http_version", Idle<"1.1">},
    {"id_token_param_type", Idle<"[\"header\",\"query\",\"body\"]">},
    {"introspection_accept", Idle<"\"application/json\"">},
    {"introspection_check_active", Idle<"true">},
    {"introspection_endpoint", Idle<"">},
    {"introspection_endpoint_auth_method", Idle<"">},
    {"introspection_headers_client", Idle<"">},
    {"introspection_headers_names", Idle<"">},
    {"introspection_headers_values", Idle<"">, kSecret},
    {"introspection_hint", Idle<"\"access_token\"">},
    {"introspection_post_args_client", Idle<"">},
    {"introspection_post_args_client_headers", Idle<"">},
    {"introspection_post_args_names", Idle<"">},
    {"introspection_post_args_values", Idle<"">, kSecret},
    {"introspection_token_param_name", Idle<"\"token\"">},
    {"jwt_session_claim", Idle<"\"sid\"">},
    {"keepalive", Idle<"true">},
    {"login_action", Idle<"\"upstream\"">},
    {"login_methods", Idle<"[\"authorization_code\"]">},
    {"login_redirect_mode", Idle<"\"fragment\"">},
    {"login_redirect_uri", Idle<"">},
    {"login_tokens", Idle<"[\"id_token\"]">},
    {"logout_methods", Idle<"[\"POST\",\"DELETE\"]">},
    {"logout_post_arg", Idle<"">},
    {"logout_query_arg", Idle<"">},
    {"logout_redirect_uri", Idle<"">},
    {"logout_revoke", Idle<"false">},
    {"logout_revoke_access_token", Idle<"true">},
    {"logout_revoke_refresh_token", Idle<"true">},
    {"logout_uri_suffix", Idle<"">},
    {"mtls_introspection_endpoint", Idle<"">},
    {"mtls_revocation_endpoint", Idle<"">},
    {"mtls_token_endpoint", Idle<"">},
    {"no_proxy", Idle<"">},
    {"password_param_type", Idle<"[\"header\",\"query\",\"body\"]">},
    {"preserve_query_args", Idle<"false">},
    {"proof_of_possession_auth_methods_validation", Idle<"true">},
    {"pushed_authorization_request_endpoint", Idle<"">},
    {"pushed_authorization_request_endpoint_auth_method", Idle<"">},
    {"redirect_uri", Idle<"">},
    {"redis", Skip<Config>, kSecret},
    {"refresh_token_param_name", Idle<"">},
    {"refresh_token_param_type", Idle<"[\"header\",\"query\",\"body\"]">},
    {"refresh_tokens", Idle<"true">},
    {"require_proof_key_for_code_exchange", Idle<"">},
    {"require_pushed_authorization_requests", Idle<"">},
    {"require_signed_request_object", Idle<"">},
    {"response_mode", Idle<"\"query\"">},
    {"response_type", Idle<"[\"code\"]">},
    {"reverify", Idle<"false">},
    {"revocation_endpoint", Idle<"">},
    {"revocation_endpoint_auth_method", Idle<"">},
    {"revocation_token_param_name", Idle<"\"token\"">},
    {"scopes", Idle<"[\"openid\"]">},
    {"session_absolute_timeout", Idle<"86400">},
    {"session_audience", Idle<"\"default\"">},
    {"session_bind", Idle<"">},
    {"session_cookie_domain", Idle<"">},
    {"session_cookie_http_only", Idle<"true">},
    {"session_cookie_name", Idle<"\"session\"">},
    {"session_cookie_path", Idle<"\"/\"">},
    {"session_cookie_same_site", Idle<"\"Lax\"">},
    {"session_cookie_secure", Idle<"">},
    {"session_enforce_same_subject", Idle<"false">},
    {"session_hash_storage_key", Idle<"false">},
    {"session_hash_subject", Idle<"false">},
    {"session_idling_timeout", Idle<"900">},
    {"session_memcached_host", Idle<"\"127.0.0.1\"">},
    {"session_memcached_port", Idle<"11211">},
    {"session_memcached_prefix", Idle<"">},
    {"session_memcached_socket", Idle<"">},
    {"session_memcached_ssl", Idle<"false">},
    {"session_memcached_ssl_verify", Idle<"true">},
    // What `redis` was before Kong 3.8; likewise in each dump.
    {"session_redis_cluster_max_redirections", Skip<Config>},
    {"session_redis_cluster_nodes", Skip<Config>},
    {"session_redis_connect_timeout", Skip<Config>},
    {"session_redis_host", Skip<Config>},
    {"session_redis_password", Skip<Config>, kSecret},
    {"session_redis_port", Skip<Config>},
    {"session_redis_prefix", Skip<Config>},
    {"session_redis_read_timeout", Skip<Config>},
    {"session_redis_send_timeout", Skip<Config>},
    {"session_redis_server_name", Skip<Config>},
    {"session_redis_socket", Skip<Config>},
    {"session_redis_ssl", Skip<Config>},
    {"session_redis_ssl_verify", Skip<Config>},
    {"session_redis_username", Skip<Config>, kSecret},
    {"session_remember", Idle<"false">},
    {"session_remember_absolute_timeout", Idle<"2592000">},
    {"session_remember_cookie_name", Idle<"\"remember\"">},
    {"session_remember_rolling_timeout", Idle<"604800">},
    {"session_request_headers", Idle<"">},
    {"session_response_headers", Idle<"">},
    {"session_rolling_timeout", Idle<"3600">},
    {"session_secret", Idle<"">, kSecret},
    {"session_storage", Idle<"\"cookie\"">},
    {"session_store_metadata", Idle<"false">},
    {"tls_client_auth_cert_id", Idle<"">},
    {"tls_client_auth_ssl_verify", Idle<"true">},
    {"token_cache_key_include_scope", Idle<"false">},
    {"token_endpoint", Idle<"">},
    {"token_endpoint_auth_method", Idle<"">},
    {"token_headers_client", Idle<"">},
    {"token_headers_grants", Idle<"">},
    {"token_headers_names", Idle<"">},
    {"token_headers_prefix", Idle<"">},
    {"token_headers_replay", Idle<"">},
    {"token_headers_values", Idle<"">, kSecret},
    {"token_post_args_client", Idle<"">},
    {"token_post_args_names", Idle<"">},
    {"token_post_args_values", Idle<"">, kSecret},
    {"unauthorized_destroy_session", Idle<"true">},
    {"userinfo_accept", Idle<"\"application/json\"">},
    {"userinfo_endpoint", Idle<"">},
    {"userinfo_headers_client", Idle<"">},
    {"userinfo_headers_names", Idle<"">},
    {"userinfo_headers_values", Idle<"">, kSecret},
    {"userinfo_query_args_client", Idle<"">},
    {"userinfo_query_args_names", Idle<"">},
    {"userinfo_query_args_values", Idle<"">, kSecret},
    {"verify_nonce", Idle<"true">},
    {"verify_parameters", Idle<"false">},
};

// ---- What fits together ----

void CheckMethods(Reader& reader, const Cursor& at, const Config& config) {
  if (!Reader::IsSet(at, "auth_methods"))
    reader.Error(at, "not_supported",
                 "without `auth_methods` all of Kong's would do, but only `bearer` is supported yet",
                 "add `auth_methods: [bearer]`");
  else if (!config.bearer)
    reader.Error(at, "bad_value", "expected `bearer` in `auth_methods`", "add it");
}

void CheckKeys(Reader& reader, const Cursor& at, const Config& config) {
  if (config.using_pseudo_issuer && config.jwks_endpoint.empty())
    reader.Error(at, "conflict", "`using_pseudo_issuer` needs `jwks_endpoint`: else nobody says where the keys are",
                 "add `jwks_endpoint`");
  RefusePlainHttp(reader, at, config.jwks_endpoint, config.issuer_allow_http, "jwks_endpoint", "issuer_allow_http");
  if (config.jwks_endpoint.empty())
    RefusePlainHttp(reader, at, config.issuer, config.issuer_allow_http, "issuer", "issuer_allow_http");
  if (std::any_of(config.jwks_algorithms.begin(), config.jwks_algorithms.end(), IsShared))
    reader.Error(at, "insecure", "`jwks_algorithms` has one of shared secrets: a secret behind a URL is no secret",
                 "remove HS256, HS384 and HS512");
}

void CheckPlaces(Reader& reader, const Cursor& at, const Config& config) {
  const auto& places = config.bearer_token_param_type;
  const bool cookie = std::find(places.begin(), places.end(), Config::ParamType::kCookie) != places.end();
  if (cookie == config.bearer_token_cookie_name.empty())
    reader.Error(at, "conflict", "`cookie` in `bearer_token_param_type` and `bearer_token_cookie_name` go together",
                 cookie ? "name the cookie" : "add `cookie`, or remove the name");
}

void JoinHeaders(Reader& reader, const Cursor& at, Config* config) {
  if (config->upstream_headers_claims.size() != config->upstream_headers_names.size())
    reader.Error(at, "conflict", "`upstream_headers_claims` and `upstream_headers_names` differ in length",
                 "give each claim a name, in the same order");
  const size_t pairs = std::min(config->upstream_headers_claims.size(), config->upstream_headers_names.size());
  for (size_t i = 0; i < pairs; ++i)
    config->upstream_headers.push_back({config->upstream_headers_names[i], {config->upstream_headers_claims[i]}});
}

}  // namespace

void ReadOpenidConnectConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  Config& config = out->emplace<Config>();
  if (!reader.Map(at, kFields, &config)) return;
  // Kong's way to switch a default off.
  const Node* header = at.node->Find("upstream_access_token_header");
  if (header != nullptr && header->kind == NodeKind::kNull) config.upstream_access_token_header.clear();
  for (std::string_view field :
       {"jwks_algorithms", "token_types", "bearer_token_param_type", "consumer_by", "issuers_allowed",
        "consumer_claims", "audience_required", "scopes_required", "groups_required", "roles_required"})
    RefuseEmptyList(reader, at, field);
  CheckMethods(reader, at, config);
  CheckKeys(reader, at, config);
  CheckPlaces(reader, at, config);
  CheckMissingToken(reader, at, config.anonymous, config.allow_missing);
  JoinHeaders(reader, at, &config);
}

}  // namespace sluice::policy
