// What the paths of an automaton look like, coarsely: enough to see of most pairs at once that they share none.
#ifndef SLUICE_ROUTER_PROVER_PATH_OUTLINE_H_
#define SLUICE_ROUTER_PROVER_PATH_OUTLINE_H_

#include <array>
#include <bitset>
#include <cstddef>

#include "router/byte_automaton.h"

namespace sluice::router {

// For the first segments of a path, the bytes that may stand at each place, counted from the segment's start and from
// its end; and those at the last places of the path. `/` stands for a segment that ended before, 0 for one that is not
// there.
class PathOutline {
 public:
  // `paths` accepts only texts that begin with `/` and have no zero byte; every step of it leads to a text.
  explicit PathOutline(const ByteAutomaton& paths);

  // Whether it is certain that no text lies in both.
  bool IsApartFrom(const PathOutline& other) const;

 private:
  static constexpr size_t kSegments = 6;
  static constexpr size_t kPlaces = 8;
  using Bytes = std::bitset<256>;
  using Places = std::array<Bytes, kPlaces>;
  class Reader;

  // Those from the start, those from the end, those of the path.
  std::array<Places, 2 * kSegments + 1> rows_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_PATH_OUTLINE_H_
