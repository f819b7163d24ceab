// What stands behind the opaque handles of sluice.h.
#ifndef SLUICE_CAPI_HANDLES_H_
#define SLUICE_CAPI_HANDLES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "capi/sluice.h"
#include "capi/txn_pool.h"
#include "policy/gateway.h"
#include "policy/json/request_json.h"

struct sluice_error {
  static constexpr uint32_t kMagic = 0x65727231;
  uint32_t magic = kMagic;
  std::string text;
};

struct sluice_policy {
  static constexpr uint32_t kMagic = 0x706f6c31;
  uint32_t magic = kMagic;
  std::shared_ptr<const sluice::Snapshot> snapshot;
};

struct sluice_gateway {
  static constexpr uint32_t kMagic = 0x67617431;

  explicit sluice_gateway(const sluice::GatewayOptions& options) : gateway(options) {}

  uint32_t magic = kMagic;
  std::atomic<bool> published{false};
  sluice::Gateway gateway;
  sluice::capi::TxnPool pool{this};  // after `gateway`: its transactions go first

  // The C form of what jobs that are under way point to. Jobs are rare: a lock is fine here.
  struct JobViews {
    std::vector<sluice_pair> headers;
    std::vector<sluice_str> keys, arguments;
    std::vector<sluice_redis_node> nodes;
    sluice_redis_call redis;
  };
  std::mutex jobs_mutex;
  std::unordered_map<uint64_t, std::unique_ptr<JobViews>> job_views;
};

struct sluice_metrics {
  static constexpr uint32_t kMagic = 0x6d657431;

  explicit sluice_metrics(sluice::GatewayMetrics values);
  void AddServer(const sluice::ServerMetrics& server);

  uint32_t magic = kMagic;
  sluice::GatewayMetrics values;
  std::string prometheus;
  std::vector<sluice_limit_metrics> limits;  // of `values`, in C form
  std::vector<sluice_limit_table_metrics> tables;
  std::vector<std::vector<sluice_server_error>> errors;  // of each server
  std::vector<sluice_server_metrics> servers;
  std::vector<const sluice_server_metrics*> server_pointers;
};

struct sluice_txn {
  static constexpr uint32_t kMagic = 0x74786e31;

  sluice_txn(sluice_gateway* of, uint32_t pool_index) : gateway(of), index(pool_index), txn(of->gateway) {}

  uint32_t magic = 0;  // kMagic while a host has it
  sluice_gateway* gateway;
  const uint32_t index;           // in the pool
  std::atomic<uint32_t> next{0};  // in the pool's list of free ones
  sluice::Transaction txn;
  sluice::Now now;        // the last we were told
  sluice::Arena request;  // the request's headers in C++ form
  sluice::Arena arrays;   // the decision's and the effect's arrays in C form
  sluice_decision decision;
  bool converted = false;  // `decision` is filled
  bool traced = false;
  bool reported = false;
  sluice::Diagnosis diagnosis;  // once reported
  std::string json;
  sluice::RequestReader reader;  // for sluice_decide_json
};

namespace sluice::capi {

// A transaction from the pool, given back unless it is released to the host.
class PooledTxn {
 public:
  explicit PooledTxn(sluice_gateway* gateway);
  ~PooledTxn();
  PooledTxn(const PooledTxn&) = delete;
  PooledTxn& operator=(const PooledTxn&) = delete;

  sluice_txn* operator->() const { return txn_; }
  sluice_txn* get() const { return txn_; }
  sluice_txn* Release();
  static void GiveBack(sluice_txn* txn) noexcept;

 private:
  sluice_txn* txn_;
};

// Hands `text` to the host as an error. False: no memory for it.
bool GiveError(std::string_view text, sluice_error** error) noexcept;

// A line each.
std::string ToText(const Diagnostics& diagnostics);

// GiveError for a wrong argument; its status either way.
sluice_status BadArgument(std::string_view text, sluice_error** error) noexcept;

}  // namespace sluice::capi

#endif  // SLUICE_CAPI_HANDLES_H_
