#include "policy/document/parse.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "policy/document/tree.h"

namespace sluice::policy {
namespace {

constexpr char kTestdata[] = "policy/document/testdata";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<std::string> Env(std::string_view name) {
  static const std::map<std::string_view, std::string> kVariables = {
      {"DECK_PORT", "8080"}, {"DECK_HOST", "example.com"}, {"DECK_EMPTY", ""}, {"DECK_SECRET", "SECRET20"}};
  auto found = kVariables.find(name);
  if (found == kVariables.end()) return std::nullopt;
  return found->second;
}

ParseOptions Options(std::string name = "policy.yaml") {
  ParseOptions options;
  options.file_name = std::move(name);
  options.env = Env;
  return options;
}

ParseResult ParseFile(const std::string& name) {
  return Parse(ReadFile(std::filesystem::path(kTestdata) / name), Options(name));
}

std::string ToText(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) absl::StrAppend(&text, sluice::ToText(d), "\n");
  return text;
}

// Each file of testdata gives exactly the diagnostics that stand beside it. On a difference the new text is written to
// the test's outputs, from where it can be copied once it has been read.
TEST(ParseTest, EveryFileGivesItsDiagnostics) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kTestdata)) {
    std::string name = entry.path().filename();
    if (entry.path().extension() == ".expected") continue;
    ++files;
    std::string actual = ToText(ParseFile(name).diagnostics);
    EXPECT_EQ(actual, ReadFile(absl::StrCat(kTestdata, "/", name, ".expected"))) << name;
    EXPECT_FALSE(absl::StrContains(actual, "SECRET")) << name;
    if (const char* outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR"))
      std::ofstream(absl::StrCat(outputs, "/", name, ".expected"), std::ios::binary) << actual;
  }
  EXPECT_GT(files, 15);
}

// Whatever a YAML file says, the same content in JSON gives the same document and the same complaints.
TEST(ParseTest, YamlAndJsonAgree) {
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kTestdata)) {
    if (entry.path().extension() != ".yaml") continue;
    Problems problems;
    std::optional<Tree> tree = ParseTree(ReadFile(entry.path()), Options(), &problems);
    if (!tree || tree->root().kind != NodeKind::kMap || HasErrors(problems.Take(""))) continue;
    ParseResult yaml = Parse(ReadFile(entry.path()), Options());
    ParseResult json = Parse(ToJson(tree->root()), Options());
    ASSERT_EQ(yaml.diagnostics.size(), json.diagnostics.size()) << entry.path() << ToText(json.diagnostics);
    // The order follows lines and columns, which differ.
    std::multimap<std::string, std::string> from_yaml, from_json;
    for (const Diagnostic& d : yaml.diagnostics) from_yaml.emplace(d.where.pointer, d.message);
    for (const Diagnostic& d : json.diagnostics) from_json.emplace(d.where.pointer, d.message);
    EXPECT_EQ(from_yaml.size(), from_json.size());
    for (auto& [pointer, message] : from_yaml) EXPECT_TRUE(from_json.contains(pointer)) << pointer << " " << message;
    EXPECT_TRUE(yaml.document == json.document) << entry.path();
    ++compared;
  }
  EXPECT_GT(compared, 8);
}

class FullTest : public testing::Test {
 protected:
  ParseResult result_ = ParseFile("full.yaml");
  const Document& d_ = result_.document;

  template <typename Config>
  const Config& PluginNamed(std::string_view name, size_t nth = 0) {
    for (const Plugin& plugin : d_.plugins)
      if (plugin.name == name && nth-- == 0) return std::get<Config>(plugin.config);
    ADD_FAILURE() << name;
    static const Config kNothing;
    return kNothing;
  }
};

TEST_F(FullTest, Services) {
  ASSERT_TRUE(result_.ok());
  ASSERT_EQ(d_.services.size(), 2u);
  const Service& orders = d_.services[0];
  EXPECT_EQ(orders.protocol, Protocol::kHttps);
  EXPECT_EQ(orders.host, "orders.internal");
  EXPECT_EQ(orders.port, 8443);
  EXPECT_EQ(orders.path, "/base");
  EXPECT_EQ(orders.connect_timeout_ms, 1000);
  EXPECT_EQ(orders.read_timeout_ms, 2000);
  EXPECT_EQ(orders.write_timeout_ms, 3000);
  EXPECT_EQ(orders.retries, 2u);
  EXPECT_EQ(orders.plan, 1u);
  EXPECT_EQ(orders.upstream, 0u);
  EXPECT_EQ(orders.tags, std::vector<std::string>{"core"});
  EXPECT_EQ(orders.origin.place.pointer, "/services/0");
  EXPECT_EQ(orders.origin.At("url").line, 78u);
  EXPECT_EQ(orders.origin.At("url").pointer, "/services/0/url");
  const Service& grpc = d_.services[1];
  EXPECT_EQ(grpc.protocol, Protocol::kGrpc);
  EXPECT_EQ(grpc.connect_timeout_ms, 60000);
  EXPECT_EQ(grpc.retries, 5u);
  EXPECT_FALSE(grpc.enabled);
  EXPECT_EQ(grpc.upstream, kNone);
}

TEST_F(FullTest, Routes) {
  ASSERT_EQ(d_.routes.size(), 4u);
  const Route& orders = d_.routes[0];
  EXPECT_EQ(orders.service, 0u);
  EXPECT_EQ(orders.hosts.size(), 4u);
  EXPECT_EQ(orders.plan, 0u);
  EXPECT_EQ(orders.cost, 3u);
  EXPECT_EQ(orders.paths, (std::vector<std::string>{"/orders", "~/v\\d+/orders$"}));
  EXPECT_EQ(orders.methods, (std::vector<std::string>{"GET", "POST"}));
  ASSERT_EQ(orders.headers.size(), 1u);
  EXPECT_EQ(orders.headers[0].first, "x-version");
  EXPECT_EQ(orders.headers[0].second, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(orders.protocols, std::vector<Protocol>{Protocol::kHttps});
  EXPECT_EQ(orders.snis, std::vector<std::string>{"api.example.com"});
  ASSERT_EQ(orders.sources.size(), 2u);
  EXPECT_EQ(orders.sources[0], (Route::Peer{"10.0.0.0/8", 0}));
  EXPECT_EQ(orders.sources[1], (Route::Peer{"", 1234}));
  ASSERT_EQ(orders.destinations.size(), 1u);
  EXPECT_EQ(orders.destinations[0], (Route::Peer{"127.0.0.1", 80}));
  EXPECT_EQ(orders.regex_priority, 3);
  EXPECT_EQ(orders.https_redirect_status_code, 301u);
  EXPECT_FALSE(orders.strip_path);
  EXPECT_TRUE(orders.preserve_host);
  EXPECT_FALSE(orders.request_buffering);
  EXPECT_FALSE(orders.response_buffering);
  EXPECT_EQ(orders.origin.At("paths/1").pointer, "/services/0/routes/0/paths/1");
  EXPECT_EQ(orders.origin.At("paths/7").pointer, "/services/0/routes/0/paths");
  EXPECT_EQ(orders.origin.At("nothing").pointer, "/services/0/routes/0");
  const Route& flat = d_.routes[1];
  EXPECT_EQ(flat.service, 0u);
  EXPECT_TRUE(flat.strip_path);
  EXPECT_EQ(flat.protocols, (std::vector<Protocol>{Protocol::kHttp, Protocol::kHttps}));
  EXPECT_EQ(flat.https_redirect_status_code, 426u);
  EXPECT_EQ(d_.routes[2].service, 1u);
  EXPECT_FALSE(d_.routes[2].strip_path);
  EXPECT_EQ(d_.routes[3].service, kNone);
}

TEST_F(FullTest, Upstreams) {
  ASSERT_EQ(d_.upstreams.size(), 1u);
  const Upstream& upstream = d_.upstreams[0];
  EXPECT_EQ(upstream.host_header, "orders.example.com");
  EXPECT_EQ(upstream.slots, 100u);
  ASSERT_EQ(upstream.targets.size(), 4u);
  EXPECT_EQ(upstream.targets[0].host, "10.0.0.1");
  EXPECT_EQ(upstream.targets[0].port, 8080);
  EXPECT_EQ(upstream.targets[0].weight, 50u);
  EXPECT_EQ(upstream.targets[1].host, "2001:db8::1");
  EXPECT_EQ(upstream.targets[1].port, 81);
  EXPECT_EQ(upstream.targets[1].weight, 100u);
  EXPECT_EQ(upstream.targets[2].host, "backend.example.com");
  EXPECT_EQ(upstream.targets[2].port, 8000);
  EXPECT_EQ(upstream.targets[3].weight, 0u);
}

TEST_F(FullTest, Plans) {
  ASSERT_EQ(d_.plans.size(), 2u);
  const std::vector<Limit>& limits = d_.plans[0].limits;
  ASSERT_EQ(limits.size(), 4u);
  EXPECT_EQ(limits[0].kind, Limit::Kind::kPace);
  EXPECT_EQ(limits[0].amount, 20u);
  EXPECT_EQ(limits[0].burst, 40u);
  EXPECT_EQ(limits[0].period, (Period{Unit::kSecond, 1}));
  EXPECT_EQ(limits[1].kind, Limit::Kind::kQuota);
  EXPECT_EQ(limits[1].period, (Period{Unit::kHour, 3600}));
  EXPECT_EQ(limits[1].window, Limit::Window::kSliding);
  EXPECT_EQ(limits[2].period, (Period{Unit::kMonth, 30 * 86400}));
  EXPECT_EQ(limits[2].window, Limit::Window::kFixed);
  EXPECT_EQ(limits[3].kind, Limit::Kind::kInFlight);
  EXPECT_EQ(limits[3].amount, 10u);
  EXPECT_EQ(limits[0].count_by, CountBy());
  EXPECT_EQ(limits[3].count_by, (CountBy{{CountBy::Part::kIp, CountBy::Part::kHeader}, "x-tenant", "", 56}));
  EXPECT_EQ(d_.plans[1].limits[0].period, (Period{Unit::kDuration, 90}));
  EXPECT_EQ(d_.plans[1].limits[0].burst, 5u) << "burst defaults to the rate";
}

TEST_F(FullTest, Consumers) {
  ASSERT_EQ(d_.consumers.size(), 4u);
  const Consumer& alice = d_.consumers[0];
  EXPECT_EQ(alice.custom_id, "1");
  EXPECT_EQ(alice.plan, 0u);
  EXPECT_EQ(alice.groups, (std::vector<size_t>{0, 1}));
  ASSERT_EQ(alice.jwt_secrets.size(), 2u);
  EXPECT_EQ(alice.jwt_secrets[0].key, "alice-issuer");
  EXPECT_EQ(alice.jwt_secrets[0].secret, "s3cret");
  EXPECT_EQ(alice.jwt_secrets[0].algorithm, JwtAlgorithm::kHs256);
  EXPECT_EQ(alice.jwt_secrets[1].algorithm, JwtAlgorithm::kRs256);
  EXPECT_TRUE(absl::StartsWith(alice.jwt_secrets[1].rsa_public_key, "-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_EQ(alice.keyauth_credentials[0].key, "alice-key");
  EXPECT_EQ(alice.basicauth_credentials[0].password, "pass");
  EXPECT_EQ(alice.hmacauth_credentials[0].secret, "signed");
  EXPECT_EQ(alice.acls[0].group, "admins");
  const Consumer& carol = d_.consumers[1];
  EXPECT_EQ(carol.groups, std::vector<size_t>{0}) << "from the group's list";
  EXPECT_EQ(carol.keyauth_credentials[0].key, "carol-key");
  EXPECT_EQ(carol.acls[0].group, "readers");
  EXPECT_EQ(d_.consumers[2].groups, (std::vector<size_t>{0, 1}));
  ASSERT_EQ(d_.consumer_groups.size(), 2u);
  EXPECT_EQ(d_.consumer_groups[0].plan, 1u);
  EXPECT_EQ(d_.consumer_groups[1].plan, kNone);
}

TEST_F(FullTest, PluginScopes) {
  struct Scope {
    std::string_view name;
    size_t service, route, consumer, group;
  };
  const Scope expected[] = {
      {"correlation-id", kNone, kNone, kNone, kNone},
      {"key-auth", kNone, 1, kNone, kNone},
      {"rate-limiting", 0, kNone, 0, kNone},
      {"request-transformer", kNone, kNone, kNone, 1},
      {"jwt", 0, kNone, kNone, kNone},
      {"acl", kNone, 0, kNone, kNone},
      {"request-termination", kNone, 3, kNone, kNone},
      {"basic-auth", kNone, 3, kNone, kNone},
      {"hmac-auth", kNone, 3, kNone, kNone},
      {"rate-limiting", kNone, kNone, kNone, 0},
  };
  ASSERT_EQ(d_.plugins.size(), std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    const Plugin& plugin = d_.plugins[i];
    EXPECT_EQ(plugin.name, expected[i].name);
    EXPECT_EQ(plugin.service, expected[i].service) << i;
    EXPECT_EQ(plugin.route, expected[i].route) << i;
    EXPECT_EQ(plugin.consumer, expected[i].consumer) << i;
    EXPECT_EQ(plugin.consumer_group, expected[i].group) << i;
  }
  EXPECT_FALSE(d_.plugins[3].enabled);
  EXPECT_EQ(d_.plugins[4].instance_name, "main");
  EXPECT_EQ(d_.plugins[4].protocols, (std::vector<Protocol>{Protocol::kHttp, Protocol::kHttps}));
  EXPECT_EQ(d_.plugins[4].origin.At("config/jwks_uri").pointer, "/services/0/plugins/0/config/jwks_uri");
}

TEST_F(FullTest, AuthPlugins) {
  JwtConfig jwt;
  jwt.uri_param_names = {"token"};
  jwt.cookie_names = {"session"};
  jwt.header_names = {"authorization", "x-token"};
  jwt.key_claim_name = "kid";
  jwt.secret_is_base64 = jwt.verify_exp = jwt.verify_nbf = true;
  jwt.anonymous = 3;
  jwt.run_on_preflight = false;
  jwt.maximum_expiration_s = 3600;
  jwt.realm = "orders";
  jwt.own.jwks_uri = "https://idp.example.com/keys";
  jwt.own.issuer = "https://idp.example.com/";
  jwt.own.audience = {"orders"};
  jwt.consumer_claim = {"email"};
  jwt.consumer_optional = true;
  jwt.groups_claim = {"realm_access", "roles"};
  jwt.required_claims = {{"tenant"}, {"act", "sub"}};
  jwt.required_scopes = {"read"};
  jwt.leeway_s = 30;
  jwt.jwks_unavailable_open = true;
  jwt.jwks_cooldown_s = 60;
  jwt.jwks_algorithms = {JwtAlgorithm::kRs256, JwtAlgorithm::kEdDsa};
  jwt.token_types = {"at+jwt"};
  EXPECT_EQ(PluginNamed<JwtConfig>("jwt"), jwt);
  KeyAuthConfig key_auth;
  key_auth.key_names = {"apikey", "x-key"};
  key_auth.key_in_query = false;
  key_auth.hide_credentials = true;
  EXPECT_EQ(PluginNamed<KeyAuthConfig>("key-auth"), key_auth);
  EXPECT_EQ(PluginNamed<BasicAuthConfig>("basic-auth"), (BasicAuthConfig{true, 3, "orders"}));
  HmacAuthConfig hmac_auth;
  hmac_auth.hide_credentials = true;
  hmac_auth.clock_skew_s = 60;
  hmac_auth.anonymous = 3;
  hmac_auth.realm = "orders";
  hmac_auth.enforce_headers = {"date", "@request-target"};
  hmac_auth.algorithms = {HmacAuthConfig::Algorithm::kSha512, HmacAuthConfig::Algorithm::kSha1};
  EXPECT_EQ(PluginNamed<HmacAuthConfig>("hmac-auth"), hmac_auth);
  EXPECT_EQ(PluginNamed<AclConfig>("acl"), (AclConfig{{"admins"}, {}, true, true}));
}

TEST_F(FullTest, TrafficPlugins) {
  RateLimitingConfig by_header;
  by_header.windows = {{Unit::kSecond, 5}, {Unit::kHour, 100}};
  by_header.count_by = {{CountBy::Part::kHeader}, "x-tenant", "", 64};
  EXPECT_EQ(PluginNamed<RateLimitingConfig>("rate-limiting"), by_header);
  RateLimitingConfig of_group;
  of_group.windows = {{Unit::kMinute, 100}, {Unit::kHour, 1000}};
  of_group.error_message = "slow down";
  EXPECT_EQ(PluginNamed<RateLimitingConfig>("rate-limiting", 1), of_group);
  RequestTerminationConfig gone;
  gone.status_code = 410;
  gone.message = "gone";
  EXPECT_EQ(PluginNamed<RequestTerminationConfig>("request-termination"), gone);
  EXPECT_EQ(PluginNamed<CorrelationIdConfig>("correlation-id"),
            (CorrelationIdConfig{"X-Request-ID", CorrelationIdConfig::Generator::kUuid, true}));
}

TEST_F(FullTest, RequestTransformer) {
  RequestTransformerConfig config;
  config.http_method = "PUT";
  config.replace_uri = "/replaced";
  config.headers.remove = {"x-secret"};
  config.headers.rename = {{"x-old", "x-new"}};
  config.headers.replace = {{"host", "internal"}};
  config.headers.add = {{"x-time", "12:30"}};
  config.headers.append = {{"x-list", "1"}};
  config.querystring.remove = {"debug"};
  config.querystring.rename = {{"a", "b"}};
  config.querystring.add = {{"c", "d"}};
  EXPECT_EQ(PluginNamed<RequestTransformerConfig>("request-transformer"), config);
}

TEST(ParseTest, UnmarkedRegularExpressionsOfOldFormats) {
  ParseResult result = ParseFile("legacy_paths.yaml");
  EXPECT_EQ(result.document.routes.at(0).paths,
            (std::vector<std::string>{"/plain/a-b_c.d~e%20", "~/users/\\d+", "~/a(b)?"}));
}

TEST(ParseTest, VariablesTakeTheTypeOfTheirField) {
  const Document document = ParseFile("variables.yaml").document;
  EXPECT_EQ(document.services.at(0).host, "example.com");
  EXPECT_EQ(document.services.at(0).port, 8080);
  EXPECT_EQ(document.services.at(0).retries, 8080u);
  EXPECT_EQ(document.services.at(1).path, "/a");
}

TEST(ParseTest, AKeySetMayBeWrittenInline) {
  ParseResult result = Parse(R"(
_format_version: "3.0"
plugins:
- name: jwt
  config: {jwks: {keys: [{kty: oct, k: AAA, n: 5, use: null, ok: true}]}}
)",
                             Options());
  ASSERT_TRUE(result.ok()) << ToText(result.diagnostics);
  EXPECT_EQ(std::get<JwtConfig>(result.document.plugins.at(0).config).own.jwks,
            R"({"keys":[{"kty":"oct","k":"AAA","n":5,"use":null,"ok":true}]})");
}

TEST(ParseTest, OnFullOfPlansAndPlugins) {
  ParseResult result = Parse(R"(
_format_version: "3.0"
plugins:
- {name: rate-limiting, config: {minute: 5, on_full: overflow}}
- {name: rate-limiting-advanced, config: {limit: [5], window_size: [60], on_full: overflow}}
plans:
- {name: a, on_full: overflow, limits: [{name: l, rate: 1, per: second}]}
- {name: b, on_full: refuse, limits: [{name: l, rate: 1, per: second}]}
- {name: c, limits: [{name: l, rate: 1, per: second}]}
)",
                             Options());
  ASSERT_TRUE(result.ok()) << ToText(result.diagnostics);
  EXPECT_EQ(std::get<RateLimitingConfig>(result.document.plugins.at(0).config).on_full, OnFull::kOverflow);
  EXPECT_EQ(std::get<RateLimitingAdvancedConfig>(result.document.plugins.at(1).config).on_full, OnFull::kOverflow);
  EXPECT_EQ(result.document.plans.at(0).on_full, OnFull::kOverflow);
  EXPECT_EQ(result.document.plans.at(1).on_full, OnFull::kRefuse);
  EXPECT_EQ(result.document.plans.at(2).on_full, OnFull::kRefuse);
}

// Plans and plugins write it alike; what is not written is Kong's default, or ours.
TEST(ParseTest, RedisHasEveryFieldAndItsDefaults) {
  ParseResult result = Parse(R"(
_format_version: "3.0"
plugins:
- name: rate-limiting
  config: {minute: 5, policy: redis, sync_rate: -1, redis: {host: redis.internal}}
plans:
- name: free
  policy: redis
  limits: [{name: hourly, quota: 5, window: hour}]
  redis: {host: r, port: 1, username: u, password: p, database: 2, timeout: 3, ssl: true, ssl_verify: true,
          server_name: s, prefix: 'x:', mode: strict, lease_ms: 50, on_error: closed, on_loss: hold}
)",
                             Options());
  ASSERT_TRUE(result.ok()) << ToText(result.diagnostics);
  Sharing plain;
  plain.redis.host = "redis.internal";
  const auto& plugin = std::get<RateLimitingConfig>(result.document.plugins.at(0).config);
  EXPECT_TRUE(plugin.redis);
  EXPECT_EQ(plugin.sharing, plain);
  Redis redis;
  redis.host = "r";
  redis.port = 1;
  redis.username = "u";
  redis.password = "p";
  redis.database = 2;
  redis.timeout_ms = 3;
  redis.ssl = redis.ssl_verify = true;
  redis.server_name = "s";
  redis.prefix = "x:";
  EXPECT_EQ(result.document.plans.at(0).sharing,
            (Sharing{redis, true, 50, Sharing::OnError::kClosed, Sharing::OnLoss::kHold}));
}

TEST(ParseTest, SyncRateIsTheLeaseOfWhomItSaysSo) {
  ParseResult result = Parse(R"(
_format_version: "3.0"
plugins:
- name: rate-limiting
  config: {minute: 5, policy: redis, sync_rate: 3, redis: {host: r, lease_ms: 50}}
- name: rate-limiting-advanced
  config: {limit: [5], window_size: [60], window_type: fixed, strategy: redis, sync_rate: 0.0, redis: {host: r}}
services:
- name: orders
  url: http://orders.internal
  plugins: [{name: rate-limiting, config: {minute: 5, sync_rate: 3}}]
)",
                             Options());
  ASSERT_TRUE(result.ok()) << ToText(result.diagnostics);
  ASSERT_EQ(result.diagnostics.size(), 2u) << ToText(result.diagnostics);
  EXPECT_NE(result.diagnostics[0].message.find("(3000 ms)"), std::string::npos);
  EXPECT_EQ(result.diagnostics[1].code, "no_effect");
  EXPECT_EQ(std::get<RateLimitingConfig>(result.document.plugins.at(0).config).sharing.lease_ms, 3'000u);
  EXPECT_TRUE(std::get<RateLimitingAdvancedConfig>(result.document.plugins.at(1).config).sharing.strict);
}

TEST(ParseTest, RedisBehindSentinelsAndInAClusterInBothOfKongsWays) {
  ParseResult result = Parse(R"(
_format_version: "3.0"
plans:
- name: watched
  policy: redis
  limits: [{name: hourly, quota: 5, window: hour}]
  redis: {sentinel_master: m, sentinel_role: master, sentinel_nodes: [{host: a}, {port: 7}], sentinel_username: u,
          sentinel_password: p}
- name: named
  policy: redis
  limits: [{name: hourly, quota: 5, window: hour}]
  redis: {sentinel_master: m, sentinel_addresses: ['a', '127.0.0.1:7'], sentinel_username: u, sentinel_password: p}
- name: spread
  policy: redis
  limits: [{name: hourly, quota: 5, window: hour}]
  redis: {cluster_nodes: [{ip: ::1, port: 7}], cluster_max_redirections: 2}
- name: listed
  policy: redis
  limits: [{name: hourly, quota: 5, window: hour}]
  redis: {cluster_addresses: ['[::1]:7'], cluster_max_redirections: 2}
)",
                             Options());
  ASSERT_TRUE(result.ok()) << ToText(result.diagnostics);
  Redis watched, spread;
  watched.sentinels = {{"a", 6379}, {"127.0.0.1", 7}};
  watched.sentinel_master = "m";
  watched.sentinel_username = "u";
  watched.sentinel_password = "p";
  spread.cluster_nodes = {{"::1", 7}};
  spread.cluster_max_redirections = 2;
  const std::vector<Plan>& plans = result.document.plans;
  EXPECT_EQ(plans.at(0).sharing.redis, watched);
  EXPECT_EQ(plans.at(1).sharing.redis, watched);
  EXPECT_EQ(plans.at(2).sharing.redis, spread);
  EXPECT_EQ(plans.at(3).sharing.redis, spread);
}

TEST(ParseTest, JwtSignerHasKongsDefaults) {
  const ParseResult result = ParseFile("jwt_signer.yaml");
  JwtSignerConfig defaults;
  defaults.key_set = 0;
  ASSERT_EQ(result.document.plugins.size(), 1u);
  EXPECT_EQ(std::get<JwtSignerConfig>(result.document.plugins[0].config), defaults);
}

TEST(ParseTest, ALookupThatThrowsIsAnError) {
  ParseOptions options = Options();
  options.env = [](std::string_view) -> std::optional<std::string> { throw 5; };
  ParseResult result = Parse("_format_version: ${{ env \"DECK_X\" }}", options);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].code, "unreadable");
}

TEST(ParseTest, FormatMayBeForced) {
  ParseOptions options = Options();
  options.format = ParseOptions::Format::kJson;
  EXPECT_FALSE(Parse("_format_version: '3.0'", options).ok());
  options.format = ParseOptions::Format::kYaml;
  EXPECT_TRUE(Parse(" \n{_format_version: '3.0'}", options).ok()) << "a flow map of YAML begins like JSON";
}

}  // namespace
}  // namespace sluice::policy
