#include "auth/challenge.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

TEST(Challenge, WritesWhatIsThere) {
  const struct {
    ChallengeParts parts;
    const char* value;
  } cases[] = {
      {{"Bearer", "", "", "", ""}, "Bearer"},
      {{"Key", "kong", "", "", ""}, R"(Key realm="kong")"},
      {{"Bearer", "", "invalid_token", "", ""}, R"(Bearer error="invalid_token")"},
      {{"Bearer", "example", "invalid_token", "the token has expired", ""},
       R"(Bearer realm="example", error="invalid_token", error_description="the token has expired")"},
      {{"Bearer", "example", "insufficient_scope", "", "read write"},
       R"(Bearer realm="example", error="insufficient_scope", scope="read write")"},
      {{"Basic", R"(a "quoted\ realm)", "", "", ""}, R"(Basic realm="a \"quoted\\ realm")"},
      {{"Basic", "a\r\nSet-Cookie: x\x7f\xc3\xa9", "", "", ""}, R"(Basic realm="a  Set-Cookie: x   ")"},
      {{"Basic", R"("""""""""""""""")", "", "", ""}, R"(Basic realm="\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"")"},
  };
  for (const auto& c : cases) {
    Arena arena;
    EXPECT_EQ(Challenge(arena, c.parts), c.value);
  }
}

}  // namespace
}  // namespace sluice::auth
