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

bool IsPlain(std::string_view text) {
  return text.find_first_of(std::string_view("\0\r\n /@?#", 8)) == std::string_view::npos;
}

std::string InUrl(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string NameOf(const RedisNode& node) {
  return node.socket.empty() ? InUrl(node.host) + ":" + std::to_string(node.port) : "unix:" + node.socket;
}

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

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }

std::string_view CodeOf(const RedisReply& reply) {
  return reply.kind == RedisReply::Kind::kError ? FirstWord(reply.text) : std::string_view();
}

RedisReply ToReply(const redisReply& in) {
  using Kind = RedisReply::Kind;
  RedisReply out;
  out.kind = Kind::kOther;
  if (in.type == REDIS_REPLY_STRING || in.type == REDIS_REPLY_STATUS) out.kind = Kind::kText;
  if (in.type == REDIS_REPLY_ERROR) out.kind = Kind::kError;
  if (out.kind != Kind::kOther) out.text = {in.str, in.len};
  if (in.type != REDIS_REPLY_ARRAY) return out;
  for (size_t i = 0; i < in.elements; ++i) {
    const redisReply& item = *in.element[i];
    if (item.type == REDIS_REPLY_STRING) out.items.emplace_back(item.str, item.len);
  }
  if (out.items.size() == in.elements) out.kind = Kind::kTexts;
  return out;
}

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

RedisConnection::RedisConnection(RedisNode node, RedisGreeting greeting, const TransferOptions& options, Finish finish)
    : node_(std::move(node)),
      name_(NameOf(node_)),
      greeting_(std::move(greeting)),
      options_(options),
      finish_(std::move(finish)),
      curl_error_(CURL_ERROR_SIZE, '\0') {
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
  if (!IsPlain(node_.host) || !IsPlain(greeting_.server_name)) return false;
  const std::string name = greeting_.server_name.empty() ? InUrl(node_.host) : greeting_.server_name;
  const std::string port = std::to_string(node_.port);
  if (!node_.socket.empty()) {
    if (node_.socket.find('\0') != std::string::npos) return false;
    curl_easy_setopt(handle_, CURLOPT_URL, "http://localhost/");
    curl_easy_setopt(handle_, CURLOPT_UNIX_SOCKET_PATH, node_.socket.c_str());
  } else {
    if (node_.host.empty()) return false;
    curl_easy_setopt(handle_, CURLOPT_URL,
                     ((greeting_.tls ? "https://" : "http://") + name + ":" + port + "/").c_str());
    connect_to_ = curl_slist_append(nullptr, ("::" + InUrl(node_.host) + ":" + port).c_str());
    if (connect_to_ == nullptr) return false;
    curl_easy_setopt(handle_, CURLOPT_CONNECT_TO, connect_to_);
  }
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, curl_error_.data());
  curl_easy_setopt(handle_, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  curl_easy_setopt(handle_, CURLOPT_SSL_ENABLE_ALPN, 0L);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, greeting_.verify ? 1L : 0L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, greeting_.verify ? 2L : 0L);
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
  for (const RedisCommand& call : calls_) first = std::min(first, call.deadline_ms);
  return first;
}

// ---- Out ----

void RedisConnection::Call(RedisCommand command) {
  calls_.push_back(std::move(command));
  Flush();
}

void RedisConnection::Connected(int curl_code) {
  if (curl_code != CURLE_OK)
    return FailAs(refused_address_ ? "refused_address" : ConnectError(curl_code), curl_error_.c_str());
  state_ = State::kGreeting;
  Greet();
}

void RedisConnection::Greet() {
  std::vector<std::vector<std::string_view>> words;
  if (!greeting_.username.empty()) {
    words.push_back({"AUTH", greeting_.username, greeting_.password});
  } else if (!greeting_.password.empty()) {
    words.push_back({"AUTH", greeting_.password});
  }
  const std::string database = std::to_string(greeting_.database);
  if (greeting_.database != 0) words.push_back({"SELECT", database});
  if (greeting_.only_master) words.push_back({"ROLE"});
  if (!greeting_.script.empty()) words.push_back({"SCRIPT", "LOAD", greeting_.script});
  for (const auto& command : words) Send(command);
  greetings_ = words.size();
  if (greetings_ == 0) state_ = State::kReady;
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

void RedisConnection::SendCommand(const RedisCommand& command, bool whole) {
  std::vector<std::string_view> words;
  if (command.script) words = {whole ? "EVAL" : "EVALSHA", whole ? greeting_.script : sha_};
  words.insert(words.end(), command.words.begin(), command.words.end());
  if (command.asking) Send({"ASKING"});
  Send(words);
}

void RedisConnection::Flush() {
  if (state_ == State::kReady)
    for (; sent_ < calls_.size(); ++sent_) SendCommand(calls_[sent_], false);
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
    RedisReply reply = ToReply(*static_cast<const redisReply*>(read));
    if (const std::string_view code = CodeOf(reply); !code.empty()) {
      about_.Set({name_, ": ", code});
      reply.about = about_.view();
    } else {
      reply.about = name_;
    }
    if (greetings_ > 0) {
      OnGreeting(reply);
    } else if (sent_ > 0) {
      OnAnswer(reply);
    } else {
      Fail("protocol");
    }
  }
}

void RedisConnection::OnGreeting(const RedisReply& reply) {
  if (reply.kind == RedisReply::Kind::kError) return FailAs("greeting", CodeOf(reply));
  const bool of_role = greeting_.only_master && greetings_ == (greeting_.script.empty() ? 1 : 2);
  if (of_role) {
    if (reply.items.empty() || reply.items.front() != "master") return Fail("role");
  } else if (reply.kind != RedisReply::Kind::kText) {
    return Fail("protocol");
  }
  if (--greetings_ > 0) return;
  if (!greeting_.script.empty()) sha_ = reply.text;
  state_ = State::kReady;
  Flush();
}

void RedisConnection::OnAnswer(const RedisReply& reply) {
  RedisCommand& first = calls_.front();
  if (first.asking && !first.asked) {
    first.asked = true;
    return;
  }
  const std::string_view code = CodeOf(reply);
  if (first.script && code == "NOSCRIPT") {  // it has not been run: once more, with all of it
    first.asked = false;
    SendCommand(first, true);
    std::rotate(calls_.begin(), calls_.begin() + 1, calls_.begin() + static_cast<std::ptrdiff_t>(sent_));
    return Flush();
  }
  Answer(reply);
  if (EndsConnection(code)) Fail("connect");
}

void RedisConnection::Answer(const RedisReply& reply) {
  RedisCommand command = std::move(calls_.front());
  calls_.pop_front();
  if (sent_ > 0) --sent_;
  finish_(std::move(command), reply);
}

void RedisConnection::Fail(const char* error) { FailAs(error, {}); }

void RedisConnection::FailAs(const char* error, std::string_view why) {
  state_ = State::kFailed;
  about_.Set({name_, ": ", error, why.empty() ? "" : ": ", why});
  while (!calls_.empty()) Answer({RedisReply::Kind::kNone, error, {}, about_.view()});
}

void ShortText::Set(std::initializer_list<std::string_view> parts) {
  size_ = 0;
  for (const std::string_view part : parts) size_ += part.copy(text_ + size_, sizeof text_ - size_);
}

}  // namespace sluice::io
