#include <algorithm>

#include "absl/strings/str_cat.h"
#include "auth/challenge.h"
#include "base/arena.h"
#include "policy/compile/compiler.h"
#include "policy/seed.h"

namespace sluice {
namespace {

// In the order of policy::PluginConfig's alternatives.
constexpr PluginKind kKinds[] = {PluginKind::kJwt,
                                 PluginKind::kKeyAuth,
                                 PluginKind::kBasicAuth,
                                 PluginKind::kHmacAuth,
                                 PluginKind::kAcl,
                                 PluginKind::kRateLimiting,
                                 PluginKind::kRateLimitingAdvanced,
                                 PluginKind::kRequestTransformer,
                                 PluginKind::kRequestTermination,
                                 PluginKind::kCorrelationId,
                                 PluginKind::kMtlsAuth,
                                 PluginKind::kHeaderCertAuth,
                                 PluginKind::kOpenidConnect,
                                 PluginKind::kJwtSigner};
static_assert(std::size(kKinds) == std::variant_size_v<policy::PluginConfig>);

// Kong's ranking of scopes, best first (lookup_cfg of its plugin iterator; docs/policy_format.md).
uint8_t RankOf(const policy::Plugin& plugin) {
  constexpr struct {
    bool consumer, group, route, service;
  } kRanks[] = {
      {true, false, true, true},   {false, true, true, true},   {true, false, true, false},
      {true, false, false, true},  {false, true, true, false},  {false, true, false, true},
      {false, false, true, true},  {true, false, false, false}, {false, true, false, false},
      {false, false, true, false}, {false, false, false, true}, {false, false, false, false},
  };
  for (size_t i = 0; i < std::size(kRanks); ++i)
    if (kRanks[i].consumer == (plugin.consumer != policy::kNone) &&
        kRanks[i].group == (plugin.consumer_group != policy::kNone) &&
        kRanks[i].route == (plugin.route != policy::kNone) && kRanks[i].service == (plugin.service != policy::kNone))
      return static_cast<uint8_t>(i + 1);
  return static_cast<uint8_t>(std::size(kRanks) + 1);
}

auth::SigningHash HashOf(policy::HmacAuthConfig::Algorithm algorithm) {
  using Algorithm = policy::HmacAuthConfig::Algorithm;
  switch (algorithm) {
    case Algorithm::kSha1: return auth::SigningHash::kSha1;
    case Algorithm::kSha256: return auth::SigningHash::kSha256;
    case Algorithm::kSha384: return auth::SigningHash::kSha384;
    case Algorithm::kSha512: break;
  }
  return auth::SigningHash::kSha512;
}

std::string JsonMessage(std::string_view message) {
  std::string body = "{\"message\":\"";
  for (char c : message) {
    if (c == '"' || c == '\\') body += '\\';
    body += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return body + "\"}";
}

// Kong's own words for a status that request-termination gives without a message.
std::string DefaultMessage(uint32_t status) {
  switch (status) {
    case 401: return "Unauthorized";
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 500: return "An unexpected error occurred";
    case 502: return "Bad Gateway";
    case 503: return "Service unavailable";
    default: return "Terminated";
  }
}

}  // namespace

void Compiler::Plugins() {
  for (const policy::Plugin& plugin : document_.plugins) {
    if (!plugin.enabled) continue;
    uint32_t config = std::visit([&](const auto& c) { return Add(plugin, c); }, plugin.config);
    Place(plugin, kKinds[plugin.config.index()], config);
  }
}

// Where a request will look for it.
void Compiler::Place(const policy::Plugin& plugin, PluginKind kind, uint32_t config) {
  ScopedPlugin scoped{kind,   RankOf(plugin),      ProtocolMask(plugin.protocols),
                      config, Index(plugin.route), Index(plugin.service)};
  PluginList* place = &snapshot_.global_plugins;
  if (plugin.consumer != policy::kNone) {
    place = &snapshot_.consumers[plugin.consumer].plugins;
  } else if (plugin.consumer_group != policy::kNone) {
    place = &snapshot_.groups[plugin.consumer_group].plugins;
  } else if (plugin.route != policy::kNone) {
    place = &snapshot_.routes[plugin.route].plugins;
  } else if (plugin.service != policy::kNone) {
    place = &snapshot_.services[plugin.service].plugins;
  }
  place->Add(scoped);
}

// Names a plugin's counters for good. Names of entities, not places: a document may be rearranged.
std::string Compiler::ScopeName(const policy::Plugin& plugin) const {
  std::string scope = plugin.name;
  if (plugin.service != policy::kNone) absl::StrAppend(&scope, "/service:", ServiceName(plugin.service));
  if (plugin.route != policy::kNone) absl::StrAppend(&scope, "/route:", RouteName(plugin.route));
  if (plugin.consumer != policy::kNone)
    absl::StrAppend(&scope, "/consumer:", snapshot_.consumers[plugin.consumer].name);
  if (plugin.consumer_group != policy::kNone)
    absl::StrAppend(&scope, "/group:", snapshot_.groups[plugin.consumer_group].name);
  return scope;
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::KeyAuthConfig& config) {
  KeyAuthPlugin key_auth{SpotOf(plugin.origin), config, {}, Index(config.anonymous)};
  Arena arena;
  key_auth.challenge = std::string(auth::Challenge(arena, {"Key", config.realm, "", "", ""}));
  snapshot_.key_auth.push_back(std::move(key_auth));
  return static_cast<uint32_t>(snapshot_.key_auth.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::BasicAuthConfig& config) {
  BasicAuthPlugin basic_auth{SpotOf(plugin.origin), config, {}, Index(config.anonymous)};
  Arena arena;
  basic_auth.challenge = std::string(auth::Challenge(arena, {"Basic", config.realm, "", "", ""}));
  snapshot_.basic_auth.push_back(std::move(basic_auth));
  return static_cast<uint32_t>(snapshot_.basic_auth.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::HmacAuthConfig& config) {
  HmacAuthPlugin hmac_auth{SpotOf(plugin.origin), config, {}, Index(config.anonymous)};
  Arena arena;
  hmac_auth.challenge = std::string(auth::Challenge(arena, {"hmac", config.realm, "", "", ""}));
  for (policy::HmacAuthConfig::Algorithm algorithm : config.algorithms)
    hmac_auth.hashes = static_cast<uint8_t>(hmac_auth.hashes | 1 << static_cast<int>(HashOf(algorithm)));
  if (!snapshot_.nobodys_secret) {
    Seed seed = RandomSeed();
    snapshot_.nobodys_secret.emplace(std::string_view(reinterpret_cast<const char*>(seed.data()), seed.size()));
  }
  snapshot_.hmac_auth.push_back(std::move(hmac_auth));
  return static_cast<uint32_t>(snapshot_.hmac_auth.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::AclConfig& config) {
  AclPlugin acl;
  acl.spot = SpotOf(plugin.origin);
  acl.allow = !config.allow.empty();
  acl.hide_groups_header = config.hide_groups_header;
  acl.always_use_authenticated_groups = config.always_use_authenticated_groups;
  acl.group_names = acl.allow ? config.allow : config.deny;
  for (const std::string& group : acl.group_names) acl.groups.push_back(AclGroup(group));
  std::sort(acl.groups.begin(), acl.groups.end());
  std::sort(acl.group_names.begin(), acl.group_names.end());
  snapshot_.acl.push_back(std::move(acl));
  return static_cast<uint32_t>(snapshot_.acl.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::RequestTransformerConfig& config) {
  if (!config.http_method.empty())
    Error(plugin.origin, "config/http_method", "not_supported",
          "`http_method` of request-transformer is not supported yet", "leave it out");
  snapshot_.request_transformer.push_back({SpotOf(plugin.origin), config});
  return static_cast<uint32_t>(snapshot_.request_transformer.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::RequestTerminationConfig& config) {
  if (config.echo)
    Error(plugin.origin, "config/echo", "not_supported", "`echo` of request-termination is not supported yet",
          "leave it out");
  RequestTerminationPlugin termination{SpotOf(plugin.origin), config, {}, config.body, config.content_type};
  termination.message = config.message.empty() ? DefaultMessage(config.status_code) : config.message;
  if (termination.content_type.empty()) termination.content_type = "application/json; charset=utf-8";
  if (termination.body.empty()) termination.body = JsonMessage(termination.message);
  snapshot_.request_termination.push_back(std::move(termination));
  return static_cast<uint32_t>(snapshot_.request_termination.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::CorrelationIdConfig& config) {
  if (config.generator == policy::CorrelationIdConfig::Generator::kTracker)
    Error(plugin.origin, "config/generator", "not_supported", "generator `tracker` is not supported yet",
          "use `uuid` or `uuid#counter`");
  snapshot_.correlation_id.push_back({SpotOf(plugin.origin), config});
  return static_cast<uint32_t>(snapshot_.correlation_id.size() - 1);
}

}  // namespace sluice
