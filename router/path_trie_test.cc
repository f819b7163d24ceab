#include "router/path_trie.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::router {
namespace {

// All ranks on the way down to `path`, in ascending order, and whether they agree with BestFrom.
std::vector<uint32_t> RanksOnWay(const PathTrie& trie, uint32_t root, std::string_view path) {
  std::vector<uint32_t> ranks;
  for (uint32_t at = trie.Deepest(root, path); trie.BestFrom(at) != PathTrie::kNone; at = trie.Above(at)) {
    for (uint32_t rank : trie.Ranks(at)) ranks.push_back(rank);
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

TEST(PathTrie, FindsAllPrefixesOfAPath) {
  PathTrie trie;
  const uint32_t root = trie.AddTree({{"/a", 3}, {"/ab", 1}, {"/", 7}, {"/abc/d", 2}, {"/a", 0}, {"", 9}, {"/x", 4}});
  EXPECT_TRUE(trie.Check());
  using Ranks = std::vector<uint32_t>;
  EXPECT_EQ(RanksOnWay(trie, root, "/abc/d"), (Ranks{0, 1, 2, 3, 7, 9}));
  EXPECT_EQ(RanksOnWay(trie, root, "/abc/"), (Ranks{0, 1, 3, 7, 9}));
  EXPECT_EQ(RanksOnWay(trie, root, "/a"), (Ranks{0, 3, 7, 9}));
  EXPECT_EQ(RanksOnWay(trie, root, "/b"), (Ranks{7, 9}));
  EXPECT_EQ(RanksOnWay(trie, root, "b"), (Ranks{9}));
  EXPECT_EQ(RanksOnWay(trie, root, ""), (Ranks{9}));
  EXPECT_EQ(trie.BestFrom(trie.Deepest(root, "/abz")), 0u);
}

TEST(PathTrie, AnEmptyTreeHasNothing) {
  PathTrie trie;
  const uint32_t root = trie.AddTree({});
  EXPECT_TRUE(trie.Check());
  EXPECT_TRUE(RanksOnWay(trie, root, "/a").empty());
  EXPECT_EQ(trie.BestFrom(root), PathTrie::kNone);
}

TEST(PathTrie, DeeplyNestedKeysNeedNoStack) {
  const std::string path(20'000, '/');
  std::vector<PathTrie::Key> keys;
  for (uint32_t i = 0; i < path.size(); ++i) keys.push_back({std::string_view(path).substr(0, i), i});
  PathTrie trie;
  const uint32_t root = trie.AddTree(std::move(keys));
  EXPECT_TRUE(trie.Check());
  EXPECT_EQ(RanksOnWay(trie, root, path).size(), path.size());
}

TEST(PathTrie, AgreesWithALinearSearch) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto text = [&random](size_t most) {
    std::string made;
    // Two letters make prefixes likely; now and then a run longer than a node holds in place.
    for (size_t n = random() % most; n > 0; --n)
      made += random() % 16 == 0 ? std::string(40, 'c') : random() % 2 ? "a" : "b";
    return made;
  };
  PathTrie trie;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> prefixes(random() % 60);
    std::vector<PathTrie::Key> keys;
    for (std::string& prefix : prefixes) prefix = text(8);
    for (uint32_t i = 0; i < prefixes.size(); ++i) keys.push_back({prefixes[i], i});
    const uint32_t root = trie.AddTree(keys);
    for (int i = 0; i < 50; ++i) {
      const std::string path = text(12);
      std::vector<uint32_t> expected;
      for (uint32_t rank = 0; rank < prefixes.size(); ++rank)
        if (path.rfind(prefixes[rank], 0) == 0) expected.push_back(rank);
      ASSERT_EQ(RanksOnWay(trie, root, path), expected) << path;
    }
  }
  EXPECT_TRUE(trie.Check());
}

}  // namespace
}  // namespace sluice::router
