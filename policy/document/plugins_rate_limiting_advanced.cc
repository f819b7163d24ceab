// rate-limiting-advanced, of Kong's enterprise edition.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/count_by.h"
#include "policy/document/entities.h"
#include "policy/document/sharing.h"

namespace sluice::policy {
namespace {

using Config = RateLimitingAdvancedConfig;

constexpr size_t kMaxWindows = 10;  // each is charged on every request
constexpr int64_t kMaxLimit = 1'000'000'000;
constexpr int64_t kMaxSeconds = 366 * 86'400;

constexpr Word<bool> kWindowTypes[] = {{"sliding", true}, {"fixed", false}};

void ReadThrottlingEnabled(Reader& reader, const Cursor& at, Config*) {
  bool enabled = false;
  if (reader.Bool(at, &enabled) && enabled)
    reader.NotSupported(at, "throttling", "set `enabled` to false, or remove it");
}

void ReadThrottling(Reader& reader, const Cursor& at, Config* out) {
  constexpr Field<Config> kFields[] = {
      {"enabled", ReadThrottlingEnabled},
      {"interval", Skip<Config>},
      {"retry_times", Skip<Config>},
      {"queue_limit", Skip<Config>},
  };
  reader.Map(at, kFields, out);
}

void ReadIdentifier(Reader& reader, const Cursor& at, Config* out) { ReadCountPart(reader, at, &out->count_by); }

// Kong's default, which decK writes out, was not meant.
void WarnOfIdentifier(Reader& reader, const Cursor& at, const Config& config) {
  if (config.count_by.parts == CountBy().parts) return;
  Reader::WithMember(at, "identifier", [&reader](const Cursor& member) {
    reader.Warn(reader.PlaceOf(member), "no_effect",
                "`identifier` has no effect beside `compound_identifier`, which goes before it as in Kong",
                "remove one of the two");
  });
}

// Goes before `identifier`, wherever it stands; an empty list says nothing.
void ReadCompoundIdentifier(Reader& reader, const Cursor& at, Config* config) {
  Reader::WithMember(at, "compound_identifier", [&](const Cursor& list) {
    if (list.node->kind != NodeKind::kList) {
      reader.Expected(list, "a list");
    } else if (list.node->size() > 0) {
      WarnOfIdentifier(reader, at, *config);
      ReadCountParts(reader, list, &config->count_by);
    }
  });
}

// The two lists are read together, by ReadWindows; compound_identifier and sync_rate after them all.
constexpr Field<Config> kFields[] = {
    {"limit", Skip<Config>, kRequired},
    {"window_size", Skip<Config>, kRequired},
    {"window_type", ReadWord<&Config::sliding, kWindowTypes>},
    {"identifier", ReadIdentifier},
    {"header_name", ReadCountHeader<Config>},
    {"path", ReadCountPath<Config>},
    {"ipv6_prefix", ReadCountIpv6Prefix<Config>},
    {"shadow", ReadBool<&Config::shadow>},
    {"ietf_headers", ReadBool<&Config::ietf_headers>},
    {"on_full", ReadWord<&Config::on_full, kOnFullWords>},
    {"namespace", ReadString<&Config::counters, CheckNotEmpty>},
    {"strategy", ReadPolicyOf<Config>},
    {"sync_rate", Skip<Config>},
    {"disable_penalty", ReadBool<&Config::disable_penalty>},
    {"retry_after_jitter_max", ReadInteger<&Config::retry_after_jitter_max, 0, 86'400>},
    {"hide_client_headers", ReadBool<&Config::hide_client_headers>},
    {"error_code", ReadInteger<&Config::error_code, 100, 599>},
    {"error_message", ReadString<&Config::error_message>},
    {"enforce_consumer_groups", NotYetTrue<Config>},
    {"consumer_groups", Skip<Config>},
    {"dictionary_name", Skip<Config>},
    {"lock_dictionary_name", Skip<Config>},
    {"throttling", ReadThrottling},
    {"compound_identifier", Skip<Config>},
    {"counter_key", NotYet<Config>},
    {"custom_key", NotYet<Config>},
    {"redis", ReadRedisOf<Config>},
};

std::vector<int64_t> Integers(Reader& reader, const Cursor& at, std::string_view field, int64_t max) {
  std::vector<int64_t> all;
  Reader::WithMember(at, field, [&](const Cursor& list) {
    reader.List(list, [&](const Cursor& item) {
      int64_t value = 1;
      reader.Integer(item, 1, max, &value);
      all.push_back(value);
    });
  });
  return all;
}

void ReadWindows(Reader& reader, const Cursor& at, Config* config) {
  const std::vector<int64_t> limits = Integers(reader, at, "limit", kMaxLimit);
  const std::vector<int64_t> sizes = Integers(reader, at, "window_size", kMaxSeconds);
  if (limits.size() != sizes.size() || limits.empty()) {
    reader.Error(at, "bad_value",
                 absl::StrCat("expected as many windows as limits, at least one, found `", sizes.size(),
                              "` in `window_size` and `", limits.size(), "` in `limit`"),
                 "give each limit its window");
    return;
  }
  if (limits.size() > kMaxWindows) reader.Error(at, "too_large", absl::StrCat("more than ", kMaxWindows, " windows"));
  for (size_t i = 0; i < limits.size(); ++i) {
    const bool again = std::find(sizes.begin(), sizes.begin() + static_cast<ptrdiff_t>(i), sizes[i]) !=
                       sizes.begin() + static_cast<ptrdiff_t>(i);
    if (again)
      reader.Error(at, "duplicate_value", absl::StrCat("two limits have windows of `", sizes[i], "` seconds"),
                   "keep the lower one");
    config->windows.push_back({static_cast<uint64_t>(limits[i]), sizes[i]});
  }
  std::stable_sort(config->windows.begin(), config->windows.end(),
                   [](const auto& a, const auto& b) { return a.limit < b.limit; });
}

// Kong's rules. -1, which keeps to the node's own counts, is the default that decK writes out for `strategy: local`; 0
// asks the server at every request.
void ReadSyncRateOf(Reader& reader, const Cursor& at, Config* config) {
  Reader::WithMember(at, "sync_rate", [&](const Cursor& rate) {
    const std::optional<double> seconds = ReadSyncRate(reader, rate);
    if (!seconds) return;
    if (!config->redis) {
      if (*seconds != -1)
        reader.Error(rate, "conflict", "`sync_rate` has no meaning beside `strategy: local`", "remove it");
    } else if (*seconds == -1) {
      reader.Error(rate, "conflict", "`sync_rate: -1` contradicts `strategy: redis`",
                   "write `strategy: local`, or a number of seconds");
    } else if (*seconds == 0) {
      config->sharing.strict = true;
    } else {
      LeaseFor(reader, rate, *seconds, &config->sharing);
    }
  });
}

// What a node cannot know of what the others count.
void CheckShared(Reader& reader, const Cursor& at, const Config& config) {
  CheckSharing(reader, at, "strategy", config.redis, config.sharing);
  if (!config.redis) return;
  if (config.shadow) RefuseShared(reader, reader.PlaceOf(at), "shadow", "strategy");
  if (config.sliding && !config.disable_penalty)
    reader.Warn(reader.PlaceOf(at), "changed_meaning", "with `strategy: redis` what is refused is not counted",
                "write `disable_penalty: true`");
}

}  // namespace

void ReadRateLimitingAdvancedConfig(Reader& reader, const Cursor& at, PluginConfig* out) {
  Config& config = out->emplace<Config>();
  if (!reader.Map(at, kFields, &config)) return;
  if (Reader::IsSet(at, "limit") && Reader::IsSet(at, "window_size")) ReadWindows(reader, at, &config);
  ReadCompoundIdentifier(reader, at, &config);
  ReadSyncRateOf(reader, at, &config);
  CheckShared(reader, at, config);
  CheckCountBy(reader, at, "identifier", config.count_by);
  if (config.count_by.Has(CountBy::Part::kPath) && config.count_by.path.empty())
    reader.Error(at, "missing_field", "`identifier: path` needs `path`", "add it");
}

}  // namespace sluice::policy
