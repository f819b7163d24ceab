#include "router/conflicts/conflicts.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "router/prover/libfa_prover.h"
#include "router/route_table.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

RouteSpec Route(std::string name, Texts paths, Texts hosts = {}, Texts methods = {}) {
  RouteSpec route;
  route.name = std::move(name);
  route.paths = std::move(paths);
  route.hosts = std::move(hosts);
  route.methods = std::move(methods);
  return route;
}

Diagnostics Conflicts(const std::vector<RouteSpec>& routes, bool with_prover = true) {
  Diagnostics problems, findings;
  const auto table = RouteTable::Build(routes, &problems);
  for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  const auto prover = MakeLibfaProver();
  if (table != nullptr) FindConflicts(routes, *table, with_prover ? prover.get() : nullptr, &findings);
  return findings;
}

// "code: routes", one for each finding.
std::string Summary(const Diagnostics& findings) {
  std::string text;
  for (const Diagnostic& d : findings)
    absl::StrAppend(&text, text.empty() ? "" : "; ", d.code, ": ", absl::StrJoin(d.routes, " "));
  return text;
}

TEST(Conflicts, Table) {
  RouteSpec urgent = Route("urgent", {"~/a/.*"});
  urgent.regex_priority = 1;
  RouteSpec red = Route("red", {"/h"});
  red.headers = {{"x", {"1"}}};
  RouteSpec blue = Route("blue", {"/h"});
  blue.headers = {{"X", {"2", "2win"}}};
  RouteSpec inside = Route("inside", {"/n"});
  inside.sources = {{"10.1.0.0/16", 0}};
  RouteSpec around = Route("around", {"/n"});
  around.sources = {{"10.0.0.0/8", 0}};
  RouteSpec elsewhere = Route("elsewhere", {"/n"});
  elsewhere.sources = {{"11.0.0.0/8", 0}};
  RouteSpec lower = around, upper = around;
  lower.name = "lower";
  lower.sources = {{"10.0.0.0/9", 0}};
  upper.name = "upper";
  upper.sources = {{"10.128.0.0/9", 0}};
  RouteSpec windows = Route("windows", {"/h"});
  windows.headers = {{"x", {"~*win"}}};
  RouteSpec windy = windows, empty = windows, anything = windows, low_line = windows, dash = windows;
  windy.name = "windy";
  windy.headers = {{"x", {"~*wind[ys]"}}};
  empty.name = "empty";
  empty.headers = {{"x", {""}}};
  anything.name = "anything";
  anything.headers = {{"x", {"~*"}}};
  low_line.name = "low_line";
  low_line.headers = {{"x_a", {"1"}}};
  dash.name = "dash";
  dash.headers = {{"x-a", {"1"}}};
  RouteSpec tcp = Route("tcp", {});
  tcp.protocols = {"tcp", "udp"};
  tcp.destinations = {{"", 9000}};
  RouteSpec udp = tcp;
  udp.name = "udp";
  udp.protocols = {"udp"};
  RouteSpec tls = tcp;
  tls.name = "tls";
  tls.protocols = {"tls"};
  RouteSpec dotted = Route("dotted", {"/s"}), named = dotted, both = dotted, relayed = tls, passed = tls;
  dotted.snis = {"a.com."};
  named.name = "named";
  named.snis = {"b.com"};
  both.name = "both";
  both.snis = {"B.com", "a.com"};
  for (RouteSpec* route : {&dotted, &named, &both}) route->protocols = {"https"};
  relayed.snis = {"a.com."};
  passed.name = "passed";
  passed.snis = {"b.com"};
  const struct {
    std::vector<RouteSpec> routes;
    const char* expected;
  } kCases[] = {
      {{Route("a", {"/a"}), Route("b", {"/b"})}, ""},
      {{Route("a", {"/a"}), Route("b", {"/a/b"})}, ""},  // the longer one wins
      {{Route("a", {"/a", "/x"}), Route("b", {"/a", "/y"})}, "route_tie: a b"},
      {{Route("a", {"/a", "/x"}), Route("b", {"/a"})}, "route_shadowed: b a"},
      {{Route("b", {"/a"}), Route("a", {"/a", "/x"})}, "route_tie: b a"},  // /x is still reached
      {{Route("a", {"/a"}, {"x.com"}), Route("b", {"/a"}, {"y.com"})}, ""},
      {{Route("a", {"/a"}, {"*.x.com"}), Route("b", {"/a"}, {"a.*"})}, "route_tie: a b"},
      {{Route("a", {"/a"}, {"*.x.com"}), Route("b", {"/a"}, {"*.y.x.com"})}, "route_shadowed: b a"},
      {{Route("a", {"/a"}, {"x.com"}), Route("b", {"/a"}, {"X.com:80"})}, ""},  // the port outranks
      {{Route("a", {"/a"}, {"x.com:80"}), Route("b", {"/a"}, {"x.com:81"})}, ""},
      {{Route("a", {"/a"}, {}, {"GET"}), Route("b", {"/a"}, {}, {"POST"})}, ""},
      {{Route("a", {"/a"}, {}, {"GET", "PUT"}), Route("b", {"/a"}, {}, {"POST", "PUT"})}, "route_tie: a b"},
      {{Route("g", {"/a"}, {}, {"GET"}), Route("p", {"/a"}, {}, {"POST"}), Route("b", {"/a"}, {}, {"POST", "GET"})},
       "route_shadowed: b g p"},
      {{Route("a", {}, {"x.com"}), Route("b", {"/"})}, ""},  // plain hosts outrank
      {{Route("a", {}, {}, {"GET", "PUT"}), Route("w", {"/"})}, "route_shadowed: a w"},
      {{Route("a", {}, {}, {"GET", "OPTIONS"}), Route("w", {"/"})}, ""},  // `OPTIONS *` has no path
      {{Route("s", {}, {}, {"OPTIONS"}), Route("a", {}, {}, {"GET", "OPTIONS"}), Route("w", {"/"})},
       "route_shadowed: a s w"},
      {{Route("a", {"/a"}), Route("b", {}, {}, {"GET"})}, ""},  // the longer prefix outranks none
      {{Route("a", {"~/\\d+$"}), Route("b", {"~/[0-9]+/x$"})}, ""},
      {{Route("a", {"~/\\d+$"}), Route("b", {"~/1+$"})}, "route_shadowed: b a"},
      {{Route("b", {"~/1+$"}), Route("a", {"~/\\d+$"})}, "route_tie: b a"},
      {{Route("a", {"~/a"}), Route("b", {"/ab"})}, "route_shadowed: b a"},
      {{Route("b", {"/ab"}), Route("a", {"~/a"})}, "route_shadowed: b a"},  // whichever comes first
      {{Route("a", {"~/a$"}), Route("b", {"/ab"})}, ""},
      {{Route("low", {"~/a/b"}), urgent}, "route_shadowed: low urgent"},
      {{Route("a", {"~/[ab]$"}), Route("c", {"~/c$"}), Route("l", {"~/[b-c]$"})}, "route_shadowed: l a c"},
      {{Route("a", {"~/a"}), Route("b", {"~/b"}), Route("o", {"/ax"}), Route("l", {"/a", "/b/c"})},
       "route_shadowed: o a; route_shadowed: l a b"},
      {{Route("a", {"~/a\\b"}), Route("b", {"~/a"})}, "route_tie: a b"},  // RE2 says so of /a
      {{Route("a", {"~/(?:ca|bb)\\b"}), Route("b", {"~/(?:dd|bb)\\b"})}, "conflicts_undecided: a b"},
      {{Route("a", {"~/a\\b"}), Route("b", {"/a"})}, ""},  // /aa shows it without a proof
      {{Route("a", {"~/a\\b", "~/a"}), Route("b", {"/a"})}, "route_shadowed: b a"},
      {{Route("a", {"~/?^.b"}), Route("b", {"~/xb"})}, "conflicts_undecided: a b"},
      {{Route("a", {"~/(^a|b)"}), Route("b", {"~/a"})}, ""},
      {{Route("a", {"~/{0}(?:^)/a"}), Route("b", {"~/ab"})}, "route_shadowed: b a"},
      {{Route("a", {"~/a//b", "/c"})}, "regex_never_matches: a"},
      {{Route("a", {"~/(a|%41)/x"}), Route("b", {"~/(%41|a)/y"})}, ""},
      {{red, blue}, ""},  // only a request that brings both
      {{red, windows}, ""},
      {{blue, windows}, "route_tie: blue windows"},  // 2win has both, too
      {{windows, windy}, "route_shadowed: windy windows"},
      {{windy, windows}, "route_tie: windy windows"},
      {{empty, anything}, "route_tie: empty anything"},
      {{low_line, dash}, "route_shadowed: dash low_line"},
      {{dash, low_line}, "route_tie: dash low_line"},
      {{around, inside}, "route_shadowed: inside around"},
      {{inside, around}, "route_tie: inside around"},
      {{inside, elsewhere}, ""},
      {{lower, upper, around}, "route_shadowed: around lower upper"},
      {{lower, inside, around}, "route_shadowed: inside lower; route_tie: lower around"},
      {{Route("p", {"/a"}, {"b.com"}), Route("q", {"/a/b"}, {"*.a.com"}), Route("r", {"/a/b"}, {"*.a.com", "b.com"})},
       "route_shadowed: r p q"},
      {{tcp, udp}, "route_shadowed: udp tcp"},
      {{udp, tcp}, "route_tie: udp tcp"},
      {{tcp, tls}, ""},
      {{dotted, named}, "route_tie: dotted named"},  // for plain http, which has no server name
      {{dotted, both}, "route_tie: dotted both"},
      {{both, dotted}, "route_shadowed: dotted both"},
      {{relayed, passed}, ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Summary(Conflicts(c.routes)), c.expected);
}

RouteSpec WithHeader(std::string name, std::string header, Texts values) {
  RouteSpec route = Route(std::move(name), {"/h"});
  route.headers = {{std::move(header), std::move(values)}};
  return route;
}

// Expressions of one header are compared exactly, and so are `x_a` and `x-a`, which are one header as far as a route is
// concerned.
TEST(Conflicts, HeadersTable) {
  const auto a = [](Texts values) { return WithHeader("a", "x-a", std::move(values)); };
  const auto b = [](Texts values) { return WithHeader("b", "x-a", std::move(values)); };
  const auto c = [](Texts values) { return WithHeader("c", "x-a", std::move(values)); };
  RouteSpec both = WithHeader("both", "x-a", {"1"});
  both.headers.push_back({"x_a", {"2"}});
  const struct {
    std::vector<RouteSpec> routes;
    const char* expected;
    const char* witness = "";
  } kCases[] = {
      {{a({"~*^v[12]$"}), b({"~*^v[23]$"})}, "route_tie: a b", "v2"},
      {{a({"~*^v[12]$"}), b({"~*^v[34]$"})}, ""},
      {{a({"~*^v1"}), b({"~*2$"})}, "route_tie: a b", "v12"},
      {{a({"~*^v1$"}), b({"~*2$"})}, ""},
      {{a({"~*^ab.*"}), b({"~*ba$"})}, "route_tie: a b", "aba"},
      {{a({"~*x$"}), b({"~*x$|^y"})}, "route_tie: a b", "x"},
      {{b({"~*x$|^y"}), a({"~*x$"})}, "route_shadowed: a b", "x"},
      {{a({"~*^v1$"}), b({"~*^v2$"}), c({"~*^v[12]$"})}, "route_shadowed: c a b", "v1"},  // only together
      {{a({"v1"}), b({"V2"}), c({"~*^v[12]$"})}, "route_shadowed: c a b", "v1"},
      {{a({"v1"}), b({"V2"}), c({"~*^v[123]$"})}, "route_tie: a c; route_tie: b c", "v1"},
      {{a({"~*^(?-i)V$"}), b({"v"})}, "route_tie: a b", "V"},
      {{b({"v"}), a({"~*^(?-i)V$"})}, "route_shadowed: a b", "V"},
      {{a({"~*^(?-i)V$"}), b({"~*^(?-i)v$"})}, ""},
      {{a({"~*^ $"}), b({"~*^ ?$"})}, ""},  // white space at an end is no part of a value
      {{a({"~*\\bv\\b"}), b({"~*w\\b"})}, "conflicts_undecided: a b", nullptr},
      {{a({"~*k"}), b({"~*^\xe2\x84\xaa$"})}, "route_shadowed: b a", nullptr},  // the sign of Kelvin
      {{WithHeader("a", "x_a", {"~*1"}), b({"~*1$"})}, "route_shadowed: b a", "1"},
      {{b({"~*1$"}), WithHeader("a", "x_a", {"~*1"})}, "route_tie: b a", "1"},
      {{WithHeader("a", "x_a", {"1"}), WithHeader("b", "x_a", {"2"})}, ""},
      {{a({"1"}), both}, ""},  // more header names
  };
  for (const auto& t : kCases) {
    const Diagnostics findings = Conflicts(t.routes);
    EXPECT_EQ(Summary(findings), t.expected);
    if (t.witness == nullptr || findings.empty() || !findings[0].witness) continue;
    ASSERT_EQ(findings[0].witness->headers.size(), 1u);
    EXPECT_EQ(findings[0].witness->headers[0].second, t.witness);
  }
}

TEST(Conflicts, WithoutAProverExpressionsAreLeftOut) {
  const std::vector<RouteSpec> routes = {Route("a", {"~/a", "/x"}), Route("b", {"~/a/b"}), Route("c", {"/a", "/x"})};
  EXPECT_EQ(Summary(Conflicts(routes, false)), "route_tie: a c");
  EXPECT_EQ(Summary(Conflicts(routes, true)), "route_shadowed: b a; route_shadowed: c a");
}

TEST(Conflicts, AnExpressionThatNeverMatchesIsToldWhatKeepsItFromThat) {
  const std::pair<const char*, const char*> kCases[] = {
      {"~/a//b", "`//`"},
      {"~/a\\?b", "`?`"},
      {"~/a#", "`#`"},
      {"~/a/\\.$", "a dot segment"},
      {"~/[.]/x", "a dot segment"},
      {"~/\\.{2}/", "a dot segment"},
      {"~/%41", "a percent-escape"},
      {"~/a$/b", "an anchor"},
  };
  for (const auto& [path, asks_for] : kCases) {
    const Diagnostics findings = Conflicts({Route("a", {path})});
    ASSERT_EQ(Summary(findings), "regex_never_matches: a") << path;
    EXPECT_TRUE(absl::StrContains(findings[0].message, absl::StrCat("it asks for ", asks_for))) << findings[0].message;
  }
}

// Whatever there is to choose from: a request that the route takes names the next one that may cover it.
TEST(Conflicts, AmongManyExpressionsTheOneThatCoversIsFound) {
  std::vector<RouteSpec> routes;
  for (int i = 0; i < 40; ++i) {
    routes.push_back(Route(absl::StrCat("r", i), {absl::StrCat("~/a/.*z", i, "q")}));
    routes.back().regex_priority = i + 1;
  }
  routes.push_back(Route("low", {"/a/b/c"}));
  EXPECT_EQ(Summary(Conflicts(routes)), "");
  routes.push_back(Route("cover", {"~/a/b"}));
  routes.back().regex_priority = -1;
  EXPECT_EQ(Summary(Conflicts(routes)), "route_shadowed: low cover");
}

// More expressions begin alike than may be compared each with each; those that tie are found all the same.
TEST(Conflicts, AmongManyExpressionsThatBeginAlikeTheTiesAreFound) {
  std::vector<RouteSpec> routes;
  for (int i = 0; i < 4'000; ++i)
    routes.push_back(Route(absl::StrCat("r", i), {absl::StrCat("~/users/\\d+/thing", i, "$")}));
  routes.push_back(Route("seven", {"~/users/\\d+/thing7\\w*7$"}));
  ASSERT_GT(routes.size() * (routes.size() - 1) / 2, kConflictPairs);
  const Diagnostics findings = Conflicts(routes);
  EXPECT_EQ(findings.size(), 11u);  // 77, and 707 to 797
  for (const Diagnostic& finding : findings)
    EXPECT_EQ(Summary({finding}), absl::StrCat("route_tie: ", finding.routes[0], " seven"));
}

// Each two of 46 routes of one host tie for a value of their own, which is more than is reported; two of another host
// are not forgotten over them.
TEST(Conflicts, ABusyHostHidesNoFindingsElsewhere) {
  std::vector<RouteSpec> routes;
  for (int i = 0; i < 46; ++i) {
    routes.push_back(Route(absl::StrCat("r", i), {"/x"}, {"busy.com"}));
    routes.back().headers = {{"x", {absl::StrCat("own-", i)}}};
    for (int k = 0; k < i; ++k)
      for (RouteSpec* route : {&routes[i], &routes[k]}) route->headers[0].values.push_back(absl::StrCat(i, "-", k));
  }
  routes.push_back(Route("a", {"/x", "/y"}, {"quiet.com"}));
  routes.push_back(Route("b", {"/x", "/z"}, {"quiet.com"}));
  for (size_t i = 46; i < routes.size(); ++i) routes[i].headers = {{"x", {"1"}}};
  const Diagnostics findings = Conflicts(routes);
  EXPECT_EQ(Summary({findings[0]}), "route_tie: a b");
  EXPECT_EQ(findings.back().code, "conflicts_unsearched");
  EXPECT_EQ(findings.back().message, "stopped looking for ties after 1000 findings");
}

// Each of one kind meets each of the other, but below other paths: what is looked at must not grow with their product.
TEST(Conflicts, WildcardsInFrontAndBehindAreToldApartByPath) {
  std::vector<RouteSpec> routes;
  for (int i = 0; i < 10'000; ++i) {
    routes.push_back(Route("", {absl::StrCat("/front", i)}, {absl::StrCat("*.front", i, ".com")}));
    routes.push_back(Route("", {absl::StrCat("/behind", i)}, {absl::StrCat("behind", i, ".*")}));
  }
  routes.push_back(Route("a", {"/x"}, {"*.a.com"}));
  routes.push_back(Route("b", {"/x"}, {"b.*"}));
  EXPECT_EQ(Summary(Conflicts(routes)), "route_tie: a b");
}

constexpr int kPorts = 65536;

// Then none is free for a request that is to keep clear of them.
TEST(Conflicts, RoutesMayAskForEachPort) {
  RouteSpec every = Route("every", {"/"}), some = Route("some", {"/"});
  for (int port = 1; port < kPorts; ++port) (port == 8080 ? some : every).hosts.push_back(absl::StrCat("a.com:", port));
  const RouteSpec a = Route("a", {"/"}, {"a.com"}), named = Route("named", {"/"}, {"b.com"}, {"GET"});
  EXPECT_EQ(Summary(Conflicts({a, every})), "");
  EXPECT_EQ(Summary(Conflicts({a, every, some})), "route_shadowed: a every some");
  EXPECT_EQ(Summary(Conflicts({Route("a", {"/"}, {"b.com", "a.com"}), every, some, named})), "");
}

TEST(Conflicts, StreamsMayAskForEachPort) {
  RouteSpec every = Route("every", {}), one = every, net = every;
  for (RouteSpec* route : {&every, &one, &net}) route->protocols = {"tcp"};
  for (int port = 1; port < kPorts; ++port) every.sources.push_back({"", static_cast<uint16_t>(port)});
  one.name = "one";
  one.sources = {{"10.0.0.0", 0}};
  net.name = "net";
  net.sources = {{"10.0.0.0/8", 0}};
  EXPECT_EQ(Summary(Conflicts({net, one, every})), "route_shadowed: net every");
}

// --strict asks for no review to be complete.
TEST(Conflicts, WhatAReviewLeavesOutIsANote) {
  std::vector<RouteSpec> routes = {Route("all", {"/"})};
  for (int i = 0; i < 1'100; ++i) routes.push_back(Route(absl::StrCat("r", i), {absl::StrCat("/", i, "/")}));
  Diagnostics problems;
  const auto table = RouteTable::Build(routes, &problems);
  ASSERT_NE(table, nullptr);
  FindOverlaps(routes, *table, nullptr, &problems);
  EXPECT_EQ(problems.back().message, "stopped looking for overlaps after 1000 findings");
  for (const Diagnostic& finding : problems) EXPECT_EQ(finding.severity, Severity::kNote);
}

TEST(Conflicts, APairIsCountedOnce) {
  const Texts hosts = {"a.com", "b.com", "c.com"};
  const Diagnostics findings =
      Conflicts({Route("a", {"~/(?:ca|bb)\\b"}, hosts), Route("b", {"~/(?:dd|bb)\\b"}, hosts)});
  ASSERT_EQ(Summary(findings), "conflicts_undecided: a b");
  EXPECT_EQ(findings[0].message,
            "could not decide for 1 pair of routes whether they conflict; for the first, `a` and `b`, because of a "
            "word boundary");
}

TEST(Conflicts, OverlapsByPortAreFound) {
  const std::vector<RouteSpec> routes = {Route("a", {}, {"b.com", "*.com:80"}),
                                         Route("b", {}, {"*.com:80", "b.com:81"})};
  Diagnostics problems, findings;
  FindOverlaps(routes, *RouteTable::Build(routes, &problems), nullptr, &findings);
  ASSERT_EQ(Summary(findings), "route_overlap: b a");
  EXPECT_EQ(findings[0].severity, Severity::kNote);
  EXPECT_EQ(ToText(*findings[0].witness), "GET http://b.com:81/");
}

TEST(Conflicts, ATieByAHeaderThatComesTwiceIsForReviews) {
  std::vector<RouteSpec> routes = {Route("a", {"/h"}), Route("b", {"/h"}), Route("c", {"/h"})};
  routes[0].headers = {{"x", {"1", "2"}}};
  routes[1].headers = {{"X", {"3"}}};
  routes[2].headers = {{"x", {"2"}}};
  EXPECT_EQ(Summary(Conflicts(routes)), "route_shadowed: c a");
  Diagnostics problems, findings;
  const auto table = RouteTable::Build(routes, &problems);
  FindOverlaps(routes, *table, nullptr, &findings);
  ASSERT_EQ(Summary(findings), "route_tie: a b");  // what b and c share goes to a
  EXPECT_EQ(findings[0].severity, Severity::kNote);
  EXPECT_EQ(ToText(*findings[0].witness), "GET http://example.com/h, x: 1, x: 3");
}

TEST(Conflicts, AFindingNamesPlacesAndARequest) {
  std::vector<RouteSpec> routes = {Route("a", {"/a b", "/x"}, {"*.x.com:8443"}),
                                   Route("b", {"/a b", "/y"}, {"*.x.com:8443"})};
  routes[0].where = {"gateway.yaml", 3, 5, "/routes/0"};
  routes[1].where = {"gateway.yaml", 9, 5, "/routes/1"};
  const Diagnostics findings = Conflicts(routes);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].where.line, 9u);
  EXPECT_EQ(findings[0].related[0].line, 3u);
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  ASSERT_TRUE(findings[0].witness.has_value());
  EXPECT_EQ(ToText(*findings[0].witness), "GET http://x.x.com:8443/a%20b");
}

// Though another one takes some of its requests, too, which the one that covers it does not need.
TEST(Conflicts, AShadowedRouteLosesItsWitnessToARouteThatIsNamed) {
  const Diagnostics findings =
      Conflicts({Route("loud", {"/x"}, {}, {"GET"}), Route("cover", {"~/x"}), Route("lost", {"/x"})});
  ASSERT_EQ(Summary(findings), "route_shadowed: lost cover");
  EXPECT_EQ(findings[0].message, "route `lost` is never reached: whatever it matches, `cover` goes before it");
  EXPECT_EQ(ToText(*findings[0].witness), "POST http://example.com/x");
}

// A better route may take some of what two others tie for; the witness is what it leaves.
TEST(Conflicts, AWitnessIsNoRequestOfABetterRoute) {
  const RouteSpec a = Route("a", {"/a", "/x"}), b = Route("b", {"/a", "/y"});
  RouteSpec named = Route("named", {"/a"});
  named.snis = {"*.x.com"};
  RouteSpec loud = Route("loud", {"/a"});
  loud.headers = {{"x", {"1"}}};
  RouteSpec red = Route("red", {"/h"}), blue = Route("blue", {"/h"}), one = Route("one", {"/h"});
  red.headers = {{"x", {"1", "2"}}};
  blue.headers = {{"x", {"1", "3", "2"}}};
  one.headers = {{"x", {"1"}}};
  one.regex_priority = 1;
  one.paths = {"~/h"};
  RouteSpec net = Route("net", {"/a", "/x"}), lan = Route("lan", {"/a", "/y"}), low = Route("low", {"~/a"});
  net.sources = {{"10.0.0.0/8", 0}};
  lan.sources = {{"10.0.0.0/9", 0}};
  low.sources = {{"10.0.0.0/16", 0}, {"10.1.0.0/16", 443}};
  RouteSpec tcp = Route("tcp", {}), tls = Route("tls", {}), sni = Route("sni", {});
  tcp.protocols = {"tcp", "tls"};
  tcp.destinations = {{"", 9000}, {"", 9002}};
  tls = tcp;
  tls.name = "tls";
  tls.protocols = {"tls"};
  tls.destinations = {{"", 9000}, {"", 9001}};
  sni.protocols = {"tls"};
  sni.snis = {"a.com"};
  const struct {
    std::vector<RouteSpec> routes;
    const char* expected;  // the witness of the tie
  } kCases[] = {
      {{a, b}, "GET http://example.com/a"},
      {{a, b, Route("w", {"/a"}, {"example.com"})}, "GET http://x1/a"},
      {{a, b, Route("w", {"/a"}, {"example.com:80"})}, "GET http://example.com:8080/a"},
      {{Route("a", {"/x"}, {"a.*"}), Route("b", {"/x"}, {"*.com", "*.com:80"})}, "GET http://a.com:8080/x"},
      {{a, b, Route("w", {"/a"}, {}, {"GET"})}, "POST http://example.com/a"},
      {{a, b, Route("w", {"~/a$"})}, "GET http://example.com/aa"},
      {{a, b, Route("w", {"~/a$"}), Route("v", {"~/aa"})}, "GET http://example.com/a0"},
      {{a, b, Route("w", {"~/a"})}, nullptr},
      {{Route("c", {}, {"a.com", "c.com"}), Route("d", {}, {"a.com", "d.com"}), Route("w", {"/"}, {"a.com"})},
       "OPTIONS http://a.com (of no path: `*`)"},
      {{Route("c", {}, {"a.com", "c.com"}, {"GET"}), Route("d", {}, {"a.com", "d.com"}, {"GET"}),
        Route("w", {"/"}, {"a.com"}, {"GET"})},
       nullptr},
      {{a, b, Route("w", {"~/a$"}), Route("v", {"/a"}, {}, {"GET"})}, "POST http://example.com/aa"},
      {{Route("a", {}, {}, {"GET", "OPTIONS"}), Route("b", {}, {}, {"OPTIONS", "PUT"}),
        Route("w", {"/"}, {}, {"GET", "OPTIONS"})},
       "OPTIONS http://example.com (of no path: `*`)"},  // which has no path
      {{a, b, named}, "GET https://example.com/a"},
      {{a, b, loud}, "GET http://example.com/a"},
      {{Route("a", {"/a", "~/a$"}), b}, "GET http://example.com/aa"},  // not what a takes by a better path
      {{red, blue, one}, "GET http://example.com/h, x: 2"},
      {{net, lan}, "GET http://example.com/a, from 10.0.0.0:49152"},
      {{net, lan, low}, "GET http://example.com/a, from 10.1.0.0:49152"},
      {{tcp, tls}, "a connection by tls, to 192.0.2.1:9000"},
      {{tcp, tls, sni}, "a connection by tls, to 192.0.2.1:9000"},
  };
  for (const auto& c : kCases) {
    std::string witnesses;
    for (const Diagnostic& finding : Conflicts(c.routes)) {
      EXPECT_EQ(finding.code, "route_tie") << ToText(finding);
      absl::StrAppend(&witnesses, finding.witness ? ToText(*finding.witness) : "");
    }
    EXPECT_EQ(witnesses, c.expected == nullptr ? "" : c.expected);
  }
}

}  // namespace
}  // namespace sluice::router
