#include "io/transfer.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>

#include "io/address.h"

namespace sluice::io {
namespace {

std::string_view View(sluice_str text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}
sluice_str Str(std::string_view text) { return {text.data(), text.size()}; }

// Neither ends a line nor a C string.
bool IsPlain(std::string_view text) {
  return text.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

struct CodeName {
  CURLcode code;
  const char* error;
};

constexpr CodeName kErrors[] = {
    {CURLE_URL_MALFORMAT, "request"},
    {CURLE_UNSUPPORTED_PROTOCOL, "request"},
    {CURLE_COULDNT_RESOLVE_HOST, "resolve"},
    {CURLE_COULDNT_RESOLVE_PROXY, "resolve"},
    {CURLE_COULDNT_CONNECT, "connect"},
    {CURLE_OPERATION_TIMEDOUT, "timeout"},
    {CURLE_SSL_CONNECT_ERROR, "tls"},
    {CURLE_PEER_FAILED_VERIFICATION, "tls"},
    {CURLE_SSL_CACERT_BADFILE, "tls"},
    {CURLE_SSL_CERTPROBLEM, "tls"},
    {CURLE_SSL_CIPHER, "tls"},
    {CURLE_SSL_ISSUER_ERROR, "tls"},
    {CURLE_OUT_OF_MEMORY, "memory"},
};

}  // namespace

// Nested, so that it may call the private members.
struct Transfer::Callbacks {
  static size_t Header(char* data, size_t size, size_t count, void* self) {
    return static_cast<Transfer*>(self)->OnHeaderLine({data, size * count}) ? size * count : 0;
  }

  static size_t Body(char* data, size_t size, size_t count, void* self) {
    return static_cast<Transfer*>(self)->OnBody({data, size * count}) ? size * count : 0;
  }

  static curl_socket_t OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
    auto* const transfer = static_cast<Transfer*>(self);
    if (transfer->options_.refuse_private && IsPrivate(address->addr)) {
      transfer->refused_address_ = true;
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
};

Transfer::Transfer(const sluice_effect& effect, const TransferOptions& options)
    : job_(effect.id), options_(options), max_body_bytes_(std::min(effect.max_body_bytes, options.max_body_bytes)) {
  handle_ = curl_easy_init();
  if (handle_ == nullptr) throw std::bad_alloc();
  if (Configure(effect) && AddHeaders(effect)) return;
  curl_easy_cleanup(handle_);
  handle_ = nullptr;
}

Transfer::~Transfer() {
  curl_easy_cleanup(handle_);
  curl_slist_free_all(request_headers_);
}

bool Transfer::Configure(const sluice_effect& effect) {
  const std::string url(View(effect.url));
  const std::string method(View(effect.method));
  if (!IsPlain(url) || !IsPlain(method)) return false;
  const bool allow_http = (effect.flags & SLUICE_EFFECT_ALLOW_HTTP) != 0;
  const int64_t timeout_ms = std::clamp<int64_t>(effect.timeout_ms, 1, options_.max_timeout_ms);

  curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, allow_http ? "https,http" : "https");
  if (!method.empty() && method != "GET") curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);  // stopping does not wait for the resolver
  curl_easy_setopt(handle_, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  if (!options_.proxy_from_environment) curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  curl_easy_setopt(handle_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &Callbacks::Header);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &Callbacks::Body);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::OpenSocket);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
  ConfigureTls();
  return true;
}

void Transfer::ConfigureTls() {
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (options_.ca_file.empty() && options_.ca_dir.empty()) return;
  // Given authorities replace the system's.
  curl_easy_setopt(handle_, CURLOPT_CAINFO, options_.ca_file.empty() ? nullptr : options_.ca_file.c_str());
  curl_easy_setopt(handle_, CURLOPT_CAPATH, options_.ca_dir.empty() ? nullptr : options_.ca_dir.c_str());
}

bool Transfer::AddHeaders(const sluice_effect& effect) {
  for (size_t i = 0; i < effect.header_count; ++i) {
    const std::string_view name = View(effect.headers[i].name);
    const std::string_view value = View(effect.headers[i].value);
    if (name.empty() || name.find(':') != std::string_view::npos || !IsPlain(name) || !IsPlain(value)) return false;
    // libcurl's way to send a header without a value is a semicolon.
    const std::string line = std::string(name).append(value.empty() ? ";" : ": ").append(value);
    curl_slist* const longer = curl_slist_append(request_headers_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    request_headers_ = longer;
  }
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, request_headers_);
  return true;
}

bool Transfer::OnHeaderLine(std::string_view line) try {
  if (line.substr(0, 5) == "HTTP/") {  // the final answer begins after any 1xx: forget theirs
    head_.clear();
    spans_.clear();
  }
  if (head_.size() + line.size() > options_.max_header_bytes || spans_.size() == kHeaderCount) {
    too_large_ = true;
    return false;
  }
  const size_t begin = head_.size();
  head_.append(line);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view name = Trim(line.substr(0, colon));
  const std::string_view value = Trim(line.substr(colon + 1));
  if (name.empty()) return true;
  const size_t value_begin = value.empty() ? 0 : static_cast<size_t>(value.data() - line.data());
  spans_.push_back(
      {{begin + static_cast<size_t>(name.data() - line.data()), name.size()}, {begin + value_begin, value.size()}});
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

bool Transfer::OnBody(std::string_view bytes) try {
  if (bytes.size() > max_body_bytes_ - body_.size()) {
    too_large_ = true;
    return false;
  }
  body_.append(bytes);
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

sluice_http_result Transfer::Result(int curl_code) {
  if (const char* error = ErrorOf(curl_code)) return Failure(error);
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300 && status < 400 && status != 304) return Failure("redirect");
  const std::string_view head = head_;
  for (const HeaderSpans& s : spans_) {
    headers_.push_back({Str(head.substr(s.name.begin, s.name.size)), Str(head.substr(s.value.begin, s.value.size))});
  }
  sluice_http_result result = Failure("");
  result.status = static_cast<uint32_t>(status);
  result.headers = headers_.data();
  result.header_count = headers_.size();
  result.body = Str(body_);
  return result;
}

sluice_http_result Transfer::Failure(const char* error) {
  sluice_http_result result{};
  result.struct_size = sizeof result;
  result.error = Str(error);
  return result;
}

bool Transfer::Sent() const {
  long bytes = 0;
  return curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0;
}

// Null: there is an answer.
const char* Transfer::ErrorOf(int code) const {
  if (handle_ == nullptr) return "request";
  if (too_large_) return "too_large";
  if (code == CURLE_OK) return nullptr;
  if (refused_address_ && code == CURLE_COULDNT_CONNECT) return "refused_address";
  if (code == CURLE_UNSUPPORTED_PROTOCOL && Sent()) return "protocol";  // what came back is not HTTP
  const auto* entry = std::find_if(std::begin(kErrors), std::end(kErrors), [=](auto& e) { return e.code == code; });
  return entry == std::end(kErrors) ? "protocol" : entry->error;
}

}  // namespace sluice::io
