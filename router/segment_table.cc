#include "router/segment_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace sluice::router {

void SegmentTable::Add(uint32_t parent, std::string_view text, uint32_t child) {
  edges_.push_back({parent, child, text});
  longest_ = std::max(longest_, text.size());
}

void SegmentTable::Finish(uint64_t seed) {
  // A small table, which stays in a fast cache anyhow, is emptier, so that most searches end at their first slot.
  constexpr size_t kSmall = 1'000;
  const size_t slots_of_an_edge = edges_.size() <= kSmall ? 4 : 2;
  unsigned log2 = static_cast<unsigned>(std::bit_width(slots_of_an_edge * edges_.size() + 1));
  // A random key fails hardly ever, and so does the next one. Whoever knows the seed may have made some fail; a table
  // twice as large ends that soon.
  constexpr int kTriesOfOneSize = 4;
  for (int tries = 1;; ++tries) {
    hash_ = SegmentHash(seed++);
    if (Place(log2)) break;
    if (tries % kTriesOfOneSize == 0) ++log2;
  }
  edges_ = {};
}

// In the order of their homes, each edge takes the first free slot from its home on. That keeps the farthest as near as
// any order can (P. Celis, "Robin Hood hashing", 1986). False if one would lie too far away.
bool SegmentTable::Place(unsigned log2) {
  shift_ = 64 - log2;
  std::vector<std::pair<size_t, uint32_t>> homes;
  homes.reserve(edges_.size());
  for (uint32_t i = 0; i < edges_.size(); ++i)
    homes.emplace_back(hash_.Home(edges_[i].parent, hash_.Of(hash_.WordsOf(edges_[i].text)), shift_), i);
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

SegmentTable::Slot SegmentTable::SlotOf(const Edge& edge) {
  const SegmentWords words = hash_.WordsOf(edge.text);
  const uint32_t size = static_cast<uint32_t>(edge.text.size());
  const Slot slot = {KeyOf(edge.parent, size), words.first, words.last, edge.child,
                     static_cast<uint32_t>(labels_.size() / kLabelUnit)};
  if (size > SegmentWords::kBytes) {
    labels_.append(edge.text);
    labels_.resize((labels_.size() + kLabelUnit - 1) / kLabelUnit * kLabelUnit);
  }
  return slot;
}

// The slots after the last one that a search may reach are there, and empty.
uint32_t SegmentTable::FindFrom(const Slot* home, uint64_t key, SegmentWords words, const char* text) const {
  const uint64_t size = key >> 32;
  for (const Slot* slot = home; slot <= home + kMaxReach && slot->key != kEmpty; ++slot) {
    if (!slot->Is(key, words)) continue;
    if (size <= SegmentWords::kBytes || std::memcmp(LabelOf(*slot), text, size) == 0) return slot->child;
  }
  return kNone;
}

}  // namespace sluice::router
