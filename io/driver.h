// The thread that asks a gateway for jobs, carries them out and hands the results back.
#ifndef SLUICE_IO_DRIVER_H_
#define SLUICE_IO_DRIVER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "capi/sluice.h"
#include "io/done_list.h"
#include "io/redis_service.h"
#include "io/transfer.h"

namespace sluice::io {

// Public members may be called by any number of threads, Start and destruction apart.
class Driver {
 public:
  static constexpr uint32_t kMaxParallel = 64;     // transfers
  static constexpr size_t kMaxRedisCalls = 1'024;  // under way on all connections together

  Driver(sluice_gateway* gateway, TransferOptions options, uint32_t max_parallel);
  ~Driver();  // cancels what is under way and ends the thread
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  bool ok() const { return multi_ != nullptr && done_.ok(); }
  void Start();  // throws std::system_error

  void Kick();
  // True: the job is neither under way nor still to begin. False: the time is over.
  bool Wait(uint64_t job, int64_t timeout_ms);
  DoneList& done() { return done_; }
  const DoneList& done() const { return done_; }

 private:
  using Transfers = std::vector<std::unique_ptr<Transfer>>;
  using RedisServices = std::vector<std::unique_ptr<RedisService>>;

  // On the thread.
  void Run();
  void StartJobs();
  void StartJob(const sluice_effect& effect);
  void StartTransfer(const sluice_effect& effect);
  void StartRedis(const sluice_effect& effect);
  RedisService* ServiceOf(const sluice_redis_call& call);
  bool HasRoom() const;
  bool FinishTransfers();  // true: some were done
  void ServiceRedis();
  void CancelAll();
  void Finish(uint64_t job, const sluice_http_result& result);
  void Sleep();

  int64_t MsUntilNext() const;
  uint64_t LockedKicks();
  bool Stopping();
  void MarkRunning(uint64_t job);

  sluice_gateway* const gateway_;
  const TransferOptions options_;
  const uint32_t max_parallel_;
  void* const multi_;  // a CURLM
  DoneList done_;

  // The thread's own.
  Transfers transfers_;
  RedisServices redis_;
  int64_t ask_again_mono_ns_ = 0;
  bool finished_ = false;  // since it was looked at last: the gateway may have more to do

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  uint64_t kicks_ = 0;             // so often were we told that there may be jobs
  uint64_t kicks_served_ = 0;      // every job there was at that kick has begun
  std::vector<uint64_t> running_;  // jobs given out by the gateway and not yet handed back
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace sluice::io

#endif  // SLUICE_IO_DRIVER_H_
