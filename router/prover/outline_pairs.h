// Which paths of many may meet, as far as their outlines show, without a look at each two of them.
#ifndef SLUICE_ROUTER_PROVER_OUTLINE_PAIRS_H_
#define SLUICE_ROUTER_PROVER_OUTLINE_PAIRS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "router/prover/path_outline.h"

namespace sluice::router {

// The paths are divided by the byte at a place of their outlines where that helps most, and the parts again. Those that
// may have several bytes there are compared with each part.
class OutlinePairs {
 public:
  using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

  // Null: a path of which nothing is known. `outlines` must outlive this.
  explicit OutlinePairs(const std::vector<const PathOutline*>& outlines) : outlines_(outlines) {}

  // Adds each two, by their indexes, that are not certainly apart, once. Takes from `looks` one for each two that are
  // compared; false if they do not suffice.
  bool Find(size_t* looks, Pairs* pairs);

 private:
  using Members = std::vector<uint32_t>;

  bool Divide(const Members& members, size_t* looks, Pairs* pairs);
  // The place where a division leaves the fewest pairs to be compared; kOutlinePlaces if none is worth it.
  size_t BestPlace(const Members& members) const;
  bool Compare(uint32_t a, uint32_t b, size_t* looks, Pairs* pairs) const;
  bool CompareAll(const Members& members, size_t* looks, Pairs* pairs) const;
  bool CompareWith(const Members& some, const Members& others, size_t* looks, Pairs* pairs) const;

  int ByteAt(uint32_t member, size_t place) const;

  const std::vector<const PathOutline*>& outlines_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_OUTLINE_PAIRS_H_
