// What the paths of an automaton look like, coarsely: enough to see of most pairs at once that they share none.
#ifndef SLUICE_ROUTER_PROVER_PATH_OUTLINE_H_
#define SLUICE_ROUTER_PROVER_PATH_OUTLINE_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "router/byte_automaton.h"

namespace sluice::router {

inline constexpr size_t kOutlineSegments = 6;
inline constexpr size_t kOutlineDepth = 8;  // bytes from a segment's start, and from its end
inline constexpr size_t kOutlinePlaces = (2 * kOutlineSegments + 1) * kOutlineDepth;

// For the first segments of a path, the bytes that may stand at each place, counted from the segment's start and from
// its end; and those at the last places of the path. `/` stands for a segment that ended before, 0 for one that is not
// there.
class PathOutline {
 public:
  // `paths` accepts only texts that begin with `/` and have no zero byte; every step of it leads to a text.
  explicit PathOutline(const ByteAutomaton& paths);

  // Whether it is certain that no text lies in both.
  bool IsApartFrom(const PathOutline& other) const;

  // The byte that stands at one of kOutlinePlaces in all texts, or -1.
  int OnlyByteAt(size_t place) const { return only_[place]; }

 private:
  static constexpr size_t kSegments = kOutlineSegments;
  static constexpr size_t kPlaces = kOutlineDepth;
  using Bytes = std::bitset<256>;
  using Places = std::array<Bytes, kPlaces>;
  class Reader;

  // Those from the start, those from the end, those of the path.
  std::array<Places, 2 * kSegments + 1> rows_;
  std::array<int16_t, kOutlinePlaces> only_;  // as OnlyByteAt says, row by row
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PROVER_PATH_OUTLINE_H_
