#include "ratelimit/region.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "ratelimit/entry.h"
#include "ratelimit/meters.h"
#include "ratelimit/table.h"

namespace sluice::ratelimit {
namespace {

constexpr size_t kOverflowShare = 64;  // one part in so many of a kind's memory is for overflow entries
constexpr size_t kMeterShare = 32;     // one part in so many of the region is for meters
constexpr size_t kMinMeters = 16;
constexpr size_t kMinBuckets = 4;  // of a kind, overflow included
constexpr size_t kWideBytes = WideBytes(kCoarseSubWindows), kFineBytes = WideBytes(kFineSubWindows);
constexpr uint32_t kMaxPercent = 98;

bool Fail(const std::string& expected, const std::string& found, const std::string& advice, std::string* error) {
  *error = "expected " + expected + ", found `" + found + "`" + (advice.empty() ? "" : "; " + advice);
  return false;
}

std::string Hex(uint64_t value) {
  char text[19];
  std::snprintf(text, sizeof text, "0x%016" PRIx64, value);
  return text;
}

uint64_t SetOnce(std::atomic<uint64_t>* word, uint64_t value) {
  uint64_t old = 0;
  return word->compare_exchange_strong(old, value) ? value : old;
}

bool CheckOptions(const StoreOptions& options, std::string* error) {
  for (const auto& [percent, of] : {std::pair{options.sliding_percent, "sliding windows"},
                                    std::pair{options.fine_percent, "sliding windows of 60"}}) {
    if (percent >= 1 && percent <= kMaxPercent) continue;
    return Fail(std::string("a share for ") + of + " from 1 to 98 percent", std::to_string(percent), "", error);
  }
  const uint32_t both = options.sliding_percent + options.fine_percent;
  if (both <= kMaxPercent + 1) return true;
  return Fail("shares for sliding windows of at most 99 percent together", std::to_string(both), "", error);
}

bool CheckMemory(const void* region, size_t bytes, std::string* error) {
  if (region == nullptr) return Fail("a region", "null", "", error);
  if (reinterpret_cast<uintptr_t>(region) % Store::kAlignment != 0) {
    return Fail("a region aligned to 64 bytes", Hex(reinterpret_cast<uintptr_t>(region)), "", error);
  }
  if (bytes < Store::kMinBytes) {
    return Fail("a region of at least " + std::to_string(Store::kMinBytes) + " bytes", std::to_string(bytes),
                "give the store more memory", error);
  }
  return true;
}

bool Agree(std::atomic<uint64_t>* word, uint64_t value, const char* what, std::string* error) {
  uint64_t there = SetOnce(word, value);
  if (there == value) return true;
  return Fail("a region made with " + std::string(what) + " " + std::to_string(value), std::to_string(there),
              "use the same settings in every process, or a new region", error);
}

constexpr size_t Least(size_t entry_bytes) { return kMinBuckets * Table::kBucketEntries * entry_bytes; }

// Cuts `bytes` at *offset into a table of entries and a small one for overflow.
TablePlaces Cut(size_t* offset, size_t bytes, size_t entry_bytes) {
  const size_t bucket_bytes = entry_bytes * Table::kBucketEntries;
  TablePlaces places;
  places.overflow.buckets = std::max<size_t>(bytes / bucket_bytes / kOverflowShare, kMinBuckets / 2);
  places.main.buckets = bytes / bucket_bytes - places.overflow.buckets;
  places.main.offset = *offset;
  places.overflow.offset = *offset + places.main.buckets * bucket_bytes;
  *offset += bytes / Store::kAlignment * Store::kAlignment;
  return places;
}

}  // namespace

RegionLayout LayOut(size_t bytes, const StoreOptions& options) {
  RegionLayout layout;
  layout.meters = std::max(bytes / kMeterShare / Meters::kSlotBytes / 4 * 4, kMinMeters);
  const size_t tables = kHeaderBytes + layout.meters * Meters::kSlotBytes;
  const size_t room = bytes - tables;
  const size_t fine =
      std::clamp(room / 100 * options.fine_percent, Least(kFineBytes), room - Least(kWideBytes) - Least(kNarrowBytes));
  const size_t wide =
      std::clamp(room / 100 * options.sliding_percent, Least(kWideBytes), room - fine - Least(kNarrowBytes));
  size_t offset = tables;
  layout.narrow = Cut(&offset, room - fine - wide, kNarrowBytes);
  layout.wide = Cut(&offset, wide, kWideBytes);
  layout.fine = Cut(&offset, fine, kFineBytes);
  return layout;
}

bool Attach(void* region, size_t bytes, const HashKey& seed, const StoreOptions& options, std::string* error) {
  if (!CheckOptions(options, error) || !CheckMemory(region, bytes, error)) return false;
  RegionHeader* header = static_cast<RegionHeader*>(region);
  const uint64_t magic = header->magic.load();
  if (magic != 0 && magic != kRegionMagic) {
    return Fail("a region of zeros, or one that sluice has made", Hex(magic), "clear it, or give another", error);
  }
  if (!Agree(&header->version, kRegionVersion, "layout version", error) ||
      !Agree(&header->bytes, bytes, "size", error) ||
      !Agree(&header->sliding_percent, options.sliding_percent, "sliding_percent", error) ||
      !Agree(&header->fine_percent, options.fine_percent, "fine_percent", error)) {
    return false;
  }
  SetOnce(&header->seed_lo, std::max<uint64_t>(seed.lo, 1));
  SetOnce(&header->seed_hi, std::max<uint64_t>(seed.hi, 1));
  SetOnce(&header->magic, kRegionMagic);
  return true;
}

}  // namespace sluice::ratelimit
