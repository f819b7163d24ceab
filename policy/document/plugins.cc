// Plugins: their common fields, their scopes, and which configuration belongs to which name.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

struct Kind {
  std::string_view name;
  void (*read)(Reader& reader, const Cursor& at, PluginConfig* out);
  bool by_consumer;  // may be bound to consumers and consumer groups: those that run once it is known who calls
};

constexpr Kind kKinds[] = {
    {"jwt", ReadJwtConfig, false},
    {"key-auth", ReadKeyAuthConfig, false},
    {"basic-auth", ReadBasicAuthConfig, false},
    {"hmac-auth", ReadHmacAuthConfig, false},
    {"acl", ReadAclConfig, false},
    {"rate-limiting", ReadRateLimitingConfig, true},
    {"rate-limiting-advanced", ReadRateLimitingAdvancedConfig, true},
    {"request-transformer", ReadRequestTransformerConfig, true},
    {"request-termination", ReadRequestTerminationConfig, true},
    {"correlation-id", ReadCorrelationIdConfig, true},
    {"mtls-auth", ReadMtlsAuthConfig, false},
    {"header-cert-auth", ReadHeaderCertAuthConfig, false},
    {"openid-connect", ReadOpenidConnectConfig, false},
    {"jwt-signer", ReadJwtSignerConfig, false},
};

// Kong's other bundled plugins, and those of its enterprise edition.
constexpr std::string_view kLater[] = {
    "acme",
    "ai-azure-content-safety",
    "ai-prompt-decorator",
    "ai-prompt-guard",
    "ai-prompt-template",
    "ai-proxy",
    "ai-proxy-advanced",
    "ai-rate-limiting-advanced",
    "ai-request-transformer",
    "ai-response-transformer",
    "ai-semantic-cache",
    "ai-semantic-prompt-guard",
    "app-dynamics",
    "aws-lambda",
    "azure-functions",
    "bot-detection",
    "canary",
    "confluent",
    "cors",
    "datadog",
    "degraphql",
    "exit-transformer",
    "file-log",
    "forward-proxy",
    "graphql-proxy-cache-advanced",
    "graphql-rate-limiting-advanced",
    "grpc-gateway",
    "grpc-web",
    "http-log",
    "ip-restriction",
    "jq",
    "json-threat-protection",
    "jwe-decrypt",
    "kafka-log",
    "kafka-upstream",
    "key-auth-enc",
    "ldap-auth",
    "ldap-auth-advanced",
    "loggly",
    "mocking",
    "oas-validation",
    "oauth2",
    "oauth2-introspection",
    "opa",
    "opentelemetry",
    "post-function",
    "pre-function",
    "prometheus",
    "proxy-cache",
    "proxy-cache-advanced",
    "redirect",
    "request-size-limiting",
    "request-transformer-advanced",
    "request-validator",
    "response-ratelimiting",
    "response-transformer",
    "response-transformer-advanced",
    "route-by-header",
    "route-transformer-advanced",
    "saml",
    "service-protection",
    "session",
    "standard-webhooks",
    "statsd",
    "statsd-advanced",
    "syslog",
    "tcp-log",
    "tls-handshake-modifier",
    "tls-metadata-headers",
    "udp-log",
    "upstream-oauth",
    "upstream-timeout",
    "vault-auth",
    "websocket-size-limit",
    "websocket-validator",
    "xml-threat-protection",
    "zipkin",
};

const Kind* FindKind(std::string_view name) {
  for (const Kind& kind : kKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

void ReadName(Reader& reader, const Cursor& at, Plugin* out) {
  if (!reader.String(at, nullptr, &out->name) || FindKind(out->name) != nullptr) return;
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) known.emplace_back(kind.name);
  for (std::string_view later : kLater) {
    if (later == out->name) {
      reader.NotSupported(at, out->name);
      return;
    }
    known.emplace_back(later);
  }
  reader.Unknown(at, "plugin", out->name, known);
}

// The name may stand behind the configuration, so that it is looked up.
void ReadConfig(Reader& reader, const Cursor& at, Plugin* out) {
  const Node* name = at.parent->node->Find("name");
  const Kind* kind = name == nullptr ? nullptr : FindKind(name->text);
  if (kind != nullptr) kind->read(reader, at, &out->config);
}

// Every plugin here speaks HTTP; Kong, too, gives them no other protocols.
constexpr Word<Protocol> kPluginProtocols[] = {
    {"http", Protocol::kHttp},   {"https", Protocol::kHttps}, {"grpc", Protocol::kGrpc},
    {"grpcs", Protocol::kGrpcs}, {"ws", std::nullopt},        {"wss", std::nullopt},
    {"tcp", std::nullopt},       {"tls", std::nullopt},       {"tls_passthrough", std::nullopt},
    {"udp", std::nullopt},
};

constexpr Field<Plugin> kFields[] = {
    {"id", ReadString<&Plugin::id, CheckUuid>},
    {"name", ReadName, kRequired},
    {"instance_name", ReadString<&Plugin::instance_name, CheckName>},
    {"config", ReadConfig},
    {"enabled", ReadBool<&Plugin::enabled>},
    {"protocols", ReadWords<&Plugin::protocols, kPluginProtocols>},
    {"tags", ReadStrings<&Plugin::tags, CheckTag>},
    {"service", Skip<Plugin>},
    {"route", Skip<Plugin>},
    {"consumer", Skip<Plugin>},
    {"consumer_group", Skip<Plugin>},
    {"created_at", Skip<Plugin>},
    {"updated_at", Skip<Plugin>},
    {"ordering", NotYet<Plugin>},
    {"partials", NotYetList<Plugin>},
    {"condition", NotYet<Plugin>},
};

void ReadScope(Reader& reader, const Cursor& at, const Plugin& scope, Plugin* out) {
  out->service = reader.Scope(at, "service", EntityKind::kService, scope.service);
  out->route = reader.Scope(at, "route", EntityKind::kRoute, scope.route);
  out->consumer = reader.Scope(at, "consumer", EntityKind::kConsumer, scope.consumer);
  out->consumer_group = reader.Scope(at, "consumer_group", EntityKind::kConsumerGroup, scope.consumer_group);
}

void CheckScope(Reader& reader, const Cursor& at, const Kind& kind, const Plugin& plugin) {
  if (!kind.by_consumer && (plugin.consumer != kNone || plugin.consumer_group != kNone))
    reader.Error(at, "bad_scope", absl::StrCat("plugin `", kind.name, "` cannot be bound to consumers or their groups"),
                 "bind it to a service or a route");
  if (plugin.consumer != kNone && plugin.consumer_group != kNone)
    reader.Error(at, "bad_scope", "a plugin cannot be bound to both a consumer and a consumer group",
                 "write two plugins");
}

}  // namespace

bool ReadPlugin(Reader& reader, const Cursor& at, const Plugin& scope, Plugin* out) {
  if (!reader.Entity(at, kFields, out)) return false;
  ReadScope(reader, at, scope, out);
  const Kind* kind = FindKind(out->name);
  if (kind == nullptr) return false;
  CheckScope(reader, at, *kind, *out);
  if (!Reader::IsSet(at, "config")) {
    Node nothing;
    nothing.kind = NodeKind::kMap;
    nothing.spot = at.node->spot;
    Cursor config = at;
    config.node = &nothing;
    kind->read(reader, config, &out->config);
  }
  return true;
}

}  // namespace sluice::policy
