// The methods that a table knows, each a bit of a set.
#ifndef SLUICE_ROUTER_METHOD_TABLE_H_
#define SLUICE_ROUTER_METHOD_TABLE_H_

#include <algorithm>
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
    heads_.push_back(HeadOf(method));
    names_.emplace_back(method);
    return true;
  }

  MethodSet Of(std::string_view method) const {
    const uint64_t head = HeadOf(method);
    for (size_t i = 0; i < heads_.size(); ++i)
      if (heads_[i] == head && names_[i].size() == method.size() && (method.size() <= 8 || names_[i] == method))
        return MethodSet{1} << i;
    return kUnknownMethod;
  }

  // [i] has bit i
  const std::vector<std::string>& names() const { return names_; }

 private:
  static uint64_t HeadOf(std::string_view method) {
    return LoadAtMost8(method.data(), std::min<size_t>(method.size(), 8));
  }

  std::vector<uint64_t> heads_;  // the first bytes of each, which tell nearly all apart
  std::vector<std::string> names_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_METHOD_TABLE_H_
