#include "router/path_trie.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

namespace sluice::router {
namespace {

bool InOrder(const PathTrie::Key& a, const PathTrie::Key& b) {
  return std::tie(a.prefix, a.rank) < std::tie(b.prefix, b.rank);
}

bool Same(const PathTrie::Key& a, const PathTrie::Key& b) { return a.prefix == b.prefix && a.rank == b.rank; }

// Where two texts that are equal up to `from` differ.
size_t FirstDifference(std::string_view a, std::string_view b, size_t from) {
  const size_t most = std::min(a.size(), b.size());
  while (from < most && a[from] == b[from]) ++from;
  return from;
}

}  // namespace

uint32_t PathTrie::AddTree(std::vector<Key> keys) {
  std::sort(keys.begin(), keys.end(), InOrder);
  keys.erase(std::unique(keys.begin(), keys.end(), Same), keys.end());
  const uint32_t root = NewNode("");
  // Level by level and not by recursion: keys may be nested thousands deep. A parent is finished before its children.
  std::vector<Work> queue = {{root, 0, keys.size(), 0}};
  for (size_t next = 0; next < queue.size(); ++next) {
    Work work = queue[next];
    work.begin = TakeRanks(keys, work);
    AddChildren(keys, work, &queue);
  }
  return root;
}

std::string_view PathTrie::Label(const Node& node) const {
  const char* start = node.label_bytes <= kInlineBytes ? node.inline_label : labels_.data() + node.label_offset;
  return {start, node.label_bytes};
}

uint32_t PathTrie::NewNode(std::string_view label) {
  Node node;
  node.label_bytes = static_cast<uint32_t>(label.size());
  if (label.size() <= kInlineBytes) {
    std::copy(label.begin(), label.end(), node.inline_label);
  } else {
    node.label_offset = labels_.size();
    labels_.append(label);
  }
  nodes_.push_back(node);
  first_bytes_.push_back(label.empty() ? '\0' : label[0]);
  return static_cast<uint32_t>(nodes_.size() - 1);
}

// Gives the node the ranks of the keys that end there, which sort first; returns where the others begin.
size_t PathTrie::TakeRanks(const std::vector<Key>& keys, const Work& work) {
  Node& node = nodes_[work.node];
  node.first_rank = static_cast<uint32_t>(ranks_.size());
  size_t i = work.begin;
  for (; i < work.end && keys[i].prefix.size() == work.depth; ++i) ranks_.push_back(keys[i].rank);
  node.rank_count = static_cast<uint32_t>(i - work.begin);
  if (node.rank_count > 0) node.best = std::min(node.best, ranks_[node.first_rank]);
  return i;
}

void PathTrie::AddChildren(const std::vector<Key>& keys, const Work& work, std::vector<Work>* queue) {
  nodes_[work.node].first_child = static_cast<uint32_t>(nodes_.size());
  for (size_t begin = work.begin; begin < work.end;) {
    const char first = keys[begin].prefix[work.depth];
    size_t end = begin + 1;
    while (end < work.end && keys[end].prefix[work.depth] == first) ++end;
    const size_t depth = FirstDifference(keys[begin].prefix, keys[end - 1].prefix, work.depth + 1);
    const uint32_t child = NewNode(keys[begin].prefix.substr(work.depth, depth - work.depth));
    Node& parent = nodes_[work.node];
    ++parent.child_count;
    nodes_[child].above = parent.rank_count > 0 ? work.node : parent.above;
    nodes_[child].best = parent.best;
    queue->push_back({child, begin, end, depth});
    begin = end;
  }
}

uint32_t PathTrie::FindChild(const Node& node, char first) const {
  const char* bytes = first_bytes_.data() + node.first_child;
  const void* found = node.child_count == 0 ? nullptr : std::memchr(bytes, first, node.child_count);
  if (found == nullptr) return kNone;
  return node.first_child + static_cast<uint32_t>(static_cast<const char*>(found) - bytes);
}

uint32_t PathTrie::Deepest(uint32_t root, std::string_view path) const {
  uint32_t at = root;
  while (!path.empty()) {
    const uint32_t child = FindChild(nodes_[at], path[0]);
    if (child == kNone) break;
    const std::string_view label = Label(nodes_[child]);
    if (path.size() < label.size() || std::memcmp(path.data(), label.data(), label.size()) != 0) break;
    path.remove_prefix(label.size());
    at = child;
  }
  return at;
}

bool PathTrie::Check() const {
  if (first_bytes_.size() != nodes_.size()) return false;
  for (const Node& node : nodes_) {
    const std::span<const uint32_t> ranks(ranks_.data() + node.first_rank, node.rank_count);
    if (node.first_rank + node.rank_count > ranks_.size() || !std::is_sorted(ranks.begin(), ranks.end())) return false;
    if (node.above != kNone && nodes_[node.above].rank_count == 0) return false;
    if (node.best != std::min(BestFrom(node.above), ranks.empty() ? kNone : ranks[0])) return false;
    if (node.first_child + node.child_count > nodes_.size()) return false;
    for (uint32_t i = 0; i < node.child_count; ++i) {
      const uint32_t child = node.first_child + i;
      if (nodes_[child].label_bytes == 0 || Label(nodes_[child])[0] != first_bytes_[child]) return false;
      if (i > 0 && static_cast<uint8_t>(first_bytes_[child - 1]) >= static_cast<uint8_t>(first_bytes_[child])) {
        return false;
      }
    }
  }
  return true;
}

size_t PathTrie::memory_bytes() const {
  return nodes_.capacity() * sizeof(Node) + first_bytes_.capacity() + labels_.capacity() +
         ranks_.capacity() * sizeof(uint32_t);
}

}  // namespace sluice::router
