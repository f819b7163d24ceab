// The Redis servers of a gateway, in which nodes share limits: what this node has leased there, and the jobs that lease
// it.
//
// A server keeps its leases across reloads as long as a policy names it with the same options. Thread-safe; a mutex
// guards what goes out and comes in, not what requests take.
#ifndef SLUICE_POLICY_SHARED_SERVERS_H_
#define SLUICE_POLICY_SHARED_SERVERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "policy/document/document.h"
#include "policy/effect.h"
#include "policy/server_error.h"
#include "policy/server_meters.h"
#include "ratelimit/leases.h"

namespace sluice {

class SharedServer {
 public:
  SharedServer(const policy::Redis& redis, uint32_t number, uint64_t seed);

  ratelimit::Leases leases;
  const policy::Redis& redis() const { return redis_; }
  const std::string& url() const { return url_; }  // "redis://host:6379/0": no name of a user, no password
  const ServerMeters& meters() const { return meters_; }
  // For people, why it gave no answer when it last gave none: "timeout", "tls: not its certificate". Locks.
  std::string LastError() const;

  // The gateway's job that answers an ask of `leases`.
  uint64_t JobOf(uint64_t ask) const { return kMark | uint64_t{number_} << kNumberShift | ask; }

 private:
  friend class SharedServers;
  static constexpr uint64_t kMark = uint64_t{1} << 63;  // no job of a key set has it
  static constexpr int kNumberShift = 44;
  // What came of a job.
  void Take(uint64_t job, const HttpResult& result, Now now, ratelimit::Store& store);
  void Note(ServerError error, std::string_view text, ratelimit::Store& store);
  static uint64_t AskOf(uint64_t job) { return job & ((uint64_t{1} << kNumberShift) - 1); }

  const policy::Redis redis_;
  const std::string url_;
  const ServerMeters meters_;
  const uint32_t number_;
  mutable absl::Mutex mutex_;
  std::string last_error_ ABSL_GUARDED_BY(mutex_) = "none";  // printable
};

class SharedServers {
 public:
  explicit SharedServers(uint64_t seed) : seed_(seed) {}

  // The servers of a policy that comes into force. Those it does not name live on until nobody reads their policy any
  // more.
  std::vector<std::shared_ptr<SharedServer>> Adopt(const std::vector<policy::Redis>& servers);

  std::optional<Effect> NextJob(Now now, int64_t* ask_again_mono_ns);
  static bool Owns(uint64_t job) { return (job & SharedServer::kMark) != 0; }
  void JobDone(uint64_t job, const HttpResult& result, Now now, ratelimit::Store& store);

 private:
  // A job that was given out: the effect's views point into it until JobDone.
  struct Flight {
    std::shared_ptr<SharedServer> server;
    ratelimit::AskText text;
    std::vector<std::string_view> keys, arguments;
    std::vector<RedisAddress> nodes;
    RedisCall call;
  };

  void DropUnread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Effect Launch(const std::shared_ptr<SharedServer>& server, const ratelimit::Ask& ask)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t seed_;
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<SharedServer>> servers_ ABSL_GUARDED_BY(mutex_);
  uint32_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Flight>> flights_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice

#endif  // SLUICE_POLICY_SHARED_SERVERS_H_
