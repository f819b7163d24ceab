// The plugins that verify tokens: jwt and openid-connect.
#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "auth/discovery.h"
#include "policy/compile/compiler.h"

namespace sluice {
namespace {

// Shared secrets are taken only where the policy names their algorithm.
auth::JwkSetOptions KeysAllowedBy(const std::vector<policy::JwtAlgorithm>& algorithms) {
  auth::JwkSetOptions options;
  if (algorithms.empty()) return options;
  options.algorithms = {};
  for (policy::JwtAlgorithm algorithm : algorithms)
    options.algorithms = options.algorithms | auth::AlgorithmSet{*auth::FindAlgorithm(policy::ToString(algorithm))};
  options.allow_secrets = !(options.algorithms & auth::AlgorithmSet::OfKeyType(auth::KeyType::kSecret)).empty();
  return options;
}

auth::Requirement Compiled(const policy::ClaimRequirement& requirement) {
  using Kind = policy::ClaimRequirement::Kind;
  std::vector<auth::Requirement> parts;
  for (const policy::ClaimRequirement& part : requirement.parts) parts.push_back(Compiled(part));
  switch (requirement.kind) {
    case Kind::kAll: return auth::AllOf(std::move(parts));
    case Kind::kAny: return auth::AnyOf(std::move(parts));
    case Kind::kClaim: return auth::Claim(requirement.claim);
    case Kind::kHas: return auth::Claim(requirement.claim, requirement.value);
    case Kind::kMissing: break;
  }
  return auth::NoClaim(requirement.claim);
}

void Require(const policy::ClaimRequirement& requirement, auth::ClaimRules* rules) {
  if (requirement != policy::ClaimRequirement()) rules->requirements.push_back(Compiled(requirement));
}

// Kong's lists: one entry will do, but of that all words.
void Require(const policy::OpenidConnectConfig::Required& required, auth::Reason reason, auth::ClaimRules* rules) {
  if (required.values.empty()) return;
  std::vector<auth::Requirement> entries;
  for (const std::string& entry : required.values) {
    std::vector<auth::Requirement> words;
    for (std::string_view word : absl::StrSplit(entry, ' ', absl::SkipEmpty()))
      words.push_back(auth::Claim(required.claim, std::string(word)));
    entries.push_back(auth::AllOf(std::move(words)));
  }
  rules->requirements.push_back(auth::AnyOf(std::move(entries)));
  rules->requirements.back().reason = reason;
}

// As Kong, exp and nbf are asked for only by claims_to_verify; beyond Kong, one that is there is always looked at.
auth::ClaimRules SecretRules(const policy::JwtConfig& config) {
  auth::ClaimRules rules;
  rules.require_exp = config.verify_exp || config.maximum_expiration_s > 0;
  rules.require_nbf = config.verify_nbf;
  rules.max_lifetime_s = config.maximum_expiration_s;
  rules.leeway_s = config.leeway_s;
  rules.required_claims = config.required_claims;
  rules.required_scopes = config.required_scopes;
  rules.types = config.token_types;
  Require(config.requirement, &rules);
  return rules;
}

constexpr int64_t kNsPerSecond = 1'000'000'000;

// Dates of a document end with the year 9999, those in nanoseconds in 2262.
int64_t ToNs(int64_t seconds) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return seconds > kMost / kNsPerSecond ? kMost : seconds * kNsPerSecond;
}

}  // namespace

std::vector<auth::Revocation> RevocationsOf(const policy::Document& document) {
  std::vector<auth::Revocation> all;
  all.reserve(document.revoked.size());
  for (const policy::RevokedToken& entry : document.revoked) {
    auth::Revocation& revocation = all.emplace_back();
    revocation.jti = entry.jti;
    revocation.issuer = entry.issuer;
    revocation.subject = entry.subject;
    revocation.before_ns = ToNs(entry.before_s);
    if (entry.until_s > 0) revocation.until_ns = ToNs(entry.until_s);
  }
  return all;
}

uint32_t Compiler::KeySource(auth::KeySetSourceOptions options) {
  const std::string identity = auth::SourceIdentity(options);
  auto found = std::find_if(snapshot_.key_sources.begin(), snapshot_.key_sources.end(),
                            [&](const auto& other) { return auth::SourceIdentity(other) == identity; });
  const auto index = static_cast<uint32_t>(found - snapshot_.key_sources.begin());
  if (found == snapshot_.key_sources.end()) snapshot_.key_sources.push_back(std::move(options));
  return index;
}

void Compiler::RevokedTokens() { snapshot_.revoked = RevocationsOf(document_); }

// ---- jwt ----

std::shared_ptr<const auth::KeySet> Compiler::StaticKeys(const policy::Plugin& plugin, std::string_view path,
                                                         const std::string& jwks, const auth::JwkSetOptions& options) {
  std::string error;
  auth::Notes notes;
  std::shared_ptr<const auth::KeySet> keys = auth::KeySet::ParseJwkSet(jwks, options, &error, &notes);
  if (keys == nullptr) Error(plugin.origin, path, "bad_jwks", error);
  for (const std::string& note : notes) {
    Error(plugin.origin, path, "jwks_note", note);
    diagnostics_.back().severity = Severity::kWarning;
  }
  return keys;
}

uint32_t Compiler::JwtSource(const policy::Plugin& plugin, std::string_view path, const policy::TokenIssuer& issuer) {
  const auto& config = std::get<policy::JwtConfig>(plugin.config);
  auth::KeySetSourceOptions options;
  options.url = issuer.jwks_uri;
  options.allow_http = issuer.allow_http;
  options.cooldown_s = config.jwks_cooldown_s;
  options.keys = KeysAllowedBy(config.jwks_algorithms);
  std::string error;
  if (issuer.discovery) {
    auth::Issuer read;
    error = auth::ReadIssuer(issuer.issuer, issuer.allow_http, &read);
    if (read.names.size() > 1)
      error = "expected the issuer as `iss` of its tokens has it, found the url of its document";
    options.url = read.discovery_url;
    options.issuers = read.names;
  }
  if (error.empty()) error = auth::KeySetSource::Check(options);
  if (error.empty()) return KeySource(std::move(options));
  Error(plugin.origin, absl::StrCat(path, issuer.discovery ? "/issuer" : "/jwks_uri"),
        issuer.discovery ? "bad_issuer" : "bad_jwks_uri", error);
  return kNone;
}

void Compiler::Provider(const policy::Plugin& plugin, std::string_view path, const policy::TokenIssuer& issuer,
                        JwtPlugin* jwt) {
  TokenProvider& provider = jwt->providers.emplace_back();
  provider.issuer = issuer.issuer;
  // A query may have a secret in it.
  provider.keys_from = issuer.discovery ? issuer.issuer : issuer.jwks_uri.substr(0, issuer.jwks_uri.find('?'));
  provider.rules = *jwt->secret_rules;
  provider.rules.require_exp = true;
  if (!issuer.issuer.empty()) provider.rules.issuers = {issuer.issuer};
  provider.rules.audiences = issuer.audience;
  if (issuer.jwks.empty()) {
    provider.source = JwtSource(plugin, path, issuer);
  } else {
    provider.static_keys =
        StaticKeys(plugin, absl::StrCat(path, "/jwks"), issuer.jwks, KeysAllowedBy(jwt->config.jwks_algorithms));
  }
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::JwtConfig& config) {
  JwtPlugin jwt;
  jwt.name = "jwt";
  jwt.spot = SpotOf(plugin.origin);
  jwt.config = config;
  jwt.verifier = verifiers_++;
  jwt.anonymous = Index(config.anonymous);
  jwt.allow_missing = config.allow_missing;
  jwt.realm = config.realm;
  jwt.scopes = absl::StrJoin(config.required_scopes, " ");
  jwt.unavailable_open = config.jwks_unavailable_open;
  jwt.consumer_claims = {config.consumer_claim};
  jwt.consumer_by = {policy::OpenidConnectConfig::ConsumerBy::kUsername,
                     policy::OpenidConnectConfig::ConsumerBy::kCustomId};
  jwt.consumer_optional = config.consumer_optional;
  jwt.credential_claim = config.consumer_claim;
  jwt.groups_claim = config.groups_claim;
  jwt.plan_claim = config.plan_claim;
  jwt.secret_rules = SecretRules(config);
  if (!config.own.jwks_uri.empty() || !config.own.jwks.empty()) Provider(plugin, "config", config.own, &jwt);
  for (size_t i = 0; i < config.providers.size(); ++i)
    Provider(plugin, absl::StrCat("config/providers/", i), config.providers[i], &jwt);
  snapshot_.jwt.push_back(std::move(jwt));
  return static_cast<uint32_t>(snapshot_.jwt.size() - 1);
}

// ---- openid-connect ----

namespace {

// "" if all is well; else `at` is the field at fault.
std::string SourceOf(const policy::OpenidConnectConfig& config, auth::KeySetSourceOptions* options,
                     std::vector<std::string>* issuers, std::string_view* at) {
  *at = "config/issuer";
  options->allow_http = config.issuer_allow_http;
  options->cooldown_s = config.rediscovery_lifetime_s;
  options->timeout_ms = config.timeout_ms;
  options->keys = KeysAllowedBy(config.jwks_algorithms);
  options->url = config.jwks_endpoint;
  if (!config.using_pseudo_issuer || config.jwks_endpoint.empty()) {
    auth::Issuer issuer;
    // Fetched or not, it says what `iss` must be.
    const bool fetched = config.jwks_endpoint.empty();
    std::string error = auth::ReadIssuer(config.issuer, config.issuer_allow_http || !fetched, &issuer);
    if (!error.empty()) return error;
    *issuers = issuer.names;
    if (fetched) {
      options->url = issuer.discovery_url;
      options->issuers = issuer.names;
    }
  } else {
    *issuers = {config.issuer};
  }
  if (!config.issuers_allowed.empty()) *issuers = config.issuers_allowed;
  if (!config.jwks_endpoint.empty()) *at = "config/jwks_endpoint";
  return auth::KeySetSource::Check(*options);
}

auth::ClaimRules RulesOf(const policy::OpenidConnectConfig& config) {
  auth::ClaimRules rules;
  rules.leeway_s = config.leeway_s;
  rules.max_lifetime_s = config.maximum_expiration_s;
  rules.types = config.token_types;
  Require(config.scopes, auth::Reason::kInsufficientScope, &rules);
  Require(config.audience, auth::Reason::kWrongAudience, &rules);
  Require(config.groups, auth::Reason::kRequirement, &rules);
  Require(config.roles, auth::Reason::kRequirement, &rules);
  for (const std::string& claim : config.claims_forbidden) rules.requirements.push_back(auth::NoClaim({claim}));
  Require(config.requirement, &rules);
  return rules;
}

}  // namespace

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::OpenidConnectConfig& config) {
  OpenidConnectPlugin oidc;
  oidc.name = "openid-connect";
  oidc.spot = SpotOf(plugin.origin);
  oidc.config = config;
  oidc.verifier = verifiers_++;
  oidc.anonymous = Index(config.anonymous);
  oidc.allow_missing = config.allow_missing;
  oidc.realm = config.issuer_host;
  if (config.scopes.values.size() == 1) oidc.scopes = config.scopes.values[0];
  oidc.unauthorized_message = config.unauthorized_error_message;
  oidc.forbidden_message = config.forbidden_error_message;
  oidc.forbids = true;
  oidc.consumer_claims = config.consumer_claims;
  oidc.consumer_by = config.consumer_by;
  oidc.consumer_optional = config.consumer_optional || config.consumer_claims.empty();
  oidc.credential_claim = config.credential_claim;
  oidc.groups_claim = config.authenticated_groups_claim;
  oidc.plan_claim = config.plan_claim;
  for (const auto& [header, claim] : config.upstream_headers) oidc.headers.push_back({header, claim});
  std::string_view token_header = config.upstream_access_token_header;
  oidc.token_header_has_scheme = absl::EndsWithIgnoreCase(token_header, ":bearer");
  oidc.token_header = token_header.substr(0, token_header.find(':'));
  TokenProvider& provider = oidc.providers.emplace_back();
  provider.keys_from = config.issuer;
  provider.rules = RulesOf(config);
  auth::KeySetSourceOptions options;
  std::string_view at;
  std::string error = SourceOf(config, &options, &provider.rules.issuers, &at);
  if (!error.empty()) {
    Error(plugin.origin, at, "bad_issuer", error);
  } else {
    provider.source = KeySource(std::move(options));
  }
  snapshot_.openid_connect.push_back(std::move(oidc));
  return static_cast<uint32_t>(snapshot_.openid_connect.size() - 1);
}

}  // namespace sluice
