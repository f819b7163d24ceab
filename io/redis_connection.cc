#include "io/redis_connection.h"

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "io/address.h"

namespace sluice::io {
namespace {

constexpr size_t kMostUnreadBytes = 256 << 10;

std::string Text(sluice_str text) { return text.size == 0 ? std::string() : std::string(text.data, text.size); }

bool IsPlain(std::string_view text) {
  return text.find_first_of(std::string_view("\0\r\n /@?#", 9)) == std::string_view::npos;
}

std::string InUrl(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

curl_socket_t OpenSocket(void* refused, curlsocktype, curl_sockaddr* address) {
  if (refused != nullptr && IsPrivate(address->addr)) {
    *static_cast<bool*>(refused) = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// After these another connection may find another server: a new master, or this one when it is ready.
bool EndsConnection(std::string_view error) {
  for (const std::string_view code : {"READONLY", "LOADING", "MASTERDOWN", "NOAUTH"})
    if (error == code) return true;
  return false;
}

std::string_view FirstWord(const redisReply& reply) {
  const std::string_view text(reply.str, reply.len);
  return text.substr(0, text.find(' '));
}

bool IsText(const redisReply& reply) { return reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS; }

const char* ConnectError(int code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "resolve";
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return "tls";
    default: return "connect";
  }
}

}  // namespace

RedisAddress::RedisAddress(const sluice_redis_call& call)
    : host(Text(call.host)),
      socket(Text(call.socket)),
      username(Text(call.username)),
      password(Text(call.password)),
      server_name(Text(call.server_name)),
      script(Text(call.script)),
      port(call.port),
      database(call.database),
      flags(call.flags) {}

RedisConnection::RedisConnection(RedisAddress address, const TransferOptions& options, Finish finish)
    : address_(std::move(address)), options_(options), finish_(std::move(finish)) {
  handle_ = curl_easy_init();
  reader_ = redisReaderCreate();
  if (handle_ != nullptr && reader_ != nullptr && Configure()) return;
  const bool no_memory = handle_ == nullptr || reader_ == nullptr;
  curl_easy_cleanup(handle_);
  handle_ = nullptr;
  if (no_memory) {
    if (reader_ != nullptr) redisReaderFree(reader_);
    throw std::bad_alloc();
  }
}

RedisConnection::~RedisConnection() {
  curl_easy_cleanup(handle_);
  curl_slist_free_all(connect_to_);
  redisReaderFree(reader_);
}

bool RedisConnection::Configure() {
  const bool tls = (address_.flags & SLUICE_REDIS_TLS) != 0;
  const bool verify = (address_.flags & SLUICE_REDIS_VERIFY) != 0;
  if (!IsPlain(address_.host) || !IsPlain(address_.server_name)) return false;
  const std::string name = address_.server_name.empty() ? InUrl(address_.host) : address_.server_name;
  const std::string port = std::to_string(address_.port);
  if (!address_.socket.empty()) {
    if (address_.socket.find('\0') != std::string::npos) return false;
    curl_easy_setopt(handle_, CURLOPT_URL, "http://localhost/");
    curl_easy_setopt(handle_, CURLOPT_UNIX_SOCKET_PATH, address_.socket.c_str());
  } else {
    if (address_.host.empty()) return false;
    curl_easy_setopt(handle_, CURLOPT_URL, ((tls ? "https://" : "http://") + name + ":" + port + "/").c_str());
    connect_to_ = curl_slist_append(nullptr, ("::" + InUrl(address_.host) + ":" + port).c_str());
    if (connect_to_ == nullptr) return false;
    curl_easy_setopt(handle_, CURLOPT_CONNECT_TO, connect_to_);
  }
  curl_easy_setopt(handle_, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  curl_easy_setopt(handle_, CURLOPT_SSL_ENABLE_ALPN, 0L);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  curl_easy_setopt(handle_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, options_.refuse_private ? &refused_address_ : nullptr);
  if (options_.ca_file.empty() && options_.ca_dir.empty()) return true;
  curl_easy_setopt(handle_, CURLOPT_CAINFO, options_.ca_file.empty() ? nullptr : options_.ca_file.c_str());
  curl_easy_setopt(handle_, CURLOPT_CAPATH, options_.ca_dir.empty() ? nullptr : options_.ca_dir.c_str());
  return true;
}

int RedisConnection::socket() const {
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (state_ == State::kConnecting || state_ == State::kFailed) return -1;
  curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &fd);
  return fd;
}

int64_t RedisConnection::first_deadline_ms() const {
  int64_t first = std::numeric_limits<int64_t>::max();
  for (const Script& call : calls_) first = std::min(first, call.deadline_ms);
  return first;
}

// ---- Out ----

void RedisConnection::Call(const sluice_effect& effect, int64_t now_ms) {
  const sluice_redis_call& call = *effect.redis;
  Script script;
  script.job = effect.id;
  script.deadline_ms = now_ms + std::clamp<int64_t>(effect.timeout_ms, 1, options_.max_timeout_ms);
  script.most_bytes = std::min(effect.max_body_bytes, options_.max_body_bytes);
  script.words.push_back(std::to_string(call.key_count));
  std::transform(call.keys, call.keys + call.key_count, std::back_inserter(script.words), Text);
  std::transform(call.arguments, call.arguments + call.argument_count, std::back_inserter(script.words), Text);
  calls_.push_back(std::move(script));
  Flush();
}

void RedisConnection::Connected(int curl_code) {
  if (curl_code != CURLE_OK) return Fail(refused_address_ ? "refused_address" : ConnectError(curl_code));
  state_ = State::kGreeting;
  Greet();
}

void RedisConnection::Greet() {
  if (!address_.username.empty()) {
    Send({"AUTH", address_.username, address_.password});
  } else if (!address_.password.empty()) {
    Send({"AUTH", address_.password});
  }
  greetings_ = address_.password.empty() ? 0 : 1;
  if (address_.database != 0) {
    Send({"SELECT", std::to_string(address_.database)});
    ++greetings_;
  }
  Send({"SCRIPT", "LOAD", address_.script});
  ++greetings_;
  Flush();
}

void RedisConnection::Send(const std::vector<std::string_view>& words) {
  std::vector<const char*> data;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    data.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  const long long size = redisFormatCommandArgv(&text, static_cast<int>(words.size()), data.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  out_.append(text, static_cast<size_t>(size));
  redisFreeCommand(text);
}

void RedisConnection::SendScript(const Script& script, bool whole) {
  std::vector<std::string_view> words = {whole ? "EVAL" : "EVALSHA", whole ? address_.script : sha_};
  words.insert(words.end(), script.words.begin(), script.words.end());
  Send(words);
}

void RedisConnection::Flush() {
  if (state_ == State::kReady)
    for (; sent_ < calls_.size(); ++sent_) SendScript(calls_[sent_], false);
  if (state_ != State::kReady && state_ != State::kGreeting) return;
  while (!out_.empty()) {
    size_t sent = 0;
    const CURLcode code = curl_easy_send(handle_, out_.data(), out_.size(), &sent);
    if (code == CURLE_AGAIN) return;
    if (code != CURLE_OK) return Fail("connect");
    out_.erase(0, sent);
  }
}

// ---- In ----

void RedisConnection::Service(int64_t now_ms) {
  if (state_ == State::kGreeting || state_ == State::kReady) Read();
  if (state_ == State::kGreeting || state_ == State::kReady) Flush();
  // Answers come in order: whoever waits behind this one waits too long as well.
  if (first_deadline_ms() <= now_ms) Fail("timeout");
}

void RedisConnection::Read() {
  char bytes[16 << 10];
  while (state_ == State::kGreeting || state_ == State::kReady) {
    size_t size = 0;
    const CURLcode code = curl_easy_recv(handle_, bytes, sizeof bytes, &size);
    if (code == CURLE_AGAIN) return;
    if (code != CURLE_OK || size == 0) return Fail("connect");
    unread_ += size;
    if (redisReaderFeed(reader_, bytes, size) != REDIS_OK) return Fail("protocol");
    Understand();
  }
}

void RedisConnection::Understand() {
  while (state_ == State::kGreeting || state_ == State::kReady) {
    void* read = nullptr;
    if (redisReaderGetReply(reader_, &read) != REDIS_OK) return Fail("protocol");
    if (read == nullptr) {
      if (unread_ > kMostUnreadBytes) Fail("too_large");
      return;
    }
    const std::unique_ptr<void, FreeReply> owned(read);
    unread_ = reader_->len - reader_->pos;
    const auto& reply = *static_cast<const redisReply*>(read);
    if (greetings_ > 0) {
      OnGreeting(reply);
    } else if (sent_ > 0) {
      OnAnswer(reply);
    } else {
      Fail("protocol");
    }
  }
}

void RedisConnection::OnGreeting(const redisReply& reply) {
  if (!IsText(reply)) return Fail(reply.type == REDIS_REPLY_ERROR ? "greeting" : "protocol");
  if (--greetings_ > 0) return;
  sha_.assign(reply.str, reply.len);
  state_ = State::kReady;
  Flush();
}

void RedisConnection::OnAnswer(const redisReply& reply) {
  const std::string_view text =
      IsText(reply) || reply.type == REDIS_REPLY_ERROR ? std::string_view(reply.str, reply.len) : std::string_view();
  sluice_http_result result{};
  result.struct_size = sizeof result;
  if (reply.type == REDIS_REPLY_ERROR) {
    const std::string_view code = FirstWord(reply);
    if (code == "NOSCRIPT") {  // it has not been run: once more, with all of it
      SendScript(calls_.front(), true);
      std::rotate(calls_.begin(), calls_.begin() + 1, calls_.begin() + static_cast<std::ptrdiff_t>(sent_));
      return Flush();
    }
    result.error = {code.data(), code.size()};
    Answer(result);
    if (EndsConnection(code)) Fail("connect");
    return;
  }
  if (!IsText(reply)) {
    result.error = {"protocol", 8};
  } else if (text.size() > calls_.front().most_bytes) {
    result.error = {"too_large", 9};
  } else {
    result.status = 200;
    result.body = {text.data(), text.size()};
  }
  Answer(result);
}

void RedisConnection::Answer(const sluice_http_result& result) {
  const uint64_t job = calls_.front().job;
  calls_.pop_front();
  if (sent_ > 0) --sent_;
  finish_(job, result);
}

void RedisConnection::Fail(const char* error) {
  state_ = State::kFailed;
  while (!calls_.empty()) Answer(Transfer::Failure(error));
}

}  // namespace sluice::io
