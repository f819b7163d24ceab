#include "router/why.h"

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "router/testing/random_routes.h"

namespace sluice::router {
namespace {

RouteSpec Route(std::string name, Texts paths) {
  RouteSpec route;
  route.name = std::move(name);
  route.paths = std::move(paths);
  return route;
}

RouteQuery Get(std::string_view host, std::string_view path) {
  RouteQuery query;
  query.method = "GET";
  query.host = host;
  query.port = 80;
  query.path = path;
  return query;
}

// "name: reason" or "name misses field wanted/found", one a line.
std::string Shown(const std::vector<RouteSpec>& routes, const RouteQuery& query, size_t most = 10) {
  std::string out;
  for (const Candidate& candidate : FindCandidates(routes, query, most)) {
    out += routes[candidate.route].name;
    if (candidate.matches) out += ": " + candidate.reason;
    for (const Unmet& unmet : candidate.unmet) out += " misses " + unmet.field + " " + unmet.wanted + "/" + unmet.found;
    out += "\n";
  }
  return out;
}

TEST(Candidates, SayWhichRuleDecided) {
  RouteSpec best = Route("best", {"/a"});
  best.hosts = {"*.example.com"};
  best.methods = {"GET"};
  RouteSpec plain = Route("plain", {"/"});
  plain.hosts = {"www.example.com"};
  RouteSpec wildcard = Route("wildcard", {"/a"});
  wildcard.hosts = {"www.*"};
  RouteSpec urgent = Route("urgent", {"~/a"});
  urgent.regex_priority = 7;
  const std::vector<RouteSpec> routes = {Route("short", {"/", "/zzz"}),
                                         Route("long", {"/x", "/a/b"}),
                                         Route("regex", {"~/a/."}),
                                         urgent,
                                         wildcard,
                                         plain,
                                         best,
                                         Route("twin", {"~/a/[a-z]"})};
  EXPECT_EQ(Shown(routes, Get("www.example.com", "/a/b")),
            "best: \n"
            "plain: more fields go first: 3 (hosts, paths, methods) against 2 (hosts, paths)\n"
            "wildcard: hosts without a wildcard go first\n"
            "urgent: more fields go first: 2 (hosts, paths) against 1 (paths)\n"
            "regex: the higher regex_priority goes first: 7 against 0\n"
            "twin: equal: the order in the document decides\n"
            "long: a regular expression goes before a prefix\n"
            "short: the longer prefix goes first: 4 bytes against 1\n");
}

TEST(Candidates, SayHeadersAndPins) {
  RouteSpec one = Route("one", {"/"});
  one.headers = {{"x-a", {"1"}}};
  RouteSpec two = one;
  two.name = "two";
  two.headers.push_back({"x-b", {"2"}});
  RouteSpec pinned = one;
  pinned.name = "pinned";
  pinned.destinations = {{"", 443}};
  Endpoint server;
  ASSERT_TRUE(ParseEndpoint("10.0.0.1:443", &server));
  const Header headers[] = {{"X-A", "1"}, {"X-B", "2"}};
  RouteQuery query = Get("", "/");
  query.headers = headers;
  query.header_count = 2;
  query.destination = &server;
  EXPECT_EQ(Shown({one, two, pinned}, query),
            "two: \n"
            "pinned: more headers go first: 2 against 1\n"
            "one: more of hosts, the port of a host, sources and destinations go first: 1 against 0\n");
}

TEST(Candidates, SayWhichHeaderAnUnderscoreFound) {
  RouteSpec route = Route("route", {"/"});
  route.headers = {{"x_a", {"1"}}};
  const Header header = {"X-A", "2"};
  RouteQuery query = Get("", "/");
  query.headers = &header;
  query.header_count = 1;
  const std::vector<Candidate> found = FindCandidates({route}, query, 1);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].unmet.size(), 1U);
  EXPECT_EQ(found[0].unmet[0].found, "2");
}

TEST(Candidates, SayWhatTheNearestMiss) {
  RouteSpec post = Route("post", {"/orders"});
  post.methods = {"POST", "PUT"};
  RouteSpec far = Route("far", {"/zzz"});
  RouteSpec host = Route("host", {"/orders"});
  host.hosts = {"a.com:8443", "b.com"};
  RouteSpec header = Route("header", {"/orders"});
  header.headers = {{"X-Stage", {"beta", "~*^c"}}};
  header.sources = {{"10.0.0.0/8", 0}, {"", 9}};
  RouteSpec stream;
  stream.name = "stream";
  stream.protocols = {"tcp"};
  stream.destinations = {{"", 80}};
  RouteQuery query = Get("www.a.com", "/orders/7");
  const Header headers[] = {{"x-stage", "alpha"}, {"x-stage", "omega"}};
  query.headers = headers;
  query.header_count = 2;
  EXPECT_EQ(Shown({stream, far, host, header, post}, query),
            "post misses methods POST or PUT/GET\n"
            "header misses header X-Stage beta or ~*^c/alpha, omega misses sources 10.0.0.0/8 or port 9/none\n"
            "host misses hosts a.com:8443 or b.com/www.a.com:80\n"
            "far misses paths /zzz//orders/7\n");
  EXPECT_EQ(Shown({stream, far, host, header, post}, query, 1), "post misses methods POST or PUT/GET\n");
}

TEST(Candidates, OfStreams) {
  RouteSpec named;
  named.name = "named";
  named.protocols = {"tls"};
  named.snis = {"a.com"};
  RouteSpec address = named;
  address.name = "address";
  address.snis = {};
  address.sources = {{"10.0.0.1", 0}};
  RouteSpec network = address;
  network.name = "network";
  network.sources = {{"10.0.0.0/8", 0}};
  Endpoint peer;
  ASSERT_TRUE(ParseEndpoint("10.0.0.1:4000", &peer));
  RouteQuery query;
  query.scheme = "tls";
  query.sni = "a.com";
  query.source = &peer;
  EXPECT_EQ(Shown({network, address, named}, query),
            "named: \n"
            "address: snis, or both sources and destinations, go first\n"
            "network: sources: an address goes before a port, a port before a network, a network before none\n");
  query.sni = "b.com";
  EXPECT_EQ(Shown({named}, query), "named misses snis a.com/b.com\n");
  query.scheme = "udp";
  EXPECT_EQ(Shown({named, address}, query), "named misses protocols tls/udp\naddress misses protocols tls/udp\n");
}

// What they say of a request is what the table does with it.
TEST(Candidates, AgreeWithTheTable) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  RandomRoutes random(seed);
  size_t matches = 0;
  for (int set = 0; set < 60; ++set) {
    std::unique_ptr<const RouteTable> table;
    const std::vector<RouteSpec> routes = DrawRoutes(&random, &table);
    for (int i = 0; i < 30; ++i) {
      RandomRequest request;
      request.Draw(&random);
      RouteMatch match;
      const bool found = table->Find(request.query, &match);
      matches += found;
      const std::vector<Candidate> candidates = FindCandidates(routes, request.query, 3);
      ASSERT_EQ(!candidates.empty() && candidates[0].matches, found) << Describe(request.query) << " seed " << seed;
      if (!found) continue;
      ASSERT_EQ(candidates[0].route, match.route) << Describe(request.query) << " seed " << seed;
      ASSERT_EQ(candidates[0].path, match.path) << Describe(request.query) << " seed " << seed;
    }
  }
  EXPECT_GT(matches, 100u);
}

}  // namespace
}  // namespace sluice::router
