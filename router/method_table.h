// The methods that a table knows, each a bit of a set.
#ifndef SLUICE_ROUTER_METHOD_TABLE_H_
#define SLUICE_ROUTER_METHOD_TABLE_H_

#include <bit>
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
    words_.push_back(WordOf(method));
    names_.emplace_back(method);
    return true;
  }

  MethodSet Of(std::string_view method) const {
    const uint64_t word = WordOf(method);
    MethodSet bit = 1;
    for (uint64_t known : words_) {
      if (known == word && (method.size() < kWordBytes || names_[std::countr_zero(bit)] == method)) return bit;
      bit <<= 1;
    }
    return kUnknownMethod;
  }

  // [i] has bit i
  const std::vector<std::string>& names() const { return names_; }

 private:
  static constexpr size_t kWordBytes = 8;

  // The first bytes, and of a name of less than eight its size. No name that a table has has bytes as small as a size.
  static uint64_t WordOf(std::string_view method) {
    const size_t n = method.size();
    if (n >= kWordBytes) return LoadWord<uint64_t>(method.data());
    return LoadAtMost8(method.data(), n) | uint64_t{n} << (8 * (kWordBytes - 1));
  }

  std::vector<uint64_t> words_;
  std::vector<std::string> names_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_METHOD_TABLE_H_
