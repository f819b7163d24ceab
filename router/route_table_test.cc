#include "router/route_table.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "router/normalize.h"
#include "router/upstream_path.h"

namespace sluice::router {
namespace {

RouteSpec Route(const std::string& name, std::vector<std::string> hosts, std::vector<std::string> paths,
                std::vector<std::string> methods = {}) {
  RouteSpec route;
  route.name = name;
  route.hosts = std::move(hosts);
  route.paths = std::move(paths);
  route.methods = std::move(methods);
  return route;
}

// A table that answers with the names of routes.
class Table {
 public:
  explicit Table(std::vector<RouteSpec> routes) : routes_(std::move(routes)) {
    Diagnostics problems;
    table_ = RouteTable::Build(routes_, &problems);
    for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  }

  std::string Find(const RouteQuery& query) {
    return table_->Find(query, &match_) ? routes_[match_.route].name : "none";
  }

  std::string Find(std::string_view method, std::string_view host, std::string_view path, uint32_t port = 80) {
    RouteQuery query;
    query.method = method;
    query.host = host;
    query.path = path;
    query.port = port;
    return Find(query);
  }

  const RouteMatch& match() const { return match_; }

 private:
  std::vector<RouteSpec> routes_;
  std::unique_ptr<const RouteTable> table_;
  RouteMatch match_;
};

TEST(RouteTable, TheExampleOfTheHeader) {
  Table table({Route("orders", {"api.example.com", "*.example.net"}, {"/orders", "~/v(?<version>\\d+)/orders"})});
  EXPECT_EQ(table.Find("GET", "API.example.com", "/v2/orders/7", 443), "orders");
  EXPECT_EQ(table.match().path, 1u);
  EXPECT_EQ(table.match().matched, "/v2/orders");
  EXPECT_EQ(table.match().rest, "/7");
  EXPECT_EQ(table.match().Captured("version"), "2");
  EXPECT_EQ(table.match().Captured("none"), "");
  EXPECT_EQ(table.match().verdict, RouteVerdict::kForward);
  EXPECT_EQ(table.Find("GET", "a.b.example.net", "/orders"), "orders");
  EXPECT_EQ(table.match().capture_count, 0u);
  EXPECT_EQ(table.Find("GET", "example.net", "/orders"), "none");
  EXPECT_EQ(table.match().route, kNoRoute);
  EXPECT_EQ(table.match().verdict, RouteVerdict::kNone);
}

// One pair for each rule of precedence; the winner is written last, so that the order of the document cannot help it.
TEST(RouteTable, Precedence) {
  RouteSpec two_headers = Route("winner", {}, {"/"});
  two_headers.headers = {{"x-a", {"1"}}, {"x-b", {"1"}}};
  RouteSpec one_header = Route("loser", {}, {"/a/b"});
  one_header.headers = {{"x-a", {"1"}}};
  RouteSpec urgent = Route("winner", {}, {"~/a/[a-z]"});
  urgent.regex_priority = 2;
  RouteSpec mild = Route("loser", {}, {"~/a/b"});
  mild.regex_priority = 1;
  RouteSpec prefix_priority = Route("loser", {}, {"/a"});
  prefix_priority.regex_priority = 9;  // means nothing for a prefix
  RouteSpec from = Route("winner", {"a.com"}, {"/a"});
  from.sources = {{"10.0.0.0/8", 0}};
  const struct {
    const char* rule;
    RouteSpec loser;
    RouteSpec winner;
  } kCases[] = {
      {"more attributes, though a wildcard", Route("loser", {"a.com"}, {"/a/b"}),
       Route("winner", {"*.com"}, {"/"}, {"GET"})},
      {"more attributes, though a prefix", Route("loser", {}, {"~/a/b"}), Route("winner", {}, {"/"}, {"GET"})},
      {"plain host", Route("loser", {"*.com"}, {"~/a/b"}), Route("winner", {"a.com"}, {"/"})},
      {"no wildcard among the hosts", Route("loser", {"a.com", "*.org"}, {"/a/b"}), Route("winner", {"a.com"}, {"/"})},
      {"plain host before none", Route("loser", {}, {"/a/b"}, {"GET"}), Route("winner", {"a.com"}, {"/"})},
      {"wildcard host as none", Route("loser", {"*.com"}, {"/a"}), Route("winner", {}, {"/a/b"}, {"GET"})},
      {"but before none when all else is equal", Route("loser", {}, {"/a"}, {"GET"}),
       Route("winner", {"*.com"}, {"/a"})},
      {"more headers", one_header, two_headers},
      {"regular expression", Route("loser", {}, {"/a/b"}), Route("winner", {}, {"~/a"})},
      {"regex_priority", mild, urgent},
      {"longer prefix", prefix_priority, Route("winner", {}, {"/a/"})},
      {"longer prefix among several", Route("loser", {}, {"/", "/a"}), Route("winner", {}, {"/zzz", "/a/b"})},
      {"host with port", Route("loser", {"a.com"}, {"/a"}), Route("winner", {"a.com:80"}, {"/a"})},
      {"longer prefix, though no port", Route("loser", {"a.com:80"}, {"/a"}), Route("winner", {"a.com"}, {"/a/b"})},
      {"source", Route("loser", {"a.com"}, {"/a"}), from},
  };
  const Header headers[] = {{"X-A", "1"}, {"X-B", "1"}};
  Endpoint source;
  ASSERT_TRUE(ParseEndpoint("10.1.2.3:4567", &source));
  RouteQuery query;
  query.method = "GET";
  query.host = "a.com";
  query.port = 80;
  query.path = "/a/b";
  query.headers = headers;
  query.header_count = 2;
  query.source = &source;
  for (const auto& c : kCases) {
    EXPECT_EQ(Table({c.loser}).Find(query), "loser") << c.rule;  // both match
    EXPECT_EQ(Table({c.loser, c.winner}).Find(query), "winner") << c.rule;
    EXPECT_EQ(Table({c.winner, c.loser}).Find(query), "winner") << c.rule;
  }
}

TEST(RouteTable, ATrueTieGoesToTheEarlierRoute) {
  const RouteSpec ab = Route("ab", {}, {"~/a"});
  const RouteSpec cd = Route("cd", {}, {"~/a.*"});
  EXPECT_EQ(Table({ab, cd}).Find("GET", "", "/abc"), "ab");
  EXPECT_EQ(Table({cd, ab}).Find("GET", "", "/abc"), "cd");
}

TEST(RouteTable, Methods) {
  Table table(
      {Route("read", {}, {"/"}, {"GET", "HEAD"}), Route("purge", {}, {"/"}, {"PURGE"}), Route("any", {}, {"/"})});
  EXPECT_EQ(table.Find("GET", "", "/"), "read");
  EXPECT_EQ(table.Find("HEAD", "", "/"), "read");
  EXPECT_EQ(table.Find("PURGE", "", "/"), "purge");
  EXPECT_EQ(table.Find("POST", "", "/"), "any");
  EXPECT_EQ(table.Find("get", "", "/"), "any");  // methods have case (RFC 9110, 9.1)
  EXPECT_EQ(table.Find("", "", "/"), "any");
}

TEST(RouteTable, Headers) {
  RouteSpec route = Route("r", {}, {});
  route.headers = {{"X-Version", {"1", "Two"}}, {"user_agent", {"~*curl/\\d"}}};
  Table table({route});
  const auto find = [&table](std::vector<Header> headers) {
    RouteQuery query;
    query.headers = headers.data();
    query.header_count = headers.size();
    return table.Find(query);
  };
  EXPECT_EQ(find({{"x-version", "two"}, {"User-Agent", "CURL/7"}}), "r");
  EXPECT_EQ(find({{"x-version", "0"}, {"x-version", "1"}, {"user_agent", "my curl/8"}}), "r");
  EXPECT_EQ(find({{"x-version", "1"}}), "none");
  EXPECT_EQ(find({{"x-version", "1, two"}, {"User-Agent", "curl/7"}}), "none");
  EXPECT_EQ(find({{"x_version", "1"}, {"User-Agent", "curl/7"}}), "none");  // a dash is no underscore
  EXPECT_EQ(find({}), "none");
}

TEST(RouteTable, SnisAreLookedAtWithTlsOnly) {
  RouteSpec route = Route("r", {}, {"/"});
  route.snis = {"a.com", "*.b.com", "c.com."};
  Table table({route});
  const auto find = [&table](std::string_view scheme, std::string_view sni) {
    RouteQuery query;
    query.path = "/";
    query.scheme = scheme;
    query.sni = sni;
    return table.Find(query);
  };
  for (const char* sni : {"a.com", "A.com", "a.com.", "x.b.com", "x.y.B.com", "c.com"})
    EXPECT_EQ(find("https", sni), "r") << sni;
  for (const char* sni : {"", ".", "b.com", "xa.com", "a.com.."}) EXPECT_EQ(find("https", sni), "none") << sni;
  EXPECT_EQ(find("grpcs", "z"), "none");
  EXPECT_EQ(find("http", ""), "r");
  EXPECT_EQ(find("", "z"), "r");
}

TEST(RouteTable, SourcesAndDestinations) {
  RouteSpec route = Route("r", {}, {"/"});
  route.sources = {{"10.0.0.0/8", 0}, {"2001:db8::1", 0}};
  route.destinations = {{"", 8443}, {"192.0.2.1", 80}};
  Table table({route});
  const auto find = [&table](const char* source, const char* destination) {
    Endpoint from;
    Endpoint to;
    EXPECT_TRUE(ParseEndpoint(source, &from) && ParseEndpoint(destination, &to));
    RouteQuery query;
    query.path = "/";
    query.source = &from;
    query.destination = &to;
    return table.Find(query);
  };
  EXPECT_EQ(find("10.1.2.3:1", "198.51.100.1:8443"), "r");
  EXPECT_EQ(find("[2001:db8::1]:1", "192.0.2.1:80"), "r");
  EXPECT_EQ(find("11.1.2.3:1", "192.0.2.1:80"), "none");
  EXPECT_EQ(find("10.1.2.3:1", "192.0.2.2:80"), "none");
  EXPECT_EQ(table.Find("GET", "", "/"), "none");  // unknown addresses satisfy nothing
}

TEST(RouteTable, Verdicts) {
  RouteSpec https = Route("https", {}, {"/https"});
  https.protocols = {"https"};
  https.https_redirect_status_code = 308;
  RouteSpec http = Route("http", {}, {"/http"});
  http.protocols = {"http"};
  RouteSpec grpc = Route("grpc", {}, {"/grpc"});
  grpc.protocols = {"grpc", "grpcs"};
  RouteSpec grpcs = Route("grpcs", {}, {"/grpcs"});
  grpcs.protocols = {"grpcs"};
  Table table({https, http, grpc, grpcs});
  const struct {
    const char* path;
    const char* scheme;
    const char* version;
    const char* content_type;
    RouteVerdict verdict;
  } kCases[] = {
      {"/https", "http", "1.1", "", RouteVerdict::kNeedsHttps},
      {"/https", "", "", "", RouteVerdict::kNeedsHttps},
      {"/https", "https", "1.1", "", RouteVerdict::kForward},
      {"/http", "https", "1.1", "", RouteVerdict::kForward},  // as in Kong: `http` alone does not shut out TLS
      {"/grpc", "http", "2", "application/grpc+proto", RouteVerdict::kForward},
      {"/grpc", "http", "2", "application/json", RouteVerdict::kNeedsGrpc},
      {"/grpc", "http", "2", "", RouteVerdict::kNeedsGrpc},
      {"/grpc", "http", "1.1", "Application/GRPC", RouteVerdict::kNeedsHttp2},
      {"/grpcs", "grpcs", "2", "application/grpc", RouteVerdict::kForward},
      {"/grpcs", "grpc", "2", "application/grpc", RouteVerdict::kNeedsGrpcs},
  };
  for (const auto& c : kCases) {
    const Header headers[] = {{"Content-Type", c.content_type}};
    RouteQuery query;
    query.path = c.path;
    query.scheme = c.scheme;
    query.http_version = c.version;
    query.headers = headers;
    query.header_count = c.content_type[0] == '\0' ? 0 : 1;
    ASSERT_NE(table.Find(query), "none");
    EXPECT_EQ(table.match().verdict, c.verdict) << c.path << " " << c.scheme << " " << c.content_type;
  }
  RouteQuery query;
  query.path = "/https";
  table.Find(query);
  EXPECT_EQ(table.match().https_redirect_status_code, 308);
}

TEST(RouteTable, TheRestDoesNotClimb) {
  RouteSpec keep = Route("keep", {"keep"}, {"/a"});
  keep.strip_path = false;
  Table table({Route("strip", {}, {"/a", "/b."}), keep, Route("host", {"host"}, {})});
  const struct {
    const char* host;
    const char* path;
    const char* rest;
  } kCases[] = {
      {"", "/a", ""},           {"", "/a/", "/"},
      {"", "/a/x", "/x"},       {"", "/ax", "x"},
      {"", "/a.", ""},          {"", "/a..", ""},
      {"", "/a./x", "x"},       {"", "/a../x", "x"},
      {"", "/a.../x", ".../x"}, {"", "/a..x", "..x"},
      {"", "/b../x", "x"},      {"", "/b.../x", "x"},
      {"keep", "/a/x", "/a/x"}, {"keep", "/a../x", "/a../x"},
      {"host", "/c/x", "/c/x"},
  };
  for (const auto& c : kCases) {
    ASSERT_NE(table.Find("GET", c.host, c.path), "none");
    EXPECT_EQ(table.match().rest, c.rest) << c.path;
  }
}

TEST(RouteTable, TheAsteriskMatchesRoutesWithoutPathsOnly) {
  Table table({Route("root", {}, {"/"}), Route("options", {}, {}, {"OPTIONS"})});
  EXPECT_EQ(table.Find("OPTIONS", "", "*"), "options");
  EXPECT_EQ(table.Find("GET", "", "*"), "none");
}

TEST(RouteTable, ManyRoutesAreFoundOneByOne) {
  std::vector<RouteSpec> routes;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "r" + std::to_string(i);
    routes.push_back(Route(name, {}, {"/api/" + std::to_string(i % 7) + "/" + name + "/"}));
  }
  Table table(routes);
  for (const RouteSpec& route : routes) ASSERT_EQ(table.Find("GET", "any", route.paths[0] + "x"), route.name);
  EXPECT_EQ(table.Find("GET", "any", "/api/0/r1/"), "none");
}

TEST(UpstreamPath, JoinsWithOneSlash) {
  RouteSpec keep = Route("keep", {"keep"}, {"/a"});
  keep.strip_path = false;
  Table table({Route("strip", {}, {"/a"}), Route("root", {"root"}, {"/"}), Route("host", {"host"}, {}), keep});
  const struct {
    const char* host;
    const char* service;
    const char* path;
    const char* upstream;
  } kCases[] = {
      {"", "", "/a", "/"},
      {"", "", "/a/", "/"},
      {"", "", "/a/x", "/x"},
      {"", "/", "/a/x", "/x"},
      {"", "/api", "/a/x", "/api/x"},
      {"", "/api", "/ax", "/api/x"},
      {"", "/api", "/a", "/api"},
      {"", "/api", "/a/", "/api/"},
      {"", "/api/", "/a", "/api"},
      {"", "/api/", "/a/", "/api/"},
      {"", "/api/", "/a/x", "/api/x"},
      {"", "/api", "/a../x", "/api/x"},
      {"keep", "", "/a", "/a"},
      {"keep", "/", "/a/x", "/a/x"},
      {"keep", "/api", "/a/", "/api/a/"},
      {"root", "/api", "/", "/api"},
      {"root", "/api/", "/", "/api/"},
      {"root", "/api", "/x", "/api/x"},
      {"host", "/api", "/", "/api"},
      {"host", "/api/", "/x", "/api/x"},
      {"host", "", "/", "/"},
      {"keep", "/api/", "/a", "/api/a"},
      {"keep", "/api", "/ax", "/api/ax"},
  };
  Arena arena;
  for (const auto& c : kCases) {
    ASSERT_NE(table.Find("GET", c.host, c.path), "none");
    EXPECT_EQ(UpstreamPath(c.service, c.path, table.match(), &arena), c.upstream)
        << c.host << c.service << " " << c.path;
  }
}

}  // namespace
}  // namespace sluice::router
