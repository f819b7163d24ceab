#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

std::string Text(const Ip& ip) {
  char text[kIpTextBytes];
  return std::string(text, FormatIp(ip, text));
}

TEST(Ip, FormatsCanonically) {
  for (auto [in, out] :
       {std::pair("127.0.0.1", "127.0.0.1"), {"::ffff:10.0.0.1", "10.0.0.1"}, {"2001:DB8:0:0::1", "2001:db8::1"}}) {
    Ip ip;
    ASSERT_TRUE(ParseIp(in, &ip)) << in;
    EXPECT_EQ(Text(ip), out);
  }
}

TEST(Ip, RefusesWhatIsNotAnAddress) {
  Ip ip;
  for (const char* bad : {"", "1.2.3", "1.2.3.256", "01.2.3.4.5", "::g", "1.2.3.4 ", "[::1]", "localhost"})
    EXPECT_FALSE(ParseIp(bad, &ip)) << bad;
  EXPECT_FALSE(ParseIp(std::string_view("1.2.3.4\0", 8), &ip));
}

// Texts of digits and dots, most of them nearly addresses: as inet_pton and inet_ntop have it.
TEST(Ip, FourNumbersAreReadAndWrittenAsTheCLibraryDoes) {
  const uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const char* kParts[] = {"0",   "00",  "01",  "7",    "10", "99", "100", "249",
                          "255", "256", "300", "1000", "",   "1a", ".",   "-1"};
  int addresses = 0;
  for (int run = 0; run < 200'000; ++run) {
    std::string text;
    const int parts = random() % 8 == 0 ? 3 + static_cast<int>(random() % 3) : 4;
    for (int i = 0; i < parts; ++i) {
      text += i == 0 ? "" : ".";
      text += random() % 4 != 0 ? std::to_string(random() % 256) : kParts[random() % std::size(kParts)];
    }
    uint8_t expected[4];
    const bool is_address = inet_pton(AF_INET, text.c_str(), expected) == 1;
    Ip ip;
    ASSERT_EQ(ParseIp(text, &ip), is_address) << text << " seed " << seed;
    if (!is_address) continue;
    ++addresses;
    ASSERT_TRUE(ip.is_v4());
    ASSERT_TRUE(std::equal(expected, expected + 4, ip.bytes.end() - 4)) << text;
    ASSERT_EQ(Text(ip), text);
  }
  EXPECT_GT(addresses, 10'000);
}

TEST(Endpoint, ReadsPorts) {
  Endpoint e;
  ASSERT_TRUE(ParseEndpoint("203.0.113.9:51234", &e));
  EXPECT_EQ(e.port, 51234);
  ASSERT_TRUE(ParseEndpoint("[2001:db8::1]:443", &e));
  EXPECT_EQ(Text(e.ip), "2001:db8::1");
  EXPECT_EQ(e.port, 443);
  ASSERT_TRUE(ParseEndpoint("::1", &e));
  EXPECT_EQ(e.port, 0);
  for (const char* bad : {"1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "[::1", "[::1]443", "1.2.3.4:+1"})
    EXPECT_FALSE(ParseEndpoint(bad, &e)) << bad;
}

TEST(Cidr, Contains) {
  struct Case {
    const char* cidr;
    const char* ip;
    bool inside;
  };
  for (const Case& c : {Case{"10.0.0.0/8", "10.255.0.1", true},
                        {"10.0.0.0/8", "11.0.0.1", false},
                        {"0.0.0.0/0", "1.2.3.4", true},
                        {"0.0.0.0/0", "2001:db8::1", false},
                        {"::/0", "1.2.3.4", true},
                        {"192.168.1.128/25", "192.168.1.127", false},
                        {"2001:db8::/33", "2001:db8:7fff::1", true},
                        {"2001:db8::/33", "2001:db8:8000::1", false},
                        {"10.0.0.1", "10.0.0.1", true}}) {
    Cidr cidr;
    Ip ip;
    ASSERT_TRUE(ParseCidr(c.cidr, &cidr) && ParseIp(c.ip, &ip)) << c.cidr;
    EXPECT_EQ(cidr.Contains(ip), c.inside) << c.cidr << " " << c.ip;
  }
  Cidr cidr;
  for (const char* bad : {"10.0.0.0/33", "10.0.0.0/", "::/129", "/8", "10.0.0.0/8/8"})
    EXPECT_FALSE(ParseCidr(bad, &cidr)) << bad;
}

TEST(Ip, AnEndpointIsWrittenAsItIsRead) {
  for (const char* text : {"10.0.0.1:80", "[2001:db8::1]:0", "[::1]:65535"}) {
    Endpoint endpoint;
    ASSERT_TRUE(ParseEndpoint(text, &endpoint));
    EXPECT_EQ(ToText(endpoint), text);
  }
}

}  // namespace
}  // namespace sluice
