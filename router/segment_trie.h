// Paths as sequences of segments, in a trie whose edges lie in one hash table (segment_table.h). The core of both front
// doors (Kong's routes and patterns).
//
// A tree answers: which keys match this path? A key is a sequence of segments, each a literal or a class of texts; then
// the path ends, or goes on after a slash with given bytes. Each key stands for a rank (lower is better):
//
//   SplitPath split;
//   if (split.Cut(path)) best = trie.Best(root, &split, best, [](uint32_t rank) { return Accept(rank); });
//
// Each node knows the best rank below it, so that what cannot improve on `best` is not looked at.
//
// Time: a literal child is one probe of the table, whatever the number of children. A path tries the literal child and
// the children by class of each node that it reaches, so it may reach several nodes at one depth, but each of them
// once: at most as many as the tree has nodes that match a prefix of the path.
//
// Keys end within a segment (Kong's prefixes, by bytes) in a PathTrie at the node of the segments before.
#ifndef SLUICE_ROUTER_SEGMENT_TRIE_H_
#define SLUICE_ROUTER_SEGMENT_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/base/attributes.h"
#include "base/huge_pages.h"
#include "router/path_trie.h"
#include "router/segment_class.h"
#include "router/segment_table.h"
#include "router/split_path.h"

namespace sluice::router {

class SegmentTrie {
 public:
  static constexpr uint32_t kNone = SegmentTable::kNone;

  struct Segment {
    std::string_view text;
    uint16_t kind = kLiteral;  // or what AddClass returned
  };
  static constexpr uint16_t kLiteral = 0;

  struct Key {
    std::span<const Segment> segments;  // at most kTrieDepth; the texts outlive Finish
    bool ends = true;                   // the path ends after the segments
    std::string_view open = {};         // else a slash and these bytes follow, then anything; need not outlive AddTree
    uint32_t rank = 0;
  };

  // The kind of segments of this class; kLiteral if there are too many classes, or this one is too large for RE2.
  uint16_t AddClass(SegmentClass members);
  const SegmentClass& ClassOf(uint16_t kind) const { return classes_[kind - 1u]; }

  // Adds a tree over `keys`, in any order; returns its root.
  uint32_t AddTree(std::vector<Key> keys);

  // After the last tree and before the first search.
  void Finish(uint64_t seed);

  // The least rank below `best` whose key matches and for which accept(rank), or `best`. If it is `best`, accept has
  // seen each rank below it whose key matches. Then `split` knows of the segments of each such key.
  template <typename Accept>
  ABSL_ATTRIBUTE_ALWAYS_INLINE inline uint32_t Best(uint32_t root, SplitPath* split, uint32_t best,
                                                    Accept&& accept) const;

  // Whether the arrays fit together as described; for tests.
  bool Check() const;
  size_t node_count() const { return nodes_.size(); }
  size_t memory_bytes() const;

 private:
  // How to go on from a node. Nearly all nodes have children of one kind.
  enum class Ways : uint8_t {
    kLiterals,  // children by literal, and nothing else
    kLiteralsAndOthers,
    kOthers,
    // From here on, one child by class and nothing else.
    kOneAny,    // that of all ASCII that is not empty
    kOneClass,  // another
  };

  // Half a cache line.
  struct alignas(32) Node {
    uint32_t best = kNone;  // of the node and all below it
    uint32_t ranks = 0;     // where the node's own ranks are in ranks_; of a single one, the rank itself
    uint32_t rank_count = 0;
    uint32_t tails = kNone;  // tree in tails_ of the keys that go on after a slash
    uint32_t sibling = kNone;
    uint16_t kind = kLiteral;  // of the way to the node
    bool takes_any = false;    // and that is any segment of ASCII that is not empty
    bool has_classes = false;  // children by class; the first one is the next node, others follow by `sibling`
    Ways ways = Ways::kOthers;

    bool HasLiterals() const { return ways == Ways::kLiterals || ways == Ways::kLiteralsAndOthers; }
  };
  static_assert(sizeof(Node) == 32);

  // Something else to try below a node, later.
  struct Fork {
    uint32_t child;  // by class; kNone: the tails of `node`
    uint32_t node;
    uint32_t depth;
  };

  struct Forks {
    uint32_t count = 0;
    Fork all[2 * kTrieDepth];  // at most two of one depth

    Forks() {}  // leaves the array alone
    void Add(const Fork& fork) { all[count++] = fork; }
    Fork Take() { return all[--count]; }
  };

  uint32_t AddNode(std::span<const Key> keys, size_t depth, uint16_t kind);
  std::span<const Key> TakeEnds(std::span<const Key> keys, size_t depth, uint32_t node);
  std::span<const Key> AddClassChildren(std::span<const Key> keys, size_t depth, uint32_t node);
  void AddLiteralChildren(std::span<const Key> keys, size_t depth, uint32_t node);
  Ways WaysFrom(uint32_t at, bool has_literals) const;

  // Where a search goes on.
  struct Step {
    uint32_t node;
    size_t depth;
    size_t begin;      // of the segment at `depth` …
    uint64_t slashes;  // … and those of the path from it on
  };

  template <typename Accept>
  uint32_t Descend(const Step& from, SplitPath* split, Forks* forks, uint32_t best, Accept& accept) const;
  template <typename Accept>
  bool TakeFork(SplitPath* split, Forks* forks, Step* next, uint32_t* best, Accept& accept) const;
  void AddForks(uint32_t at, uint32_t depth, Forks* forks) const;
  bool Takes(const Node& child, std::string_view segment, bool ascii) const;
  bool FindLiteral(SplitPath* split, size_t depth, size_t begin, size_t size, uint32_t* node) const;
  uint32_t FindLong(uint32_t node, SplitPath* split, size_t depth, std::string_view segment) const;
  template <typename Accept>
  uint32_t BestOf(std::span<const uint32_t> ranks, uint32_t best, Accept& accept) const;
  template <typename Accept>
  uint32_t BestOfTails(uint32_t root, std::string_view rest, uint32_t best, Accept& accept) const;
  std::span<const uint32_t> RanksOf(const Node& node) const;
  bool CheckNode(uint32_t at) const;

  std::vector<Node, HugePages<Node>> nodes_;
  SegmentTable literals_;  // from parent to child
  std::vector<uint32_t> ranks_;
  std::vector<SegmentClass> classes_;
  PathTrie tails_;
};

template <typename Accept>
inline uint32_t SegmentTrie::Best(uint32_t root, SplitPath* split, uint32_t best, Accept&& accept) const {
  if (nodes_[root].best >= best) return best;
  Forks forks;
  Step step = {root, 0, SplitPath::kFirst, split->SlashesFrom(SplitPath::kFirst)};
  for (;;) {
    best = Descend(step, split, &forks, best, accept);
    if (forks.count == 0) return best;
    // By way of variables of their own: what a call may change lies in memory, and would do so in Descend too.
    Step next;
    uint32_t better = best;
    const bool goes_on = TakeFork(split, &forks, &next, &better, accept);
    best = better;
    if (!goes_on) return best;
    step = next;
  }
}

// Goes down as long as the path leads on, and notes what else there is to try.
template <typename Accept>
ABSL_ATTRIBUTE_ALWAYS_INLINE inline uint32_t SegmentTrie::Descend(const Step& from, SplitPath* split, Forks* forks,
                                                                  uint32_t best, Accept& accept) const {
  uint32_t at = from.node;
  size_t depth = from.depth, begin = from.begin;
  for (uint64_t slashes = from.slashes; !split->EndsBefore(begin, slashes);) {
    const Node& node = nodes_[at];
    const size_t size = split->TakeSize(begin, &slashes);
    if (node.ways >= Ways::kOneAny) {
      const bool any = node.ways == Ways::kOneAny && split->ascii();
      if (any ? size == 0 : !Takes(*(&node + 1), {split->path().data() + begin, size}, split->ascii())) return best;
      ++at;
    } else {
      if (node.ways != Ways::kLiterals) [[unlikely]] {
        AddForks(at, static_cast<uint32_t>(depth), forks);
        if (node.ways == Ways::kOthers) return best;
      }
      if (!FindLiteral(split, depth, begin, size, &at)) return best;
    }
    begin += size + 1;
    split->SetBegin(++depth, begin);
  }
  return BestOf(RanksOf(nodes_[at]), best, accept);
}

// Goes to the child of the latest fork that takes its segment. False if there is none.
template <typename Accept>
ABSL_ATTRIBUTE_NOINLINE bool SegmentTrie::TakeFork(SplitPath* split, Forks* forks, Step* next, uint32_t* best,
                                                   Accept& accept) const {
  while (forks->count != 0) {
    const Fork fork = forks->Take();
    const size_t begin = split->Begin(fork.depth);
    if (fork.child == kNone) {
      *best = BestOfTails(nodes_[fork.node].tails, split->path().substr(begin), *best, accept);
      continue;
    }
    const Node& child = nodes_[fork.child];
    if (child.sibling != kNone) forks->Add({child.sibling, fork.node, fork.depth});
    uint64_t slashes = split->SlashesFrom(begin);
    const size_t size = split->TakeSize(begin, &slashes);
    if (child.best >= *best || !Takes(child, {split->path().data() + begin, size}, split->ascii())) continue;
    *next = {fork.child, fork.depth + 1, begin + size + 1, slashes};
    split->SetBegin(next->depth, next->begin);
    return true;
  }
  return false;
}

template <typename Accept>
inline uint32_t SegmentTrie::BestOf(std::span<const uint32_t> ranks, uint32_t best, Accept& accept) const {
  for (uint32_t rank : ranks) {
    if (rank >= best) return best;
    if (accept(rank)) return rank;
  }
  return best;
}

template <typename Accept>
uint32_t SegmentTrie::BestOfTails(uint32_t root, std::string_view rest, uint32_t best, Accept& accept) const {
  for (uint32_t at = tails_.Deepest(root, rest); tails_.BestFrom(at) < best; at = tails_.Above(at))
    best = BestOf(tails_.Ranks(at), best, accept);
  return best;
}

inline std::span<const uint32_t> SegmentTrie::RanksOf(const Node& node) const {
  return {node.rank_count == 1 ? &node.ranks : ranks_.data() + node.ranks, node.rank_count};
}

inline bool SegmentTrie::Takes(const Node& child, std::string_view segment, bool ascii) const {
  if (child.takes_any && ascii) return !segment.empty();
  return ClassOf(child.kind).Take(segment, ascii) != SegmentClass::kNoMatch;
}

// Goes to the child of `node` that the segment leads to.
inline bool SegmentTrie::FindLiteral(SplitPath* split, size_t depth, size_t begin, size_t size, uint32_t* node) const {
  if (size > SegmentWords::kBytes) [[unlikely]] {
    *node = FindLong(*node, split, depth, {split->path().data() + begin, size});
    return *node != kNone;
  }
  return literals_.Find(*node, nullptr, size, split->WordsAt(begin, size), node);
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_TRIE_H_
