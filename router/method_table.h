// The methods that a table knows, each a bit of a set.
#ifndef SLUICE_ROUTER_METHOD_TABLE_H_
#define SLUICE_ROUTER_METHOD_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "router/bytes.h"

namespace sluice::router {

using MethodSet = uint64_t;
inline constexpr MethodSet kAnyMethod = ~MethodSet{0};
inline constexpr MethodSet kUnknownMethod = MethodSet{1} << 63;  // no route names it
static_assert(limits::kRouteMethods == 63, "one bit is for unknown methods");

class MethodTable {
 public:
  // False if there would be too many.
  bool Add(std::string_view method) {
    if (Of(method) != kUnknownMethod) return true;
    if (names_.size() == limits::kRouteMethods) return false;
    names_.emplace_back(method);
    // Tries one factor after the other, and larger tables, until no two names meet.
    for (int tries = 1; !Place(); ++tries) {
      factor_ = factor_ * 0x5851f42d4c957f2d + 2;
      if (tries % 16 == 0) --shift_;
    }
    return true;
  }

  MethodSet Of(std::string_view method) const {
    if (method.size() >= kWordBytes) return OfLong(method);
    const uint64_t word = WordOf(method);
    const Slot& slot = slots_[HomeOf(word)];
    return slot.word == word ? slot.set : kUnknownMethod;
  }

  // [i] has bit i
  const std::vector<std::string>& names() const { return names_; }

 private:
  static constexpr size_t kWordBytes = 8;

  struct Slot {
    uint64_t word = UINT64_MAX;  // which no name has
    MethodSet set = 0;
  };

  // Of a name of less than eight bytes: them, and their number.
  static uint64_t WordOf(std::string_view method) {
    return LoadAtMost8(method.data(), method.size()) | uint64_t{method.size()} << (8 * (kWordBytes - 1));
  }

  size_t HomeOf(uint64_t word) const { return static_cast<size_t>(word * factor_ >> shift_); }

  bool Place() {
    slots_.assign(size_t{1} << (64 - shift_), Slot());
    for (size_t i = 0; i < names_.size(); ++i) {
      if (names_[i].size() >= kWordBytes) continue;
      const uint64_t word = WordOf(names_[i]);
      Slot& slot = slots_[HomeOf(word)];
      if (slot.set != 0) return false;
      slot = {word, MethodSet{1} << i};
    }
    return true;
  }

  MethodSet OfLong(std::string_view method) const {
    for (size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == method) return MethodSet{1} << i;
    return kUnknownMethod;
  }

  std::vector<std::string> names_;
  std::vector<Slot> slots_ = std::vector<Slot>(64);  // of short names, each where its hash says
  uint64_t factor_ = 0x9e3779b97f4a7c15;             // odd
  unsigned shift_ = 58;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_METHOD_TABLE_H_
