#include "auth/http_freshness.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

constexpr int64_t kExample = 784111777;  // RFC 9110 section 5.6.7

TEST(HttpDate, ReadsTheFixedForm) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), kExample);
  EXPECT_EQ(ParseHttpDate(" Sun, 06 Nov 1994 08:49:37 GMT "), kExample);
  EXPECT_EQ(ParseHttpDate("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(ParseHttpDate("Thu, 29 Feb 2024 12:00:00 GMT"), 1709208000);
  EXPECT_EQ(ParseHttpDate("Fri, 31 Dec 9999 23:59:59 GMT"), 253402300799);
}

TEST(HttpDate, RefusesAllOthers) {
  for (const char* text :
       {"", "0", "-1", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 0a Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMTx", "Sun; 06 Nov 1994 08:49:37 GMT"})
    EXPECT_FALSE(ParseHttpDate(text).has_value()) << text;
}

TEST(FreshSeconds, FollowsRfc9111) {
  const struct {
    FreshnessHeaders headers;
    std::optional<int64_t> fresh;
  } cases[] = {
      {{}, std::nullopt},
      {{"max-age=300", "", "", ""}, 300},
      {{"public, MAX-AGE=300 , must-revalidate", "", "", ""}, 300},
      {{"max-age=\"300\"", "", "", ""}, 300},
      {{"max-age=300", "", "", "100"}, 200},
      {{"max-age=300", "", "", "400"}, 0},
      {{"max-age=300", "", "", "x"}, 300},
      {{"max-age=99999999999999999999", "", "", ""}, INT32_MAX},
      {{"max-age=-1", "", "", ""}, 0},
      {{"max-age=", "", "", ""}, 0},
      {{"no-cache", "", "", ""}, 0},
      {{"max-age=300, no-store", "", "", ""}, 0},
      {{"public", "", "", ""}, std::nullopt},
      {{",,,=,", "", "", ""}, std::nullopt},
      {{"", "Sun, 06 Nov 1994 08:54:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", ""}, 300},
      {{"", "Sun, 06 Nov 1994 08:54:37 GMT", "", ""}, 290},
      {{"", "Sun, 06 Nov 1994 08:44:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", ""}, 0},
      {{"", "0", "", ""}, 0},
      {{"max-age=60", "Sun, 06 Nov 1994 08:54:37 GMT", "", ""}, 60},
  };
  for (const auto& c : cases)
    EXPECT_EQ(FreshSeconds(c.headers, kExample + 10), c.fresh) << c.headers.cache_control << c.headers.expires;
}

}  // namespace
}  // namespace sluice::auth
