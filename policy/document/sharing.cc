#include "policy/document/sharing.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/limits.h"
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
template <const char* kHost>
constexpr Field<RedisNode> kNodeFields[] = {
    {kHost, ReadString<&RedisNode::host, CheckHost>},
    {"port", ReadInteger<&RedisNode::port, 1, 65535>},
};
constexpr char kHostField[] = "host", kIpField[] = "ip";

template <typename ReadNode>
void ReadNodeList(Reader& reader, const Cursor& at, std::vector<RedisNode>* out, ReadNode read) {
  reader.List(at, [&](const Cursor& item) {
    RedisNode node;
    if (read(item, &node)) out->push_back(std::move(node));
  });
  if (out->size() > limits::kRedisNodes)
    reader.Error(at, "too_large", absl::StrCat("more than ", limits::kRedisNodes, " nodes"), "a few are enough");
}

template <auto kMember, const char* kHost>
void ReadNodes(Reader& reader, const Cursor& at, Sharing* out) {
  ReadNodeList(reader, at, &(out->redis.*kMember),
               [&](const Cursor& item, RedisNode* node) { return reader.Map(item, kNodeFields<kHost>, node); });
}

// Kong's former way to write them: "host:port".
template <auto kMember>
void ReadAddresses(Reader& reader, const Cursor& at, Sharing* out) {
  ReadNodeList(reader, at, &(out->redis.*kMember), [&](const Cursor& item, RedisNode* node) {
    std::string text;
    uint16_t port = 6379;
    if (!reader.String(item, nullptr, &text)) return false;
    if (!ParseHostPort(text, &node->host, &port)) return reader.Expected(item, "host:port");
    node->port = port;
    return true;
  });
}

constexpr Word<bool> kSentinelRoles[] = {{"master", true}, {"slave", std::nullopt}, {"any", std::nullopt}};
void ReadSentinelRole(Reader& reader, const Cursor& at, Sharing*) { WordAt(reader, at, kSentinelRoles); }

constexpr Word<bool> kModes[] = {{"lease", false}, {"strict", true}};
constexpr Word<std::optional<Sharing::OnError>> kOnError[] = {
    {"local", Sharing::OnError::kLocal}, {"open", Sharing::OnError::kOpen}, {"closed", Sharing::OnError::kClosed}};
constexpr Word<Sharing::OnLoss> kOnLoss[] = {
    {"remember", Sharing::OnLoss::kRemember}, {"hold", Sharing::OnLoss::kHold}, {"reset", Sharing::OnLoss::kReset}};

// Kong's, then our own. Time-outs are read together; there is one connection, which stays while it is used.
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
    {"sentinel_master", OfServer<&Redis::sentinel_master, CheckNotEmpty>},
    {"sentinel_role", ReadSentinelRole},
    {"sentinel_nodes", ReadNodes<&Redis::sentinels, kHostField>},
    {"sentinel_addresses", ReadAddresses<&Redis::sentinels>},
    {"sentinel_username", OfServer<&Redis::sentinel_username>},
    {"sentinel_password", OfServer<&Redis::sentinel_password>, kSecret},
    {"cluster_nodes", ReadNodes<&Redis::cluster_nodes, kIpField>},
    {"cluster_addresses", ReadAddresses<&Redis::cluster_nodes>},
    {"cluster_max_redirections", NumberOfServer<&Redis::cluster_max_redirections, 1, 100>},
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

// There is one way to find the server.
void CheckWhere(Reader& reader, const Cursor& at, const Redis& redis) {
  std::string_view found;
  for (const auto& [there, field] : {std::pair{!redis.host.empty(), "host"}, std::pair{!redis.socket.empty(), "socket"},
                                     std::pair{!redis.sentinels.empty(), "sentinel_nodes"},
                                     std::pair{!redis.cluster_nodes.empty(), "cluster_nodes"}}) {
    if (!there) continue;
    if (!found.empty())
      reader.Error(at, "conflict", absl::StrCat("`", found, "` cannot be used with `", field, "`"),
                   "keep one of the two");
    found = field;
  }
  if (redis.sentinels.empty() != redis.sentinel_master.empty())
    reader.Error(at, "missing_field", "`sentinel_nodes` and `sentinel_master` need each other", "add the other");
  if (!redis.sentinel_username.empty() && redis.sentinel_password.empty())
    reader.Error(at, "missing_field", "`sentinel_username` needs `sentinel_password`", "add it");
  if (!redis.cluster_nodes.empty() && redis.database != 0)
    reader.Error(at, "conflict", "`cluster_nodes` cannot be used with `database`: a cluster has only 0", "remove it");
}

}  // namespace

void ReadSharingPolicy(Reader& reader, const Cursor& at, bool* redis) {
  if (const std::optional<bool> is_redis = WordAt(reader, at, kPolicies)) *redis = *is_redis;
}

void ReadRedis(Reader& reader, const Cursor& at, Sharing* out) {
  if (!reader.Map(at, kRedisFields, out)) return;
  ReadTimeouts(reader, at, &out->redis);
  CheckWhere(reader, at, out->redis);
  if (!out->redis.socket.empty() && out->redis.ssl)
    reader.Error(at, "conflict", "`ssl` cannot be used with `socket`", "remove it");
  if (!out->redis.username.empty() && out->redis.password.empty())
    reader.Error(at, "missing_field", "`username` needs `password`", "add it");
}

std::optional<double> ReadSyncRate(Reader& reader, const Cursor& at) {
  double seconds = 0;
  const std::string_view text = at.node->text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr double kMost = 86'400;
  if (error == std::errc() && end == text.data() + text.size() && (seconds == -1 || (seconds >= 0 && seconds <= kMost)))
    return seconds;
  reader.Expected(at, "-1, or a number of seconds from 0 to 86400");
  return std::nullopt;
}

void LeaseFor(Reader& reader, const Cursor& sync_rate, double seconds, Sharing* out) {
  out->lease_ms = static_cast<uint32_t>(std::clamp(seconds * 1'000, 10.0, 10'000.0));
  reader.Warn(reader.PlaceOf(sync_rate), "changed_meaning",
              absl::StrCat("`sync_rate` is how long quota is leased for (", out->lease_ms,
                           " ms): nothing is admitted beyond the limit between two synchronizations"),
              "write `redis: {lease_ms: ...}` in its place");
}

void RefuseShared(Reader& reader, const Place& where, std::string_view what, std::string_view policy) {
  reader.ErrorAt(where, "not_supported", absl::StrCat("`", what, "` is not supported with `", policy, ": redis`"),
                 "remove it");
}

void CheckSharing(Reader& reader, const Cursor& at, std::string_view policy, bool redis, const Sharing& sharing) {
  const Redis& server = sharing.redis;
  if (redis && server.host.empty() && server.socket.empty() && server.sentinels.empty() && server.cluster_nodes.empty())
    reader.Error(at, "missing_field",
                 absl::StrCat("`", policy, ": redis` needs `redis` with `host`, `socket`, `sentinel_nodes` or ",
                              "`cluster_nodes`"),
                 "add one");
}

}  // namespace sluice::policy
