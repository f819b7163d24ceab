// What RouteTable::Find reads: the routes of a table, compiled. Filled by compile.cc, then never changed.
//
// Every way to reach a route (one of its paths, with or without the port of a host) is an entry, and entries are sorted
// by precedence, so that the place of an entry is its rank and the best match is the lowest one.
#ifndef SLUICE_ROUTER_MATCH_INDEX_H_
#define SLUICE_ROUTER_MATCH_INDEX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "router/filters.h"
#include "router/host_index.h"
#include "router/literal_index.h"
#include "router/method_table.h"
#include "router/regex.h"
#include "router/route_table.h"
#include "router/segment_trie.h"
#include "router/stream_index.h"

namespace sluice::router {

// How much of the path an entry takes.
enum class PathForm : uint8_t {
  kNone,       // nothing
  kWhole,      // all of it
  kPrefix,     // `bytes` after the segments and their slash
  kOpenClass,  // the last segment as far as the class of kind `bytes` goes
  kRegex,      // what RE2 says
};

// One way to reach a route.
struct Entry {
  MethodSet methods = kAnyMethod;
  const Regex* regex = nullptr;  // of a path that the trie does not decide alone
  const RouteFilters* filters = nullptr;
  uint32_t route = 0;
  uint32_t path = 0;   // index into the route's paths
  uint32_t bytes = 0;  // see PathForm
  uint32_t first_capture = 0;
  uint8_t capture_count = 0;
  uint8_t segments = 0;  // of the path, before `bytes`
  PathForm form = PathForm::kNone;
};

// Where in the path the value of a capture lies.
struct CaptureSpot {
  std::string_view name;  // in MatchIndex::names
  uint8_t segment = 0;
  bool to_end = false;  // with all that follows
};

// The paths of all routes that one host name leads to, or that need none.
struct Tree {
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t root = kNone;      // in MatchIndex::paths
  uint32_t literals = kNone;  // in MatchIndex::literals: regular expressions, many of which begin alike
  // Ranks in MatchIndex::anywhere of the entries without a path, and of those whose regular expression tells nothing
  // of how a path begins.
  uint32_t first_anywhere = 0;
  uint32_t anywhere_count = 0;
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
  MethodTable methods;
  bool answers_405 = false;
  HostIndex hosts;  // to `trees`
  std::vector<Tree> trees;
  uint32_t tree_without_host = Tree::kNone;
  SegmentTrie paths;
  LiteralIndex literals;
  std::vector<uint32_t> anywhere;
  std::vector<CaptureSpot> captures;
  std::set<std::string, std::less<>> names;  // of captures
  std::vector<std::unique_ptr<const Regex>> regexes;
  std::vector<std::unique_ptr<const RouteFilters>> filters;  // by route; null where nothing is asked
  StreamIndex streams;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_MATCH_INDEX_H_
