#include "capi/txn_pool.h"

#include <bit>
#include <new>

#include "capi/handles.h"

namespace sluice::capi {
namespace {

uint64_t NextHead(uint64_t head, uint32_t top) { return ((head >> 32) + 1) << 32 | top; }

}  // namespace

TxnPool::TxnPool(sluice_gateway* gateway) : gateway_(gateway) {}
TxnPool::~TxnPool() = default;

sluice_txn* TxnPool::Acquire() {
  uint64_t head = head_.load(std::memory_order_acquire);
  while (auto top = static_cast<uint32_t>(head)) {
    sluice_txn* txn = At(top - 1).get();
    uint64_t below = NextHead(head, txn->next.load(std::memory_order_relaxed));
    if (head_.compare_exchange_weak(head, below, std::memory_order_acquire)) return txn;
  }
  return Grow();
}

void TxnPool::Release(sluice_txn* txn) noexcept {
  uint64_t head = head_.load(std::memory_order_relaxed);
  do {
    txn->next.store(static_cast<uint32_t>(head), std::memory_order_relaxed);
  } while (!head_.compare_exchange_weak(head, NextHead(head, txn->index + 1), std::memory_order_release,
                                        std::memory_order_relaxed));
}

std::unique_ptr<sluice_txn>& TxnPool::At(uint32_t index) {
  uint32_t chunk = static_cast<uint32_t>(std::bit_width(index / kFirstChunk + 1)) - 1;
  return chunks_[chunk][index - kFirstChunk * ((1u << chunk) - 1)];
}

sluice_txn* TxnPool::Grow() {
  std::lock_guard lock(grow_mutex_);
  uint32_t chunk = static_cast<uint32_t>(std::bit_width(size_ / kFirstChunk + 1)) - 1;
  if (chunk >= kChunks) throw std::bad_alloc();
  if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<std::unique_ptr<sluice_txn>[]>(size_t{kFirstChunk} << chunk);
  auto txn = std::make_unique<sluice_txn>(gateway_, size_);
  return (At(size_++) = std::move(txn)).get();
}

}  // namespace sluice::capi
