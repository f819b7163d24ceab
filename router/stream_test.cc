// Routes for connections that carry no HTTP.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "router/route_table.h"

namespace sluice::router {
namespace {

using Texts = std::vector<std::string>;

RouteSpec Stream(std::string name, Texts protocols, Texts snis, std::vector<NetSpec> sources,
                 std::vector<NetSpec> destinations) {
  RouteSpec route;
  route.name = std::move(name);
  route.protocols = std::move(protocols);
  route.snis = std::move(snis);
  route.sources = std::move(sources);
  route.destinations = std::move(destinations);
  return route;
}

class StreamTest : public testing::Test {
 protected:
  void Build(std::vector<RouteSpec> routes) {
    routes_ = std::move(routes);
    Diagnostics problems;
    table_ = RouteTable::Build(routes_, &problems);
    for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  }

  // The name of the route; "-" if there is none.
  std::string Find(const char* scheme, const char* sni, const char* source, const char* destination) {
    Endpoint from, to;
    RouteQuery query;
    query.scheme = scheme;
    query.sni = sni;
    if (ParseEndpoint(source, &from)) query.source = &from;
    if (ParseEndpoint(destination, &to)) query.destination = &to;
    const bool found = table_->Find(query, &match_);
    EXPECT_EQ(found, match_.route != kNoRoute);
    return !found ? "-" : routes_[match_.route].name;
  }

  std::vector<RouteSpec> routes_;
  std::unique_ptr<const RouteTable> table_;
  RouteMatch match_;
};

TEST_F(StreamTest, IsFoundByNameAndAddresses) {
  Build({Stream("name", {"tls"}, {"a.com", "*.b.com"}, {}, {}),
         Stream("port", {"tcp"}, {}, {}, {{"", 5432}, {"", 5433}}),
         Stream("office", {"tcp", "udp"}, {}, {{"10.0.0.0/8", 0}}, {}),
         Stream("either", {"tcp", "tls"}, {"c.com"}, {{"192.0.2.1", 0}}, {})});
  EXPECT_EQ(Find("tls", "A.com", "", ""), "name");
  EXPECT_EQ(Find("tls", "x.b.com.", "", ""), "name");
  EXPECT_EQ(Find("tls", "b.com", "", ""), "-");
  EXPECT_EQ(Find("tls", "", "", ""), "-");
  EXPECT_EQ(Find("tcp", "", "", "192.0.2.9:5433"), "port");
  EXPECT_EQ(Find("tcp", "", "", "192.0.2.9:5434"), "-");
  EXPECT_EQ(Find("udp", "", "", "192.0.2.9:5433"), "-");
  EXPECT_EQ(Find("udp", "", "10.1.1.1:9", "192.0.2.9:5433"), "office");
  EXPECT_EQ(Find("tcp", "", "11.1.1.1:9", ""), "-");
  // Without TLS there is no name to ask for.
  EXPECT_EQ(Find("tcp", "", "192.0.2.1:9", ""), "either");
  EXPECT_EQ(Find("tls", "c.com", "192.0.2.1:9", ""), "either");
  EXPECT_EQ(Find("tls", "d.com", "192.0.2.1:9", ""), "-");
}

TEST_F(StreamTest, HttpAndStreamsDoNotMeet) {
  RouteSpec http;
  http.name = "http";
  http.destinations = {{"", 443}};
  Build({http, Stream("tls", {"tls"}, {}, {}, {{"", 443}})});
  EXPECT_EQ(Find("https", "", "", "10.0.0.1:443"), "http");
  EXPECT_EQ(Find("tls", "", "", "10.0.0.1:443"), "tls");
  EXPECT_EQ(Find("tcp", "", "", "10.0.0.1:443"), "-");
}

TEST_F(StreamTest, SaysWhatToDoWithTls) {
  Build({Stream("through", {"tls_passthrough"}, {"a.com"}, {}, {}), Stream("ended", {"tls"}, {"b.com"}, {}, {})});
  EXPECT_EQ(Find("tls", "a.com", "", ""), "through");
  EXPECT_TRUE(match_.tls_passthrough);
  EXPECT_EQ(match_.verdict, RouteVerdict::kForward);
  EXPECT_EQ(Find("tls", "b.com", "", ""), "ended");
  EXPECT_FALSE(match_.tls_passthrough);
  EXPECT_EQ(match_.matched, "");
  EXPECT_EQ(match_.rest, "");
}

// Kong's order. Each route of a pair matches; the first is to win, wherever it is written.
TEST_F(StreamTest, Precedence) {
  const NetSpec kAddress = {"10.0.0.1", 0}, kPort = {"", 1000}, kNetwork = {"10.0.0.0/8", 0};
  const NetSpec kAddressPort = {"10.0.0.1", 1000}, kNetworkPort = {"10.0.0.0/8", 1000};
  const struct {
    const char* why;
    RouteSpec better;
    RouteSpec worse;
  } kPairs[] = {
      {"a name before an address", Stream("+", {"tls"}, {"a.com"}, {}, {}), Stream("-", {"tls"}, {}, {kAddress}, {})},
      {"both ends before a name", Stream("+", {"tls"}, {}, {kNetwork}, {kNetwork}),
       Stream("-", {"tls"}, {"a.com"}, {}, {})},
      {"a name and a network before a name", Stream("+", {"tls"}, {"a.com"}, {kNetwork}, {}),
       Stream("-", {"tls"}, {"a.com"}, {}, {})},
      {"an address before a port", Stream("+", {"tcp"}, {}, {kAddress}, {}), Stream("-", {"tcp"}, {}, {kPort}, {})},
      {"a port before a network", Stream("+", {"tcp"}, {}, {kPort}, {}), Stream("-", {"tcp"}, {}, {kNetwork}, {})},
      {"an address before a network with port", Stream("+", {"tcp"}, {}, {kAddress}, {}),
       Stream("-", {"tcp"}, {}, {kNetworkPort}, {})},
      {"with port before without", Stream("+", {"tcp"}, {}, {kAddressPort}, {}),
       Stream("-", {"tcp"}, {}, {kAddress}, {})},
      {"the source before the destination", Stream("+", {"tcp"}, {}, {kNetwork}, {}),
       Stream("-", {"tcp"}, {}, {}, {kAddressPort})},
      {"a name on top of both ends", Stream("+", {"tls"}, {"a.com"}, {kPort}, {kPort}),
       Stream("-", {"tls"}, {}, {kPort}, {kPort})},
      {"weights add up", Stream("+", {"tcp"}, {}, {kNetwork, kPort}, {}), Stream("-", {"tcp"}, {}, {kPort}, {})},
  };
  for (const auto& pair : kPairs) {
    for (bool better_first : {true, false}) {
      Build(better_first ? std::vector<RouteSpec>{pair.better, pair.worse}
                         : std::vector<RouteSpec>{pair.worse, pair.better});
      EXPECT_EQ(Find(pair.better.protocols[0].c_str(), "a.com", "10.0.0.1:1000", "10.0.0.1:1000"), "+") << pair.why;
    }
  }
}

TEST_F(StreamTest, OnlyTheSameProtocolsMakeADuplicate) {
  Diagnostics problems;
  const NetSpec port = {"", 53};
  EXPECT_NE(RouteTable::Build({Stream("a", {"tcp"}, {}, {}, {port}), Stream("b", {"udp"}, {}, {}, {port})}, &problems),
            nullptr);
  EXPECT_EQ(RouteTable::Build(
                {Stream("a", {"tcp", "udp"}, {}, {}, {port}), Stream("b", {"udp", "tcp"}, {}, {}, {port})}, &problems),
            nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "duplicate_route");
}

}  // namespace
}  // namespace sluice::router
