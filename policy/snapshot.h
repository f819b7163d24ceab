// A compiled policy: what Decide reads. Built once by Compile, then immutable and shared by any number of threads.
//
// Everything that a request could make us compute twice is computed here: keys parsed, plugins resolved for each route,
// header texts put together. Indexes are into the vectors of Snapshot; kNone means absent. It holds no API key and no
// password, only digests; keys of JWT secrets live inside auth::Key, those of hmac-auth inside auth::SigningSecret,
// those that sign inside auth::TokenSigner.
#ifndef SLUICE_POLICY_SNAPSHOT_H_
#define SLUICE_POLICY_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "auth/api_key.h"
#include "auth/certificate.h"
#include "auth/http_signature.h"
#include "auth/jwk_set.h"
#include "auth/jwt.h"
#include "auth/key.h"
#include "auth/key_set_source.h"
#include "auth/revocation.h"
#include "auth/token_sign.h"
#include "base/ip.h"
#include "policy/decision.h"
#include "policy/document/document.h"
#include "ratelimit/charge.h"
#include "ratelimit/lease_set.h"
#include "ratelimit/limit.h"
#include "router/route_table.h"

namespace sluice {

inline constexpr uint32_t kNone = UINT32_MAX;

// The place of something in the document, for traces.
struct Spot {
  uint32_t line = 0;
  uint32_t column = 0;
};

// ---- Plugins ----

enum class PluginKind : uint8_t {
  kCorrelationId,
  kJwt,
  kKeyAuth,
  kBasicAuth,
  kHmacAuth,
  kAcl,
  kRateLimiting,
  kRateLimitingAdvanced,
  kRequestTransformer,
  kRequestTermination,
  kMtlsAuth,
  kHeaderCertAuth,
  kOpenidConnect,
  kJwtSigner,
};

// One configuration of a plugin with its scope, as Kong ranks scopes: the lower rank wins.
struct ScopedPlugin {
  PluginKind kind;
  uint8_t rank;             // 1 (consumer, route and service) to 12 (global)
  uint8_t protocols = 0;    // bit set of policy::Protocol
  uint32_t config = kNone;  // index into the Snapshot's vector for its kind
  uint32_t route = kNone;
  uint32_t service = kNone;
};

// The plugins that one place says apply. Nearly always none is of the kind that is looked for, which a bit tells.
class PluginList {
 public:
  void Add(const ScopedPlugin& plugin) {
    plugins_.push_back(plugin);
    kinds_ |= uint32_t{1} << static_cast<uint8_t>(plugin.kind);
  }
  bool Has(PluginKind kind) const { return (kinds_ >> static_cast<uint8_t>(kind) & 1) != 0; }
  std::vector<ScopedPlugin>::const_iterator begin() const { return plugins_.begin(); }
  std::vector<ScopedPlugin>::const_iterator end() const { return plugins_.end(); }

 private:
  std::vector<ScopedPlugin> plugins_;
  uint32_t kinds_ = 0;  // bit set of PluginKind
};

// Whose tokens a plugin verifies with which keys, and what they must say.
struct TokenProvider {
  std::string issuer;     // chooses the provider; empty: any, if it is the only one
  std::string keys_from;  // for traces
  std::shared_ptr<const auth::KeySet> static_keys;
  uint32_t source = kNone;  // into Snapshot::key_sources, if there are no static keys
  auth::ClaimRules rules;
};

// A claim that the upstream is told in a header.
struct ClaimHeader {
  std::string name;
  auth::ClaimPath claim;
};

// What jwt and openid-connect have in common: tokens of identity providers, and whom they stand for.
struct TokenPlugin {
  std::string_view name;  // "jwt": static
  Spot spot;
  uint64_t verifier = 0;  // names this configuration in the token cache
  uint32_t anonymous = kNone;
  bool allow_missing = false;
  std::string realm;
  std::string scopes;  // that are required, for the challenge
  std::string unauthorized_message = "Unauthorized";
  std::string forbidden_message = "Forbidden";
  bool forbids = false;  // 403 also for a good token of another audience, or of no consumer
  std::vector<TokenProvider> providers;
  std::optional<auth::ClaimRules> secret_rules;  // jwt: of tokens of consumers' jwt_secrets, as Kong checks them
  bool unavailable_open = false;
  std::vector<auth::ClaimPath> consumer_claims;  // the first that is there names the consumer; empty: nobody
  std::vector<policy::OpenidConnectConfig::ConsumerBy> consumer_by;
  bool consumer_optional = false;
  auth::ClaimPath credential_claim;
  auth::ClaimPath groups_claim;
  auth::ClaimPath plan_claim;
  std::vector<ClaimHeader> headers;
};

struct JwtPlugin : TokenPlugin {
  policy::JwtConfig config;
};

struct OpenidConnectPlugin : TokenPlugin {
  policy::OpenidConnectConfig config;
  std::string token_header;  // tells the upstream the token; empty: none does
  bool token_header_has_scheme = false;
};

struct KeyAuthPlugin {
  Spot spot;
  policy::KeyAuthConfig config;
  std::string challenge;
  uint32_t anonymous = kNone;
};

struct BasicAuthPlugin {
  Spot spot;
  policy::BasicAuthConfig config;
  std::string challenge;
  uint32_t anonymous = kNone;
};

struct HmacAuthPlugin {
  Spot spot;
  policy::HmacAuthConfig config;
  std::string challenge;
  uint32_t anonymous = kNone;
  uint8_t hashes = 0;  // bit set of auth::SigningHash
};

// What jwt-signer makes of the claims; each text is `"name":value`.
struct SignedClaim {
  std::string name;
  std::string text;
};

struct JwtSignerPlugin {
  struct Header {
    std::string name;  // empty: none
    bool has_scheme = false;
  };
  Spot spot;
  policy::JwtSignerConfig config;
  uint64_t number = 0;                              // names this configuration in the cache of signed tokens
  std::shared_ptr<const auth::TokenSigner> signer;  // null: it does not sign
  std::string kid;
  size_t overhead = 0;  // bytes of a token beside its claims
  Header upstream;
  Header original;
  std::string challenge;
  std::string issuer;  // `"iss":"kong"`
  std::vector<SignedClaim> set_claims;
  std::vector<SignedClaim> add_claims;
  bool keeps_issuer = true;  // in original_iss
};

// mtls-auth or header-cert-auth.
struct CertificateAuthPlugin {
  Spot spot;
  policy::CertificateAuthConfig config;
  uint64_t verifier = 0;  // names this configuration in the token cache
  std::shared_ptr<const auth::CaSet> cas;
  std::vector<uint32_t> ca_numbers;  // of each of the set: its place in the document
  auth::CertificateRules rules;
  uint32_t default_consumer = kNone;
  uint32_t anonymous = kNone;
  std::vector<Cidr> trusted;
};

struct AclPlugin {
  Spot spot;
  std::vector<uint32_t> groups;          // sorted ids, given out by Compile
  std::vector<std::string> group_names;  // of the same, sorted
  bool allow = true;                     // the list says who may; else who may not
  bool hide_groups_header = false;
  bool always_use_authenticated_groups = false;
};

// Limits of one caller that all nodes share: one bucket in a Redis server.
struct CompiledSharing {
  std::shared_ptr<const ratelimit::LeaseSet> set;
  uint32_t server = kNone;  // into Snapshot::redis
  policy::Sharing::OnError on_error = policy::Sharing::OnError::kLocal;
};

// A limit with the texts that report it. Charged at once: those of four plans, and of one plugin of each kind.
inline constexpr size_t kMaxPlanLimits = 16;
struct CompiledLimit {
  std::string name;  // "second", or as the plan names it
  ratelimit::Limit limit;
  std::string limit_header;      // "X-RateLimit-Limit-Second"; empty: none
  std::string remaining_header;  // "X-RateLimit-Remaining-Second"
  std::string limit_text;        // "20"
  bool penalize = false;
  bool shadow = false;
  ratelimit::OnFull on_full = ratelimit::OnFull::kRefuse;
  uint32_t shared = kNone;  // into `shared` of the plan or plugin; kNone: each node counts on its own
  uint32_t place = 0;       // into the limits of that set
  Spot spot;
  std::string quota_policy = {};  // `"pace";q=40;w=2`, for RateLimit-Policy; empty: not announced so
  ratelimit::LimitId meter = {};  // what it let pass and refused is counted there
};

// rate-limiting, and rate-limiting-advanced.
struct RateLimitingPlugin {
  Spot spot;
  std::string scope;  // "rate-limiting/service:orders": for metrics
  policy::CountBy count_by;
  std::string group;  // the consumer group it is bound to
  bool hide_client_headers = false;
  uint32_t error_code = 429;
  std::string error_message;
  uint32_t retry_after_jitter_max = 0;  // seconds
  std::vector<CompiledLimit> limits;
  std::vector<CompiledSharing> shared = {};
};

struct RequestTransformerPlugin {
  Spot spot;
  policy::RequestTransformerConfig config;
};

struct RequestTerminationPlugin {
  Spot spot;
  policy::RequestTerminationConfig config;
  std::string message;
  std::string body;
  std::string content_type;
};

struct CorrelationIdPlugin {
  Spot spot;
  policy::CorrelationIdConfig config;
};

// ---- Entities ----

struct CompiledUpstream {
  struct Target {
    std::string host;
    uint16_t port;
  };
  std::string name;
  std::string host_header;
  std::vector<Target> targets;
  std::vector<uint32_t> ring;  // indexes of targets, in turn, as often as their weights say; empty: nobody to send to
  uint32_t turn = 0;           // which of the gateway's round-robin counters
};

struct CompiledService {
  Spot spot;
  std::string name;
  std::string scheme;
  std::string host;
  std::string path;
  std::string host_header;  // host, with its port unless it is the scheme's default
  uint16_t port = 0;
  uint32_t upstream = kNone;
  uint32_t plan = kNone;  // into shared_plans
  uint32_t connect_timeout_ms = 0;
  uint32_t send_timeout_ms = 0;
  uint32_t read_timeout_ms = 0;
  uint32_t retries = 0;
  PluginList plugins;
};

struct CompiledRoute {
  Spot spot;
  std::string name;
  uint32_t service = kNone;
  bool preserve_host = false;
  uint32_t cost = 1;      // what limits charge for a request
  uint32_t plan = kNone;  // into shared_plans
  PluginList plugins;     // those of this route, perhaps with its service
};

struct CompiledPlanLimit : CompiledLimit {
  policy::CountBy count_by;
  bool counts_as_before = false;  // by what the plan's limit before it counts by
};

struct CompiledPlan {
  std::string name;
  std::vector<CompiledPlanLimit> limits;
  std::vector<CompiledSharing> shared = {};  // one for each way to count callers
};

struct CompiledGroup {
  std::string name;
  PluginList plugins;
};

struct CompiledConsumer {
  Spot spot;
  std::string id;
  std::string username;
  std::string custom_id;
  std::string name;                           // username, else custom_id, else id
  std::vector<uint32_t> groups;               // consumer groups
  std::vector<std::string_view> group_names;  // of the same
  std::vector<uint32_t> acl_groups;           // sorted ids
  std::vector<std::string> acl_names;         // in the document's order
  std::string acl_header;                     // "a, b"
  uint32_t plan = kNone;
  PluginList plugins;
};

struct CompiledCredential {
  uint32_t consumer = kNone;
  std::string identifier;  // X-Credential-Identifier: never the secret itself
};

struct CompiledJwtSecret {
  CompiledCredential credential;
  auth::Algorithm algorithm;
  std::optional<auth::Key> key;          // the secret as written, or the public key
  std::optional<auth::Key> decoded_key;  // for plugins with secret_is_base64
};

struct SigningCredential {
  CompiledCredential credential;
  auth::SigningSecret secret;
};

class Snapshot {
 public:
  std::string file;
  std::unique_ptr<const router::RouteTable> table;
  std::vector<uint32_t> table_routes;  // the route for each of the table's
  std::vector<CompiledRoute> routes;
  std::vector<CompiledService> services;
  std::vector<CompiledUpstream> upstreams;
  std::vector<CompiledConsumer> consumers;
  std::vector<CompiledGroup> groups;
  std::vector<CompiledPlan> plans;  // of callers
  // The same plans, as services, routes and the whole document have them: with counts of their own.
  std::vector<CompiledPlan> shared_plans;
  uint32_t plan = kNone;  // of all requests, into shared_plans
  PluginList global_plugins;

  std::vector<JwtPlugin> jwt;
  std::vector<KeyAuthPlugin> key_auth;
  std::vector<BasicAuthPlugin> basic_auth;
  std::vector<HmacAuthPlugin> hmac_auth;
  std::vector<CertificateAuthPlugin> certificate_auth;  // both kinds
  std::vector<OpenidConnectPlugin> openid_connect;
  std::vector<JwtSignerPlugin> jwt_signer;
  std::vector<AclPlugin> acl;
  std::vector<RateLimitingPlugin> rate_limiting;
  std::vector<RequestTransformerPlugin> request_transformer;
  std::vector<RequestTerminationPlugin> request_termination;
  std::vector<CorrelationIdPlugin> correlation_id;

  std::vector<CompiledJwtSecret> jwt_secrets;
  absl::flat_hash_map<std::string, uint32_t> jwt_secret_by_key;
  std::vector<CompiledCredential> api_key_credentials;
  std::optional<auth::ApiKeyTable> api_keys;  // to indexes of api_key_credentials; absent: there are no keys
  std::vector<CompiledCredential> password_credentials;
  std::optional<auth::ApiKeyTable> passwords;  // "user:password" to indexes of password_credentials
  std::vector<SigningCredential> signing_credentials;
  absl::flat_hash_map<std::string, uint32_t> signing_credential_by_username;
  std::optional<auth::SigningSecret> nobodys_secret;  // there if hmac-auth is: for users that are not known
  // By subject name, below the authority of that place in the document; kNone: below any.
  absl::flat_hash_map<std::pair<std::string, uint32_t>, CompiledCredential> subject_credentials;
  absl::flat_hash_map<std::string, uint32_t> plan_by_name;      // of plans
  absl::flat_hash_map<std::string, uint32_t> consumer_by_name;  // username
  absl::flat_hash_map<std::string, uint32_t> consumer_by_custom_id;
  absl::flat_hash_map<std::string, uint32_t> consumer_by_id;
  std::vector<auth::Revocation> revoked;
  absl::flat_hash_map<std::string, std::string> public_keys;  // of each of key_sets, by its name: a JWK set
  std::vector<auth::KeySetSourceOptions> key_sources;         // each URL with its options once
  std::vector<policy::Redis> redis;                           // each server once
};

}  // namespace sluice

#endif  // SLUICE_POLICY_SNAPSHOT_H_
