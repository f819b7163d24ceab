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
  uint8_t count = 0;  // of the first of a list: how many it has. Set by CaptureLists

  auto operator<=>(const CaptureSpot&) const = default;
};

class CaptureLists {
 public:
  static constexpr uint32_t kEmpty = 0;  // the list that has none

  // Where the list begins. Copies the names.
  uint32_t Add(std::vector<CaptureSpot> list) {
    for (CaptureSpot& spot : list) spot.name = *names_.emplace(spot.name).first;
    if (list.empty()) return kEmpty;
    list[0].count = static_cast<uint8_t>(list.size());
    const auto [known, is_new] = numbers_.emplace(std::move(list), static_cast<uint32_t>(spots_.size()));
    if (is_new) spots_.insert(spots_.end(), known->first.begin(), known->first.end());
    return known->second;
  }

  // After the last list.
  void Finish() { numbers_.clear(); }

  std::span<const CaptureSpot> Of(uint32_t list) const {
    const CaptureSpot* first = spots_.data() + list;
    return {first, first->count};
  }

  size_t memory_bytes() const { return spots_.capacity() * sizeof(CaptureSpot); }

 private:
  std::set<std::string, std::less<>> names_;
  std::map<std::vector<CaptureSpot>, uint32_t> numbers_;  // until Finish
  std::vector<CaptureSpot> spots_ = {{}};  // one list after the other; the first stands for that which has none
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CAPTURE_LISTS_H_
