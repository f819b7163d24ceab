// Paths as sequences of segments, in a trie whose edges lie in one hash table. The core of both front doors (Kong's
// routes and patterns).
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
// The table is open addressing with slots of 32 bytes, which hold segments of up to 23 bytes themselves. Its hash is
// universal (J. L. Carter, M. N. Wegman, "Universal classes of hash functions", 1979: polynomials modulo 2^61 - 1 with
// a key made from the seed), and Finish rehashes with another key until no slot lies more than kMaxReach from where its
// hash says. So the number of probes is bounded for certain, whatever the names of routes and the paths of requests.
//
// Keys end within a segment (Kong's prefixes, by bytes) in a PathTrie at the node of the segments before.
#ifndef SLUICE_ROUTER_SEGMENT_TRIE_H_
#define SLUICE_ROUTER_SEGMENT_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/path_trie.h"
#include "router/segment_class.h"
#include "router/segment_hash.h"

namespace sluice::router {

inline constexpr size_t kTrieDepth = 64;  // segments of a key

// A path cut at its slashes, as far as the trie is deep.
struct SplitPath {
  std::string_view path;
  uint32_t count = 0;              // segments; all of the path's if `complete`
  bool complete = false;           // else the path goes on after them
  bool ascii = false;              // no byte above 127 in them
  uint64_t hashed = 0;             // bit i: hashes[i] is set
  uint32_t begin[kTrieDepth + 1];  // of each segment and of what comes next, as if the path ended in one more slash
  uint64_t hashes[kTrieDepth];
  SegmentWords words[kTrieDepth];

  SplitPath() {}  // leaves the arrays alone, which are written before they are read

  std::string_view Segment(size_t i) const { return path.substr(begin[i], begin[i + 1] - 1 - begin[i]); }
};

class SegmentTrie {
 public:
  static constexpr uint32_t kNone = PathTrie::kNone;
  static constexpr size_t kMaxReach = 32;

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
  bool Split(std::string_view path, SplitPath* out) const;

  // The least rank below `best` whose key matches and for which accept(rank), or `best`. If it is `best`, accept has
  // seen each rank below it whose key matches.
  template <typename Accept>
  uint32_t Best(uint32_t root, SplitPath* split, uint32_t best, Accept accept) const;

  // Whether the arrays fit together as described; for tests.
  bool Check() const;
  size_t node_count() const { return nodes_.size(); }
  size_t memory_bytes() const;

 private:
  struct Node {
    uint32_t best = kNone;  // of the node and all below it
    uint32_t first_rank = 0;
    uint32_t rank_count = 0;
    uint32_t tails = kNone;     // tree in tails_ of the keys that go on after a slash
    uint32_t by_class = kNone;  // the first child by class, which is the next node; others follow by `sibling`
    uint32_t sibling = kNone;
    uint16_t kind = kLiteral;  // of the way to the node
    bool has_literals = false;
  };

  static constexpr size_t kInlineBytes = 23;
  static constexpr uint8_t kLong = 255;
  struct alignas(32) Slot {
    uint32_t parent = kNone;
    uint32_t child = 0;
    char text[kInlineBytes] = {};  // followed by zeros
    uint8_t size = 0;              // kLong: `text` is size and offset of the bytes in labels_
  };
  static_assert(sizeof(Slot) == 32);

  struct Edge {
    uint32_t parent;
    uint32_t child;
    std::string_view text;
  };

  template <typename Accept>
  class Search;

  uint32_t AddNode(std::span<const Key> keys, size_t depth, uint16_t kind);
  std::span<const Key> TakeEnds(std::span<const Key> keys, size_t depth, uint32_t node);
  std::span<const Key> AddClassChildren(std::span<const Key> keys, size_t depth, uint32_t node);
  void AddLiteralChildren(std::span<const Key> keys, size_t depth, uint32_t node);
  bool Place(unsigned log2);
  Slot SlotOf(const Edge& edge);
  bool HasText(const Slot& slot, const SegmentWords& words) const;
  bool HasLongText(const Slot& slot, std::string_view text) const;
  uint32_t FindLiteral(uint32_t node, const SegmentWords& words, uint64_t hash) const;
  bool CheckNode(uint32_t at) const;

  std::vector<Node> nodes_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> ranks_;
  std::vector<SegmentClass> classes_;
  std::string labels_;  // of segments too long for a slot
  PathTrie tails_;
  SegmentHash hash_{0};
  unsigned log2_ = 1;        // of the number of slots, but for those at the end into which the last ones are pushed
  size_t depth_ = 0;         // segments of the longest key
  std::vector<Edge> edges_;  // until Finish
};

template <typename Accept>
class SegmentTrie::Search {
 public:
  Search(const SegmentTrie& trie, SplitPath* split, uint32_t best, Accept accept)
      : trie_(trie), split_(split), best_(best), accept_(accept) {}

  uint32_t best() const { return best_; }

  // Goes down in a loop, and by call where there is something else to try afterwards; at most kTrieDepth calls deep.
  void Visit(uint32_t at, uint32_t depth) {
    while (at != kNone && trie_.nodes_[at].best < best_) {
      const Node& node = trie_.nodes_[at];
      if (depth == split_->count && split_->complete)
        return TryAll({trie_.ranks_.data() + node.first_rank, node.rank_count});
      uint32_t literal = kNone;
      if (node.has_literals && depth < split_->count) literal = FindLiteral(at, depth);
      if (node.by_class == kNone && node.tails == kNone) {
        at = literal;
        ++depth;
        continue;
      }
      if (literal == kNone && node.tails == kNone && trie_.nodes_[node.by_class].sibling == kNone) {
        if (depth == split_->count || !Takes(node.by_class, depth)) return;
        at = node.by_class;
        ++depth;
        continue;
      }
      if (literal != kNone) Visit(literal, depth + 1);
      if (node.tails != kNone) VisitTails(node.tails, split_->path.substr(split_->begin[depth]));
      if (node.by_class == kNone || depth == split_->count) return;
      VisitClasses(node.by_class, depth);
      return;
    }
  }

 private:
  uint32_t FindLiteral(uint32_t at, uint32_t depth) {
    if ((split_->hashed >> depth & 1) == 0) {
      split_->hashed |= uint64_t{1} << depth;
      split_->words[depth] = WordsOf(split_->path, split_->begin[depth], split_->begin[depth + 1] - 1);
      split_->hashes[depth] = trie_.hash_.Of(split_->words[depth]);
    }
    return trie_.FindLiteral(at, split_->words[depth], split_->hashes[depth]);
  }

  bool Takes(uint32_t child, uint32_t depth) const {
    const SegmentClass& members = trie_.ClassOf(trie_.nodes_[child].kind);
    return members.Take(split_->Segment(depth), split_->ascii) != SegmentClass::kNoMatch;
  }

  void VisitClasses(uint32_t child, uint32_t depth) {
    for (; child != kNone; child = trie_.nodes_[child].sibling)
      if (Takes(child, depth)) Visit(child, depth + 1);
  }

  void VisitTails(uint32_t root, std::string_view rest) {
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
  SplitPath* split_;
  uint32_t best_;
  Accept accept_;
};

template <typename Accept>
uint32_t SegmentTrie::Best(uint32_t root, SplitPath* split, uint32_t best, Accept accept) const {
  Search<Accept> search(*this, split, best, accept);
  search.Visit(root, 0);
  return search.best();
}

inline bool SegmentTrie::HasText(const Slot& slot, const SegmentWords& words) const {
  const size_t size = words.size;
  if (size > 16) return HasLongText(slot, words.text());
  if (slot.size != size || LoadWord<uint64_t>(slot.text) != words.first) return false;
  return size <= 8 || LoadWord<uint64_t>(slot.text + size - 8) == words.last;
}

inline uint32_t SegmentTrie::FindLiteral(uint32_t node, const SegmentWords& words, uint64_t hash) const {
  const Slot* slot = &slots_[hash_.Home(node, hash, log2_)];
  for (const Slot* end = slot + kMaxReach + 1; slot != end && slot->parent != kNone; ++slot)
    if (slot->parent == node && HasText(*slot, words)) return slot->child;
  return kNone;
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_TRIE_H_
