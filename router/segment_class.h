// What a segment that is no literal may be: a run of bytes of a set.
#ifndef SLUICE_ROUTER_SEGMENT_CLASS_H_
#define SLUICE_ROUTER_SEGMENT_CLASS_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "router/regex.h"

namespace sluice::router {

struct SegmentClass {
  static constexpr size_t kNoMatch = SIZE_MAX;

  std::bitset<256> bytes;
  uint32_t least = 1;  // bytes
  uint32_t most = UINT32_MAX;
  bool open = false;      // other bytes may follow in the segment
  bool any_byte = false;  // `bytes` are all but the slash, which no segment has: there is nothing to look at

  // A class that was written as a regular expression and has bytes beyond ASCII means characters by them. This is what
  // was written, with `$` unless `open`; the trie compiles it, to decide about segments that have such bytes as RE2
  // does.
  std::string pattern;
  std::shared_ptr<const Regex> beyond_ascii = nullptr;

  // All segments that are not empty, whatever their bytes.
  static SegmentClass Any() {
    SegmentClass all;
    all.bytes.set();
    all.any_byte = true;
    return all;
  }

  // Whether it has all segments of ASCII that are not empty, and no other of ASCII.
  bool TakesAnyAscii() const { return any_byte && least == 1 && most == UINT32_MAX; }

  // How many bytes of the segment the class takes; kNoMatch if the segment is not of it. `ascii`: no byte of the
  // segment is above 127.
  size_t Take(std::string_view segment, bool ascii) const {
    if (!ascii && beyond_ascii != nullptr && HasBeyondAscii(segment)) return TakeCharacters(segment);
    size_t run = segment.size() < most ? segment.size() : most;
    if (!any_byte) run = RunOf(segment.substr(0, run));
    return run < least || (!open && run != segment.size()) ? kNoMatch : run;
  }

  bool operator==(const SegmentClass& other) const {
    return bytes == other.bytes && least == other.least && most == other.most && open == other.open &&
           pattern.empty() == other.pattern.empty();
  }

 private:
  static bool HasBeyondAscii(std::string_view text) {
    for (char c : text)
      if (static_cast<uint8_t>(c) > 127) return true;
    return false;
  }

  size_t RunOf(std::string_view text) const {
    size_t run = 0;
    while (run < text.size() && bytes[static_cast<uint8_t>(text[run])]) ++run;
    return run;
  }

  size_t TakeCharacters(std::string_view segment) const {
    std::string_view taken;
    RouteCapture none[kMaxRouteCaptures];
    size_t count = 0;
    return beyond_ascii->Capture(segment, &taken, none, &count) ? taken.size() : kNoMatch;
  }
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_SEGMENT_CLASS_H_
