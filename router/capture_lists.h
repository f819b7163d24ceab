// Where in a path the values of its captures lie: the lists of all paths of a table, each kept once, since most paths
// of a table have the same few.
//
//   CaptureLists lists;
//   uint32_t list = lists.Add({{"id", 2, 3}});  // of `/orders/of/{id}`
//   lists.Finish();
//   for (const CaptureSpot& spot : lists.Of(list)) …
#ifndef SLUICE_ROUTER_CAPTURE_LISTS_H_
#define SLUICE_ROUTER_CAPTURE_LISTS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::router {

struct CaptureSpot {
  std::string_view name;
  uint8_t first = 0;  // segment
  uint8_t last = 0;   // the one after the value, or SplitPath::kPathEnd

  auto operator<=>(const CaptureSpot&) const = default;
};

class CaptureLists {
 public:
  static constexpr uint32_t kEmpty = 0;  // the number of the list that has none

  // The number of the list. Copies the names.
  uint32_t Add(std::vector<CaptureSpot> list) {
    for (CaptureSpot& spot : list) spot.name = *names_.emplace(spot.name).first;
    const auto [known, is_new] = numbers_.emplace(std::move(list), static_cast<uint32_t>(ranges_.size()));
    if (is_new) {
      ranges_.push_back({static_cast<uint32_t>(spots_.size()), static_cast<uint32_t>(known->first.size())});
      spots_.insert(spots_.end(), known->first.begin(), known->first.end());
    }
    return known->second;
  }

  // After the last list.
  void Finish() { numbers_.clear(); }

  std::span<const CaptureSpot> Of(uint32_t list) const {
    return {spots_.data() + ranges_[list].first, ranges_[list].count};
  }

  size_t memory_bytes() const { return spots_.capacity() * sizeof(CaptureSpot) + ranges_.capacity() * sizeof(Range); }

 private:
  struct Range {
    uint32_t first;
    uint32_t count;
  };

  std::set<std::string, std::less<>> names_;
  std::map<std::vector<CaptureSpot>, uint32_t> numbers_ = {{{}, kEmpty}};  // until Finish
  std::vector<Range> ranges_ = {{0, 0}};
  std::vector<CaptureSpot> spots_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CAPTURE_LISTS_H_
