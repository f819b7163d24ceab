#include "policy/document/sharing.h"

#include <charconv>
#include <string>

#include "policy/document/check.h"

namespace sluice::policy {
namespace {

std::string_view CheckSocket(std::string_view text) {
  constexpr size_t kMostBytes = 107;  // sockaddr_un
  return !text.empty() && text.front() == '/' && text.size() <= kMostBytes ? ""
                                                                           : "an absolute path of at most 107 bytes";
}

// The part of a key in braces decides on its place in a cluster, and is ours.
std::string_view CheckPrefix(std::string_view text) {
  constexpr size_t kMostBytes = 64;
  for (const char c : text)
    if (c <= ' ' || c > '~' || c == '{' || c == '}') return "printable ASCII without spaces and braces";
  return text.size() <= kMostBytes ? "" : "at most 64 bytes";
}

template <auto kMember, Check kCheck = nullptr>
void OfServer(Reader& reader, const Cursor& at, Sharing* out) {
  ReadString<kMember, kCheck>(reader, at, &out->redis);
}
template <auto kMember, int64_t kMin, int64_t kMax>
void NumberOfServer(Reader& reader, const Cursor& at, Sharing* out) {
  ReadInteger<kMember, kMin, kMax>(reader, at, &out->redis);
}
template <auto kMember>
void FlagOfServer(Reader& reader, const Cursor& at, Sharing* out) {
  ReadBool<kMember>(reader, at, &out->redis);
}

constexpr Word<bool> kPolicies[] = {{"local", false}, {"cluster", std::nullopt}, {"redis", true}};
constexpr Word<bool> kModes[] = {{"lease", false}, {"strict", true}};
constexpr Word<std::optional<Sharing::OnError>> kOnError[] = {
    {"local", Sharing::OnError::kLocal}, {"open", Sharing::OnError::kOpen}, {"closed", Sharing::OnError::kClosed}};
constexpr Word<Sharing::OnLoss> kOnLoss[] = {
    {"remember", Sharing::OnLoss::kRemember}, {"hold", Sharing::OnLoss::kHold}, {"reset", Sharing::OnLoss::kReset}};

// Kong's, then our own. Time-outs are read together; there is one connection, which stays.
constexpr Field<Sharing> kRedisFields[] = {
    {"host", OfServer<&Redis::host, CheckHost>},
    {"port", NumberOfServer<&Redis::port, 1, 65535>},
    {"username", OfServer<&Redis::username>},
    {"password", OfServer<&Redis::password>, kSecret},
    {"database", NumberOfServer<&Redis::database, 0, 65535>},
    {"timeout", Skip<Sharing>},
    {"connect_timeout", Skip<Sharing>},
    {"send_timeout", Skip<Sharing>},
    {"read_timeout", Skip<Sharing>},
    {"keepalive_pool_size", Skip<Sharing>},
    {"keepalive_backlog", Skip<Sharing>},
    {"connection_is_proxied", NotYetTrue<Sharing>},
    {"ssl", FlagOfServer<&Redis::ssl>},
    {"ssl_verify", FlagOfServer<&Redis::ssl_verify>},
    {"server_name", OfServer<&Redis::server_name, CheckHost>},
    {"socket", OfServer<&Redis::socket, CheckSocket>},
    {"prefix", OfServer<&Redis::prefix, CheckPrefix>},
    {"mode", ReadWord<&Sharing::strict, kModes>},
    {"lease_ms", ReadInteger<&Sharing::lease_ms, 10, 10'000>},
    {"on_error", ReadWord<&Sharing::on_error, kOnError>},
    {"on_loss", ReadWord<&Sharing::on_loss, kOnLoss>},
};

// Connecting, asking and being answered are one wait: the longest that is given.
void ReadTimeouts(Reader& reader, const Cursor& at, Redis* out) {
  constexpr int64_t kMost = 60'000;
  int64_t longest = 0;
  for (const std::string_view field : {"timeout", "connect_timeout", "send_timeout", "read_timeout"}) {
    Reader::WithMember(at, field, [&](const Cursor& value) {
      int64_t ms = 0;
      if (reader.Integer(value, 1, kMost, &ms)) longest = std::max(longest, ms);
    });
  }
  if (longest > 0) out->timeout_ms = static_cast<uint32_t>(longest);
}

}  // namespace

void ReadSharingPolicy(Reader& reader, const Cursor& at, bool* redis) {
  if (const std::optional<bool> is_redis = WordAt(reader, at, kPolicies)) *redis = *is_redis;
}

void ReadRedis(Reader& reader, const Cursor& at, Sharing* out) {
  if (!reader.Map(at, kRedisFields, out)) return;
  ReadTimeouts(reader, at, &out->redis);
  if (!out->redis.host.empty() && !out->redis.socket.empty())
    reader.Error(at, "conflict", "`host` cannot be used with `socket`", "keep one of the two");
  if (!out->redis.socket.empty() && out->redis.ssl)
    reader.Error(at, "conflict", "`ssl` cannot be used with `socket`", "remove it");
  if (!out->redis.username.empty() && out->redis.password.empty())
    reader.Error(at, "missing_field", "`username` needs `password`", "add it");
}

void ReadSyncRateOf(Reader& reader, const Cursor& at, Sharing* out) {
  double seconds = 0;
  const std::string_view text = at.node->text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr double kMost = 86'400;
  if (error != std::errc() || end != text.data() + text.size() ||
      !(seconds == -1 || (seconds >= 0 && seconds <= kMost))) {
    reader.Expected(at, "-1, or a number of seconds from 0 to 86400");
    return;
  }
  if (seconds <= 0) return;  // Kong asks the server at every request, or at once: the default lease
  out->lease_ms = static_cast<uint32_t>(std::clamp(seconds * 1'000, 10.0, 10'000.0));
  reader.Warn(reader.PlaceOf(at), "changed_meaning",
              absl::StrCat("`sync_rate` is how long quota is leased for (", out->lease_ms,
                           " ms): nothing is admitted beyond the limit between two synchronizations"),
              "write `redis: {lease_ms: ...}` in its place");
}

void RefuseShared(Reader& reader, const Place& where, std::string_view what, std::string_view policy) {
  reader.ErrorAt(where, "not_supported", absl::StrCat("`", what, "` is not supported with `", policy, ": redis`"),
                 "remove it");
}

void CheckSharing(Reader& reader, const Cursor& at, std::string_view policy, bool redis, const Sharing& sharing) {
  if (redis && sharing.redis.host.empty() && sharing.redis.socket.empty())
    reader.Error(at, "missing_field", absl::StrCat("`", policy, ": redis` needs `redis` with `host` or `socket`"),
                 "add it");
}

}  // namespace sluice::policy
