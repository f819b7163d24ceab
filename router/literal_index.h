// Which of many regular expressions may match a path: those whose required text (required_literal.h) it contains.
//
// Each text is known by one of its trigrams, the one that fewest texts share. A path is looked through trigram by
// trigram, once for each kAtOnce texts of the set; where one is known, the whole text is compared. However often a path
// repeats a text, its expression is run once.
#ifndef SLUICE_ROUTER_LITERAL_INDEX_H_
#define SLUICE_ROUTER_LITERAL_INDEX_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace sluice::router {

class LiteralIndex {
 public:
  static constexpr size_t kLeastBytes = 3;  // of a text

  struct Text {
    std::string bytes;
    uint32_t rank = 0;
  };

  // Adds a set of texts, in any order; returns what names it.
  uint32_t AddSet(std::vector<Text> texts);

  // Calls visit(rank) for each text of the set that lies in the path.
  template <typename Visit>
  void ForEach(uint32_t set, std::string_view path, Visit visit) const {
    for (size_t first = 0; first < sizes_[set]; first += kAtOnce) LookThrough(set, first, path, visit);
  }

  size_t memory_bytes() const;

 private:
  struct Place {
    Text text;
    size_t number = 0;  // of the text in its set
    size_t offset = 0;  // of the trigram in the text
  };
  static constexpr size_t kSpots = size_t{1} << 16;
  static constexpr size_t kAtOnce = 1024;  // as many bits are cleared for a search

  // The same for the texts of the set from number `first` on, as many as kAtOnce.
  template <typename Visit>
  void LookThrough(uint32_t set, size_t first, std::string_view path, Visit visit) const {
    std::bitset<kAtOnce> visited;
    for (size_t i = 0; i + kLeastBytes <= path.size(); ++i) {
      const uint32_t gram = GramOf(path.data() + i);
      if (!seen_[SpotOf(set, gram)]) continue;
      const auto found = by_gram_.find({set, gram});
      if (found == by_gram_.end()) continue;
      for (const Place& place : found->second) {
        const size_t number = place.number - first;  // of one before `first`: too large, too
        if (number >= kAtOnce || visited[number] || !Lies(place, path, i)) continue;
        visited.set(number);
        visit(place.text.rank);
      }
    }
  }

  static bool Lies(const Place& place, std::string_view path, size_t gram_at) {
    return place.offset <= gram_at && path.substr(gram_at - place.offset, place.text.bytes.size()) == place.text.bytes;
  }

  static uint32_t GramOf(const char* bytes) {
    return uint32_t{static_cast<uint8_t>(bytes[0])} | uint32_t{static_cast<uint8_t>(bytes[1])} << 8 |
           uint32_t{static_cast<uint8_t>(bytes[2])} << 16;
  }

  static size_t SpotOf(uint32_t set, uint32_t gram) { return (gram * 0x9e3779b1u + set * 0x85ebca6bu) >> 16; }

  std::vector<size_t> sizes_;  // of the sets, in texts
  std::bitset<kSpots> seen_;   // most trigrams of a path are no text's, and need no look into the map
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, std::vector<Place>> by_gram_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_LITERAL_INDEX_H_
