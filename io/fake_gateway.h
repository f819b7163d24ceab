// A gateway for io's tests: gives out the jobs it is told to, keeps the results. Defines the two calls that io makes.
#ifndef SLUICE_IO_FAKE_GATEWAY_H_
#define SLUICE_IO_FAKE_GATEWAY_H_

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capi/sluice.h"

struct RedisJob {
  std::string host = {};
  uint32_t port = 0;
  std::string socket = {};
  std::string script = {};
  std::vector<std::string> keys = {};
  std::vector<std::string> arguments = {};
  std::string username = {};
  std::string password = {};
  uint32_t database = 0;
  uint32_t flags = 0;  // SLUICE_REDIS_*
  std::string server_name = {};
};

struct Job {
  std::string url = {};
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers = {};
  int64_t timeout_ms = 5'000;
  size_t max_body_bytes = 1'000;
  uint32_t flags = SLUICE_EFFECT_ALLOW_HTTP;
  std::optional<RedisJob> redis = {};  // in place of HTTP
};

struct JobResult {
  uint32_t status = 0;
  std::string error;
  std::string body;
  std::multimap<std::string, std::string> headers;
};

struct sluice_gateway {
 public:
  uint64_t Add(Job job);
  std::optional<JobResult> result(uint64_t id) const;  // nothing: not done
  size_t max_under_way() const;

  bool Next(sluice_effect* effect);
  void Done(uint64_t id, const sluice_http_result& result);

 private:
  const sluice_redis_call* ViewsOf(uint64_t id, const RedisJob& redis);

  mutable std::mutex mutex_;
  std::map<uint64_t, Job> jobs_;
  std::map<uint64_t, std::vector<sluice_pair>> header_views_;
  struct RedisViews {
    std::vector<sluice_str> keys, arguments;
    sluice_redis_call call = {};
  };
  std::map<uint64_t, RedisViews> redis_views_;
  std::deque<uint64_t> waiting_;
  std::map<uint64_t, JobResult> results_;
  size_t under_way_ = 0;
  size_t max_under_way_ = 0;
};

#endif  // SLUICE_IO_FAKE_GATEWAY_H_
