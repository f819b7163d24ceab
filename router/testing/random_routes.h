// Random routes and requests for tests. Values are drawn from small sets, so that routes overlap in all fields and most
// requests match several.
#ifndef SLUICE_ROUTER_TESTING_RANDOM_ROUTES_H_
#define SLUICE_ROUTER_TESTING_RANDOM_ROUTES_H_

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "router/route_table.h"

namespace sluice::router {

using Texts = std::vector<std::string>;

inline const Texts kHosts = {"a.com",      "b.a.com",    "c.b.a.com", "*.a.com", "*.com", "a.*",      "b.a.*",
                             "a.com:8443", "*.a.com:80", "a.*:8443",  "x.org",   "[::1]", "[::1]:80", "B.A.com:80"};
inline const Texts kPaths = {"/",
                             "/a",
                             "/ab",
                             "/a/b",
                             "/a/",
                             "/abc/d",
                             "/a/b/c",
                             "/b",
                             "~/a",
                             "~/a/b$",
                             "~/a/(b|c)",
                             "~/[ab]+/",
                             "~/(?P<x>a|ab)/",
                             "~/a.*d",
                             "~/(a)?/b|/b",
                             "~/(?i)/A",
                             "~/b{0}a",
                             "~/(?P<x>[^/]+)/b",
                             "~/a/[^/]+$",
                             "~/[^/]*/[^/]*$",
                             "~/a/(\\w+)/c$",
                             "~/[^/]+",
                             "~/a/\\d{2,3}",
                             "~/[^/a]+/b",
                             "~/a/[a-c]*",
                             "~/\\w+/",
                             "~/a/b/[^/]{1,2}$"};
inline const Texts kMethods = {"GET", "POST", "PUT", "PURGE"};
inline const Texts kValues = {"1",        "2",    "Two",           "three", "~*^t",    "~*[12]", "~*o",
                              "~*^[12]$", "~*e$", "~*(?-i)^[A-Z]", "~*^$",  "~*tw|3$", "~*"};
inline const Texts kSnis = {"a.com", "*.a.com", "a.*", "x.org."};
inline const std::vector<NetSpec> kNets = {{"10.0.0.0/8", 0},    {"10.1.0.1", 0}, {"", 443},
                                           {"10.1.0.0/16", 443}, {"::/0", 0},     {"10.1.0.1", 80}};

inline const std::vector<Texts> kStreamProtocols = {{"tcp"}, {"udp"}, {"tcp", "tls"}, {"tls"}, {"tls_passthrough"}};
inline const Texts kSchemes = {"http", "https", "http", "https", "", "tcp", "tls", "udp"};

inline const Texts kRequestHosts = {"a.com",   "A.COM", "b.a.com", "c.b.a.com", "a.org",
                                    "b.a.net", "x.org", "y.org",   "[::1]",     ""};
inline const Texts kRequestPaths = {
    "/",  "/a",   "/ab", "/a/b",  "/a/b/c",    "/a/",  "/abc/d",    "/b",    "/ab/x", "/a/bx/d", "/aab/",  "/A/x",
    "/c", "/a/c", "*",   "/a/12", "/a/1234/c", "/é/b", "/a/\xff/c", "/a/bé", "//",    "/a//c",   "/a\n/b", "/a/é\xff"};
inline const Texts kRequestMethods = {"GET", "POST", "PUT", "PURGE", "BREW"};
inline const Texts kRequestValues = {"1", "2", "two", "TWO", "three", ""};

class RandomRoutes {
 public:
  explicit RandomRoutes(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  bool OneIn(size_t n) { return Below(n) == 0; }

  template <typename T>
  const T& One(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

  template <typename T>
  std::vector<T> Some(const std::vector<T>& from, size_t one_in) {
    std::vector<T> some;
    if (!OneIn(one_in)) return some;
    do some.push_back(One(from));
    while (OneIn(3));
    return some;
  }

  RouteSpec StreamRoute() {
    RouteSpec route;
    route.protocols = One(kStreamProtocols);
    if (absl::StartsWith(route.protocols.back(), "tls")) route.snis = Some(kSnis, 2);
    route.sources = Some(kNets, 2);
    route.destinations = Some(kNets, 2);
    return route;
  }

  RouteSpec Route() {
    if (OneIn(4)) return StreamRoute();
    RouteSpec route;
    route.hosts = Some(kHosts, 2);
    route.paths = Some(kPaths, 1 + Below(2));
    route.methods = Some(kMethods, 3);
    for (const char* name : {"x-a", "X-B", "x_a"})
      if (OneIn(6)) route.headers.push_back({name, Some(kValues, 1)});
    route.snis = Some(kSnis, 8);
    route.sources = Some(kNets, 12);
    route.destinations = Some(kNets, 12);
    route.regex_priority = static_cast<int32_t>(Below(3)) - 1;
    return route;
  }

 private:
  std::mt19937 random_;
};

// Owns what a query refers to.
struct RandomRequest {
  std::vector<Header> headers;
  Endpoint source;
  Endpoint destination;
  RouteQuery query;

  void Draw(RandomRoutes* random) {
    query.method = random->One(kRequestMethods);
    query.host = random->One(kRequestHosts);
    query.port = random->One(std::vector<uint32_t>{0, 80, 8443});
    query.path = random->One(kRequestPaths);
    query.scheme = random->One(kSchemes);
    query.sni = random->One(kRequestHosts);
    headers.clear();
    for (const char* name : {"x-a", "X-A", "x-b", "X_A", "accept"})
      if (random->OneIn(2)) headers.push_back({name, random->One(kRequestValues)});
    query.headers = headers.data();
    query.header_count = headers.size();
    ParseEndpoint(random->OneIn(2) ? "10.1.0.1:443" : "10.2.0.1:80", &source);
    ParseEndpoint(random->OneIn(2) ? "10.1.0.1:80" : "[2001:db8::1]:443", &destination);
    query.source = random->OneIn(4) ? nullptr : &source;
    query.destination = random->OneIn(4) ? nullptr : &destination;
  }
};

inline std::string Describe(const RouteQuery& query) {
  return absl::StrCat(query.method, " ", query.scheme, "://", query.host, ":", query.port, query.path, " sni ",
                      query.sni);
}

// A random set without duplicates.
inline std::vector<RouteSpec> DrawRoutes(RandomRoutes* random, std::unique_ptr<const RouteTable>* table) {
  std::vector<RouteSpec> routes(1 + random->Below(40));
  for (;;) {
    for (RouteSpec& route : routes) route = random->Route();
    Diagnostics problems;
    *table = RouteTable::Build(routes, &problems);
    if (*table != nullptr) return routes;
    for (const Diagnostic& problem : problems) {
      const bool expected = problem.code == "duplicate_route" || problem.code == "empty_route";
      if (!expected) ADD_FAILURE() << ToText(problem);
    }
    if (routes.size() > 1) routes.pop_back();
  }
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_TESTING_RANDOM_ROUTES_H_
