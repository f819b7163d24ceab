#include "base/diagnostic.h"

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(Diagnostic, TextNamesPlaceCodeAndHint) {
  Diagnostic d;
  d.code = "unknown_field";
  d.message = "unknown field `host`";
  d.hint = "did you mean `hosts`?";
  d.where = {"gw.yaml", 3, 5, "/routes/0/host"};
  d.related = {{"gw.yaml", 1, 1, ""}};
  EXPECT_EQ(ToText(d),
            "gw.yaml:3:5: error: unknown field `host` (did you mean `hosts`?) [unknown_field]\ngw.yaml:1:1: note: the "
            "other place");
}

TEST(NearestName, FindsTypingErrorsOnly) {
  std::vector<std::string> known = {"hosts", "paths", "methods", "rate-limiting"};
  EXPECT_EQ(NearestName("host", known), "hosts");
  EXPECT_EQ(NearestName("rate-limitting", known), "rate-limiting");
  EXPECT_EQ(NearestName("pahts", known), "paths");
  EXPECT_EQ(NearestName("banana", known), "");
  EXPECT_EQ(NearestName(std::string(100000, 'a'), known), "");
}

}  // namespace
}  // namespace sluice
