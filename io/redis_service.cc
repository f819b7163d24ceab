#include "io/redis_service.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

namespace sluice::io {
namespace {

std::string Text(sluice_str text) { return text.size == 0 ? std::string() : std::string(text.data, text.size); }

RedisGreeting GreetingOf(const sluice_redis_call& call) {
  RedisGreeting greeting;
  greeting.username = Text(call.username);
  greeting.password = Text(call.password);
  greeting.server_name = Text(call.server_name);
  greeting.script = Text(call.script);
  greeting.database = call.database;
  greeting.tls = (call.flags & SLUICE_REDIS_TLS) != 0;
  greeting.verify = (call.flags & SLUICE_REDIS_VERIFY) != 0;
  greeting.only_master = (call.flags & SLUICE_REDIS_SENTINEL) != 0;
  return greeting;
}

RedisGreeting SentinelGreetingOf(const sluice_redis_call& call) {
  RedisGreeting greeting;
  greeting.username = Text(call.sentinel_username);
  greeting.password = Text(call.sentinel_password);
  greeting.server_name = Text(call.server_name);
  greeting.tls = (call.flags & SLUICE_REDIS_TLS) != 0;
  greeting.verify = (call.flags & SLUICE_REDIS_VERIFY) != 0;
  return greeting;
}

std::optional<RedisNode> ParseMaster(const RedisReply& reply) {
  RedisNode master;
  if (reply.items.size() != 2) return std::nullopt;
  const std::string_view port = reply.items[1];
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), master.port);
  if (error != std::errc() || end != port.data() + port.size() || master.port > 65'535) return std::nullopt;
  master.host = reply.items[0];
  return master;
}

}  // namespace

RedisPlace::RedisPlace(const sluice_redis_call& call)
    : greeting(GreetingOf(call)),
      server{Text(call.host), call.port, Text(call.socket)},
      sentinel((call.flags & SLUICE_REDIS_SENTINEL) != 0),
      cluster((call.flags & SLUICE_REDIS_CLUSTER) != 0),
      master(Text(call.sentinel_master)),
      sentinel_greeting(SentinelGreetingOf(call)),
      max_redirections(call.max_redirections) {
  std::transform(call.nodes, call.nodes + call.node_count, std::back_inserter(nodes),
                 [](const sluice_redis_node& node) {
                   return RedisNode{Text(node.host), node.port, {}};
                 });
}

RedisService::RedisService(RedisPlace place, const TransferOptions& options, void* multi, Finish finish)
    : place_(std::move(place)), options_(options), multi_(multi), finish_(std::move(finish)), slots_(place_.nodes) {}

RedisService::~RedisService() {
  for (const auto& connection : connections_) curl_multi_remove_handle(multi_, connection->handle());
}

size_t RedisService::calls() const {
  size_t calls = waiting_.size();
  for (const auto& connection : connections_) calls += connection->calls();
  return calls;
}

int64_t RedisService::first_deadline_ms() const {
  int64_t first = std::numeric_limits<int64_t>::max();
  for (const RedisCommand& command : waiting_) first = std::min(first, command.deadline_ms);
  for (const auto& connection : connections_) first = std::min(first, connection->first_deadline_ms());
  return first;
}

void RedisService::Watch(std::vector<curl_waitfd>* watched) const {
  for (const auto& connection : connections_) {
    if (connection->socket() < 0) continue;
    const short events = connection->wants_to_send() ? CURL_WAIT_POLLIN | CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN;
    watched->push_back({connection->socket(), events, 0});
  }
}

// ---- Out ----

void RedisService::Call(const sluice_effect& effect, int64_t now_ms) {
  const sluice_redis_call& call = *effect.redis;
  now_ms_ = used_ms_ = now_ms;
  RedisCommand command;
  command.job = effect.id;
  command.redirections_left = place_.max_redirections;
  command.deadline_ms = now_ms + std::clamp<int64_t>(effect.timeout_ms, 1, options_.max_timeout_ms);
  command.most_bytes = std::min(effect.max_body_bytes, options_.max_body_bytes);
  command.words.push_back(std::to_string(call.key_count));
  std::transform(call.keys, call.keys + call.key_count, std::back_inserter(command.words), Text);
  std::transform(call.arguments, call.arguments + call.argument_count, std::back_inserter(command.words), Text);
  Route(std::move(command));
}

void RedisService::Route(RedisCommand command) {
  if (place_.cluster) {
    const RedisNode node = slots_.Find(command.words.size() > 1 ? SlotOf(command.words[1]) : 0);
    Send(node, place_.greeting, std::move(command));
  } else if (!place_.sentinel) {
    Send(place_.server, place_.greeting, std::move(command));
  } else if (master_) {
    Send(*master_, place_.greeting, std::move(command));
  } else {
    waiting_.push_back(std::move(command));
    AskSentinel();
  }
}

void RedisService::Send(const RedisNode& node, const RedisGreeting& greeting, RedisCommand command) {
  RedisConnection* connection = nullptr;
  const char* error = "request";
  try {
    connection = ConnectionTo(node, greeting);
  } catch (const std::bad_alloc&) {
    error = "memory";
  }
  if (connection != nullptr) return connection->Call(std::move(command));
  if (command.script) return finish_(command.job, Transfer::Failure(error));
  OnSentinel({});
}

// Null: the address is none.
RedisConnection* RedisService::ConnectionTo(const RedisNode& node, const RedisGreeting& greeting) {
  for (const auto& connection : connections_)
    if (!connection->failed() && connection->node() == node && connection->greeting() == greeting)
      return connection.get();
  auto connection = std::make_unique<RedisConnection>(
      node, greeting, options_,
      [this, node](RedisCommand command, const RedisReply& reply) { OnReply(node, std::move(command), reply); });
  if (connection->handle() == nullptr) return nullptr;
  connections_.push_back(std::move(connection));
  if (curl_multi_add_handle(multi_, connections_.back()->handle()) == CURLM_OK) return connections_.back().get();
  connections_.pop_back();
  throw std::bad_alloc();
}

// ---- Sentinels (redis.io, "Guidelines for Redis clients with support for Redis Sentinel") ----

void RedisService::AskSentinel() {
  if (asking_sentinel_) return;
  asking_sentinel_ = true;
  RedisCommand command;
  command.script = false;
  command.words = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", place_.master};
  // Its part of the time: one that hangs leaves some for those after it.
  const auto left = static_cast<int64_t>(place_.nodes.size() - sentinels_asked_);
  command.deadline_ms = now_ms_ + (waiting_.front().deadline_ms - now_ms_) / left;
  Send(place_.nodes[next_sentinel_ % place_.nodes.size()], place_.sentinel_greeting, std::move(command));
}

void RedisService::OnSentinel(const RedisReply& reply) {
  asking_sentinel_ = false;
  const bool answered = reply.kind != RedisReply::Kind::kNone && reply.kind != RedisReply::Kind::kError;
  about_sentinel_.Set({"sentinel ", reply.about, answered ? ": knows no master of that name" : ""});
  std::deque<RedisCommand> waiting;
  master_ = ParseMaster(reply);
  if (!master_) {
    ++next_sentinel_;  // the next one, now or at the next call
    if (++sentinels_asked_ < place_.nodes.size() && !waiting_.empty()) return AskSentinel();
  }
  sentinels_asked_ = 0;
  waiting.swap(waiting_);
  for (RedisCommand& command : waiting) {
    if (master_) {
      Route(std::move(command));
    } else {
      Failed(command, "sentinel", about_sentinel_.view());
    }
  }
}

// ---- In ----

bool RedisService::Connected(void* handle, int curl_code) {
  const auto at =
      std::find_if(connections_.begin(), connections_.end(), [=](const auto& c) { return c->handle() == handle; });
  if (at == connections_.end()) return false;
  (*at)->Connected(curl_code);
  return true;
}

void RedisService::Service(int64_t now_ms) {
  now_ms_ = now_ms;
  for (size_t i = 0; i < connections_.size(); ++i) {  // there may be more of them meanwhile
    RedisConnection& connection = *connections_[i];
    try {
      connection.Service(now_ms);
    } catch (const std::bad_alloc&) {
      connection.Fail("memory");
    }
  }
  GiveUpWaiting();
  DropFailed();
  if (calls() > 0) used_ms_ = now_ms;
}

// Not in order: policies that name the same server may grant it different times.
void RedisService::GiveUpWaiting() {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->deadline_ms > now_ms_) {
      ++at;
      continue;
    }
    const uint64_t job = at->job;
    at = waiting_.erase(at);
    finish_(job, Transfer::Failure("timeout"));
  }
}

void RedisService::Fail(const char* error) {
  while (!waiting_.empty()) {
    const uint64_t job = waiting_.front().job;
    waiting_.pop_front();
    finish_(job, Transfer::Failure(error));
  }
  for (const auto& connection : connections_) connection->Fail(error);
  DropFailed();
}

// Where one has failed there may be another server by now, or another's keys.
void RedisService::DropFailed() {
  for (const auto& connection : connections_) {
    if (!connection->failed()) continue;
    curl_multi_remove_handle(multi_, connection->handle());
    if (master_ == connection->node()) master_.reset();
    if (place_.cluster) slots_.Forget(connection->node());
  }
  connections_.erase(
      std::remove_if(connections_.begin(), connections_.end(), [](const auto& c) { return c->failed(); }),
      connections_.end());
}

void RedisService::OnReply(const RedisNode& from, RedisCommand command, const RedisReply& reply) {
  if (!command.script) return OnSentinel(reply);
  if (!place_.cluster || !Redirect(from, command, reply)) Finished(command, reply);
}

bool RedisService::Redirect(const RedisNode& from, RedisCommand& command, const RedisReply& reply) {
  if (reply.kind != RedisReply::Kind::kError || command.redirections_left == 0) return false;
  const std::optional<Redirection> to = ParseRedirection(reply.text, from);
  if (!to || (!to->ask && !slots_.Set(to->slot, to->node))) return false;
  --command.redirections_left;
  command.asking = to->ask;
  command.asked = false;
  Send(to->node, place_.greeting, std::move(command));
  return true;
}

void RedisService::Finished(const RedisCommand& command, const RedisReply& reply) {
  const auto useless = [&](std::string_view error) {
    ShortText about;
    about.Set({reply.about, ": ", error});
    Failed(command, error, about.view());
  };
  switch (reply.kind) {
    case RedisReply::Kind::kNone: return Failed(command, reply.text, reply.about);
    case RedisReply::Kind::kError: return Failed(command, reply.text.substr(0, reply.text.find(' ')), reply.about);
    case RedisReply::Kind::kTexts:
    case RedisReply::Kind::kOther: return useless("protocol");
    case RedisReply::Kind::kText: break;
  }
  if (reply.text.size() > command.most_bytes) return useless("too_large");
  sluice_http_result result{};
  result.struct_size = sizeof result;
  result.status = 200;
  result.body = {reply.text.data(), reply.text.size()};
  finish_(command.job, result);
}

void RedisService::Failed(const RedisCommand& command, std::string_view error, std::string_view about) {
  sluice_http_result result{};
  result.struct_size = sizeof result;
  result.error = {error.data(), error.size()};
  result.body = {about.data(), about.size()};
  finish_(command.job, result);
}

}  // namespace sluice::io
