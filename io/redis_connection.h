// One connection to a Redis server, on which scripts are run one behind the other without waiting for each answer.
// libcurl connects (names, TCP, Unix sockets, TLS), hiredis speaks the protocol.
#ifndef SLUICE_IO_REDIS_CONNECTION_H_
#define SLUICE_IO_REDIS_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "capi/sluice.h"
#include "io/transfer.h"

struct curl_slist;
struct redisReader;
struct redisReply;

namespace sluice::io {

// Where to connect and as whom; connections are shared by calls that agree in all of it.
struct RedisAddress {
  std::string host, socket, username, password, server_name, script;
  uint32_t port = 0;
  uint32_t database = 0;
  uint32_t flags = 0;  // SLUICE_REDIS_*

  explicit RedisAddress(const sluice_redis_call& call);
  bool operator==(const RedisAddress&) const = default;
};

// Used by one thread. Every call is answered exactly once, by way of `finish`.
class RedisConnection {
 public:
  using Finish = std::function<void(uint64_t job, const sluice_http_result& result)>;

  // `options` must outlive it. Throws std::bad_alloc.
  RedisConnection(RedisAddress address, const TransferOptions& options, Finish finish);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // To be added to a multi handle; null: the address is no address.
  void* handle() const { return handle_; }
  const RedisAddress& address() const { return address_; }

  void Call(const sluice_effect& effect, int64_t now_ms);

  // libcurl has connected, or failed to.
  void Connected(int curl_code);
  // Sends and reads what can be, and gives up what has taken too long.
  void Service(int64_t now_ms);
  // Answers every call with this error; the connection is of no use any more. `error` is a static text.
  void Fail(const char* error);

  bool failed() const { return state_ == State::kFailed; }
  size_t calls() const { return calls_.size(); }
  int socket() const;  // to watch for reading; -1: libcurl watches it
  bool wants_to_send() const { return !out_.empty(); }
  int64_t first_deadline_ms() const;  // INT64_MAX: none

 private:
  enum class State { kConnecting, kGreeting, kReady, kFailed };
  struct Script {
    uint64_t job;
    std::vector<std::string> words;  // number of keys, keys, arguments
    int64_t deadline_ms;
    size_t most_bytes;
  };

  bool Configure();
  void Send(const std::vector<std::string_view>& words);
  void SendScript(const Script& script, bool whole);
  void Greet();
  void Flush();
  void Read();
  void Understand();
  void OnGreeting(const redisReply& reply);
  void OnAnswer(const redisReply& reply);
  void Answer(const sluice_http_result& result);

  const RedisAddress address_;
  const TransferOptions& options_;
  const Finish finish_;
  void* handle_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  redisReader* reader_ = nullptr;
  State state_ = State::kConnecting;
  bool refused_address_ = false;
  size_t greetings_ = 0;      // replies yet to come before the first script's
  std::string sha_;           // the script's name at the server
  std::deque<Script> calls_;  // in the order of their answers
  size_t sent_ = 0;           // of `calls_`, those that are under way
  std::string out_;
  size_t unread_ = 0;  // bytes of a reply that is not complete
};

}  // namespace sluice::io

#endif  // SLUICE_IO_REDIS_CONNECTION_H_
