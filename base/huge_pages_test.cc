#include "base/huge_pages.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace sluice {
namespace {

size_t Misplaced(const void* memory, size_t alignment) { return reinterpret_cast<uintptr_t>(memory) % alignment; }

TEST(HugePages, LargeTablesAreAlignedToThem) {
  const std::vector<char, HugePages<char>> at(kHugePageBytes), beyond(3 * kHugePageBytes + 1);
  EXPECT_EQ(Misplaced(at.data(), kHugePageBytes), 0u);
  EXPECT_EQ(Misplaced(beyond.data(), kHugePageBytes), 0u);
}

TEST(HugePages, SmallTablesAreAlignedToCacheLines) {
  const std::vector<char, HugePages<char>> below(kHugePageBytes - 1), one(1);
  EXPECT_EQ(Misplaced(below.data(), kCacheLineBytes), 0u);
  EXPECT_EQ(Misplaced(one.data(), kCacheLineBytes), 0u);
}

TEST(HugePages, VectorsGrowAndMove) {
  std::vector<uint64_t, HugePages<uint64_t>> numbers;
  for (uint64_t i = 0; i < kHugePageBytes; ++i) numbers.push_back(i);
  const std::vector<uint64_t, HugePages<uint64_t>> moved = std::move(numbers);
  for (uint64_t i = 0; i < kHugePageBytes; ++i) ASSERT_EQ(moved[i], i);
}

TEST(HugePages, TooManyIsBadAlloc) {
  HugePages<uint64_t> pages;
  EXPECT_THROW(pages.allocate(SIZE_MAX / 4), std::bad_alloc);
}

}  // namespace
}  // namespace sluice
