#include "router/segment_trie.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

constexpr size_t kBlockBytes = 16;

// What sixteen bytes of a path are; bit i stands for byte i.
struct Block {
  uint32_t slashes = 0;
  uint32_t beyond_ascii = 0;
};

#ifdef __SSE2__
Block ReadBlock(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  return {static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('/')))),
          static_cast<uint32_t>(_mm_movemask_epi8(block))};
}
#else
Block ReadBlock(const char* bytes) {
  Block block;
  for (size_t i = 0; i < kBlockBytes; ++i) {
    block.slashes |= uint32_t{bytes[i] == '/'} << i;
    block.beyond_ascii |= uint32_t{static_cast<uint8_t>(bytes[i]) > 127} << i;
  }
  return block;
}
#endif

// The block at `at`, which may be the last and shorter. Then it is read together with bytes before it.
Block BlockAt(std::string_view path, size_t at) {
  const size_t left = path.size() - at;
  if (left >= kBlockBytes) return ReadBlock(path.data() + at);
  if (path.size() >= kBlockBytes) {
    const Block block = ReadBlock(path.data() + path.size() - kBlockBytes);
    return {block.slashes >> (kBlockBytes - left), block.beyond_ascii >> (kBlockBytes - left)};
  }
  char copy[kBlockBytes] = {};
  std::memcpy(copy, path.data() + at, left);
  return ReadBlock(copy);
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
  for (const Key& key : keys) depth_ = std::max(depth_, key.segments.size());
  return AddNode(keys, 0, kLiteral);
}

// Parents before children, and the first child by class right after its parent.
uint32_t SegmentTrie::AddNode(std::span<const Key> keys, size_t depth, uint16_t kind) {
  const uint32_t node = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  nodes_[node].kind = kind;
  for (const Key& key : keys) nodes_[node].best = std::min(nodes_[node].best, key.rank);
  keys = TakeEnds(keys, depth, node);
  keys = AddClassChildren(keys, depth, node);
  AddLiteralChildren(keys, depth, node);
  return node;
}

// Gives the node what its own keys stand for; returns the other keys.
std::span<const Key> SegmentTrie::TakeEnds(std::span<const Key> keys, size_t depth, uint32_t node) {
  nodes_[node].first_rank = static_cast<uint32_t>(ranks_.size());
  std::vector<PathTrie::Key> tails;
  size_t n = 0;
  for (; n < keys.size() && keys[n].segments.size() == depth; ++n) {
    if (keys[n].ends) {
      ranks_.push_back(keys[n].rank);
    } else {
      tails.push_back({keys[n].open, keys[n].rank});
    }
  }
  nodes_[node].rank_count = static_cast<uint32_t>(ranks_.size()) - nodes_[node].first_rank;
  if (!tails.empty()) nodes_[node].tails = tails_.AddTree(std::move(tails));
  return keys.subspan(n);
}

std::span<const Key> SegmentTrie::AddClassChildren(std::span<const Key> keys, size_t depth, uint32_t node) {
  uint32_t previous = kNone;
  while (!keys.empty() && keys[0].segments[depth].kind != kLiteral) {
    const size_t n = SameSegment(keys, depth);
    const uint32_t child = AddNode(keys.first(n), depth + 1, keys[0].segments[depth].kind);
    (previous == kNone ? nodes_[node].by_class : nodes_[previous].sibling) = child;
    previous = child;
    keys = keys.subspan(n);
  }
  return keys;
}

void SegmentTrie::AddLiteralChildren(std::span<const Key> keys, size_t depth, uint32_t node) {
  nodes_[node].has_literals = !keys.empty();
  while (!keys.empty()) {
    const size_t n = SameSegment(keys, depth);
    const uint32_t child = AddNode(keys.first(n), depth + 1, kLiteral);
    edges_.push_back({node, child, keys[0].segments[depth].text});
    keys = keys.subspan(n);
  }
}

void SegmentTrie::Finish(uint64_t seed) {
  log2_ = static_cast<unsigned>(std::bit_width(2 * edges_.size() + 1));
  // A random key fails hardly ever, and so does the next one. Whoever knows the seed may have made some fail; a table
  // twice as large ends that soon.
  constexpr int kTriesOfOneSize = 4;
  for (int tries = 1;; ++tries) {
    hash_ = SegmentHash(seed++);
    if (Place(log2_)) break;
    if (tries % kTriesOfOneSize == 0) ++log2_;
  }
  edges_ = {};
  ranks_.shrink_to_fit();
  nodes_.shrink_to_fit();
}

// In the order of their homes, each edge takes the first free slot from its home on. That keeps the farthest as near as
// any order can (P. Celis, "Robin Hood hashing", 1986). False if one would lie too far away.
bool SegmentTrie::Place(unsigned log2) {
  std::vector<std::pair<size_t, uint32_t>> homes;
  homes.reserve(edges_.size());
  for (uint32_t i = 0; i < edges_.size(); ++i)
    homes.emplace_back(hash_.Home(edges_[i].parent, hash_.Of(WordsOf(edges_[i].text, 0, edges_[i].text.size())), log2),
                       i);
  std::sort(homes.begin(), homes.end());
  size_t next = 0;
  for (const auto& [home, edge] : homes) {
    if (next > home + kMaxReach) return false;
    next = std::max(home, next) + 1;
  }
  slots_.assign((size_t{1} << log2) + kMaxReach + 1, Slot());
  labels_.clear();
  next = 0;
  for (const auto& [home, edge] : homes) {
    next = std::max(home, next);
    slots_[next++] = SlotOf(edges_[edge]);
  }
  return true;
}

SegmentTrie::Slot SegmentTrie::SlotOf(const Edge& edge) {
  Slot slot;
  slot.parent = edge.parent;
  slot.child = edge.child;
  if (edge.text.size() <= kInlineBytes) {
    slot.size = static_cast<uint8_t>(edge.text.size());
    std::copy(edge.text.begin(), edge.text.end(), slot.text);
    return slot;
  }
  slot.size = kLong;
  const uint64_t size_and_offset[] = {edge.text.size(), labels_.size()};
  std::memcpy(slot.text, size_and_offset, sizeof size_and_offset);
  labels_.append(edge.text);
  return slot;
}

bool SegmentTrie::HasLongText(const Slot& slot, std::string_view text) const {
  if (text.size() <= kInlineBytes) {
    return slot.size == text.size() && std::memcmp(slot.text, text.data(), text.size()) == 0;
  }
  if (slot.size != kLong) return false;
  const uint64_t size = LoadWord<uint64_t>(slot.text);
  const uint64_t offset = LoadWord<uint64_t>(slot.text + sizeof size);
  return size == text.size() && std::memcmp(labels_.data() + offset, text.data(), size) == 0;
}

bool SegmentTrie::Split(std::string_view path, SplitPath* out) const {
  if (path.empty() || path[0] != '/') return false;
  out->path = path;
  out->count = 0;
  out->complete = false;
  out->ascii = true;
  out->hashed = 0;
  out->begin[0] = 1;
  for (size_t at = 1; out->count < depth_; at += kBlockBytes) {
    const Block block = BlockAt(path, at);
    out->ascii &= block.beyond_ascii == 0;
    for (uint32_t slashes = block.slashes; slashes != 0 && out->count < depth_; slashes &= slashes - 1)
      out->begin[++out->count] = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(slashes)) + 1;
    if (path.size() - at > kBlockBytes || out->count == depth_) continue;
    out->complete = true;
    out->begin[++out->count] = static_cast<uint32_t>(path.size()) + 1;
    break;
  }
  return true;
}

bool SegmentTrie::CheckNode(uint32_t at) const {
  const Node& node = nodes_[at];
  if (size_t{node.first_rank} + node.rank_count > ranks_.size()) return false;
  const std::span<const uint32_t> ranks(ranks_.data() + node.first_rank, node.rank_count);
  if (!std::is_sorted(ranks.begin(), ranks.end()) || (!ranks.empty() && ranks[0] < node.best)) return false;
  if (node.by_class != kNone && (node.by_class != at + 1 || node.by_class >= nodes_.size())) return false;
  for (uint32_t child = node.by_class; child != kNone; child = nodes_[child].sibling) {
    const Node& c = nodes_[child];
    if (child <= at || c.kind == kLiteral || c.kind > classes_.size() || c.best < node.best) return false;
    if (c.sibling != kNone && c.sibling <= child) return false;
  }
  return true;
}

bool SegmentTrie::Check() const {
  for (uint32_t at = 0; at < nodes_.size(); ++at)
    if (!CheckNode(at)) return false;
  size_t literals = 0;
  for (const Slot& slot : slots_) {
    if (slot.parent == kNone) continue;
    ++literals;
    if (slot.parent >= slot.child || slot.child >= nodes_.size() || !nodes_[slot.parent].has_literals) return false;
    std::string_view text(slot.text, slot.size);
    if (slot.size == kLong) {
      text = std::string_view(labels_).substr(LoadWord<uint64_t>(slot.text + 8), LoadWord<uint64_t>(slot.text));
    }
    const SegmentWords words = WordsOf(text, 0, text.size());
    if (FindLiteral(slot.parent, words, hash_.Of(words)) != slot.child) return false;  // also: within kMaxReach
    if (nodes_[slot.child].best < nodes_[slot.parent].best) return false;
  }
  const auto is_literal = [](const Node& node) { return node.kind == kLiteral; };
  const size_t below = static_cast<size_t>(std::count_if(nodes_.begin(), nodes_.end(), is_literal));
  return literals <= below && tails_.Check();
}

size_t SegmentTrie::memory_bytes() const {
  return nodes_.capacity() * sizeof(Node) + slots_.capacity() * sizeof(Slot) + ranks_.capacity() * sizeof(uint32_t) +
         classes_.capacity() * sizeof(SegmentClass) + labels_.capacity() + tails_.memory_bytes();
}

}  // namespace sluice::router
