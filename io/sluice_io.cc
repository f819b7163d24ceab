// The C face of io/: checks what comes in, lets nothing throw.
#include "io/sluice_io.h"

#include <curl/curl.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <new>
#include <string>

#include "io/driver.h"

struct sluice_io {
  sluice_io(sluice_gateway* gateway, sluice::io::TransferOptions options, uint32_t max_parallel)
      : driver(gateway, std::move(options), max_parallel) {}
  sluice::io::Driver driver;
};

namespace {

using sluice::io::Driver;
using sluice::io::TransferOptions;

constexpr uint32_t kKnownFlags = SLUICE_IO_PROXY_FROM_ENVIRONMENT | SLUICE_IO_REFUSE_PRIVATE;
constexpr int64_t kMaxTimeoutMs = 3'600'000;

// Zero, or left out, is the default.
template <typename T>
void Take(T given, T* option) {
  if (given != 0) *option = given;
}

std::string Text(sluice_str text) { return text.size == 0 ? std::string() : std::string(text.data, text.size); }

// Null: the options are good.
const char* ReadOptions(const sluice_io_options& given, TransferOptions* options, uint32_t* max_parallel) {
  if (given.struct_size < sizeof given) return "struct_size is smaller than sluice_io_options";
  if ((given.flags & ~kKnownFlags) != 0) return "flags has an unknown bit";
  if (given.max_parallel > Driver::kMaxParallel) return "max_parallel is above 64";
  if (given.connect_timeout_ms < 0 || given.connect_timeout_ms > kMaxTimeoutMs)
    return "connect_timeout_ms is out of range";
  if (given.max_timeout_ms < 0 || given.max_timeout_ms > kMaxTimeoutMs) return "max_timeout_ms is out of range";
  options->proxy_from_environment = (given.flags & SLUICE_IO_PROXY_FROM_ENVIRONMENT) != 0;
  options->refuse_private = (given.flags & SLUICE_IO_REFUSE_PRIVATE) != 0;
  Take(given.max_parallel, max_parallel);
  Take(given.connect_timeout_ms, &options->connect_timeout_ms);
  Take(given.max_timeout_ms, &options->max_timeout_ms);
  Take(given.max_header_bytes, &options->max_header_bytes);
  Take(given.max_body_bytes, &options->max_body_bytes);
  options->ca_file = Text(given.ca_file);
  options->ca_dir = Text(given.ca_dir);
  if (!options->ca_file.empty() && access(options->ca_file.c_str(), R_OK) != 0) return "ca_file cannot be read";
  if (!options->ca_dir.empty() && access(options->ca_dir.c_str(), R_OK | X_OK) != 0) return "ca_dir cannot be read";
  return nullptr;
}

sluice_status Start(sluice_gateway* gateway, const sluice_io_options* given, sluice_io** io, const char** message) {
  TransferOptions options;
  uint32_t max_parallel = 8;
  if (given != nullptr) *message = ReadOptions(*given, &options, &max_parallel);
  if (*message != nullptr) return SLUICE_E_ARGUMENT;
  *message = "libcurl, a descriptor or a thread is not to be had";
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return SLUICE_E_MEMORY;
  auto made = std::make_unique<sluice_io>(gateway, std::move(options), max_parallel);
  if (!made->driver.ok()) return SLUICE_E_MEMORY;
  made->driver.Start();
  *io = made.release();
  *message = nullptr;
  return SLUICE_OK;
}

}  // namespace

sluice_status sluice_io_start(sluice_gateway* gateway, const sluice_io_options* options, sluice_io** io,
                              const char** message) noexcept {
  const char* ignored = nullptr;
  if (message == nullptr) message = &ignored;
  *message = nullptr;
  if (io == nullptr) return SLUICE_E_ARGUMENT;
  *io = nullptr;
  if (gateway == nullptr) return SLUICE_E_ARGUMENT;
  try {
    return Start(gateway, options, io, message);
  } catch (const std::exception&) {  // bad_alloc, or system_error from the thread
    *message = "out of memory, or of threads";
    return SLUICE_E_MEMORY;
  }
}

int sluice_io_fd(const sluice_io* io) noexcept { return io->driver.done().fd(); }

void sluice_io_kick(sluice_io* io) noexcept { io->driver.Kick(); }

size_t sluice_io_take_done(sluice_io* io, uint64_t* jobs, size_t capacity) noexcept {
  return io->driver.done().Take(jobs, capacity);
}

sluice_status sluice_io_wait(sluice_io* io, uint64_t job, int64_t timeout_ms) noexcept {
  return io->driver.Wait(job, timeout_ms) ? SLUICE_OK : SLUICE_WAIT;
}

void sluice_io_stop(sluice_io* io) noexcept { delete io; }
