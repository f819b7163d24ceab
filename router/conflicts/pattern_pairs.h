// Which patterns overlap without one being more specific, found through tries that are walked two nodes at a time.
#ifndef SLUICE_ROUTER_CONFLICTS_PATTERN_PAIRS_H_
#define SLUICE_ROUTER_CONFLICTS_PATTERN_PAIRS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "router/pattern_parser.h"

namespace sluice::router {

class PatternPairs {
 public:
  using Visit = std::function<bool(uint32_t, uint32_t)>;

  // `patterns` must outlive this.
  explicit PatternPairs(const std::vector<Pattern>& patterns);

  // Calls `visit(a, b)` once for each two patterns that some request satisfies, and of which each has requests that the
  // other has not. Left out are those of which one's hosts are some of the other's: the host tells them apart. False if
  // `visit` was, or if more than `most_steps` nodes, or pairs of hosts, would have to be looked at.
  bool ForEach(size_t most_steps, const Visit& visit) const;

 private:
  struct Node {
    std::map<std::string_view, Node> literals;
    std::vector<Node> parameter;  // one, or none
    std::vector<uint32_t> ends;   // patterns that end here
    std::vector<uint32_t> rests;  // patterns whose `{name...}` begins here
    uint8_t methods = 0;          // of the patterns at and below the node: kAny, kGet
  };
  class Walk;

  const std::vector<Pattern>& patterns_;
  std::vector<const Pattern*> hosts_;  // one pattern of each host
  std::vector<Node> roots_;            // of its trie
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_PATTERN_PAIRS_H_
