// What a region looks like, and how processes agree on it.
#ifndef SLUICE_RATELIMIT_REGION_H_
#define SLUICE_RATELIMIT_REGION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ratelimit/store.h"

namespace sluice::ratelimit {

// At the start of a region. Each word is set once, from 0, by whichever process comes first; processes that start
// together write the same values, so none has to wait for another, and one that dies half way leaves nothing to repair.
struct RegionHeader {
  std::atomic<uint64_t> magic;    // set last
  std::atomic<uint64_t> version;  // of this layout; stays in second place for ever
  std::atomic<uint64_t> bytes;
  std::atomic<uint64_t> sliding_percent;
  std::atomic<uint64_t> fine_percent;
  std::atomic<uint64_t> seed_lo, seed_hi;
  uint64_t unused;
  std::atomic<uint64_t> reclaimed;
  std::atomic<uint64_t> full_refusals;
  std::atomic<uint64_t> overflowed;
  std::atomic<uint64_t> unmetered;
  uint64_t unused_counters[4];
};
inline constexpr size_t kHeaderBytes = 128;
static_assert(sizeof(RegionHeader) == kHeaderBytes);

inline constexpr uint64_t kRegionMagic = 0x33656369756c732e;  // ".sluice3" in memory
inline constexpr uint64_t kRegionVersion = 4;

// Where the tables are; meters are at the beginning, behind the header. A function of size and options alone.
struct TablePlace {
  size_t offset = 0;
  size_t buckets = 0;
};
struct TablePlaces {
  TablePlace main, overflow;
};
struct RegionLayout {
  size_t meters = 0;
  TablePlaces narrow, wide, fine;
};
RegionLayout LayOut(size_t bytes, const StoreOptions& options);

// Initialises or checks the header of a region. False, with the reason, if it cannot be used.
bool Attach(void* region, size_t bytes, const HashKey& seed, const StoreOptions& options, std::string* error);

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_REGION_H_
