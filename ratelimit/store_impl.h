// The tables behind a Store, for charge.cc.
#ifndef SLUICE_RATELIMIT_STORE_IMPL_H_
#define SLUICE_RATELIMIT_STORE_IMPL_H_

#include <vector>

#include "base/huge_pages.h"
#include "ratelimit/meters.h"
#include "ratelimit/region.h"
#include "ratelimit/store.h"
#include "ratelimit/table.h"

namespace sluice::ratelimit {

class StoreImpl {
 public:
  using Memory = std::vector<char, HugePages<char>>;

  // Over a region that Attach has accepted.
  StoreImpl(void* region, size_t bytes, const StoreOptions& options, Memory owned);

  const Table& TableOf(LimitKind kind) const { return kind == LimitKind::kSlidingWindow ? wide_ : narrow_; }
  const Table& OverflowOf(LimitKind kind) const {
    return kind == LimitKind::kSlidingWindow ? wide_overflow_ : narrow_overflow_;
  }
  const HashKey& hash_key() const { return hash_key_; }
  RegionHeader* header() const { return header_; }
  const Meters& meters() const { return meters_; }
  StoreStats Stats(const Now& now) const;

 private:
  Table At(const TablePlace& place, uint32_t ring_slots) const {
    return Table(reinterpret_cast<char*>(header_) + place.offset, place.buckets, ring_slots, &header_->reclaimed);
  }

  Memory owned_;
  RegionHeader* header_;
  HashKey hash_key_;
  RegionLayout layout_;
  Table narrow_, wide_, narrow_overflow_, wide_overflow_;
  Meters meters_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_STORE_IMPL_H_
