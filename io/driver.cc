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
    const bool some = FinishTransfers();
    ServiceRedis();
    if (!some && !std::exchange(finished_, false)) Sleep();
  }
  CancelAll();
}

bool Driver::HasRoom() const {
  size_t calls = 0;
  for (const auto& service : redis_) calls += service->calls();
  return transfers_.size() < max_parallel_ && calls < kMaxRedisCalls;
}

void Driver::StartJobs() {
  const uint64_t kicks = LockedKicks();
  while (HasRoom()) {
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

void Driver::StartJob(const sluice_effect& effect) try {
  MarkRunning(effect.id);
  if (effect.kind == SLUICE_EFFECT_REDIS) {
    StartRedis(effect);
  } else {
    StartTransfer(effect);
  }
} catch (const std::bad_alloc&) {
  Finish(effect.id, Transfer::Failure("memory"));
}

void Driver::StartTransfer(const sluice_effect& effect) {
  auto transfer = std::make_unique<Transfer>(effect, options_);
  if (transfer->handle() == nullptr) return Finish(effect.id, transfer->Result(CURLE_OK));
  if (curl_multi_add_handle(multi_, transfer->handle()) != CURLM_OK) {
    return Finish(effect.id, Transfer::Failure("memory"));
  }
  transfers_.push_back(std::move(transfer));
}

void Driver::StartRedis(const sluice_effect& effect) {
  RedisService* const service = ServiceOf(*effect.redis);
  if (service == nullptr) return Finish(effect.id, Transfer::Failure("request"));
  service->Call(effect, ReadClock(CLOCK_MONOTONIC) / kNsPerMs);
}

// Null: the call does not say where.
RedisService* Driver::ServiceOf(const sluice_redis_call& call) {
  RedisPlace place(call);
  if (!place.valid()) return nullptr;
  for (const auto& service : redis_)
    if (service->place() == place) return service.get();
  redis_.push_back(
      std::make_unique<RedisService>(std::move(place), options_, multi_,
                                     [this](uint64_t job, const sluice_http_result& result) { Finish(job, result); }));
  return redis_.back().get();
}

bool Driver::FinishTransfers() {
  bool some = false;
  int remaining = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &remaining)) {
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    some = true;
    // A connection stays with the multi handle, which holds it.
    if (std::any_of(redis_.begin(), redis_.end(), [=](const auto& one) { return one->Connected(handle, code); }))
      continue;
    curl_multi_remove_handle(multi_, handle);  // ends `message`
    const auto at =
        std::find_if(transfers_.begin(), transfers_.end(), [=](const auto& one) { return one->handle() == handle; });
    Finish((*at)->job(), (*at)->Result(code));
    transfers_.erase(at);
  }
  return some;
}

void Driver::ServiceRedis() {
  const int64_t now_ms = ReadClock(CLOCK_MONOTONIC) / kNsPerMs;
  for (const auto& service : redis_) service->Service(now_ms);
  redis_.erase(std::remove_if(redis_.begin(), redis_.end(), [=](const auto& one) { return one->idle(now_ms); }),
               redis_.end());
}

void Driver::CancelAll() {
  for (const std::unique_ptr<Transfer>& transfer : transfers_) {
    curl_multi_remove_handle(multi_, transfer->handle());
    Finish(transfer->job(), Transfer::Failure("cancelled"));
  }
  transfers_.clear();
  for (const auto& service : redis_) service->Fail("cancelled");
  redis_.clear();
}

void Driver::Finish(uint64_t job, const sluice_http_result& result) {
  const sluice_now now = Now();
  sluice_gateway_job_done(gateway_, job, &result, &now);
  finished_ = true;
  done_.Push(job);
  std::lock_guard lock(mutex_);
  running_.erase(std::find(running_.begin(), running_.end(), job));
  changed_.notify_all();
}

// Until a socket moves, somebody kicks, a call to Redis has taken too long, or the gateway wants to be asked again; at
// capacity there is no use in asking.
int64_t Driver::MsUntilNext() const {
  const int64_t now_ns = ReadClock(CLOCK_MONOTONIC);
  int64_t ms = kMaxSleepMs;
  if (HasRoom()) ms = std::min(ms, (ask_again_mono_ns_ - now_ns) / kNsPerMs + 1);
  for (const auto& service : redis_) ms = std::min(ms, service->first_deadline_ms() - now_ns / kNsPerMs);
  return std::max<int64_t>(ms, 0);
}

void Driver::Sleep() {
  std::vector<curl_waitfd> watched;
  for (const auto& service : redis_) service->Watch(&watched);
  curl_multi_poll(multi_, watched.data(), static_cast<unsigned>(watched.size()), static_cast<int>(MsUntilNext()),
                  nullptr);
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
