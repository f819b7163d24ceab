// One connection to a Redis server, on which scripts are run one behind the other without waiting for each answer.
// libcurl connects (names, TCP, Unix sockets, TLS), hiredis speaks the protocol.
#ifndef SLUICE_IO_REDIS_CONNECTION_H_
#define SLUICE_IO_REDIS_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "capi/sluice.h"
#include "io/transfer.h"

struct curl_slist;
struct redisReader;

namespace sluice::io {

struct RedisNode {
  std::string host;
  uint32_t port = 0;
  std::string socket;  // not empty: in place of host and port
  bool operator==(const RedisNode&) const = default;
};

// What a server is told first.
struct RedisGreeting {
  std::string username, password, server_name;
  std::string script;  // "": none to load
  uint32_t database = 0;
  bool tls = false, verify = false;
  bool only_master = false;  // leave a server that is none
  bool operator==(const RedisGreeting&) const = default;
};

struct RedisCommand {
  uint64_t job = 0;
  bool script = true;              // `words` go behind EVALSHA and the script's name: number of keys, keys, arguments
  bool asking = false;             // goes behind ASKING, which a cluster asks for
  bool asked = false;              // … whose answer has come
  uint32_t redirections_left = 0;  // of a cluster
  std::vector<std::string> words;
  int64_t deadline_ms = 0;
  size_t most_bytes = 0;  // of the answer
};

// A sentence of bounded length that needs no memory of its own: it is also for when there is none left.
class ShortText {
 public:
  void Set(std::initializer_list<std::string_view> parts);  // joined, and cut off where there is no more room
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[400];
  size_t size_ = 0;
};

struct RedisReply {
  enum class Kind {
    kNone,   // `text`, which is static, says why
    kError,  // the server's
    kText,
    kTexts,  // a list of them: `items`
    kOther,
  };
  Kind kind = Kind::kNone;
  std::string_view text;
  std::vector<std::string_view> items;
  // For people. Of kNone and kError "HOST:PORT: error: what else is known", of the others who answers: "HOST:PORT".
  // Nothing that a server was told, and of what it said only the first word: it may have repeated a password.
  std::string_view about;
};

// Used by one thread. Every command is answered exactly once, by way of `finish`.
class RedisConnection {
 public:
  using Finish = std::function<void(RedisCommand command, const RedisReply& reply)>;

  // `options` must outlive it. Throws std::bad_alloc.
  RedisConnection(RedisNode node, RedisGreeting greeting, const TransferOptions& options, Finish finish);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // To be added to a multi handle; null: the address is no address.
  void* handle() const { return handle_; }
  const RedisNode& node() const { return node_; }
  const RedisGreeting& greeting() const { return greeting_; }

  void Call(RedisCommand command);

  // libcurl has connected, or failed to.
  void Connected(int curl_code);
  // Sends and reads what can be, and gives up what has taken too long.
  void Service(int64_t now_ms);
  // Answers every command with this error; the connection is of no use any more. `error` is a static text.
  void Fail(const char* error);

  bool failed() const { return state_ == State::kFailed; }
  size_t calls() const { return calls_.size(); }
  int socket() const;  // to watch for reading; -1: libcurl watches it
  bool wants_to_send() const { return !out_.empty(); }
  int64_t first_deadline_ms() const;  // INT64_MAX: none

 private:
  enum class State { kConnecting, kGreeting, kReady, kFailed };
  bool Configure();
  void FailAs(const char* error, std::string_view why);
  void Send(const std::vector<std::string_view>& words);
  void SendCommand(const RedisCommand& command, bool whole);
  void Greet();
  void Flush();
  void Read();
  void Understand();
  void OnGreeting(const RedisReply& reply);
  void OnAnswer(const RedisReply& reply);
  void Answer(const RedisReply& reply);

  const RedisNode node_;
  const std::string name_;  // for people
  const RedisGreeting greeting_;
  const TransferOptions& options_;
  const Finish finish_;
  void* handle_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  redisReader* reader_ = nullptr;
  State state_ = State::kConnecting;
  bool refused_address_ = false;
  std::string curl_error_;          // as large as libcurl wants it
  ShortText about_;                 // the last reply
  size_t greetings_ = 0;            // replies yet to come before the first command's
  std::string sha_;                 // the script's name at the server
  std::deque<RedisCommand> calls_;  // in the order of their answers
  size_t sent_ = 0;                 // of `calls_`, those that are under way
  std::string out_;
  size_t unread_ = 0;  // bytes of a reply that is not complete
};

}  // namespace sluice::io

#endif  // SLUICE_IO_REDIS_CONNECTION_H_
