#include "router/segment_trie.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace sluice::router {
namespace {

using Key = SegmentTrie::Key;
using Segment = SegmentTrie::Segment;

constexpr size_t kMostClasses = 1'000;

bool SegmentBefore(const Segment& a, const Segment& b) {
  return a.kind != b.kind ? a.kind > b.kind : a.text < b.text;  // classes before literals
}

// Keys that begin with the same segments lie side by side, those that are no longer than that first.
bool KeyBefore(const Key& a, const Key& b) {
  const size_t most = std::min(a.segments.size(), b.segments.size());
  for (size_t i = 0; i < most; ++i) {
    if (SegmentBefore(a.segments[i], b.segments[i])) return true;
    if (SegmentBefore(b.segments[i], a.segments[i])) return false;
  }
  if (a.segments.size() != b.segments.size()) return a.segments.size() < b.segments.size();
  return a.ends != b.ends ? a.ends : a.rank < b.rank;
}

// How many of the keys have the same segment at `depth` as the first.
size_t SameSegment(std::span<const Key> keys, size_t depth) {
  const Segment& first = keys[0].segments[depth];
  size_t n = 1;
  while (n < keys.size() && !SegmentBefore(first, keys[n].segments[depth])) ++n;
  return n;
}

}  // namespace

uint16_t SegmentTrie::AddClass(SegmentClass members) {
  members.bytes.reset('/');
  members.any_byte = members.bytes.count() == 255;
  const auto known = std::find(classes_.begin(), classes_.end(), members);
  if (known != classes_.end()) return static_cast<uint16_t>(known - classes_.begin() + 1);
  if (classes_.size() == kMostClasses) return kLiteral;
  if (!members.pattern.empty()) {
    Regex::Error error;
    members.beyond_ascii = Regex::Compile(members.pattern, Regex::Kind::kPath, &error);
    if (members.beyond_ascii == nullptr) return kLiteral;
  }
  classes_.push_back(std::move(members));
  return static_cast<uint16_t>(classes_.size());
}

uint32_t SegmentTrie::AddTree(std::vector<Key> keys) {
  std::sort(keys.begin(), keys.end(), KeyBefore);
  return AddNode(keys, 0, kLiteral);
}

// Parents before children, and the first child by class right after its parent.
uint32_t SegmentTrie::AddNode(std::span<const Key> keys, size_t depth, uint16_t kind) {
  const uint32_t node = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  nodes_[node].kind = kind;
  nodes_[node].takes_any = kind != kLiteral && ClassOf(kind).TakesAnyAscii();
  for (const Key& key : keys) nodes_[node].best = std::min(nodes_[node].best, key.rank);
  keys = TakeEnds(keys, depth, node);
  keys = AddClassChildren(keys, depth, node);
  AddLiteralChildren(keys, depth, node);
  nodes_[node].ways = WaysFrom(node, !keys.empty());
  return node;
}

SegmentTrie::Ways SegmentTrie::WaysFrom(uint32_t at, bool has_literals) const {
  const Node& node = nodes_[at];
  const bool has_tails = node.tails != kNone;
  if (has_literals) return node.has_classes || has_tails ? Ways::kLiteralsAndOthers : Ways::kLiterals;
  if (!node.has_classes || has_tails || nodes_[at + 1].sibling != kNone) return Ways::kOthers;
  return nodes_[at + 1].takes_any ? Ways::kOneAny : Ways::kOneClass;
}

// Gives the node what its own keys stand for; returns the other keys.
std::span<const Key> SegmentTrie::TakeEnds(std::span<const Key> keys, size_t depth, uint32_t node) {
  std::vector<uint32_t> ranks;
  std::vector<PathTrie::Key> tails;
  size_t n = 0;
  for (; n < keys.size() && keys[n].segments.size() == depth; ++n) {
    if (keys[n].ends) {
      ranks.push_back(keys[n].rank);
    } else {
      tails.push_back({keys[n].open, keys[n].rank});
    }
  }
  nodes_[node].rank_count = static_cast<uint32_t>(ranks.size());
  nodes_[node].ranks = ranks.size() == 1 ? ranks[0] : static_cast<uint32_t>(ranks_.size());
  if (ranks.size() > 1) ranks_.insert(ranks_.end(), ranks.begin(), ranks.end());
  if (!tails.empty()) nodes_[node].tails = tails_.AddTree(std::move(tails));
  return keys.subspan(n);
}

std::span<const Key> SegmentTrie::AddClassChildren(std::span<const Key> keys, size_t depth, uint32_t node) {
  uint32_t previous = kNone;
  while (!keys.empty() && keys[0].segments[depth].kind != kLiteral) {
    const size_t n = SameSegment(keys, depth);
    const uint32_t child = AddNode(keys.first(n), depth + 1, keys[0].segments[depth].kind);
    if (previous != kNone) nodes_[previous].sibling = child;
    nodes_[node].has_classes = true;
    previous = child;
    keys = keys.subspan(n);
  }
  return keys;
}

void SegmentTrie::AddLiteralChildren(std::span<const Key> keys, size_t depth, uint32_t node) {
  while (!keys.empty()) {
    const size_t n = SameSegment(keys, depth);
    const uint32_t child = AddNode(keys.first(n), depth + 1, kLiteral);
    literals_.Add(node, keys[0].segments[depth].text, child);
    keys = keys.subspan(n);
  }
}

void SegmentTrie::Finish(uint64_t seed) {
  literals_.Finish(seed);
  ranks_.shrink_to_fit();
  nodes_.shrink_to_fit();
}

void SegmentTrie::AddForks(uint32_t at, uint32_t depth, Forks* forks) const {
  if (nodes_[at].has_classes) forks->Add({at + 1, at, depth});
  if (nodes_[at].tails != kNone) forks->Add({kNone, at, depth});
}

uint32_t SegmentTrie::FindLong(uint32_t node, SplitPath* split, size_t depth, std::string_view segment) const {
  if (segment.size() > literals_.longest()) return kNone;  // so that no request has bytes read in vain
  uint32_t child;
  const SegmentWords words = split->FoldOf(depth, segment, literals_.hash());
  return literals_.Find(node, segment.data(), static_cast<uint32_t>(segment.size()), words, &child) ? child : kNone;
}

bool SegmentTrie::CheckNode(uint32_t at) const {
  const Node& node = nodes_[at];
  if (node.rank_count != 1 && size_t{node.ranks} + node.rank_count > ranks_.size()) return false;
  const std::span<const uint32_t> ranks = RanksOf(node);
  if (!std::is_sorted(ranks.begin(), ranks.end()) || (!ranks.empty() && ranks[0] < node.best)) return false;
  if (node.has_classes && at + 1 == nodes_.size()) return false;
  for (uint32_t child = node.has_classes ? at + 1 : kNone; child != kNone; child = nodes_[child].sibling) {
    const Node& c = nodes_[child];
    if (child <= at || c.kind == kLiteral || c.kind > classes_.size() || c.best < node.best) return false;
    if (c.sibling != kNone && (c.sibling <= child || c.sibling >= nodes_.size())) return false;
  }
  return true;
}

bool SegmentTrie::Check() const {
  for (uint32_t at = 0; at < nodes_.size(); ++at)
    if (!CheckNode(at)) return false;
  const auto is_edge = [this](uint32_t parent, uint32_t child) {
    return parent < child && child < nodes_.size() && nodes_[parent].HasLiterals() && nodes_[child].kind == kLiteral &&
           nodes_[child].best >= nodes_[parent].best;
  };
  return literals_.Check(is_edge) && tails_.Check();
}

size_t SegmentTrie::memory_bytes() const {
  return nodes_.capacity() * sizeof(Node) + literals_.memory_bytes() + ranks_.capacity() * sizeof(uint32_t) +
         classes_.capacity() * sizeof(SegmentClass) + tails_.memory_bytes();
}

}  // namespace sluice::router
