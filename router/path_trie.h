// Prefixes by bytes as radix trees, in a few flat arrays. Kong's prefixes end anywhere in a segment (`/a` matches
// `/ab`), and the keys of a segment trie only between two; so each of its nodes may have one of these trees for what
// goes on from there.
//
// A tree answers: which keys are a prefix of this path? They all lie on one way down from the root. Each key stands for
// ranks (lower is better), and each node knows the best rank on the way up from it, so that the search ends early:
//
//   for (uint32_t at = trie.Deepest(root, path); trie.BestFrom(at) < best; at = trie.Above(at))
//     for (uint32_t rank : trie.Ranks(at)) …
//
// Bytes are compared, not hashed: no choice of routes or paths makes it slow. A way down takes at most path.size()
// steps.
#ifndef SLUICE_ROUTER_PATH_TRIE_H_
#define SLUICE_ROUTER_PATH_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/huge_pages.h"

namespace sluice::router {

class PathTrie {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Key {
    std::string_view prefix;  // need not outlive AddTree
    uint32_t rank;
  };

  // Adds a tree over `keys`, in any order; returns its root.
  uint32_t AddTree(std::vector<Key> keys);

  // The node of the longest prefix of `path` that the tree has a node for.
  uint32_t Deepest(uint32_t root, std::string_view path) const;

  // The best rank at `at` and above it; kNone, which is worse than any, if there is none or `at` is kNone.
  uint32_t BestFrom(uint32_t at) const { return at == kNone ? kNone : nodes_[at].best; }

  // The nearest node above `at` that has ranks, or kNone.
  uint32_t Above(uint32_t at) const { return nodes_[at].above; }

  // In ascending order.
  std::span<const uint32_t> Ranks(uint32_t at) const {
    return {ranks_.data() + nodes_[at].first_rank, nodes_[at].rank_count};
  }

  // Whether the arrays fit together as described; for tests.
  bool Check() const;

  size_t memory_bytes() const;

 private:
  static constexpr size_t kInlineBytes = 32;

  // A cache line. `label` is what an edge adds to the path of the parent; a long one lies in `labels_`.
  struct alignas(64) Node {
    uint32_t label_bytes = 0;
    uint32_t first_child = 0;  // children lie side by side, in the order of their first bytes
    uint32_t child_count = 0;
    uint32_t above = kNone;
    uint32_t best = kNone;
    uint32_t first_rank = 0;
    uint32_t rank_count = 0;
    union {
      char inline_label[kInlineBytes];
      size_t label_offset;
    };
    Node() : inline_label{} {}
  };
  static_assert(sizeof(Node) == 64);

  // Keys [begin, end) share a prefix of `depth` bytes, which ends at `node`.
  struct Work {
    uint32_t node;
    size_t begin;
    size_t end;
    size_t depth;
  };

  std::string_view Label(const Node& node) const;
  uint32_t NewNode(std::string_view label);
  size_t TakeRanks(const std::vector<Key>& keys, const Work& work);
  void AddChildren(const std::vector<Key>& keys, const Work& work, std::vector<Work>* queue);
  uint32_t FindChild(const Node& node, char first) const;

  std::vector<Node, HugePages<Node>> nodes_;
  std::string first_bytes_;  // [i] is the first byte of the label of nodes_[i]
  std::string labels_;
  std::vector<uint32_t> ranks_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PATH_TRIE_H_
