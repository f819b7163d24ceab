#include "policy/document/check.h"

#include <string>

#include "gtest/gtest.h"
#include "policy/document/scalar.h"

namespace sluice::policy {
namespace {

struct CheckCase {
  const char* what;
  std::string_view (*check)(std::string_view);
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(CheckTest, TellsGoodFromBad) {
  const CheckCase cases[] = {
      {"uuid",
       CheckUuid,
       {"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"},
       {"", "0f1e2d3c", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg"}},
      {"name", CheckName, {"a.b-c_d~1", "café"}, {"", "a b", "a/b", "a:b"}},
      {"tag", CheckTag, {"a b"}, {"", "a,b", "a/b"}},
      {"header name", CheckHeaderName, {"X-A_b"}, {"", "a b", "a:b", "a\n", std::string(257, 'a')}},
      {"told header",
       CheckToldHeader,
       {"X-Consumer", "X-Host", "Authorization"},
       {"", "a b", "X-Consumer-Groups", "x_consumer-id", "x-authenticated-groups", "HOST", "content_length", "TE"}},
      {"token header",
       CheckTokenHeader,
       {"", "authorization:bearer", "X-Token"},
       {"a b", ":bearer", "host", "Host:Bearer", "X-Consumer-Username"}},
      {"header value", CheckHeaderValue, {"", "a\tb"}, {"a\r\nb", std::string("a\0b", 3)}},
      {"method", CheckMethod, {"GET"}, {"", "get", "G T", std::string(33, 'A')}},
      {"host",
       CheckHost,
       {"a.b", "10.0.0.1", "::1", "[::1]"},
       {"", "a:80", "a..b", ".a", "a/b", "[a]", std::string(256, 'a')}},
      {"upstream", CheckUpstreamName, {"a.b"}, {"10.0.0.1", "a:1"}},
      {"route host",
       CheckRouteHost,
       {"a.b", "*.a.b", "a.*", "a:80", "*.a:80", "10.0.0.1", "[::1]:80", "::1"},
       {"", "*", "*.", "a.*.b", "*a.b", "*.a.*", "a:0", "a:65536", "a:x"}},
      {"sni",
       CheckSni,
       {"a.b", "a.b.", "*.a", "a.*"},
       {"", "10.0.0.1", "*.a.*", "*", "*.", "a*", "*.10.0.0.1", "a.b:1"}},
      {"service path", CheckServicePath, {"/", "/a%20b"}, {"", "a", "/a b", "//", "/%2", "/?"}},
      {"route path",
       CheckRoutePath,
       {"/", "/a;b=c@d", "~/\\d+ x"},
       {"", "a", "~a", "//", "/a/./b", "/a/..", "/%g0", "/a?b", "/" + std::string(65536, 'a')}},
      {"cidr", CheckIpOrCidr, {"10.0.0.0/8", "::1"}, {"", "10", "10.0.0.0/33"}},
      {"no template", CheckNoTemplate, {"$a", "(a)"}, {"$(a)"}},
  };
  for (const CheckCase& c : cases) {
    for (const std::string& text : c.good) EXPECT_EQ(c.check(text), "") << c.what << " " << text;
    for (const std::string& text : c.bad) EXPECT_NE(c.check(text), "") << c.what << " " << text.substr(0, 40);
  }
}

TEST(CheckTest, Urls) {
  Url url;
  ASSERT_TRUE(ParseUrl("HTTPS://Example.com:8443/a/b?c", &url));
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "Example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_TRUE(url.has_query);
  Url bare;
  ASSERT_TRUE(ParseUrl("http://[::1]", &bare));
  EXPECT_EQ(bare.host, "::1");
  EXPECT_EQ(bare.port, 0);
  for (const char* bad : {"", "a", "http:/a", "http://", "http://a b", "http://u@a", "http://a:0", "http://a:99999",
                          "http://[a]", "http://[::1]x", "http://a#b", "://a", "http://a\\b", "http://a/\n"})
    EXPECT_FALSE(ParseUrl(bad, &url)) << bad;
}

TEST(CheckTest, Periods) {
  Period period;
  ASSERT_TRUE(ParsePeriod("day", &period));
  EXPECT_EQ(period, (Period{Unit::kDay, 86400}));
  ASSERT_TRUE(ParsePeriod("366d", &period));
  EXPECT_EQ(period, (Period{Unit::kDuration, 366 * 86400}));
  ASSERT_TRUE(ParsePeriod("5m", &period));
  EXPECT_EQ(period.seconds, 300);
  for (const char* bad : {"", "s", "0s", "-1s", "+1s", "1", "1w", "367d", "99999999999s", "1.5h", "days"})
    EXPECT_FALSE(ParsePeriod(bad, &period)) << bad;
}

TEST(ScalarTest, CoreSchema) {
  struct Case {
    const char* text;
    NodeKind kind;
  };
  const Case cases[] = {
      {"", NodeKind::kNull},
      {"~", NodeKind::kNull},
      {"null", NodeKind::kNull},
      {"nULL", NodeKind::kString},
      {"true", NodeKind::kBool},
      {"FALSE", NodeKind::kBool},
      {"yes", NodeKind::kString},
      {"on", NodeKind::kString},
      {"0", NodeKind::kInteger},
      {"-12", NodeKind::kInteger},
      {"+7", NodeKind::kInteger},
      {"0x1F", NodeKind::kInteger},
      {"0o17", NodeKind::kInteger},
      {"0x", NodeKind::kString},
      {"0o8", NodeKind::kString},
      {"1.5", NodeKind::kFloat},
      {".5", NodeKind::kFloat},
      {"5.", NodeKind::kFloat},
      {"1e3", NodeKind::kFloat},
      {"-1.0E-3", NodeKind::kFloat},
      {".inf", NodeKind::kFloat},
      {"-.INF", NodeKind::kFloat},
      {".nan", NodeKind::kFloat},
      {".", NodeKind::kString},
      {"1e", NodeKind::kString},
      {"1.2.3", NodeKind::kString},
      {"1:30", NodeKind::kString},
      {"1_000", NodeKind::kString},
      {"2024-01-01", NodeKind::kString},
      {"-", NodeKind::kString},
  };
  for (const Case& c : cases) EXPECT_EQ(ScalarKind(c.text), c.kind) << c.text;
}

TEST(ScalarTest, Integers) {
  int64_t value = 0;
  EXPECT_TRUE(ScalarToInteger("0x1F", &value) && value == 31);
  EXPECT_TRUE(ScalarToInteger("0o17", &value) && value == 15);
  EXPECT_TRUE(ScalarToInteger("1e3", &value) && value == 1000);
  EXPECT_TRUE(ScalarToInteger("60000.0", &value) && value == 60000);
  EXPECT_TRUE(ScalarToInteger("-9223372036854775808", &value) && value == INT64_MIN);
  for (const char* bad : {"1.5", "9223372036854775808", "1e300", "0xffffffffffffffff", ".inf", "a", ""})
    EXPECT_FALSE(ScalarToInteger(bad, &value)) << bad;
}

}  // namespace
}  // namespace sluice::policy
