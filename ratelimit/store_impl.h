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

  const Table& TableOf(const Limit& limit) const { return TablesOf(limit).main; }
  const Table& OverflowOf(const Limit& limit) const { return TablesOf(limit).overflow; }
  const HashKey& hash_key() const { return hash_key_; }
  RegionHeader* header() const { return header_; }
  const Meters& meters() const { return meters_; }
  StoreStats Stats(const Now& now) const;

 private:
  // For entries of one size.
  struct Tables {
    Table main, overflow;
  };

  Table At(const TablePlace& place, uint32_t ring_slots) const {
    return Table(reinterpret_cast<char*>(header_) + place.offset, place.buckets, ring_slots, &header_->reclaimed);
  }
  Tables At(const TablePlaces& places, uint32_t ring_slots) const {
    return {At(places.main, ring_slots), At(places.overflow, ring_slots)};
  }
  const Tables& TablesOf(const Limit& limit) const {
    if (limit.kind() != LimitKind::kSlidingWindow) return narrow_;
    return limit.spec().sub_windows == kFineSubWindows ? fine_ : wide_;
  }

  Memory owned_;
  RegionHeader* header_;
  HashKey hash_key_;
  RegionLayout layout_;
  Tables narrow_, wide_, fine_;
  Meters meters_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_STORE_IMPL_H_
