// rate-limiting, request-termination and correlation-id.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/count_by.h"
#include "policy/document/entities.h"
#include "policy/document/sharing.h"

namespace sluice::policy {
namespace {

template <Unit kUnit>
void ReadWindow(Reader& reader, const Cursor& at, RateLimitingConfig* out) {
  constexpr int64_t kMaxLimit = 1'000'000'000'000;
  int64_t limit = 0;
  if (reader.Integer(at, 1, kMaxLimit, &limit)) out->windows.push_back({kUnit, static_cast<uint64_t>(limit)});
}

// sync_rate is read when all else is known.
constexpr Field<RateLimitingConfig> kRateLimitingFields[] = {
    {"second", ReadWindow<Unit::kSecond>},
    {"minute", ReadWindow<Unit::kMinute>},
    {"hour", ReadWindow<Unit::kHour>},
    {"day", ReadWindow<Unit::kDay>},
    {"month", ReadWindow<Unit::kMonth>},
    {"year", ReadWindow<Unit::kYear>},
    {"limit_by", ReadLimitBy<RateLimitingConfig>},
    {"header_name", ReadCountHeader<RateLimitingConfig>},
    {"path", ReadCountPath<RateLimitingConfig>},
    {"ipv6_prefix", ReadCountIpv6Prefix<RateLimitingConfig>},
    {"shadow", ReadBool<&RateLimitingConfig::shadow>},
    {"ietf_headers", ReadBool<&RateLimitingConfig::ietf_headers>},
    {"on_full", ReadWord<&RateLimitingConfig::on_full, kOnFullWords>},
    {"policy", ReadPolicyOf<RateLimitingConfig>},
    {"fault_tolerant", ReadBool<&RateLimitingConfig::fault_tolerant>},
    {"hide_client_headers", ReadBool<&RateLimitingConfig::hide_client_headers>},
    {"error_code", ReadInteger<&RateLimitingConfig::error_code, 100, 599>},
    {"error_message", ReadString<&RateLimitingConfig::error_message>},
    {"sync_rate", Skip<RateLimitingConfig>},
    {"redis", ReadRedisOf<RateLimitingConfig>},
    {"redis_host", NotYet<RateLimitingConfig>},
    {"redis_port", NotYet<RateLimitingConfig>},
    {"redis_username", NotYet<RateLimitingConfig>},
    {"redis_password", NotYet<RateLimitingConfig>, kSecret},
    {"redis_timeout", NotYet<RateLimitingConfig>},
    {"redis_database", NotYet<RateLimitingConfig>},
    {"redis_ssl", NotYet<RateLimitingConfig>},
    {"redis_ssl_verify", NotYet<RateLimitingConfig>},
    {"redis_server_name", NotYet<RateLimitingConfig>},
};

std::string_view NameOf(Unit unit) {
  constexpr std::string_view kNames[] = {"second", "minute", "hour", "day", "month", "year", "duration"};
  return kNames[static_cast<size_t>(unit)];
}

// Kong asks the server at every request, or at once, if it is not above 0: here that is the default lease.
void ReadSyncRateOf(Reader& reader, const Cursor& at, RateLimitingConfig* config) {
  Reader::WithMember(at, "sync_rate", [&](const Cursor& rate) {
    const std::optional<double> seconds = ReadSyncRate(reader, rate);
    if (!seconds || *seconds <= 0) return;
    if (config->redis) return LeaseFor(reader, rate, *seconds, &config->sharing);
    reader.Warn(reader.PlaceOf(rate), "no_effect", "`sync_rate` has no effect without `policy: redis`", "remove it");
  });
}

void CheckRateLimiting(Reader& reader, const Cursor& at, RateLimitingConfig* config) {
  auto& windows = config->windows;
  std::sort(windows.begin(), windows.end(), [](const auto& a, const auto& b) { return a.unit < b.unit; });
  bool any = false;
  for (std::string_view field : {"second", "minute", "hour", "day", "month", "year"}) any |= Reader::IsSet(at, field);
  if (!any)
    reader.Error(at, "missing_field", "expected at least one of second, minute, hour, day, month and year", "add one");
  for (size_t i = 1; i < windows.size(); ++i) {
    if (windows[i].limit >= windows[i - 1].limit) continue;
    reader.Error(
        at, "conflict",
        absl::StrCat("the limit for ", NameOf(windows[i].unit), " (", windows[i].limit,
                     ") is lower than the limit for ", NameOf(windows[i - 1].unit), " (", windows[i - 1].limit, ")"),
        "raise the one or lower the other");
  }
  CheckCountBy(reader, at, "limit_by", config->count_by);
  ReadSyncRateOf(reader, at, config);
  CheckSharing(reader, at, "policy", config->redis, config->sharing);
  if (config->redis && config->shadow) RefuseShared(reader, reader.PlaceOf(at), "shadow", "policy");
  if (config->count_by.Has(CountBy::Part::kPath) && config->count_by.path.empty())
    reader.Error(at, "missing_field", "`limit_by: path` needs `path`", "add it");
}

constexpr Field<RequestTerminationConfig> kTerminationFields[] = {
    {"status_code", ReadInteger<&RequestTerminationConfig::status_code, 100, 599>},
    {"message", ReadString<&RequestTerminationConfig::message>},
    {"body", ReadString<&RequestTerminationConfig::body>},
    {"content_type", ReadString<&RequestTerminationConfig::content_type, CheckHeaderValue>},
    {"trigger", ReadString<&RequestTerminationConfig::trigger, CheckHeaderName>},
    {"echo", ReadBool<&RequestTerminationConfig::echo>},
};

// Kong's rules.
void CheckTermination(Reader& reader, const Cursor& at, const RequestTerminationConfig& config) {
  bool typed = !config.content_type.empty();
  bool body = !config.body.empty();
  if (!config.message.empty() && (typed || body))
    reader.Error(at, "conflict", "`message` cannot be used with `content_type` or `body`", "keep one of the two");
  if (typed && !body) reader.Error(at, "missing_field", "`content_type` needs `body`", "add it");
  if (config.echo && (typed || body))
    reader.Error(at, "conflict", "`echo` cannot be used with `content_type` or `body`", "keep one of the two");
}

using Generator = CorrelationIdConfig::Generator;

constexpr Word<Generator> kGenerators[] = {
    {"uuid", Generator::kUuid},
    {"uuid#counter", Generator::kUuidCounter},
    {"tracker", Generator::kTracker},
};

constexpr Field<CorrelationIdConfig> kCorrelationFields[] = {
    {"header_name", ReadString<&CorrelationIdConfig::header_name, CheckHeaderName>},
    {"generator", ReadWord<&CorrelationIdConfig::generator, kGenerators>},
    {"echo_downstream", ReadBool<&CorrelationIdConfig::echo_downstream>},
};

}  // namespace

void ReadRateLimitingConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  RateLimitingConfig& config = out->emplace<RateLimitingConfig>();
  if (reader.Map(at, kRateLimitingFields, &config)) CheckRateLimiting(reader, at, &config);
}

void ReadRequestTerminationConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  RequestTerminationConfig& config = out->emplace<RequestTerminationConfig>();
  if (reader.Map(at, kTerminationFields, &config)) CheckTermination(reader, at, config);
}

void ReadCorrelationIdConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  reader.Map(at, kCorrelationFields, &out->emplace<CorrelationIdConfig>());
}

}  // namespace sluice::policy
