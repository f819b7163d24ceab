// What Build refuses, and what it says.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "gtest/gtest.h"
#include "router/regex.h"
#include "router/route_table.h"

namespace sluice::router {
namespace {

RouteSpec Route(const std::string& name) {
  RouteSpec route;
  route.name = name;
  route.paths = {"/" + name};
  route.where = {"gateway.yaml", 7, 3, "/routes/" + name};
  return route;
}

Diagnostics ProblemsOf(const std::vector<RouteSpec>& routes) {
  Diagnostics problems;
  const auto table = RouteTable::Build(routes, &problems);
  EXPECT_EQ(table == nullptr, HasErrors(problems));
  return problems;
}

TEST(Build, EveryFieldIsChecked) {
  const struct {
    const char* code;
    const char* field;
    const char* found;  // must be in the message
    std::function<void(RouteSpec*)> spoil;
  } kCases[] = {
      {"bad_host", "/hosts/1", "`a.*.com`",
       [](RouteSpec* r) {
         r->hosts = {"a.com", "a.*.com"};
       }},
      {"bad_host", "/hosts/0", "65535", [](RouteSpec* r) { r->hosts = {"a.com:70000"}; }},
      {"bad_host", "/hosts/0", "255", [](RouteSpec* r) { r->hosts = {std::string(256, 'a')}; }},
      {"bad_path", "/paths/0", "`orders`", [](RouteSpec* r) { r->paths = {"orders"}; }},
      {"bad_path", "/paths/0", "``", [](RouteSpec* r) { r->paths = {""}; }},
      {"bad_path", "/paths/0", "`~orders`", [](RouteSpec* r) { r->paths = {"~orders"}; }},
      {"bad_path", "/paths/0", "`/a?b`", [](RouteSpec* r) { r->paths = {"/a?b"}; }},
      {"bad_path", "/paths/0", "forbidden_byte", [](RouteSpec* r) { r->paths = {"/a#b"}; }},
      {"bad_path", "/paths/0", "bad_percent", [](RouteSpec* r) { r->paths = {"/a%2"}; }},
      {"bad_path", "/paths/0", "target_too_long",
       [](RouteSpec* r) { r->paths = {"/" + std::string(limits::kTargetBytes, 'a')}; }},
      {"path_not_normal", "/paths/1", "`/a/../b`",
       [](RouteSpec* r) {
         r->paths = {"/c", "/a/../b"};
       }},
      {"path_not_normal", "/paths/0", "`/a//b`", [](RouteSpec* r) { r->paths = {"/a//b"}; }},
      {"path_not_normal", "/paths/0", "`/a%20b`", [](RouteSpec* r) { r->paths = {"/a%20b"}; }},
      {"path_not_normal", "/paths/0", "`/a%2fb`", [](RouteSpec* r) { r->paths = {"/a%2fb"}; }},
      {"bad_regex", "/paths/0", "(?=", [](RouteSpec* r) { r->paths = {"~/a(?=b)"}; }},
      {"regex_too_large", "/paths/0", "4096",
       [](RouteSpec* r) { r->paths = {"~/" + std::string(limits::kRegexBytes, 'a')}; }},
      {"bad_method", "/methods/1", "`get`",
       [](RouteSpec* r) {
         r->methods = {"GET", "get"};
       }},
      {"bad_method", "/methods/0", "``", [](RouteSpec* r) { r->methods = {""}; }},
      {"bad_method", "/methods/0", "`AAA", [](RouteSpec* r) { r->methods = {std::string(33, 'A')}; }},
      {"bad_header", "/headers/a b", "`a b`",
       [](RouteSpec* r) {
         r->headers = {{"a b", {"1"}}};
       }},
      {"bad_header", "/headers/", "``",
       [](RouteSpec* r) {
         r->headers = {{"", {"1"}}};
       }},
      {"bad_header", "/headers/Host", "`host`",
       [](RouteSpec* r) {
         r->headers = {{"Host", {"1"}}};
       }},
      {"bad_header", "/headers/x", "at least one value",
       [](RouteSpec* r) {
         r->headers = {{"x", {}}};
       }},
      {"bad_header", "/headers/X", "again",
       [](RouteSpec* r) {
         r->headers = {{"x", {"1"}}, {"X", {"2"}}};
       }},
      {"bad_regex", "/headers/x", "(?!",
       [](RouteSpec* r) {
         r->headers = {{"x", {"1", "~*a(?!b)"}}};
       }},
      {"bad_sni", "/snis/0", "without a port", [](RouteSpec* r) { r->snis = {"a.com:443"}; }},
      {"bad_sni", "/snis/0", "`a b`", [](RouteSpec* r) { r->snis = {"a b"}; }},
      {"bad_address", "/sources/1", "`10.0.0`",
       [](RouteSpec* r) {
         r->sources = {{"10.0.0.0/8", 0}, {"10.0.0", 0}};
       }},
      {"bad_address", "/destinations/0", "``",
       [](RouteSpec* r) {
         r->destinations = {{"", 0}};
       }},
      {"bad_protocols", "/protocols", "`http, tcp`",
       [](RouteSpec* r) {
         r->protocols = {"http", "tcp"};
       }},
      {"bad_protocols", "/protocols", "`tls, tls_passthrough`",
       [](RouteSpec* r) {
         r->protocols = {"tls", "tls_passthrough"};
         r->paths.clear();
         r->snis = {"a.com"};
       }},
      {"bad_stream_route", "/paths", "no paths on a route for tcp, tls",
       [](RouteSpec* r) {
         r->protocols = {"tcp", "tls"};
       }},
      {"bad_stream_route", "/hosts", "no hosts",
       [](RouteSpec* r) {
         r->protocols = {"udp"};
         r->paths.clear();
         r->hosts = {"a.com"};
       }},
      {"bad_stream_route", "/methods", "no methods",
       [](RouteSpec* r) {
         r->protocols = {"tls_passthrough"};
         r->paths.clear();
         r->methods = {"GET"};
       }},
      {"bad_stream_route", "/headers", "no headers",
       [](RouteSpec* r) {
         r->protocols = {"tls"};
         r->paths.clear();
         r->headers = {{"x", {"1"}}};
       }},
      {"bad_stream_route", "/snis", "without tls",
       [](RouteSpec* r) {
         r->protocols = {"tcp", "udp"};
         r->paths.clear();
         r->snis = {"a.com"};
       }},
      {"empty_route", "", "found none",
       [](RouteSpec* r) {
         r->protocols = {"tcp"};
         r->paths.clear();
       }},
      {"bad_protocols", "/protocols", "`http, grpc`",
       [](RouteSpec* r) {
         r->protocols = {"http", "grpc"};
       }},
      {"bad_protocols", "/protocols", "``", [](RouteSpec* r) { r->protocols = {}; }},
      {"bad_redirect_status", "/https_redirect_status_code", "`303`",
       [](RouteSpec* r) { r->https_redirect_status_code = 303; }},
      {"empty_route", "", "none", [](RouteSpec* r) { r->paths = {}; }},
  };
  for (const auto& c : kCases) {
    RouteSpec route = Route("r");
    c.spoil(&route);
    const Diagnostics problems = ProblemsOf({route});
    ASSERT_EQ(problems.size(), 1u) << c.code << c.field;
    EXPECT_EQ(problems[0].code, c.code);
    EXPECT_EQ(problems[0].where.pointer, std::string("/routes/r") + c.field);
    EXPECT_EQ(problems[0].where.line, 7u);
    EXPECT_EQ(problems[0].routes, std::vector<std::string>{"r"});
    EXPECT_NE(problems[0].message.find(c.found), std::string::npos) << problems[0].message;
  }
}

TEST(Build, TheHintIsTheNormalForm) {
  RouteSpec route = Route("r");
  route.paths = {"/a/./b%2fc//d%20e"};
  EXPECT_EQ(ProblemsOf({route})[0].hint, "write `/a/b%2Fc/d e`");
  route.paths = {"/a/b%2Fc/d e"};
  EXPECT_TRUE(ProblemsOf({route}).empty());
}

TEST(Build, AllProblemsAreReportedInOneRun) {
  RouteSpec a = Route("a");
  a.hosts = {"*"};
  a.paths = {"x", "~/(", "/ok"};
  RouteSpec b = Route("b");
  b.methods = {"get"};
  EXPECT_EQ(ProblemsOf({a, b}).size(), 4u);
}

TEST(Build, NoRoutesIsATableThatMatchesNothing) {
  Diagnostics problems;
  const auto table = RouteTable::Build({}, &problems);
  ASSERT_NE(table, nullptr);
  RouteQuery query;
  query.path = "/";
  RouteMatch match;
  EXPECT_FALSE(table->Find(query, &match));
  EXPECT_EQ(match.route, kNoRoute);
}

TEST(Build, DuplicatesAreRefusedWithBothPlaces) {
  RouteSpec a = Route("a");
  a.hosts = {"a.com", "B.com"};
  a.paths = {"/x", "~/y"};
  a.methods = {"GET", "PUT"};
  a.headers = {{"X-A", {"one", "Two"}}, {"x-b", {"~*C"}}};
  a.snis = {"A.com"};
  RouteSpec b = a;  // the same requests, otherwise said
  b.name = "b";
  b.where.line = 20;
  b.hosts = {"b.COM", "a.com", "a.com"};
  b.paths = {"~/y", "/x"};
  b.methods = {"PUT", "GET"};
  b.headers = {{"X-B", {"~*C"}}, {"x-a", {"TWO", "one"}}};
  b.snis = {"a.com."};
  b.strip_path = false;
  b.regex_priority = 3;
  RouteSpec c = b;
  c.name = "";
  c.where.line = 30;
  const Diagnostics problems = ProblemsOf({a, b, c});
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].code, "duplicate_route");
  EXPECT_EQ(problems[0].message, "route `b` matches exactly the requests of route `a`");
  EXPECT_EQ(problems[0].where.line, 20u);
  ASSERT_EQ(problems[0].related.size(), 1u);
  EXPECT_EQ(problems[0].related[0].line, 7u);
  EXPECT_EQ(problems[1].message, "route `number 3` matches exactly the requests of route `a`");
  EXPECT_EQ(problems[1].where.line, 30u);
}

TEST(Build, WhatDiffersInOneFieldIsNoDuplicate) {
  const std::function<void(RouteSpec*)> kChanges[] = {
      [](RouteSpec*) {},
      [](RouteSpec* r) { r->hosts = {"a.com"}; },
      [](RouteSpec* r) { r->hosts = {"a.com:80"}; },
      [](RouteSpec* r) { r->paths = {"/other"}; },
      [](RouteSpec* r) { r->methods = {"GET"}; },
      [](RouteSpec* r) {
        r->headers = {{"x", {"a"}}};
      },
      [](RouteSpec* r) {
        r->headers = {{"x", {"a", "b"}}};
      },
      [](RouteSpec* r) {
        r->headers = {{"x", {"ab"}}};
      },
      [](RouteSpec* r) {
        r->headers = {{"x", {"~*A"}}};
      },
      [](RouteSpec* r) {
        r->headers = {{"x", {"~*a"}}};
      },
      [](RouteSpec* r) { r->snis = {"a.com"}; },
      [](RouteSpec* r) {
        r->sources = {{"10.0.0.1", 0}};
      },
      [](RouteSpec* r) {
        r->destinations = {{"10.0.0.1", 0}};
      },
      [](RouteSpec* r) {
        r->destinations = {{"10.0.0.1", 1}};
      },
  };
  std::vector<RouteSpec> routes;
  for (const auto& change : kChanges) {
    routes.push_back(Route("r"));
    change(&routes.back());
  }
  EXPECT_TRUE(ProblemsOf(routes).empty());
}

TEST(Build, Bounded) {
  std::vector<RouteSpec> many(limits::kRoutes + 1);
  EXPECT_EQ(ProblemsOf(many)[0].code, "too_many_routes");

  RouteSpec product = Route("product");  // few lines, many pairs
  product.hosts.assign(limits::kRouteKeys / 1000 + 1, "a.com");
  product.paths.assign(1000, "/a");
  EXPECT_EQ(ProblemsOf({product})[0].code, "too_many_routes");

  RouteSpec methods = Route("methods");
  for (size_t i = 0; i < limits::kRouteMethods; ++i)
    methods.methods.push_back({static_cast<char>('A' + i / 26), static_cast<char>('A' + i % 26)});
  EXPECT_TRUE(ProblemsOf({methods}).empty());
  methods.methods.push_back("ONEMORE");
  EXPECT_EQ(ProblemsOf({methods})[0].code, "too_many_methods");

  std::vector<RouteSpec> faulty(limits::kDiagnostics + 10, Route("faulty"));
  for (RouteSpec& route : faulty) route.methods = {"get"};
  EXPECT_EQ(ProblemsOf(faulty).size(), limits::kDiagnostics);
}

TEST(Build, AllRegularExpressionsTogetherAreBounded) {
  Regex::Error error;
  const std::string pattern = "/x{1000}";
  const size_t each = Regex::Compile(pattern, Regex::Kind::kPath, &error)->instructions();
  std::vector<RouteSpec> routes;
  while ((routes.size() + 1) * each <= limits::kRegexInstructions) {
    routes.push_back(Route(absl::StrCat("r", routes.size())));
    routes.back().hosts = {absl::StrCat("h", routes.size())};
    routes.back().paths = {"~" + pattern};
  }
  EXPECT_TRUE(ProblemsOf(routes).empty());
  routes.push_back(Route("one more"));
  routes.back().paths = {"~" + pattern};
  const Diagnostics problems = ProblemsOf(routes);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "regex_too_large");
  EXPECT_EQ(problems[0].routes, std::vector<std::string>{"one more"});
  EXPECT_NE(problems[0].message.find(absl::StrCat(limits::kRegexInstructions)), std::string::npos);
}

}  // namespace
}  // namespace sluice::router
