#include "policy/query.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(Query, IteratesParameters) {
  Arena arena;
  std::string_view rest = "&a=1&&b&c%5B%5D=x%20y+z&=v&a=2";
  std::string seen;
  QueryParameter p;
  while (NextParameter(&rest, arena, &p))
    seen += std::string(p.name) + (p.has_value ? "=" : "") + std::string(DecodeQuery(p.value, arena)) + ";";
  EXPECT_EQ(seen, "a=1;b;c[]=x y z;=v;a=2;");
}

TEST(Query, KeepsWhatIsNoEscape) {
  Arena arena;
  for (const char* text : {"%", "%2", "%zz", "100%"}) EXPECT_EQ(DecodeQuery(text, arena), text);
  EXPECT_EQ(DecodeQuery("%41%zz%42", arena), "A%zzB");
}

TEST(Query, EncodesBytes) {
  Arena arena;
  EXPECT_EQ(EncodeQuery("a b&\xff~", arena), "a%20b%26%FF~");
  EXPECT_EQ(DecodeQuery(EncodeQuery("a+b %", arena), arena), "a+b %");
}

}  // namespace
}  // namespace sluice
