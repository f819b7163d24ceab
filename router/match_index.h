// What RouteTable::Find reads: the routes of a table, compiled. Filled by compile.cc, then never changed.
//
// Every way to reach a route (one of its paths, with or without the port of a host) is an entry, and entries are sorted
// by precedence, so that the place of an entry is its rank and the best match is the lowest one.
#ifndef SLUICE_ROUTER_MATCH_INDEX_H_
#define SLUICE_ROUTER_MATCH_INDEX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "router/filters.h"
#include "router/host_index.h"
#include "router/path_trie.h"
#include "router/regex.h"
#include "router/route_table.h"
#include "router/stream_index.h"

namespace sluice::router {

using MethodSet = uint64_t;  // a bit for each method that occurs in the table
inline constexpr MethodSet kAnyMethod = ~MethodSet{0};
inline constexpr MethodSet kUnknownMethod = MethodSet{1} << 63;  // no route names it
static_assert(limits::kRouteMethods == 63, "one bit is for unknown methods");

struct Entry {
  MethodSet methods = kAnyMethod;
  uint32_t route = 0;
  uint32_t path = 0;             // index into the route's paths
  uint32_t prefix_bytes = 0;     // of a prefix path
  const Regex* regex = nullptr;  // of a regular expression
  const RouteFilters* filters = nullptr;
};

// What the answer says about a route.
struct RouteTraits {
  bool strip_path = true;
  bool https_only = false;
  bool grpc = false;
  bool grpcs_only = false;
  uint16_t https_redirect_status_code = 426;
};

struct MatchIndex {
  std::vector<Entry> entries;
  std::vector<RouteTraits> routes;
  std::vector<std::string> methods;  // [i] has bit i
  HostIndex hosts;
  PathTrie paths;
  uint32_t tree_without_host = PathTrie::kNone;
  std::vector<std::unique_ptr<const Regex>> regexes;
  std::vector<std::unique_ptr<const RouteFilters>> filters;  // by route; null where nothing is asked
  StreamIndex streams;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_MATCH_INDEX_H_
