// A Redis that a policy names: one server, the master that sentinels know, or a cluster. Knows where a script has to
// run, and keeps the connections.
#ifndef SLUICE_IO_REDIS_SERVICE_H_
#define SLUICE_IO_REDIS_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capi/sluice.h"
#include "io/redis_connection.h"
#include "io/redis_slots.h"
#include "io/transfer.h"

struct curl_waitfd;

namespace sluice::io {

// What a call says of the server; calls that agree in all of it share their connections.
struct RedisPlace {
  RedisGreeting greeting;
  RedisNode server;              // of one server
  std::vector<RedisNode> nodes;  // sentinels, or some of a cluster
  bool sentinel = false, cluster = false;
  std::string master;               // its name at the sentinels
  RedisGreeting sentinel_greeting;  // of sentinels
  uint32_t max_redirections = 0;    // of a cluster

  explicit RedisPlace(const sluice_redis_call& call);
  bool valid() const { return !(sentinel || cluster) || (sentinel != cluster && !nodes.empty()); }
  bool operator==(const RedisPlace&) const = default;
};

// Used by one thread. Every call is answered exactly once, by way of `finish`.
class RedisService {
 public:
  using Finish = std::function<void(uint64_t job, const sluice_http_result& result)>;

  // `place` must be valid; `options` must outlive it. `multi` is a CURLM.
  RedisService(RedisPlace place, const TransferOptions& options, void* multi, Finish finish);
  ~RedisService();
  RedisService(const RedisService&) = delete;
  RedisService& operator=(const RedisService&) = delete;

  const RedisPlace& place() const { return place_; }

  void Call(const sluice_effect& effect, int64_t now_ms);

  // libcurl has done with this handle. False: it is none of ours.
  bool Connected(void* handle, int curl_code);
  // Sends and reads what can be, and gives up what has taken too long.
  void Service(int64_t now_ms);
  // Answers every call with this error, and ends the connections. `error` is a static text.
  void Fail(const char* error);

  size_t calls() const;
  int64_t first_deadline_ms() const;  // INT64_MAX: none
  // Without calls for a minute: no policy may name it any more.
  bool idle(int64_t now_ms) const { return now_ms - used_ms_ > kIdleMs; }
  void Watch(std::vector<curl_waitfd>* watched) const;

 private:
  static constexpr int64_t kIdleMs = 60'000;

  void Route(RedisCommand command);
  void Send(const RedisNode& node, const RedisGreeting& greeting, RedisCommand command);
  RedisConnection* ConnectionTo(const RedisNode& node, const RedisGreeting& greeting);
  void AskSentinel();
  void GiveUpWaiting();
  void OnSentinel(const RedisReply& reply);
  void OnReply(const RedisNode& from, RedisCommand command, const RedisReply& reply);
  bool Redirect(const RedisNode& from, RedisCommand& command, const RedisReply& reply);
  void Finished(const RedisCommand& command, const RedisReply& reply);
  void Failed(const RedisCommand& command, std::string_view error, std::string_view about);
  void DropFailed();

  const RedisPlace place_;
  const TransferOptions& options_;
  void* const multi_;
  const Finish finish_;
  std::vector<std::unique_ptr<RedisConnection>> connections_;
  int64_t now_ms_ = 0;   // as the last call or service said
  int64_t used_ms_ = 0;  // when there was a call

  // Of sentinels.
  std::optional<RedisNode> master_;
  std::deque<RedisCommand> waiting_;  // for the master to be known
  bool asking_sentinel_ = false;
  size_t next_sentinel_ = 0;
  size_t sentinels_asked_ = 0;  // without an answer, since something waits
  ShortText about_sentinel_;    // what became of the last question

  RedisSlots slots_;  // of a cluster
};

}  // namespace sluice::io

#endif  // SLUICE_IO_REDIS_SERVICE_H_
