#include "ratelimit/store.h"

#include <sched.h>

#include <exception>
#include <utility>

#include "ratelimit/store_impl.h"

namespace sluice::ratelimit {
namespace {

TableStats StatsOf(const Table& main, const Table& overflow, const Now& now) {
  return {main.capacity() + overflow.capacity(), main.CountLive(now) + overflow.CountLive(now)};
}

}  // namespace

StoreImpl::StoreImpl(void* region, size_t bytes, const StoreOptions& options, Memory owned)
    : owned_(std::move(owned)),
      header_(static_cast<RegionHeader*>(region)),
      hash_key_{header_->seed_lo.load(), header_->seed_hi.load()},
      layout_(LayOut(bytes, options)),
      narrow_(At(layout_.narrow, 0)),
      wide_(At(layout_.wide, RingSlots(kCoarseSubWindows))),
      fine_(At(layout_.fine, RingSlots(kFineSubWindows))),
      meters_(static_cast<char*>(region) + kHeaderBytes, layout_.meters) {}

StoreStats StoreImpl::Stats(const Now& now) const {
  StoreStats stats;
  stats.sliding = StatsOf(wide_.main, wide_.overflow, now);
  stats.fine = StatsOf(fine_.main, fine_.overflow, now);
  stats.other = StatsOf(narrow_.main, narrow_.overflow, now);
  stats.reclaimed = header_->reclaimed.load(std::memory_order_relaxed);
  stats.full_refusals = header_->full_refusals.load(std::memory_order_relaxed);
  stats.overflowed = header_->overflowed.load(std::memory_order_relaxed);
  stats.unmetered = header_->unmetered.load(std::memory_order_relaxed);
  return stats;
}

Store::Store(std::unique_ptr<StoreImpl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
const HashKey& Store::hash_key() const { return impl_->hash_key(); }
StoreStats Store::Stats(const Now& now) const { return impl_->Stats(now); }

// Read from memory, not by a system call (rseq(2), or the vDSO).
uint32_t Store::StripeOfThisProcessor() { return static_cast<uint32_t>(sched_getcpu()) % Meters::kStripes; }

void Store::Count(const LimitId& meter, Ruling ruling, uint32_t stripe, uint64_t count) {
  if (impl_->meters().Add(meter, ruling, stripe, count)) return;
  impl_->header()->unmetered.fetch_add(1, std::memory_order_relaxed);
}

Tally Store::Read(const LimitId& meter) const { return impl_->meters().Read(meter); }

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
  StoreImpl::Memory memory;
  try {
    memory.resize(rounded);
  } catch (const std::exception&) {
    *error = "expected memory for the limits' store, found less than `" + std::to_string(rounded) + "` bytes free";
    return nullptr;
  }
  void* region = memory.data();
  if (!Attach(region, rounded, seed, options, error)) return nullptr;
  return std::unique_ptr<Store>(new Store(std::make_unique<StoreImpl>(region, rounded, options, std::move(memory))));
}

}  // namespace sluice::ratelimit
