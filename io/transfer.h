// One HTTP request on one libcurl handle, bounded in every direction. The only file that sets libcurl's options.
#ifndef SLUICE_IO_TRANSFER_H_
#define SLUICE_IO_TRANSFER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capi/sluice.h"

struct curl_slist;

namespace sluice::io {

// What holds for every transfer: sluice_io_options with its defaults filled in.
struct TransferOptions {
  bool proxy_from_environment = false;
  bool refuse_private = false;
  int64_t connect_timeout_ms = 5'000;
  int64_t max_timeout_ms = 60'000;
  size_t max_header_bytes = size_t{64} << 10;
  size_t max_body_bytes = size_t{16} << 20;
  std::string ca_file;  // empty: the system's
  std::string ca_dir;   // empty: the system's
};

// Used by one thread. The effect is read during construction only; `options` must outlive the transfer.
class Transfer {
 public:
  Transfer(const sluice_effect& effect, const TransferOptions& options);  // throws std::bad_alloc
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  uint64_t job() const { return job_; }
  // To be added to a multi handle; null: the request cannot be sent, Result says why. (libcurl's types
  // stay in the .cc files: its CURL is a void, its CURLcode an int.)
  void* handle() const { return handle_; }

  // What came of it, when curl says that it is done; once. Views live as long as the transfer.
  sluice_http_result Result(int curl_code);
  // The result of a transfer that does not get that far. `error` is a static text.
  static sluice_http_result Failure(const char* error);

 private:
  static constexpr size_t kHeaderCount = 256;

  bool Configure(const sluice_effect& effect);
  void ConfigureTls();
  bool AddHeaders(const sluice_effect& effect);
  bool OnHeaderLine(std::string_view line);
  bool OnBody(std::string_view bytes);
  const char* ErrorOf(int curl_code) const;
  bool Sent() const;

  struct Callbacks;  // what libcurl calls

  struct Span {
    size_t begin, size;
  };
  struct HeaderSpans {
    Span name, value;
  };

  const uint64_t job_;
  const TransferOptions& options_;
  const size_t max_body_bytes_;
  void* handle_ = nullptr;
  curl_slist* request_headers_ = nullptr;
  std::string head_;  // the answer's header lines; spans point into it
  std::vector<HeaderSpans> spans_;
  std::vector<sluice_pair> headers_;
  std::string body_;
  bool too_large_ = false;
  bool refused_address_ = false;
};

}  // namespace sluice::io

#endif  // SLUICE_IO_TRANSFER_H_
