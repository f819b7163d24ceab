// The transactions of one gateway, kept for reuse: a lock-free stack of the free ones.
//
// A stack of indices instead of pointers leaves room for a tag in the same 64-bit word, which keeps a slow pop from
// taking a head that was popped and pushed again meanwhile (Treiber 1986, with the counter of IBM's System/370
// Principles of Operation). Transactions live until the pool goes: as many as were ever in use at once.
// Threads: any number at once. Only growing locks and allocates.
#ifndef SLUICE_CAPI_TXN_POOL_H_
#define SLUICE_CAPI_TXN_POOL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "capi/sluice.h"

namespace sluice::capi {

class TxnPool {
 public:
  explicit TxnPool(sluice_gateway* gateway);
  ~TxnPool();
  TxnPool(const TxnPool&) = delete;
  TxnPool& operator=(const TxnPool&) = delete;

  sluice_txn* Acquire();  // throws std::bad_alloc, only while growing
  void Release(sluice_txn* txn) noexcept;

 private:
  using Chunk = std::unique_ptr<std::unique_ptr<sluice_txn>[]>;
  static constexpr uint32_t kFirstChunk = 64;  // chunk k holds kFirstChunk << k
  static constexpr uint32_t kChunks = 20;      // 67 million transactions at once

  std::unique_ptr<sluice_txn>& At(uint32_t index);
  sluice_txn* Grow();

  sluice_gateway* gateway_;
  std::atomic<uint64_t> head_{0};  // tag << 32 | index + 1 of the top; 0 below: none is free
  std::mutex grow_mutex_;
  uint32_t size_ = 0;      // made so far, free or not
  Chunk chunks_[kChunks];  // an entry is written once, before its index first gets into `head_`
};

}  // namespace sluice::capi

#endif  // SLUICE_CAPI_TXN_POOL_H_
