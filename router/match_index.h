// What RouteTable::Find reads: the routes of a table, compiled. Filled by compile.cc, then never changed.
//
// Every way to reach a route (one of its paths, with or without the port of a host) is an entry, and entries are sorted
// by precedence, so that the place of an entry is its rank and the best match is the lowest one.
#ifndef SLUICE_ROUTER_MATCH_INDEX_H_
#define SLUICE_ROUTER_MATCH_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/huge_pages.h"
#include "router/capture_lists.h"
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

// What the answer says about a route.
struct RouteTraits {
  uint16_t https_redirect_status_code : 12 = 426;
  uint16_t strip_path : 1 = true;
  uint16_t https_only : 1 = false;
  uint16_t grpc : 1 = false;
  uint16_t grpcs_only : 1 = false;
};

// What an entry asks that neither host, nor path trie, nor method shows.
struct Asks {
  const Regex* regex = nullptr;  // of a path that the trie does not decide alone
  const RouteFilters* filters = nullptr;
};

// One way to reach a route; two in a cache line.
struct alignas(32) Entry {
  static constexpr uint32_t kNothing = UINT32_MAX;

  MethodSet methods = kAnyMethod;
  uint32_t asks = kNothing;  // in MatchIndex::asks
  uint32_t route = 0;
  uint32_t path = 0;                         // index into the route's paths
  uint32_t captures = CaptureLists::kEmpty;  // in MatchIndex::captures
  uint32_t bytes = 0;                        // see PathForm
  RouteTraits traits;
  uint8_t segments = 0;  // of the path, before `bytes`
  PathForm form = PathForm::kNone;
};
static_assert(sizeof(Entry) == 32);

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

struct MatchIndex {
  std::vector<Entry, HugePages<Entry>> entries;
  size_t route_count = 0;
  MethodTable methods;
  bool answers_405 = false;
  HostIndex hosts;  // to `trees`
  std::vector<Tree> trees;
  uint32_t tree_without_host = Tree::kNone;
  SegmentTrie paths;
  LiteralIndex literals;
  std::vector<uint32_t> anywhere;
  CaptureLists captures;
  std::vector<Asks> asks;
  std::vector<std::unique_ptr<const Regex>> regexes;
  std::vector<std::unique_ptr<const RouteFilters>> filters;  // by route; null where nothing is asked
  StreamIndex streams;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_MATCH_INDEX_H_
