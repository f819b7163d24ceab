// From a node and a segment to the child that the segment leads to: the edges of all nodes in one hash table.
//
//   SegmentTable table;
//   table.Add(parent, "orders", child);
//   table.Finish(seed);
//   if (table.Find(parent, "orders", 6, words, &child)) …
//
// Open addressing with slots of 32 bytes, which hold segments of up to 16 bytes themselves. The hash is keyed
// (segment_hash.h), and Finish takes another key until no slot lies more than kMaxReach from where its hash says. So
// the number of probes is bounded for certain, whatever the names of routes and the texts asked for.
#ifndef SLUICE_ROUTER_SEGMENT_TABLE_H_
#define SLUICE_ROUTER_SEGMENT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/huge_pages.h"
#include "router/segment_hash.h"

namespace sluice::router {

class SegmentTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kMaxReach = 32;

  // Each pair of a parent and a text once. `text` outlives Finish.
  void Add(uint32_t parent, std::string_view text, uint32_t child);

  // After the last edge and before the first search.
  void Finish(uint64_t seed);

  // Sets `child` if there is one. `words`: of the text, by hash().
  bool Find(uint32_t parent, const char* text, size_t size, SegmentWords words, uint32_t* child) const;

  const SegmentHash& hash() const { return hash_; }
  size_t longest() const { return longest_; }  // bytes of the longest text

  // Whether each edge is found, no farther away than the bound, and is_right(parent, child); for tests.
  template <typename IsRight>
  bool Check(IsRight is_right) const;
  size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot) + labels_.capacity(); }

 private:
  struct alignas(32) Slot {
    uint64_t key = kEmpty;  // KeyOf the parent and the size of the text
    uint64_t first = 0;     // see SegmentWords
    uint64_t last = 0;
    uint32_t child = 0;
    uint32_t label = 0;  // where in labels_ a text begins that is longer than its words; in kLabelUnit

    bool Is(uint64_t wanted, SegmentWords words) const {
      return key == wanted && first == words.first && last == words.last;
    }
  };
  static_assert(sizeof(Slot) == 32);
  static constexpr uint64_t kEmpty = UINT64_MAX;
  static constexpr size_t kLabelUnit = 16;

  struct Edge {
    uint32_t parent;
    uint32_t child;
    std::string_view text;
  };

  static uint64_t KeyOf(uint32_t parent, uint64_t size) { return parent | size << 32; }
  bool Place(unsigned log2);
  Slot SlotOf(const Edge& edge);
  const char* LabelOf(const Slot& slot) const { return labels_.data() + slot.label * kLabelUnit; }
  const Slot* HomeOf(uint32_t parent, SegmentWords words) const {
    return &slots_[hash_.Home(parent, hash_.Of(words), shift_)];
  }
  uint32_t FindFrom(const Slot* home, uint64_t key, SegmentWords words, const char* text) const;

  std::vector<Slot, HugePages<Slot>> slots_;
  std::string labels_;
  SegmentHash hash_{0};
  unsigned shift_ = 63;      // what is left of a hash is the place of a slot; a few more follow, for the last ones
  size_t longest_ = 0;       // bytes of a text
  std::vector<Edge> edges_;  // until Finish
};

inline bool SegmentTable::Find(uint32_t parent, const char* text, size_t size, SegmentWords words,
                               uint32_t* child) const {
  const Slot* home = HomeOf(parent, words);
  const uint64_t key = KeyOf(parent, size);
  if (size <= SegmentWords::kBytes && home->Is(key, words)) [[likely]] {
    *child = home->child;
    return true;
  }
  if (home->key == kEmpty) return false;
  *child = FindFrom(home, key, words, text);
  return *child != kNone;
}

template <typename IsRight>
bool SegmentTable::Check(IsRight is_right) const {
  for (const Slot& slot : slots_) {
    if (slot.key == kEmpty) continue;
    const uint32_t parent = static_cast<uint32_t>(slot.key);
    const SegmentWords words = {slot.first, slot.last};
    const bool is_long = slot.key >> 32 > SegmentWords::kBytes;
    if (is_long && slot.label * kLabelUnit + (slot.key >> 32) > labels_.size()) return false;
    if (FindFrom(HomeOf(parent, words), slot.key, words, LabelOf(slot)) != slot.child) return false;
    if (!is_right(parent, slot.child)) return false;
  }
  return true;
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_TABLE_H_
