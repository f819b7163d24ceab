// A policy as its author wrote it: plain structs, checked, with every default filled in and every reference resolved.
//
//   ParseResult parsed = Parse(text, options);  // parse.h
//   for (const Route& route : parsed.document.routes)
//     if (route.service != kNone) Use(parsed.document.services[route.service]);
//
// Nested forms are flattened: a route written inside a service stands in `Document::routes` with `service` set, a
// plugin written inside a route stands in `Document::plugins` with `route` set. References are indexes into the vectors
// of Document; kNone means absent. Lists keep the order of the document. docs/policy_format.md describes the format.
//
// Plain data: any number of threads may read it. It holds secrets (jwt secrets, API keys, passwords) in clear.
#ifndef SLUICE_POLICY_DOCUMENT_DOCUMENT_H_
#define SLUICE_POLICY_DOCUMENT_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "policy/document/plugin_configs.h"

namespace sluice::policy {

// Where an entity and its fields were written.
struct Origin {
  struct Field {
    std::string path;  // below the entity: "paths/0", "config/jwks_uri"
    uint32_t line = 0;
    uint32_t column = 0;
  };

  Place place;                // of the entity itself
  std::vector<Field> fields;  // in document order

  // The place of "paths/0"; if the author did not write it, of the nearest part around it ("paths", then the entity).
  Place At(std::string_view path) const;

  // Where something was written is no part of what it says: entities are equal if their contents are.
  friend bool operator==(const Origin&, const Origin&) { return true; }
};

// ---- Services, routes, upstreams ----

enum class Protocol { kHttp, kHttps, kGrpc, kGrpcs, kTcp, kTls, kTlsPassthrough, kUdp };
std::string_view ToString(Protocol protocol);                  // "http"
uint8_t ProtocolMask(const std::vector<Protocol>& protocols);  // a bit for each

struct Service {
  Origin origin;
  std::string id;    // "" if not given
  std::string name;  // "" if not given
  Protocol protocol = Protocol::kHttp;
  std::string host;  // a host, an address, or the name of an upstream
  uint16_t port = 80;
  std::string path;  // "" or begins with '/'
  int64_t connect_timeout_ms = 60'000;
  int64_t write_timeout_ms = 60'000;
  int64_t read_timeout_ms = 60'000;
  uint32_t retries = 5;
  bool enabled = true;
  size_t upstream = kNone;  // the upstream whose name is `host`
  size_t plan = kNone;      // of all its requests, beside the caller's
  std::vector<std::string> tags;
  bool operator==(const Service&) const = default;
};

struct Route {
  Origin origin;
  std::string id;
  std::string name;
  size_t service = kNone;  // kNone: a route without a service (its plugins must answer)
  std::vector<Protocol> protocols = {Protocol::kHttp, Protocol::kHttps};
  std::vector<std::string> methods;  // upper case
  std::vector<std::string> hosts;    // "example.com", "*.example.com", "example.*", each perhaps with ":port"
  // A leading '~' marks a regular expression, also where a document of format 1.1 or 2.1 leaves it out.
  std::vector<std::string> paths;
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;  // "~*" begins a regular expression
  std::vector<std::string> snis;
  struct Peer {
    std::string ip;     // address or CIDR; "" for any
    uint32_t port = 0;  // 0 for any
    bool operator==(const Peer&) const = default;
  };
  std::vector<Peer> sources;
  std::vector<Peer> destinations;
  int64_t regex_priority = 0;
  uint32_t https_redirect_status_code = 426;  // 426, 301, 302, 307 or 308
  bool strip_path = true;
  uint32_t cost = 1;    // what limits charge for a request, times the request's own
  size_t plan = kNone;  // of all its requests, beside the service's and the caller's
  bool preserve_host = false;
  bool request_buffering = true;
  bool response_buffering = true;
  std::vector<std::string> tags;
  bool operator==(const Route&) const = default;
};

struct Target {
  Origin origin;
  std::string id;
  std::string host;  // name, IPv4, or IPv6 without brackets
  uint16_t port = 8000;
  uint32_t weight = 100;  // 0 to 65535; 0 takes no traffic
  std::vector<std::string> tags;
  bool operator==(const Target&) const = default;
};

struct Upstream {
  Origin origin;
  std::string id;
  std::string name;
  std::string host_header;  // "" : the target's own
  uint32_t slots = 10'000;
  std::vector<Target> targets;  // algorithm is round-robin
  std::vector<std::string> tags;
  bool operator==(const Upstream&) const = default;
};

// ---- Plans ----

// A unit of the calendar, or a length such as "90s".
struct Period {
  Unit unit = Unit::kSecond;
  int64_t seconds = 1;  // nominal: a month has 30 days, a year 365; exact for kDuration
  bool operator==(const Period&) const = default;
};

struct Limit {
  enum class Kind { kPace, kQuota, kInFlight };
  // Sliding: any window of the length; by a log in parts, an exact one of at most kMostLogged, or two counts. Fixed:
  // one that begins on the calendar or, for a length, on a multiple of it.
  enum class Window { kSliding, kSlidingLog, kSlidingCounter, kFixed };
  static constexpr uint64_t kMostLogged = 60;
  Origin origin;
  std::string name;  // unique within its plan
  Kind kind = Kind::kPace;
  uint64_t amount = 0;               // rate, quota or in_flight
  Period period;                     // per (pace) or window (quota)
  uint64_t burst = 0;                // pace: bucket size, at least 1
  Window window = Window::kSliding;  // quota
  uint32_t sub_windows = 10;         // sliding: of so many parts; or 60
  bool penalize = false;             // what is refused counts too
  bool shadow = false;               // counts and reports, refuses nobody
  CountBy count_by;                  // limit_by
  bool operator==(const Limit&) const = default;
};

struct Plan {
  Origin origin;
  std::string name;
  std::vector<Limit> limits;
  bool redis = false;         // policy: shared by all nodes; else each counts on its own
  Sharing sharing;            // redis
  bool ietf_headers = false;  // RateLimit and RateLimit-Policy for these limits
  OnFull on_full = OnFull::kRefuse;
  bool operator==(const Plan&) const = default;
};

// ---- Consumers ----

struct JwtSecret {
  Origin origin;
  std::string id;
  std::string key;  // the value of the plugin's key_claim_name
  JwtAlgorithm algorithm = JwtAlgorithm::kHs256;
  std::string secret;          // HS*: shared secret, as written (the plugin's secret_is_base64 tells how to read it)
  std::string rsa_public_key;  // others: PEM, of whatever type the algorithm needs
  std::vector<std::string> tags;
  bool operator==(const JwtSecret&) const = default;
};

struct KeyAuthCredential {
  Origin origin;
  std::string id;
  std::string key;
  std::vector<std::string> tags;
  bool operator==(const KeyAuthCredential&) const = default;
};

struct BasicAuthCredential {
  Origin origin;
  std::string id;
  std::string username;
  std::string password;
  std::vector<std::string> tags;
  bool operator==(const BasicAuthCredential&) const = default;
};

struct HmacAuthCredential {
  Origin origin;
  std::string id;
  std::string username;
  std::string secret;
  std::vector<std::string> tags;
  bool operator==(const HmacAuthCredential&) const = default;
};

// A name on a certificate that stands for a consumer.
struct MtlsAuthCredential {
  Origin origin;
  std::string id;
  std::string subject_name;       // a subject alternative name, or the common name of a certificate without any
  size_t ca_certificate = kNone;  // only if issued below this one; kNone: below any that the plugin trusts
  std::vector<std::string> tags;
  bool operator==(const MtlsAuthCredential&) const = default;
};

struct AclGroup {
  Origin origin;
  std::string group;
  bool operator==(const AclGroup&) const = default;
};

struct Consumer {
  Origin origin;
  std::string id;
  std::string username;  // at least one of username and custom_id
  std::string custom_id;
  std::vector<JwtSecret> jwt_secrets;
  std::vector<KeyAuthCredential> keyauth_credentials;
  std::vector<BasicAuthCredential> basicauth_credentials;
  std::vector<HmacAuthCredential> hmacauth_credentials;
  std::vector<MtlsAuthCredential> mtls_auth_credentials;
  std::vector<AclGroup> acls;
  std::vector<size_t> groups;  // consumer groups, each once, in order of appearance
  size_t plan = kNone;
  std::vector<std::string> tags;
  bool operator==(const Consumer&) const = default;
};

struct ConsumerGroup {
  Origin origin;
  std::string id;
  std::string name;
  size_t plan = kNone;
  std::vector<std::string> tags;
  bool operator==(const ConsumerGroup&) const = default;
};

// ---- Authorities ----

struct CaCertificate {
  Origin origin;
  std::string id;
  std::string cert;         // PEM
  std::string cert_digest;  // SHA-256 of its DER in hexadecimal digits, as Kong notes it; "" if not given
  std::vector<std::string> tags;
  bool operator==(const CaCertificate&) const = default;
};

// ---- Tokens that are revoked ----

// One token, by its `jti`; or all of a subject and issuer that were issued before a moment.
struct RevokedToken {
  Origin origin;
  std::string jti;
  std::string issuer;  // of a jti: "" for any
  std::string subject;
  int64_t before_s = 0;  // since the epoch, as the claim `iat`
  int64_t until_s = 0;   // from here on the entry counts no more; 0: for ever
  bool operator==(const RevokedToken&) const = default;
};

// ---- Keys to sign with ----

struct Key {
  Origin origin;
  std::string id;
  std::string name;         // "" if not given
  std::string kid;          // unique within its set
  std::string private_key;  // PEM; "" : it only verifies
  std::string public_key;   // PEM; may be "" beside a private key
  size_t set = kNone;
  std::vector<std::string> tags;
  bool operator==(const Key&) const = default;
};

struct KeySet {
  Origin origin;
  std::string id;
  std::string name;
  std::vector<std::string> tags;
  bool operator==(const KeySet&) const = default;
};

// ---- Plugins ----

// The order of the alternatives is that of kPluginNames in plugins.cc, not that of execution.
using PluginConfig =
    std::variant<JwtConfig, KeyAuthConfig, BasicAuthConfig, HmacAuthConfig, AclConfig, RateLimitingConfig,
                 RateLimitingAdvancedConfig, RequestTransformerConfig, RequestTerminationConfig, CorrelationIdConfig,
                 MtlsAuthConfig, HeaderCertAuthConfig, OpenidConnectConfig, JwtSignerConfig>;

struct Plugin {
  Origin origin;  // fields of the configuration are "config/…"
  std::string id;
  std::string name;  // "jwt"
  std::string instance_name;
  PluginConfig config;
  bool enabled = true;
  std::vector<Protocol> protocols = {Protocol::kHttp, Protocol::kHttps, Protocol::kGrpc, Protocol::kGrpcs};
  std::vector<std::string> tags;
  // The scope. All kNone: global. A request must match each that is set.
  size_t service = kNone;
  size_t route = kNone;
  size_t consumer = kNone;
  size_t consumer_group = kNone;
  bool operator==(const Plugin&) const = default;
};

// ---- The whole ----

struct Document {
  std::string file_name;
  std::string format_version;  // "1.1", "2.1" or "3.0"
  std::vector<Service> services;
  std::vector<Route> routes;
  std::vector<Consumer> consumers;
  std::vector<ConsumerGroup> consumer_groups;
  std::vector<CaCertificate> ca_certificates;
  std::vector<KeySet> key_sets;
  std::vector<Key> keys;  // of all sets; the first of a set signs
  std::vector<Upstream> upstreams;
  std::vector<Plugin> plugins;
  std::vector<Plan> plans;
  size_t plan = kNone;  // of all requests that have a route, beside those of service, route and caller
  std::vector<RevokedToken> revoked;
  bool operator==(const Document&) const = default;  // file_name included
};

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_DOCUMENT_H_
