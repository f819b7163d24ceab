#include "policy/header_changes.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

std::string Text(const HeaderChanges& changes) {
  constexpr char kOps[] = "?=+-";
  std::string text;
  for (const HeaderChange& c : changes.view())
    text += kOps[static_cast<size_t>(c.op)] + std::string(c.name) +
            (c.value.empty() ? "" : ":" + std::string(c.value)) + " ";
  return text;
}

TEST(HeaderChanges, KeepsOneKindOfChangeForEachName) {
  Arena arena;
  HeaderChanges changes(arena);
  changes.Remove("A");
  changes.Set("b", "1");
  changes.Add("B", "2");
  changes.Set("a", "3");
  EXPECT_EQ(Text(changes), "=b:1 +B:2 =a:3 ");
  changes.Remove("B");
  EXPECT_EQ(Text(changes), "=a:3 -B ");
  changes.Add("b", "4");
  EXPECT_EQ(Text(changes), "=a:3 =b:4 ");
}

TEST(HeaderChanges, TellsWhatAnUpstreamWouldGet) {
  Arena arena;
  HeaderChanges changes(arena);
  const Header original[] = {{"A", "1"}, {"B", "2"}};
  changes.Add("a", "3");
  changes.Remove("b");
  changes.Add("C", "4");
  std::string_view value;
  EXPECT_TRUE(changes.Get(original, "A", &value));
  EXPECT_EQ(value, "1");
  EXPECT_FALSE(changes.Get(original, "B", &value));
  EXPECT_TRUE(changes.Get(original, "c", &value));
  EXPECT_EQ(value, "4");
}

TEST(HeaderChanges, Grows) {
  Arena arena(64);
  HeaderChanges changes(arena);
  for (int i = 0; i < 100; ++i) changes.Set(arena.Copy("H" + std::to_string(i)), "v");
  EXPECT_EQ(changes.view().size(), 100u);
  EXPECT_EQ(changes.view()[99].name, "H99");
}

}  // namespace
}  // namespace sluice
