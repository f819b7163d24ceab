// Requests that satisfy patterns, as the whole table answers them.
#ifndef SLUICE_ROUTER_CONFLICTS_PATTERN_REQUESTS_H_
#define SLUICE_ROUTER_CONFLICTS_PATTERN_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "router/pattern_parser.h"
#include "router/route_table.h"

namespace sluice::router {

class PatternRequests {
 public:
  // `table` is what RouteTable::BuildPatterns made of the patterns, which must outlive this.
  PatternRequests(const std::vector<Pattern>& patterns, const RouteTable& table);

  // A request that both patterns match and that goes to the first one, if there is one. Else `takers` together take all
  // that both match, if it is not null.
  //
  // Where the patterns leave the path, the host or the method open, what no pattern names is put there. So every other
  // request of as many segments that both match is matched by all patterns that match this one, and only one request of
  // each number of segments is tried.
  std::optional<Witness> Find(uint32_t first, uint32_t second, std::set<uint32_t>* takers);

  // Requests that were tried so far.
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn): set where it is declared, for each constructor
  size_t tries() const { return tries_; }

 private:
  struct Shape {
    std::vector<std::string> segments;
    bool has_rest = false;
  };

  // False if no path has both.
  bool Join(const Pattern& a, const Pattern& b, Shape* shape) const;
  std::vector<std::string> PathsOf(const Pattern& a, const Pattern& b) const;
  std::vector<std::string> MethodsOf(const Pattern& a, const Pattern& b) const;
  std::vector<Witness> HostsOf(const Pattern& a, const Pattern& b) const;

  const std::vector<Pattern>& patterns_;
  const RouteTable& table_;
  std::string free_segment_ = "x";
  std::string free_method_ = "X";
  std::string free_label_;       // of a host
  std::vector<uint16_t> ports_;  // of requests, where none is asked for
  size_t most_segments_ = 0;
  size_t tries_ = 0;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_PATTERN_REQUESTS_H_
