#include "base/arena.h"

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(Arena, KeepsWhatItHandedOutAcrossBlocks) {
  Arena arena(16);
  std::string_view first = arena.Concat({"ab", "", "cd"});
  std::string_view large = arena.Copy(std::string(100, 'x'));
  int* numbers = arena.Array<int>(8);
  numbers[7] = 7;
  EXPECT_EQ(first, "abcd");
  EXPECT_EQ(large, std::string(100, 'x'));
  EXPECT_EQ(numbers[0], 0);
}

TEST(Arena, ReusesItsBlocksAfterReset) {
  Arena arena(64);
  const char* first = arena.Copy("one").data();
  arena.Copy(std::string(200, 'x'));
  arena.Reset();
  EXPECT_EQ(arena.Copy("two").data(), first);
}

TEST(Arena, Aligns) {
  Arena arena;
  arena.Copy("x");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.Array<double>(1)) % alignof(double), 0u);
}

}  // namespace
}  // namespace sluice
