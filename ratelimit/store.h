// Where limits remember: a table of fixed size in memory that processes may share.
//
//   void* region = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);  // before the fork
//   std::string error;
//   std::unique_ptr<Store> store = Store::Create(region, bytes, random_seed, StoreOptions(), &error);
//   if (store == nullptr) return Refuse(error);
//   … ratelimit/charge.h: ChargeAll(*store, charges, n, now, verdicts) …
//
// Threads and processes: every call may be made from any thread of any process that maps the region, at any address.
// Nothing locks. A process may be killed at any instruction: the table stays usable at once, and what the dead process
// was in the middle of is lost whole or counted whole for each limit (it may have charged the first of three limits and
// not yet the others: that over-counts one request, and never admits more than a limit allows).
//
// Memory: fixed. One part in 32 is for meters; of the rest a key takes 32 bytes for each limit, or for a sliding window
// 128 with 10 sub-windows and 528 with 60 (32 + 8 * (k + 2)). Entries of one size have a table to themselves. They are
// 8 to a bucket and a key may be in either of two buckets: of new keys 0.15 % find no room at 80 % full, 1.3 % at 90 %.
//
// What is forgotten: only an entry that says nothing any more (full bucket, empty window, nobody in flight) gives way
// to a new key. A live entry is never evicted, so a flood of new keys cannot wash out an abuser's history. When both
// buckets of a new key are full of live entries, Charge::on_full decides. An overflow entry belongs to a limit and its
// figures: limits that share counters but not figures do not share it, and one that changes begins a fresh one. Two of
// the eight places in a bucket are kept for keys that the caller vouches for (Charge::known: authenticated callers, a
// bounded number), so a flood of made-up keys cannot keep them out.
//
// Needs a processor with a 16-byte compare-and-swap: x86-64.
#ifndef SLUICE_RATELIMIT_STORE_H_
#define SLUICE_RATELIMIT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/request.h"
#include "ratelimit/limit.h"
#include "ratelimit/siphash.h"

namespace sluice::ratelimit {

class StoreImpl;

// Percent of the memory for entries of one size, 1 to 98; both together at most 99, for the rest is for the other
// kinds. Part of the region's layout.
struct StoreOptions {
  uint32_t sliding_percent = 40;  // of sliding windows with 10 sub-windows
  uint32_t fine_percent = 10;     // of those with 60. In 8 MiB the default has room for 1,500 keys; raise it for more
};

// Entries of one size.
struct TableStats {
  uint64_t capacity = 0;
  uint64_t live = 0;  // that say something
};

struct StoreStats {
  TableStats sliding;          // of sliding windows with 10 sub-windows
  TableStats fine;             // of those with 60
  TableStats other;            // of all other kinds
  uint64_t reclaimed = 0;      // entries that gave way to another key, since the region was made
  uint64_t full_refusals = 0;  // charges for which there was no room, since the region was made
  uint64_t overflowed = 0;     // charges that went to an overflow entry, since the region was made
  uint64_t unmetered = 0;      // calls of Store::Count that found no place for their meter
};

// What a limit had to say of one request.
enum class Ruling : uint8_t { kAllowed, kRefused, kShadowRefused };

// How often it said so, in all processes, since the region was made.
struct Tally {
  uint64_t allowed = 0;
  uint64_t refused = 0;
  uint64_t shadow_refused = 0;
};

class Store {
 public:
  static constexpr size_t kMinBytes = 64 << 10;
  static constexpr size_t kAlignment = 64;

  // Attaches to `region`, and initialises it if it is all zero. Processes may do so at once; the first seed wins, and
  // `seed` should be 16 random bytes. The region is borrowed and must outlive the store; it must not outlive the boot
  // (times in it are monotonic). Returns null with a sentence in `error` when the region is too small, misaligned,
  // holds something else, or was made by another version or with other options.
  static std::unique_ptr<Store> Create(void* region, size_t bytes, const HashKey& seed, const StoreOptions& options,
                                       std::string* error);

  // The same over memory of its own, freed with the store. Inherited by fork as a copy: for one process.
  static std::unique_ptr<Store> CreatePrivate(size_t bytes, const HashKey& seed, const StoreOptions& options,
                                              std::string* error);

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const HashKey& hash_key() const;  // for SubjectBuilder

  // Of this room only.
  const StoreImpl& impl() const { return *impl_; }

  // Reads the whole table: for metrics, not for requests.
  StoreStats Stats(const Now& now) const;

  // Meters: whoever charges may count here what came of it, by any name (HashLimitName). One part in 32 of the memory
  // has places for meters, 272 bytes each and 16 at least: 960 in 8 MiB. While half of them are free every meter finds
  // one; beyond that some do not. `stripe` says which of a meter's eight counters to use: the one of the processor that
  // counts, so that processors do not wait for each other's cache lines. One that is out of date does no harm.
  static uint32_t StripeOfThisProcessor();
  void Count(const LimitId& meter, Ruling ruling, uint32_t stripe, uint64_t count = 1);
  Tally Read(const LimitId& meter) const;

 private:
  explicit Store(std::unique_ptr<StoreImpl> impl);
  std::unique_ptr<StoreImpl> impl_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_STORE_H_
