// Paths as sequences of segments, in a trie whose edges lie in one hash table (segment_table.h). The core of both front
// doors (Kong's routes and patterns).
//
// A tree answers: which keys match this path? A key is a sequence of segments, each a literal or a class of texts; then
// the path ends, or goes on after a slash with given bytes. Each key stands for a rank (lower is better):
//
//   SplitPath split;
//   if (trie.Split(path, &split)) best = trie.Best(root, split, best, [](uint32_t rank) { return Accept(rank); });
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

  // False if the path does not begin with a slash, so that no key matches.
  bool Split(std::string_view path, SplitPath* out) const { return out->Cut(path, depth_); }

  // The least rank below `best` whose key matches and for which accept(rank), or `best`. If it is `best`, accept has
  // seen each rank below it whose key matches.
  template <typename Accept>
  uint32_t Best(uint32_t root, SplitPath* split, uint32_t best, Accept&& accept) const;

  // Whether the arrays fit together as described; for tests.
  bool Check() const;
  size_t node_count() const { return nodes_.size(); }
  size_t memory_bytes() const;

 private:
  // Half a cache line.
  struct alignas(32) Node {
    uint32_t best = kNone;  // of the node and all below it
    uint32_t ranks = 0;     // where the node's own ranks are in ranks_; of a single one, the rank itself
    uint32_t rank_count = 0;
    uint32_t tails = kNone;  // tree in tails_ of the keys that go on after a slash
    uint32_t sibling = kNone;
    uint16_t kind = kLiteral;  // of the way to the node
    bool takes_any = false;    // and that is any segment of ASCII that is not empty
    bool has_literals = false;
    bool has_classes = false;  // children by class; the first one is the next node, others follow by `sibling`
    bool only_class = false;   // one of them, and nothing else
    bool forks = false;        // children by class or tails, and not only_class
  };
  static_assert(sizeof(Node) == 32);

  template <typename Accept>
  class Search;

  uint32_t AddNode(std::span<const Key> keys, size_t depth, uint16_t kind);
  std::span<const Key> TakeEnds(std::span<const Key> keys, size_t depth, uint32_t node);
  std::span<const Key> AddClassChildren(std::span<const Key> keys, size_t depth, uint32_t node);
  void AddLiteralChildren(std::span<const Key> keys, size_t depth, uint32_t node);
  uint32_t FindLiteral(uint32_t node, SplitPath* split, uint32_t depth) const;
  uint32_t FindLong(uint32_t node, SplitPath* split, uint32_t depth) const;
  std::span<const uint32_t> RanksOf(const Node& node) const;
  bool CheckNode(uint32_t at) const;

  std::vector<Node> nodes_;
  SegmentTable literals_;  // from parent to child
  std::vector<uint32_t> ranks_;
  std::vector<SegmentClass> classes_;
  PathTrie tails_;
  size_t depth_ = 0;  // segments of the longest key
};

template <typename Accept>
class SegmentTrie::Search {
 public:
  Search(const SegmentTrie& trie, SplitPath* split, uint32_t best, Accept& accept)
      : trie_(trie), nodes_(trie.nodes_.data()), split_(split), best_(best), accept_(accept) {}

  uint32_t best() const { return best_; }

  void Run(uint32_t root) {
    uint32_t at = root;
    uint32_t depth = 0;
    do Descend(at, depth);
    while (TakeFork(&at, &depth));
  }

 private:
  // Something else to try below a node, later.
  struct Fork {
    uint32_t child;  // by class; kNone: the tails of `node`
    uint32_t node;
    uint32_t depth;
  };

  // Goes down as long as the path leads on, and notes what else there is to try.
  void Descend(uint32_t at, uint32_t depth) {
    for (const uint32_t count = split_->count(); nodes_[at].best < best_; ++depth) {
      const Node& node = nodes_[at];
      if (depth == count) return VisitEnd(node);
      if (node.only_class) {
        if (!Takes(*(&node + 1), depth)) return;
        ++at;
        continue;
      }
      if (node.forks) AddForks(at, depth);
      if (!node.has_literals) return;
      at = trie_.FindLiteral(at, split_, depth);
      if (at == kNone) return;
    }
  }

  void AddForks(uint32_t at, uint32_t depth) {
    if (nodes_[at].has_classes) forks_[fork_count_++] = {at + 1, at, depth};
    if (nodes_[at].tails != kNone) forks_[fork_count_++] = {kNone, at, depth};
  }

  // The child of the latest fork that takes its segment, and its depth.
  bool TakeFork(uint32_t* at, uint32_t* depth) {
    while (fork_count_ > 0) {
      const Fork fork = forks_[--fork_count_];
      if (fork.child == kNone) {
        VisitTails(nodes_[fork.node].tails, fork.depth);
        continue;
      }
      const Node& child = nodes_[fork.child];
      if (child.sibling != kNone) forks_[fork_count_++] = {child.sibling, fork.node, fork.depth};
      *at = fork.child;
      *depth = fork.depth + 1;
      if (Takes(child, fork.depth)) return true;
    }
    return false;
  }

  bool Takes(const Node& child, uint32_t depth) const {
    if (child.takes_any && split_->ascii()) return split_->SizeOf(depth) != 0;
    return trie_.ClassOf(child.kind).Take(split_->Segment(depth), split_->ascii()) != SegmentClass::kNoMatch;
  }

  void VisitEnd(const Node& node) {
    if (split_->complete()) return TryAll(trie_.RanksOf(node));
    if (node.tails != kNone) VisitTails(node.tails, split_->count());
  }

  void VisitTails(uint32_t root, uint32_t depth) {
    const std::string_view rest = split_->path().substr(split_->Begin(depth));
    const PathTrie& tails = trie_.tails_;
    for (uint32_t at = tails.Deepest(root, rest); tails.BestFrom(at) < best_; at = tails.Above(at))
      TryAll(tails.Ranks(at));
  }

  void TryAll(std::span<const uint32_t> ranks) {
    for (uint32_t rank : ranks) {
      if (rank >= best_) return;
      if (accept_(rank)) best_ = rank;
    }
  }

  const SegmentTrie& trie_;
  const Node* nodes_;
  SplitPath* split_;
  uint32_t best_;
  Accept& accept_;
  uint32_t fork_count_ = 0;
  Fork forks_[2 * kTrieDepth];  // at most two of one depth
};

template <typename Accept>
uint32_t SegmentTrie::Best(uint32_t root, SplitPath* split, uint32_t best, Accept&& accept) const {
  Search<std::remove_reference_t<Accept>> search(*this, split, best, accept);
  search.Run(root);
  return search.best();
}

inline std::span<const uint32_t> SegmentTrie::RanksOf(const Node& node) const {
  return {node.rank_count == 1 ? &node.ranks : ranks_.data() + node.ranks, node.rank_count};
}

inline uint32_t SegmentTrie::FindLiteral(uint32_t node, SplitPath* split, uint32_t depth) const {
  const uint32_t size = split->SizeOf(depth);
  if (size > SegmentWords::kBytes) [[unlikely]]
    return FindLong(node, split, depth);
  return literals_.Find(node, nullptr, size, split->WordsOf(depth));
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_TRIE_H_
