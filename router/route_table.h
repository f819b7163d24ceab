// From a request to the one route that answers it, as Kong's traditional_compatible router decides.
//
//   sluice::router::RouteSpec orders;
//   orders.name = "orders";
//   orders.hosts = {"api.example.com", "*.example.net"};
//   orders.paths = {"/orders", "~/v(?<version>\\d+)/orders"};
//
//   sluice::Diagnostics problems;
//   std::unique_ptr<const sluice::router::RouteTable> table = sluice::router::RouteTable::Build({orders}, &problems);
//   if (table == nullptr) return Report(problems);
//
//   sluice::Arena arena;
//   sluice::router::NormalTarget target;  // normalize.h
//   if (sluice::router::NormalizeTarget("/v2/orders/7?x=1", &arena, &target) != sluice::router::TargetError::kNone) …
//   sluice::router::RouteQuery query;
//   query.method = "GET";
//   query.host = "API.example.com";
//   query.port = 443;
//   query.path = target.path;
//   query.scheme = "https";
//   sluice::router::RouteMatch match;
//   if (table->Find(query, &match)) {
//     Use(match.route);                // 0: index into the specs given to Build
//     Use(match.matched);              // "/v2/orders"
//     Use(match.rest);                 // "/7", because strip_path is true
//     Use(match.Captured("version"));  // "2"
//   }
//
// A C++ server that has no Kong routes writes patterns instead (pattern.h) and asks the same table type:
//
//   std::vector<sluice::router::PatternSpec> patterns;
//   patterns.push_back({"order", "GET /orders/{id}"});
//   patterns.push_back({"files", "/files/{path...}"});
//   std::unique_ptr<const sluice::router::RouteTable> handlers =
//       sluice::router::RouteTable::BuildPatterns(patterns, &problems);
//
//   if (handlers->Find(query, &match)) {
//     Use(match.As<int64_t>("id"));  // std::optional: nothing if it is no number, or too large
//   } else if (match.verdict == sluice::router::RouteVerdict::kMethodNotAllowed) {
//     RespondWith(405, "Allow", match.allowed.Joined());  // "GET, HEAD"
//   } else …  // 404
//
// Which of several matching routes wins, in this order (docs/router.md has examples; pattern.h has that of patterns):
//   1. more of {hosts, paths, methods, headers, snis} set;
//   2. hosts, and no wildcard among them;
//   3. more header names;
//   4. regular expression before prefix;
//   5. higher regex_priority (regular expressions only);
//   6. longer prefix;
//   7. more of {hosts, a port in the host that matched, sources, destinations} set;
//   8. earlier in the document.
// A route with several paths is ranked for each of them. The result depends on nothing else.
//
// Routes of tcp, tls and udp are found by connections of these schemes only, and have an order of their own (Kong's):
//   1. snis, or both of sources and destinations set;
//   2. sources: an address before a port before a network; what a route has of these adds up;
//   3. destinations likewise;
//   4. more of {snis, sources, destinations} set;
//   5. earlier in the document.
//
// Threads: a table is immutable; any number of threads may call Find at once.
// Memory: Find allocates nothing and takes no lock of ours. RE2 does on its own behalf: it locks its cache of automaton
// states, and a pattern too large for that cache allocates while matching. But RE2 is off the common path: it runs for
// regular expressions of headers, and of paths only for those that are more than a sequence of segments (path_shape.h),
// where the path begins with their literal prefix and, if many begin alike, contains a text that they require.
// Errors: Build reports every problem of every route in one go; Find cannot fail. Neither throws.
// Time of Find: proportional to the length of the host and the path and to the number of routes that share a beginning
// of both with the request, not to the number of routes in the table.
#ifndef SLUICE_ROUTER_ROUTE_TABLE_H_
#define SLUICE_ROUTER_ROUTE_TABLE_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/diagnostic.h"
#include "base/ip.h"
#include "base/request.h"
#include "router/pattern.h"
#include "router/route_spec.h"

namespace sluice::router {

// All views are borrowed for the call; `path` and the host's bytes are never written to.
struct RouteQuery {
  std::string_view method;  // upper case
  std::string_view host;    // without port, any case, a trailing dot does not count; IPv6 in brackets; may be empty
  uint32_t port = 0;        // of the Host header, else the one that accepted the connection; 0: unknown
  std::string_view path;    // normal, see normalize.h
  // "http", "https", "grpc", "grpcs"; empty: "http". Or "tcp", "tls", "udp": a connection that carries no HTTP, of
  // which only sni, source and destination count.
  std::string_view scheme;
  std::string_view http_version;  // "1.1" (default when empty), "2"; tells gRPC apart
  std::string_view sni;           // empty: none
  const Header* headers = nullptr;
  size_t header_count = 0;
  const Endpoint* source = nullptr;       // null: unknown, and no route with `sources` matches
  const Endpoint* destination = nullptr;  // null: unknown, and no route with `destinations` matches
};

// What to do with a request that matched.
enum class RouteVerdict {
  kNone,        // no route: 404
  kForward,     // go on
  kNeedsHttps,  // the route takes https only: answer RouteMatch::https_redirect_status_code
  kNeedsGrpc,   // the route is for gRPC, and the content type is not application/grpc: answer 415
  kNeedsHttp2,  // the route is for gRPC, and this is not HTTP/2: answer 426
  kNeedsGrpcs,  // the route takes gRPC over TLS only: answer grpc-status 1
  // Patterns only, and Find returns false: some match but for the method. Answer 405, with RouteMatch::allowed.
  kMethodNotAllowed,
};

// What a `{name}` of the pattern, or a group of the regular expression, took. `value.data()` is null when the group
// took no part in the match.
struct RouteCapture {
  std::string_view name;   // empty for a group without name; borrowed from the table
  std::string_view value;  // borrowed from RouteQuery::path
};

inline constexpr size_t kMaxRouteCaptures = 16;  // a pattern or regular expression with more is refused
inline constexpr uint32_t kNoRoute = UINT32_MAX;

// Names of methods in alphabetical order, borrowed from the table: for (std::string_view method : match.allowed) …
class MethodNames {
 public:
  class Iterator {
   public:
    Iterator(uint64_t left, const std::string* names) : left_(left), names_(names) { SkipOthers(); }
    std::string_view operator*() const { return *names_; }
    Iterator& operator++() {
      left_ >>= 1;
      ++names_;
      SkipOthers();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    void SkipOthers() {
      for (; left_ != 0 && (left_ & 1) == 0; left_ >>= 1) ++names_;
    }

    uint64_t left_;
    const std::string* names_;
  };

  MethodNames() = default;
  MethodNames(uint64_t set, const std::string* names) : set_(set), names_(names) {}

  bool empty() const { return set_ == 0; }
  Iterator begin() const { return {set_, names_}; }
  Iterator end() const { return {0, nullptr}; }

  // The value of an Allow header (RFC 9110, 10.2.1): `GET, HEAD`. Allocates.
  std::string Joined() const {
    std::string all;
    for (std::string_view name : *this) all.append(all.empty() ? "" : ", ").append(name);
    return all;
  }

 private:
  uint64_t set_ = 0;  // bit i stands for names_[i]
  const std::string* names_ = nullptr;
};

struct RouteMatch {
  uint32_t route = kNoRoute;  // index into the specs given to Build
  uint32_t path = 0;          // index into that spec's paths; 0 if it has none
  RouteVerdict verdict = RouteVerdict::kNone;
  uint16_t https_redirect_status_code = 0;
  bool strip_path = false;       // of the route
  bool tls_passthrough = false;  // of a stream route: relay TLS unopened
  std::string_view matched;      // what of RouteQuery::path the route's path took; empty if it has none
  // With strip_path, what follows `matched`, less one leading `.`, `..`, `./` or `../` (a request for `/a../x` must not
  // climb out of the service's path by a route `/a`). Without strip_path, the whole path.
  std::string_view rest;
  size_t capture_count = 0;
  RouteCapture captures[kMaxRouteCaptures];  // in the order of the pattern; only the first capture_count are set
  MethodNames allowed;                       // with kMethodNotAllowed; HEAD among them where GET is

  // The value of the capture of that name; empty if there is none.
  std::string_view Captured(std::string_view name) const {
    for (size_t i = 0; i < capture_count; ++i)
      if (captures[i].name == name) return captures[i].value;
    return {};
  }

  // The same as an integer, in decimal: nothing unless the whole value is one that T holds.
  template <typename T>
  std::optional<T> As(std::string_view name) const {
    static_assert(std::is_integral<T>::value && !std::is_same<T, bool>::value, "captures are texts or integers");
    const std::string_view text = Captured(name);
    T value{};
    const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
  }
};

struct MatchIndex;  // internal

class RouteTable {
 public:
  // `seed`: a number that those who name routes cannot guess, from a source of random bytes, if they are not trusted.
  // It keys the hash of path segments and hosts. Whatever it is, no lookup takes more probes than a fixed bound
  // (segment_table.h): a random one only keeps strangers from making Build slower. The answers never depend on it.
  //
  // Null if any diagnostic is an error. Codes: bad_host, bad_path, path_not_normal, bad_regex, regex_too_large,
  // bad_method, bad_header, bad_sni, bad_address, bad_protocols, bad_stream_route, bad_redirect_status, empty_route,
  // duplicate_route, too_many_routes, too_many_methods. `where` is the route's place with `/paths/0` and the like
  // appended to its pointer.
  static std::unique_ptr<const RouteTable> Build(const std::vector<RouteSpec>& routes, Diagnostics* problems,
                                                 uint64_t seed = 0);

  // Codes: bad_pattern, path_not_normal, bad_host, bad_method, pattern_too_large, duplicate_route, too_many_routes,
  // too_many_methods. `where` is the pattern's place.
  static std::unique_ptr<const RouteTable> BuildPatterns(const std::vector<PatternSpec>& patterns,
                                                         Diagnostics* problems, uint64_t seed = 0);

  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;
  ~RouteTable();

  // True if a route matched; then `match` is set, and its verdict says whether the request may go on. Else false, and
  // only `match->route`, `match->verdict` and `match->allowed` are set.
  bool Find(const RouteQuery& query, RouteMatch* match) const;

  size_t route_count() const;
  size_t memory_bytes() const;  // of the tables and programs, about, without RE2's caches; for reports

 private:
  explicit RouteTable(std::unique_ptr<const MatchIndex> index);

  std::unique_ptr<const MatchIndex> index_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_ROUTE_TABLE_H_
