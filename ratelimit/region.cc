#include "ratelimit/region.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "ratelimit/entry.h"
#include "ratelimit/meters.h"
#include "ratelimit/table.h"

namespace sluice::ratelimit {
namespace {

constexpr size_t kOverflowShare = 64;  // one part in so many of a kind's memory is for overflow entries
constexpr size_t kMeterShare = 32;     // one part in so many of the region is for meters
constexpr size_t kMinMeters = 16;
constexpr size_t kMinBuckets = 4;  // of a kind, overflow included
constexpr uint32_t kMinSlidingBlocks = 6, kMaxSlidingBlocks = 62;

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
  if (options.sliding_blocks < kMinSlidingBlocks || options.sliding_blocks > kMaxSlidingBlocks ||
      options.sliding_blocks % 2 != 0) {
    return Fail("an even number of sliding blocks from 6 to 62", std::to_string(options.sliding_blocks), "", error);
  }
  if (options.sliding_percent < 1 || options.sliding_percent > 99) {
    return Fail("a share for sliding windows from 1 to 99 percent", std::to_string(options.sliding_percent), "", error);
  }
  return true;
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

// Cuts `bytes` at *offset into a table of entries and a small one for overflow.
void Cut(size_t* offset, size_t bytes, size_t entry_bytes, TablePlace* table, TablePlace* overflow) {
  const size_t buckets = bytes / (entry_bytes * Table::kBucketEntries);
  overflow->buckets = std::max<size_t>(buckets / kOverflowShare, kMinBuckets / 2);
  table->buckets = buckets - overflow->buckets;
  table->offset = *offset;
  overflow->offset = *offset + table->buckets * Table::kBucketEntries * entry_bytes;
  *offset = overflow->offset + overflow->buckets * Table::kBucketEntries * entry_bytes;
}

}  // namespace

RegionLayout LayOut(size_t bytes, const StoreOptions& options) {
  RegionLayout layout;
  layout.meters = std::max(bytes / kMeterShare / Meters::kSlotBytes / 4 * 4, kMinMeters);
  const size_t tables = kHeaderBytes + layout.meters * Meters::kSlotBytes;
  const size_t room = bytes - tables;
  const size_t wide_bytes = WideBytes(options.sliding_blocks);
  const size_t least_wide = kMinBuckets * Table::kBucketEntries * wide_bytes;
  const size_t most_wide = room - kMinBuckets * Table::kBucketEntries * kNarrowBytes;
  const size_t wide = std::clamp(room / 100 * options.sliding_percent, least_wide, most_wide);
  const size_t narrow = room - wide;
  size_t offset = tables;
  Cut(&offset, narrow, kNarrowBytes, &layout.narrow, &layout.narrow_overflow);
  offset = tables + narrow / Store::kAlignment * Store::kAlignment;
  Cut(&offset, wide, wide_bytes, &layout.wide, &layout.wide_overflow);
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
      !Agree(&header->sliding_blocks, options.sliding_blocks, "sliding_blocks", error) ||
      !Agree(&header->sliding_percent, options.sliding_percent, "sliding_percent", error)) {
    return false;
  }
  SetOnce(&header->seed_lo, std::max<uint64_t>(seed.lo, 1));
  SetOnce(&header->seed_hi, std::max<uint64_t>(seed.hi, 1));
  SetOnce(&header->magic, kRegionMagic);
  return true;
}

}  // namespace sluice::ratelimit
