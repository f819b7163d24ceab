// What each plugin is told, as its author wrote it: the `config` of document.h's Plugin, with every default filled in.
#ifndef SLUICE_POLICY_DOCUMENT_PLUGIN_CONFIGS_H_
#define SLUICE_POLICY_DOCUMENT_PLUGIN_CONFIGS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

inline constexpr size_t kNone = static_cast<size_t>(-1);  // in place of an index: absent

// Headers that only the gateway may set: a client's own copies never reach an upstream, nor does a claim under their
// name.
inline constexpr std::string_view kIdentityHeaders[] = {
    "X-Consumer-ID",        "X-Consumer-Custom-ID", "X-Consumer-Username",   "X-Credential-Identifier",
    "X-Anonymous-Consumer", "X-Consumer-Groups",    "X-Authenticated-Groups"};

enum class JwtAlgorithm {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kEs256,
  kEs384,
  kEs512,
  kPs256,
  kPs384,
  kPs512,
  kEdDsa,
};
std::string_view ToString(JwtAlgorithm algorithm);  // "HS256", "EdDSA"

// Whom a limit counts. All parts together name one count. Where one is not there (nobody is identified, no such header,
// another path) the address stands in for it, as in Kong.
struct CountBy {
  enum class Part { kConsumer, kConsumerGroup, kCredential, kIp, kService, kRoute, kHeader, kPath };
  static constexpr size_t kMostParts = 8;
  std::vector<Part> parts = {Part::kConsumer};  // each at most once
  std::string header_name;                      // of kHeader
  std::string path;                             // of kPath: the only one that is counted; "" : each on its own
  uint32_t ipv6_prefix = 64;                    // of an address: its network is counted; 128: each address
  bool Has(Part part) const { return std::find(parts.begin(), parts.end(), part) != parts.end(); }
  bool operator==(const CountBy&) const = default;
};

// What becomes of a new caller when the memory of counters is full of others.
enum class OnFull { kRefuse, kOverflow };

enum class Unit { kSecond, kMinute, kHour, kDay, kMonth, kYear, kDuration };

// What a token's claims must say: `all`, `any`, or one claim. At most limits::kRequirementDepth deep.
struct ClaimRequirement {
  enum class Kind { kAll, kAny, kClaim, kHas, kMissing };
  Kind kind = Kind::kAll;
  std::vector<std::string> claim;  // its path
  std::string value;               // kHas
  std::vector<ClaimRequirement> parts;
  bool operator==(const ClaimRequirement&) const = default;
};

// Whose tokens jwt verifies with which keys: one of `jwks_uri`, `jwks` and `discovery`.
struct TokenIssuer {
  std::string issuer;  // "" : any, if it is the only one
  std::string jwks_uri;
  bool allow_http = false;
  std::string jwks;  // a JWK set as JSON text
  bool discovery = false;
  std::vector<std::string> audience;
  bool operator==(const TokenIssuer&) const = default;
};

struct JwtConfig {
  std::vector<std::string> uri_param_names = {"jwt"};
  std::vector<std::string> cookie_names;
  std::vector<std::string> header_names = {"authorization"};
  std::string key_claim_name = "iss";
  bool secret_is_base64 = false;
  bool verify_exp = false;   // claims_to_verify: exp
  bool verify_nbf = false;   // claims_to_verify: nbf
  size_t anonymous = kNone;  // a consumer
  bool run_on_preflight = true;
  int64_t maximum_expiration_s = 0;  // 0: no bound; otherwise verify_exp is set
  std::string realm;
  // Beyond Kong: tokens of identity providers.
  TokenIssuer own;                      // the plugin's own jwks_uri or jwks, issuer and audience
  std::vector<TokenIssuer> providers;   // instead of these
  bool allow_missing = false;           // a request without a token goes on as nobody
  ClaimRequirement requirement;         // `requires`
  std::vector<std::string> plan_claim;  // of providers' tokens: names a plan; empty: none does
  // Claims by their paths: one name, or several from the outermost object inward.
  std::vector<std::string> consumer_claim = {"sub"};
  bool consumer_optional = false;
  std::vector<std::string> groups_claim;  // empty: none
  std::vector<std::vector<std::string>> required_claims;
  std::vector<std::string> required_scopes;
  int64_t leeway_s = 0;
  bool jwks_unavailable_open = false;  // jwks_unavailable: closed (503) or open
  int64_t jwks_cooldown_s = 30;
  std::vector<JwtAlgorithm> jwks_algorithms;  // empty: all with public keys
  std::vector<std::string> token_types;       // of the header's `typ`; empty: any
  bool operator==(const JwtConfig&) const = default;
};

// Kong's openid-connect with `auth_methods: [bearer]`, the only method so far.
struct OpenidConnectConfig {
  enum class ParamType { kHeader, kQuery, kCookie };
  enum class ConsumerBy { kUsername, kCustomId, kId };
  struct ClaimHeader {
    std::string header;
    std::vector<std::string> claim;
    bool operator==(const ClaimHeader&) const = default;
  };
  // One entry must be met; words between spaces in it must all be there.
  struct Required {
    std::vector<std::string> claim;
    std::vector<std::string> values;
    bool operator==(const Required&) const = default;
  };
  bool bearer = false;  // auth_methods
  std::string issuer;   // its name, or the URL of its discovery document
  std::string issuer_host;
  bool using_pseudo_issuer = false;
  std::string jwks_endpoint;  // "" : as the discovery document says
  std::vector<std::string> issuers_allowed;
  Required audience{{"aud"}, {}};
  Required scopes{{"scope"}, {}};
  Required groups{{"groups"}, {}};
  Required roles{{"roles"}, {}};
  std::vector<std::string> claims_forbidden;
  std::vector<ParamType> bearer_token_param_type = {ParamType::kHeader, ParamType::kQuery};
  std::string bearer_token_cookie_name;
  bool hide_credentials = true;
  std::string upstream_access_token_header = "authorization:bearer";
  std::vector<std::vector<std::string>> consumer_claims;  // the first that is there names the consumer; empty: nobody
  std::vector<ConsumerBy> consumer_by = {ConsumerBy::kUsername, ConsumerBy::kCustomId};
  bool consumer_optional = false;
  std::vector<std::string> credential_claim = {"sub"};
  std::vector<std::string> authenticated_groups_claim;
  std::vector<ClaimHeader> upstream_headers;
  std::vector<std::string> upstream_headers_claims;  // these two become upstream_headers
  std::vector<std::string> upstream_headers_names;
  int64_t leeway_s = 0;
  int64_t maximum_expiration_s = 0;  // 0: no bound
  int64_t rediscovery_lifetime_s = 30;
  int64_t timeout_ms = 10000;
  size_t anonymous = kNone;  // a consumer
  bool run_on_preflight = true;
  std::string unauthorized_error_message = "Unauthorized";
  std::string forbidden_error_message = "Forbidden";
  // Beyond Kong.
  bool issuer_allow_http = false;
  std::vector<JwtAlgorithm> jwks_algorithms;  // empty: all with public keys
  std::vector<std::string> token_types;       // of the header's `typ`; empty: any
  ClaimRequirement requirement;               // `requires`
  bool allow_missing = false;
  std::vector<std::string> plan_claim;  // names a plan; empty: none does
  bool operator==(const OpenidConnectConfig&) const = default;
};

// Kong's jwt-signer, as far as it signs the access token: verifying tokens is for jwt and openid-connect.
struct JwtSignerConfig {
  struct Claim {
    std::string name;
    std::string json;  // its value
    bool operator==(const Claim&) const = default;
  };
  bool signing = true;     // access_token_signing
  size_t key_set = kNone;  // access_token_keyset; kNone only if it does not sign
  std::string issuer = "kong";
  JwtAlgorithm algorithm = JwtAlgorithm::kRs256;
  std::string request_header = "Authorization";          // taken out of the request; "" : none
  std::string upstream_header = "Authorization:Bearer";  // "" : does not sign
  std::string original_header;                           // tells the upstream the caller's own token; "" : none does
  bool optional = false;                                 // nobody identified: forward without a token
  std::string realm;
  int64_t upstream_leeway_s = 0;    // added to the end of the caller's token, beyond which none lasts
  std::vector<Claim> set_claims;    // in the order in which they are set: the last of a name counts
  std::vector<Claim> add_claims;    // in the order in which they are added: the first of a name counts
  std::vector<std::string> remove;  // from what the caller's token said
  int64_t lifetime_s = 300;         // Sluice's own
  bool operator==(const JwtSignerConfig&) const = default;
};

struct KeyAuthConfig {
  std::vector<std::string> key_names = {"apikey"};
  bool key_in_header = true;
  bool key_in_query = true;
  bool hide_credentials = false;
  size_t anonymous = kNone;  // a consumer
  bool run_on_preflight = true;
  std::string realm;
  bool operator==(const KeyAuthConfig&) const = default;
};

struct BasicAuthConfig {
  bool hide_credentials = false;
  size_t anonymous = kNone;  // a consumer
  std::string realm = "service";
  bool operator==(const BasicAuthConfig&) const = default;
};

struct HmacAuthConfig {
  enum class Algorithm { kSha1, kSha256, kSha384, kSha512 };
  bool hide_credentials = false;
  int64_t clock_skew_s = 300;
  size_t anonymous = kNone;  // a consumer
  std::string realm;
  std::vector<std::string> enforce_headers;
  std::vector<Algorithm> algorithms = {Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512};
  bool operator==(const HmacAuthConfig&) const = default;
};

struct AclConfig {
  std::vector<std::string> allow;  // exactly one of allow and deny is not empty
  std::vector<std::string> deny;
  bool hide_groups_header = false;
  bool always_use_authenticated_groups = false;
  bool operator==(const AclConfig&) const = default;
};

// mtls-auth and header-cert-auth: they differ in where the certificate comes from.
struct CertificateAuthConfig {
  enum class ConsumerBy { kUsername, kCustomId };
  enum class GroupBy { kCommonName, kDistinguishedName };
  enum class HeaderFormat { kBase64Encoded, kUrlEncoded, kXfcc, kRfc9440 };
  std::vector<size_t> ca_certificates;  // at least one
  bool allow_partial_chain = false;
  std::vector<ConsumerBy> consumer_by = {ConsumerBy::kUsername, ConsumerBy::kCustomId};
  bool skip_consumer_lookup = false;
  GroupBy authenticated_group_by = GroupBy::kCommonName;
  size_t default_consumer = kNone;  // for a good certificate that names nobody
  size_t anonymous = kNone;
  // Of header-cert-auth alone.
  std::string certificate_header_name;
  HeaderFormat certificate_header_format = HeaderFormat::kBase64Encoded;
  bool secure_source = true;             // believe the header only if it comes from trusted_ips
  std::vector<std::string> trusted_ips;  // addresses and networks; Sluice's extension, for Kong has it in kong.conf
  bool operator==(const CertificateAuthConfig&) const = default;
};
struct MtlsAuthConfig : CertificateAuthConfig {
  bool operator==(const MtlsAuthConfig&) const = default;
};
struct HeaderCertAuthConfig : CertificateAuthConfig {
  bool operator==(const HeaderCertAuthConfig&) const = default;
};

struct RedisNode {
  std::string host = "127.0.0.1";
  uint32_t port = 6379;
  bool operator==(const RedisNode&) const = default;
};

// A Redis server, and how the nodes that share limits in it go about it; docs/redis.md.
struct Redis {
  std::string host;                      // or
  std::string socket;                    // the path of a Unix socket, or
  std::vector<RedisNode> sentinels;      // who know where the master is, or
  std::vector<RedisNode> cluster_nodes;  // some of a cluster
  uint32_t port = 6379;
  std::string username;
  std::string password;
  uint32_t database = 0;
  uint32_t timeout_ms = 2'000;
  bool ssl = false;
  bool ssl_verify = false;
  std::string server_name;
  std::string sentinel_master;  // the name that the sentinels know it by
  std::string sentinel_username;
  std::string sentinel_password;
  uint32_t cluster_max_redirections = 5;  // of one ask
  std::string prefix = "sluice:";         // of all keys
  bool operator==(const Redis&) const = default;
};

struct Sharing {
  enum class OnError { kLocal, kOpen, kClosed };
  enum class OnLoss { kRemember, kHold, kReset };
  Redis redis;
  bool strict = false;  // mode: a round trip for each decision; else leases
  uint32_t lease_ms = 1'000;
  std::optional<OnError> on_error;
  OnLoss on_loss = OnLoss::kRemember;
  bool operator==(const Sharing&) const = default;
};

struct RateLimitingConfig {
  struct Window {
    Unit unit = Unit::kSecond;
    uint64_t limit = 1;
    bool operator==(const Window&) const = default;
  };
  std::vector<Window> windows;  // at least one, shortest first; fixed, as Kong counts
  bool ietf_headers = false;    // RateLimit and RateLimit-Policy besides Kong's headers
  CountBy count_by;             // limit_by, header_name, path
  OnFull on_full = OnFull::kRefuse;
  bool shadow = false;  // counts and reports, refuses nobody
  bool redis = false;   // policy
  Sharing sharing;      // redis, sync_rate
  bool fault_tolerant = true;
  bool hide_client_headers = false;
  uint32_t error_code = 429;
  std::string error_message = "API rate limit exceeded";
  bool operator==(const RateLimitingConfig&) const = default;
};

struct RateLimitingAdvancedConfig {
  struct Window {
    uint64_t limit = 1;
    int64_t seconds = 1;
    bool operator==(const Window&) const = default;
  };
  std::vector<Window> windows;  // at least one, lowest limit first
  bool ietf_headers = false;    // RateLimit and RateLimit-Policy besides Kong's headers
  bool sliding = true;          // window_type: by two counts; else fixed
  CountBy count_by;             // identifier or compound_identifier, header_name, path
  OnFull on_full = OnFull::kRefuse;
  bool shadow = false;                  // counts and reports, refuses nobody
  bool redis = false;                   // strategy
  Sharing sharing;                      // redis, sync_rate
  std::string counters;                 // namespace; "" : this plugin's own
  bool disable_penalty = false;         // sliding: do not count what is refused
  uint32_t retry_after_jitter_max = 0;  // seconds
  bool hide_client_headers = false;
  uint32_t error_code = 429;
  std::string error_message = "API rate limit exceeded";
  bool operator==(const RateLimitingAdvancedConfig&) const = default;
};

struct RequestTransformerConfig {
  struct Pair {
    std::string name;
    std::string value;  // rename: the new name
    bool operator==(const Pair&) const = default;
  };
  struct Edits {
    std::vector<std::string> remove;
    std::vector<Pair> rename;
    std::vector<Pair> replace;
    std::vector<Pair> add;
    std::vector<Pair> append;
    bool operator==(const Edits&) const = default;
  };
  Edits headers;
  Edits querystring;
  std::string http_method;  // "" : unchanged
  std::string replace_uri;  // "" : unchanged
  bool operator==(const RequestTransformerConfig&) const = default;
};

struct RequestTerminationConfig {
  uint32_t status_code = 503;
  std::string message;  // "" : the status code's own text
  std::string body;
  std::string content_type;
  std::string trigger;  // header or query parameter that must be present; "" : always
  bool echo = false;
  bool operator==(const RequestTerminationConfig&) const = default;
};

struct CorrelationIdConfig {
  enum class Generator { kUuid, kUuidCounter, kTracker };
  std::string header_name = "Kong-Request-ID";
  Generator generator = Generator::kUuidCounter;
  bool echo_downstream = false;
  bool operator==(const CorrelationIdConfig&) const = default;
};

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_PLUGIN_CONFIGS_H_
