#include "router/segment_trie.h"

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::router {
namespace {

// Keys as text: `*` is a class of all segments, `#` one of digits; `…>x` goes on after a slash with x.
class Tree {
 public:
  explicit Tree(const std::vector<std::string>& texts, uint64_t seed = 0) {
    const uint16_t any = trie_.AddClass(SegmentClass::Any());
    SegmentClass digits;
    for (int c = '0'; c <= '9'; ++c) digits.bytes.set(static_cast<size_t>(c));
    const uint16_t digit_kind = trie_.AddClass(digits);
    std::vector<SegmentTrie::Key> keys;
    for (const std::string& text : texts) {
      texts_.push_back(text);
      std::string_view rest = texts_.back();
      SegmentTrie::Key key;
      if (const size_t open = rest.find('>'); open != std::string_view::npos) {
        key.ends = false;
        key.open = rest.substr(open + 1);
        rest = rest.substr(0, open);
      }
      std::vector<SegmentTrie::Segment>& segments = segments_.emplace_back();
      while (!rest.empty()) {
        const std::string_view segment = rest.substr(1, rest.find('/', 1) - 1);
        segments.push_back({segment, segment == "*" ? any : segment == "#" ? digit_kind : SegmentTrie::kLiteral});
        rest.remove_prefix(segment.size() + 1);
      }
      key.segments = segments;
      key.rank = static_cast<uint32_t>(keys.size());
      keys.push_back(key);
    }
    root_ = trie_.AddTree(std::move(keys));
    trie_.Finish(seed);
    EXPECT_TRUE(trie_.Check());
  }

  const SegmentTrie& trie() const { return trie_; }

  // All ranks that match, in the order tried.
  std::vector<uint32_t> All(std::string_view path) const {
    std::vector<uint32_t> all;
    SplitPath split;
    if (!split.Cut(path)) return all;
    trie_.Best(root_, &split, SegmentTrie::kNone, [&](uint32_t rank) {
      all.push_back(rank);
      return false;
    });
    std::sort(all.begin(), all.end());
    return all;
  }

  uint32_t Best(std::string_view path) const {
    SplitPath split;
    if (!split.Cut(path)) return SegmentTrie::kNone;
    return trie_.Best(root_, &split, SegmentTrie::kNone, [](uint32_t) { return true; });
  }

 private:
  std::deque<std::string> texts_;
  std::deque<std::vector<SegmentTrie::Segment>> segments_;
  SegmentTrie trie_;
  uint32_t root_ = 0;
};

size_t HomeOf(std::string_view text, const SegmentHash& hash, unsigned log2) {
  const std::string path = absl::StrCat("/", text);
  SplitPath split;
  EXPECT_TRUE(split.Cut(path));
  const bool is_long = text.size() > SegmentWords::kBytes;
  return hash.Home(
      0, hash.Of(is_long ? split.FoldOf(0, text, hash) : split.WordsAt(1, static_cast<uint32_t>(text.size()))),
      64 - log2);
}

using Ranks = std::vector<uint32_t>;

TEST(SegmentTrie, FindsAllKeysThatMatch) {
  const std::string long_name(300, 'n');
  const Tree tree({"/a/b", "/a/*", "/*/b", "/#/b", "/a>", "/a>b", "/a/", "/" + long_name, ">a", "/*/*/*"});
  const struct {
    std::string path;
    Ranks ranks;
  } kCases[] = {
      {"/a/b", {0, 1, 2, 4, 5, 8}},
      {"/a/bc", {1, 4, 5, 8}},
      {"/a/", {4, 6, 8}},
      {"/a", {8}},
      {"/ab/c", {8}},
      {"/7/b", {2, 3}},
      {"/7x/b", {2}},
      {"/" + long_name, {7}},
      {"/" + long_name + "n", {}},
      {"/x/y/z", {9}},
      {"/a/b/c", {4, 5, 8, 9}},
      {"/", {}},
      {"", {}},
      {"*", {}},
      {"/x//z", {}},
      {"/a/b/c/d", {4, 5, 8}},
      {"/0123456789abcdef/b", {2}},
      {"//b", {}},
  };
  for (const auto& c : kCases) EXPECT_EQ(tree.All(c.path), c.ranks) << c.path;
}

TEST(SegmentTrie, CutsPathsOfAnyLength) {
  const Tree tree({"/" + std::string(22, 'a') + "/*/" + std::string(24, 'c') + "/d"});
  std::string path = "/" + std::string(22, 'a') + "/";
  for (size_t i = 1; i < 70; ++i) {
    path += 'b';
    EXPECT_EQ(tree.Best(path + "/" + std::string(24, 'c') + "/d"), 0u) << i;
    EXPECT_EQ(tree.Best(path + "/" + std::string(23, 'c') + "/d"), SegmentTrie::kNone) << i;
  }
}

TEST(SegmentTrie, LooksNoDeeperThanItsKeys) {
  std::string deepest;
  for (size_t i = 0; i < kTrieDepth; ++i) deepest += "/*";
  const Tree tree({"/*>", "/a/b", deepest, deepest + ">"});
  std::string path = "/x";
  for (int i = 0; i < 30'000; ++i) path += "/y";
  EXPECT_EQ(tree.All(path), (Ranks{0, 3}));
  EXPECT_EQ(tree.All(path.substr(0, 2 * kTrieDepth)), (Ranks{0, 2}));
}

// Every mixture of a literal and a class in twelve places: the most ways back that so many keys can make. Each node is
// reached once, so that a path which matches none of them costs no more than the tree has nodes.
TEST(SegmentTrie, GoesBackToEachNodeOnce) {
  constexpr size_t kDepth = 12;
  std::vector<std::string> keys;
  for (size_t mixture = 0; mixture < size_t{1} << kDepth; ++mixture) {
    std::string key;
    for (size_t i = 0; i < kDepth; ++i) key += mixture >> i & 1 ? "/a" : "/*";
    keys.push_back(key + "/end");
  }
  const Tree tree(keys);
  std::string path;
  for (size_t i = 0; i < kDepth; ++i) path += "/a";
  EXPECT_EQ(tree.All(path + "/other"), Ranks{});
  EXPECT_EQ(tree.All(path + "/end").size(), keys.size());
  EXPECT_EQ(tree.Best(path + "/end"), 0u);
  EXPECT_LE(tree.trie().node_count(), 2 * keys.size() + keys.size() + 1);
}

TEST(SegmentTrie, TakesAnySeed) {
  std::vector<std::string> keys;
  for (int i = 0; i < 3'000; ++i) keys.push_back(absl::StrCat("/r", i, i % 3 == 0 ? "/*" : "/x"));
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, UINT64_MAX, uint64_t{std::random_device{}()}}) {
    SCOPED_TRACE(seed);
    const Tree tree(keys, seed);
    for (uint32_t i = 0; i < keys.size(); ++i) ASSERT_EQ(tree.Best(absl::StrCat("/r", i, "/x")), i);
    EXPECT_EQ(tree.Best("/r3000/x"), SegmentTrie::kNone);
  }
}

// Names that all begin at one slot under the key of seed 0, which an author might know: Finish takes another key, and
// no lookup is longer than the bound (Check looks each one up).
TEST(SegmentTrie, NamesChosenToCollideDoNot) {
  constexpr size_t kNames = 200;
  const unsigned log2 = static_cast<unsigned>(std::bit_width(2 * kNames + 1));
  const SegmentHash known(0);
  const size_t home = HomeOf("0", known, log2);
  std::vector<std::string> keys;
  for (uint64_t i = 0; keys.size() < kNames; ++i) {
    const std::string name = absl::StrCat(i);
    if (HomeOf(name, known, log2) == home) keys.push_back("/" + name);
  }
  const Tree tree(keys, 0);
  for (uint32_t i = 0; i < keys.size(); ++i) ASSERT_EQ(tree.Best(keys[i]), i);
  // Half a million slots would also have parted them, but that is not what parted them.
  EXPECT_LT(tree.trie().memory_bytes(), size_t{256} << 10);
}

TEST(SegmentTrie, ClassesAreSharedAndBounded) {
  SegmentTrie trie;
  SegmentClass members = SegmentClass::Any();
  const uint16_t kind = trie.AddClass(members);
  EXPECT_NE(kind, SegmentTrie::kLiteral);
  EXPECT_EQ(trie.AddClass(members), kind);
  size_t kinds = 1;
  for (members.most = 1; trie.AddClass(members) != SegmentTrie::kLiteral; ++members.most) ASSERT_LE(++kinds, 1'000u);
  EXPECT_EQ(kinds, 1'000u);
}

TEST(SegmentHash, DependsOnEveryByteAndTheLength) {
  const SegmentHash hash(std::random_device{}());
  std::vector<size_t> seen;
  const auto add = [&](const std::string& text) { seen.push_back(HomeOf(text, hash, 48)); };
  for (size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    add(text);
    for (size_t i = 0; i < size; ++i) {
      text[i] = 'x';
      add(text);
      text[i] = 'a';
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

}  // namespace
}  // namespace sluice::router
