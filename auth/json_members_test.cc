#include "auth/json_members.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "auth/json.h"

namespace sluice::auth {
namespace {

std::vector<std::pair<std::string, std::string>> All(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> all;
  JsonMembers members(text);
  for (JsonMember member; members.Next(&member);) all.emplace_back(member.text, member.value);
  return all;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(JsonMembers, GivesThemAsTheyAreWritten) {
  EXPECT_EQ(All("{}"), Pairs());
  EXPECT_EQ(All(" {\n} "), Pairs());
  EXPECT_EQ(All(R"({"a":1})"), (Pairs{{R"("a":1)", "1"}}));
  EXPECT_EQ(All(R"( { "a" : 18446744073709551615 , "b":1.10 } )"),
            (Pairs{{R"("a" : 18446744073709551615)", "18446744073709551615"}, {R"("b":1.10)", "1.10"}}));
  EXPECT_EQ(All(R"({"\"}":"{,}\\","c":{"d":["}",{"e":[]}]},"n":null})"),
            (Pairs{{R"("\"}":"{,}\\")", R"("{,}\\")"},
                   {R"("c":{"d":["}",{"e":[]}]})", R"({"d":["}",{"e":[]}]})"},
                   {R"("n":null)", "null"}}));
}

// Whoever reads members and names side by side must get as many, and of each the same.
TEST(JsonMembers, AgreesWithTheParser) {
  for (std::string text : {R"({"iss":"a\u0022b","exp":1e3,"i\u0073s2":[true,false,[]],"":{"":""}})",
                           "{\"tab\\t\" :\t\"\xc3\xa9\",\r\n\"x\":-0.5e-7}", R"({"a":{},"b":[{},[[]]],"c":""})"}) {
    std::string copy = text;
    Json json;
    ASSERT_TRUE(json.Parse(copy.data(), copy.size(), {16, 100})) << text;
    JsonMembers members(text);
    JsonMember member;
    for (JsonValue value = json.root().First(); value.exists(); value = value.Next()) {
      ASSERT_TRUE(members.Next(&member)) << text;
      std::string alone = "{" + std::string(member.text) + "}";
      Json one;
      ASSERT_TRUE(one.Parse(alone.data(), alone.size(), {16, 100})) << member.text;
      ASSERT_EQ(one.root().size(), 1u);
      EXPECT_EQ(one.root().First().name(), value.name());
      EXPECT_EQ(one.root().First().type(), value.type());
    }
    EXPECT_FALSE(members.Next(&member)) << text;
  }
}

TEST(JsonMembers, StaysWithinATextThatIsNoJson) {
  const std::string whole = R"( {"a\"b":"c\\","d":{"e":[1,"}"]},"f":2})";
  for (size_t end = 0; end <= whole.size(); ++end) {
    const std::string text = whole.substr(0, end);
    for (const auto& [member, value] : All(text)) EXPECT_LE(value.size(), member.size());
  }
  for (const char* text : {"", "{", "{\"", "{\"\\", "{\"a\"", "{\"a\":", "{\"a\":]]]]", "[1,2]", "x"}) All(text);
}

}  // namespace
}  // namespace sluice::auth
