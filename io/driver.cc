#include "io/driver.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace sluice::io {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kMaxSleepMs = 60'000;

int64_t ReadClock(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

sluice_now Now() { return {ReadClock(CLOCK_REALTIME), ReadClock(CLOCK_MONOTONIC)}; }

// The host's signals are for the host's threads.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

Driver::Driver(sluice_gateway* gateway, TransferOptions options, uint32_t max_parallel)
    : gateway_(gateway), options_(std::move(options)), max_parallel_(max_parallel), multi_(curl_multi_init()) {
  transfers_.reserve(max_parallel);
  running_.reserve(max_parallel);
}

Driver::~Driver() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
  }
  curl_multi_cleanup(multi_);
}

void Driver::Start() {
  const BlockSignals inherited_by_the_thread;
  thread_ = std::thread(&Driver::Run, this);
}

void Driver::Kick() {
  {
    std::lock_guard lock(mutex_);
    ++kicks_;
  }
  curl_multi_wakeup(multi_);
}

bool Driver::Wait(uint64_t job, int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  const uint64_t kick = ++kicks_;
  curl_multi_wakeup(multi_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
    return kicks_served_ >= kick && std::find(running_.begin(), running_.end(), job) == running_.end();
  });
}

void Driver::Run() {
  while (!Stopping()) {
    StartJobs();
    int still_running = 0;
    curl_multi_perform(multi_, &still_running);
    if (!FinishTransfers()) Sleep();
  }
  CancelTransfers();
}

void Driver::StartJobs() {
  const uint64_t kicks = LockedKicks();
  while (transfers_.size() < max_parallel_) {
    sluice_effect effect{};
    effect.struct_size = sizeof effect;
    const sluice_now now = Now();
    const sluice_status status = sluice_gateway_next_job(gateway_, &now, &effect, &ask_again_mono_ns_);
    if (status == SLUICE_OK) {
      StartJob(effect);
      continue;
    }
    if (status != SLUICE_WAIT) ask_again_mono_ns_ = now.mono_ns + 1'000 * kNsPerMs;  // no memory: try later
    std::lock_guard lock(mutex_);
    kicks_served_ = kicks;
    changed_.notify_all();
    return;
  }
}

void Driver::StartJob(const sluice_effect& effect) {
  MarkRunning(effect.id);
  std::unique_ptr<Transfer> transfer;
  try {
    transfer = std::make_unique<Transfer>(effect, options_);
  } catch (const std::bad_alloc&) {
    return Finish(effect.id, Transfer::Failure("memory"));
  }
  if (transfer->handle() == nullptr) return Finish(effect.id, transfer->Result(CURLE_OK));
  if (curl_multi_add_handle(multi_, transfer->handle()) != CURLM_OK) {
    return Finish(effect.id, Transfer::Failure("memory"));
  }
  transfers_.push_back(std::move(transfer));
}

bool Driver::FinishTransfers() {
  bool some = false;
  int remaining = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &remaining)) {
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(multi_, handle);  // ends `message`
    const auto at = std::find_if(transfers_.begin(), transfers_.end(), [=](auto& t) { return t->handle() == handle; });
    Finish((*at)->job(), (*at)->Result(code));
    transfers_.erase(at);
    some = true;
  }
  return some;
}

void Driver::CancelTransfers() {
  for (const std::unique_ptr<Transfer>& transfer : transfers_) {
    curl_multi_remove_handle(multi_, transfer->handle());
    Finish(transfer->job(), Transfer::Failure("cancelled"));
  }
  transfers_.clear();
}

void Driver::Finish(uint64_t job, const sluice_http_result& result) {
  const sluice_now now = Now();
  sluice_gateway_job_done(gateway_, job, &result, &now);
  done_.Push(job);
  std::lock_guard lock(mutex_);
  running_.erase(std::find(running_.begin(), running_.end(), job));
  changed_.notify_all();
}

// Until a socket moves, somebody kicks, or the gateway wants to be asked again. At capacity only the first two help.
void Driver::Sleep() {
  int64_t ms = kMaxSleepMs;
  if (transfers_.size() < max_parallel_) {
    ms = std::clamp<int64_t>((ask_again_mono_ns_ - ReadClock(CLOCK_MONOTONIC)) / kNsPerMs + 1, 0, kMaxSleepMs);
  }
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(ms), nullptr);
}

uint64_t Driver::LockedKicks() {
  std::lock_guard lock(mutex_);
  return kicks_;
}

bool Driver::Stopping() {
  std::lock_guard lock(mutex_);
  return stop_;
}

void Driver::MarkRunning(uint64_t job) {
  std::lock_guard lock(mutex_);
  running_.push_back(job);
}

}  // namespace sluice::io
