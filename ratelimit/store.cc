#include "ratelimit/store.h"

#include <cstring>
#include <utility>

#include "ratelimit/store_impl.h"

namespace sluice::ratelimit {

StoreImpl::StoreImpl(void* region, size_t bytes, const StoreOptions& options, Memory owned)
    : owned_(std::move(owned)),
      header_(static_cast<RegionHeader*>(region)),
      hash_key_{header_->seed_lo.load(), header_->seed_hi.load()},
      on_full_(options.on_full),
      layout_(LayOut(bytes, options)),
      narrow_(At(layout_.narrow, 0)),
      wide_(At(layout_.wide, RingSlots(options.sliding_blocks))),
      narrow_overflow_(At(layout_.narrow_overflow, 0)),
      wide_overflow_(At(layout_.wide_overflow, RingSlots(options.sliding_blocks))) {}

StoreStats StoreImpl::Stats(const Now& now) const {
  StoreStats stats;
  for (const Table* table : {&narrow_, &wide_, &narrow_overflow_, &wide_overflow_}) {
    stats.capacity += table->capacity();
    stats.live += table->CountLive(now);
  }
  stats.reclaimed = header_->reclaimed.load(std::memory_order_relaxed);
  stats.full_refusals = header_->full_refusals.load(std::memory_order_relaxed);
  stats.overflowed = header_->overflowed.load(std::memory_order_relaxed);
  return stats;
}

Store::Store(std::unique_ptr<StoreImpl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
const HashKey& Store::hash_key() const { return impl_->hash_key(); }
StoreStats Store::Stats(const Now& now) const { return impl_->Stats(now); }

std::unique_ptr<Store> Store::Create(void* region, size_t bytes, const HashKey& seed, const StoreOptions& options,
                                     std::string* error) {
  if (!Attach(region, bytes, seed, options, error)) return nullptr;
  return std::unique_ptr<Store>(new Store(std::make_unique<StoreImpl>(region, bytes, options, StoreImpl::Memory())));
}

std::unique_ptr<Store> Store::CreatePrivate(size_t bytes, const HashKey& seed, const StoreOptions& options,
                                            std::string* error) {
  const size_t rounded = bytes / kAlignment * kAlignment;
  if (rounded < kMinBytes) {
    *error = "expected at least " + std::to_string(kMinBytes) + " bytes for the limits' store, found `" +
             std::to_string(bytes) + "`; give it more memory";
    return nullptr;
  }
  StoreImpl::Memory memory(std::aligned_alloc(kAlignment, rounded));
  if (memory == nullptr) {
    *error = "expected memory for the limits' store, found less than `" + std::to_string(rounded) + "` bytes free";
    return nullptr;
  }
  void* region = std::memset(memory.get(), 0, rounded);
  if (!Attach(region, rounded, seed, options, error)) return nullptr;
  return std::unique_ptr<Store>(new Store(std::make_unique<StoreImpl>(region, rounded, options, std::move(memory))));
}

}  // namespace sluice::ratelimit
