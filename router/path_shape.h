// A path regular expression that is a sequence of segments, such as `/users/(?<id>\d+)/orders$`, read as one. The trie
// finds such a path without RE2.
//
// Taken are, between slashes: literals; and one class of ASCII characters (`\d`, `\w`, `[a-z0-9-]`, `[^/]` …) with `+`,
// `*` or a count, with a group around it or not. Without `$` at the end, the last literal is a prefix and the last
// class takes as much as it can, which is what RE2's greedy match does. Everything else is left to RE2.
#ifndef SLUICE_ROUTER_PATH_SHAPE_H_
#define SLUICE_ROUTER_PATH_SHAPE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router/segment_class.h"

namespace sluice::router {

struct ShapeSegment {
  std::string literal;
  std::optional<SegmentClass> members;  // then there is no literal
};

struct ShapeCapture {
  std::string name;  // empty: a group without name
  uint8_t segment = 0;
};

struct PathShape {
  std::vector<ShapeSegment> segments;
  bool ends = false;  // with `$`; else the last segment is a prefix
  std::vector<ShapeCapture> captures;

  // Whether the last segment is a class that other bytes may follow.
  bool open() const { return !ends && segments.back().members.has_value(); }
};

// Nothing if `pattern`, as it stands after `~`, is no such sequence. Every pattern that is, is valid to RE2, too.
std::optional<PathShape> ReadPathShape(std::string_view pattern);

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_PATH_SHAPE_H_
