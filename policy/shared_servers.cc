#include "policy/shared_servers.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr size_t kMostAnswerBytes = 4'096;
constexpr size_t kMostErrorBytes = 400;  // of a text that explains one

ratelimit::Leases::Options OptionsWith(uint64_t seed) {
  ratelimit::Leases::Options options;
  options.seed = seed;
  return options;
}

std::string HostPort(const std::string& host, uint32_t port) {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

std::string UrlOf(const policy::Redis& redis) {
  const std::string_view scheme = redis.ssl ? "rediss" : "redis";
  if (!redis.socket.empty()) return absl::StrCat("unix:", redis.socket);
  if (!redis.sentinels.empty()) {
    const policy::RedisNode& first = redis.sentinels.front();
    return absl::StrCat(scheme, "+sentinel://", HostPort(first.host, first.port), "/", redis.sentinel_master, "/",
                        redis.database);
  }
  if (!redis.cluster_nodes.empty()) {
    const policy::RedisNode& first = redis.cluster_nodes.front();
    return absl::StrCat(scheme, "+cluster://", HostPort(first.host, first.port));
  }
  return absl::StrCat(scheme, "://", HostPort(redis.host, redis.port), "/", redis.database);
}

const std::vector<policy::RedisNode>& NodesOf(const policy::Redis& redis) {
  return redis.sentinels.empty() ? redis.cluster_nodes : redis.sentinels;
}

RedisCall::Where WhereOf(const policy::Redis& redis) {
  if (!redis.sentinels.empty()) return RedisCall::Where::kSentinel;
  return redis.cluster_nodes.empty() ? RedisCall::Where::kServer : RedisCall::Where::kCluster;
}

RedisCall CallOf(const policy::Redis& redis) {
  RedisCall call;
  call.where = WhereOf(redis);
  call.host = redis.host;
  call.socket = redis.socket;
  call.port = redis.port;
  call.database = redis.database;
  call.username = redis.username;
  call.password = redis.password;
  call.tls = redis.ssl;
  call.verify = redis.ssl_verify;
  call.server_name = redis.server_name;
  call.sentinel_master = redis.sentinel_master;
  call.sentinel_username = redis.sentinel_username;
  call.sentinel_password = redis.sentinel_password;
  call.max_redirections = redis.cluster_max_redirections;
  call.script = ratelimit::LeaseScript();
  return call;
}

// Of a text that is no answer: lease.lua begins with "E " what is wrong with a caller's key.
ServerError ErrorOf(std::string_view text) {
  if (!absl::StartsWith(text, "E ")) return ServerError::kProtocol;
  const ServerError error = ServerErrorOf(text.substr(2));
  return error == ServerError::kOther ? ServerError::kKey : error;
}

}  // namespace

SharedServer::SharedServer(const policy::Redis& redis, uint32_t number, uint64_t seed)
    : leases(OptionsWith(seed)), redis_(redis), url_(UrlOf(redis)), meters_(url_), number_(number) {}

void SharedServer::Take(uint64_t job, const HttpResult& result, Now now, ratelimit::Store& store) {
  if (result.status == 200) {
    const ratelimit::AskResult answer = leases.Answered(AskOf(job), result.body, now);
    if (answer.usable) return meters_.Count(store, answer);
    return Note(ErrorOf(result.body), "", store);
  }
  if (result.error == "TRYAGAIN") {  // while a cluster moves this key's slot
    leases.Answered(AskOf(job), "E TRYAGAIN", now);
  } else {
    leases.Failed(AskOf(job), now);
  }
  Note(ServerErrorOf(result.error), result.body, store);
}

// What carries out effects may say more, for people: words of a TLS library, or a server's.
void SharedServer::Note(ServerError error, std::string_view text, ratelimit::Store& store) {
  meters_.Count(store, error);
  std::string words = absl::StrCat(NameOf(error), text.empty() ? "" : ": ", text.substr(0, kMostErrorBytes));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  absl::MutexLock lock(&mutex_);
  last_error_ = std::move(words);
}

std::string SharedServer::LastError() const {
  absl::MutexLock lock(&mutex_);
  return last_error_;
}

std::vector<std::shared_ptr<SharedServer>> SharedServers::Adopt(const std::vector<policy::Redis>& servers) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<SharedServer>> adopted;
  for (const policy::Redis& redis : servers) {
    auto known = std::find_if(servers_.begin(), servers_.end(), [&](const auto& s) { return s->redis() == redis; });
    if (known == servers_.end()) {
      servers_.push_back(std::make_shared<SharedServer>(redis, next_number_, seed_ + next_number_));
      ++next_number_;
      known = servers_.end() - 1;
    }
    adopted.push_back(*known);
  }
  return adopted;
}

// Worlds, and jobs under way, hold a reference each.
void SharedServers::DropUnread() {
  servers_.erase(std::remove_if(servers_.begin(), servers_.end(), [](const auto& s) { return s.use_count() == 1; }),
                 servers_.end());
}

Effect SharedServers::Launch(const std::shared_ptr<SharedServer>& server, const ratelimit::Ask& ask) {
  auto flight = std::make_unique<Flight>();
  flight->server = server;
  flight->text = ratelimit::ToText(ask, server->redis().prefix);
  flight->keys.assign(flight->text.keys.begin(), flight->text.keys.end());
  flight->arguments.assign(flight->text.arguments.begin(), flight->text.arguments.end());
  flight->call = CallOf(server->redis());
  for (const policy::RedisNode& node : NodesOf(server->redis())) flight->nodes.push_back({node.host, node.port});
  flight->call.nodes = flight->nodes;
  flight->call.keys = flight->keys;
  flight->call.arguments = flight->arguments;
  Effect effect;
  effect.kind = EffectKind::kRedis;
  effect.id = server->JobOf(ask.id);
  effect.url = server->url();
  effect.timeout_ms = server->redis().timeout_ms;
  effect.max_body_bytes = kMostAnswerBytes;
  effect.redis = &flight->call;
  flights_[effect.id] = std::move(flight);
  return effect;
}

std::optional<Effect> SharedServers::NextJob(Now now, int64_t* ask_again_mono_ns) {
  absl::MutexLock lock(&mutex_);
  *ask_again_mono_ns = std::numeric_limits<int64_t>::max();
  DropUnread();
  for (const auto& server : servers_) {
    int64_t ask_again = 0;
    const std::optional<ratelimit::Ask> ask = server->leases.NextAsk(now, &ask_again);
    if (ask) return Launch(server, *ask);
    *ask_again_mono_ns = std::min(*ask_again_mono_ns, ask_again);
  }
  return std::nullopt;
}

void SharedServers::JobDone(uint64_t job, const HttpResult& result, Now now, ratelimit::Store& store) {
  std::unique_ptr<Flight> flight;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = flights_.find(job);
    if (found == flights_.end()) return;
    flight = std::move(found->second);
    flights_.erase(found);
  }
  flight->server->Take(job, result, now, store);
}

}  // namespace sluice
