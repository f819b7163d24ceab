#include "auth/json.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::auth {
namespace {

constexpr JsonBounds kBounds{16, 100};

// A document together with the text that its values point into.
struct Parsed {
  std::string text;
  Json json;
  bool ok;

  explicit Parsed(std::string t, JsonBounds bounds = kBounds) : text(std::move(t)) {
    ok = json.Parse(text.data(), text.size(), bounds);
  }
};

TEST(Json, ReadsEveryTypeByName) {
  Parsed p(
      R"({"s":"a\u00e9\n","i":-7,"f":1.5,"t":true,"n":null,"big":18446744073709551615,"a":[1,[2,3],{"x":"y"}],"o":{"a.b":"c"}})");
  ASSERT_TRUE(p.ok) << p.json.error();
  JsonValue root = p.json.root();
  EXPECT_EQ(root.Member("s").AsString(), "a\xc3\xa9\n");
  EXPECT_EQ(root.Member("i").AsInteger(), -7);
  EXPECT_EQ(root.Member("f").AsNumber(), 1.5);
  EXPECT_TRUE(root.Member("t").AsBool());
  EXPECT_EQ(root.Member("n").type(), JsonType::kNull);
  EXPECT_EQ(root.Member("big").type(), JsonType::kNumber);
  EXPECT_EQ(root.Member("o").Member("a.b").AsString(), "c");
  EXPECT_EQ(root.size(), 8u);
  JsonValue element = root.Member("a").First();
  EXPECT_EQ(element.AsInteger(), 1);
  element = element.Next();
  EXPECT_EQ(element.size(), 2u);
  EXPECT_EQ(element.Next().Member("x").AsString(), "y");
  EXPECT_FALSE(element.Next().Next().exists());
}

TEST(Json, MissingAndMistypedValuesReadAsEmpty) {
  Parsed p(R"({"a":1})");
  ASSERT_TRUE(p.ok);
  JsonValue missing = p.json.root().Member("x").Member("y").First().Next();
  EXPECT_FALSE(missing.exists());
  EXPECT_EQ(missing.AsString(), "");
  EXPECT_EQ(p.json.root().Member("a").AsString(), "");
  EXPECT_FALSE(p.json.root().Member("a").AsBool());
}

TEST(Json, RefusesWhatIsNotStrict) {
  const std::string cases[] = {
      "",    // nothing
      "[]",  // root not an object
      "1",
      "\"a\"",
      "{",
      "{\"a\":1}x",  // trailing text
      "{\"a\":1} {}",
      std::string("{}\0{}", 5),  // a NUL, behind which a reader of C strings would not look
      std::string("{\"a\":\"\0\"}", 9),
      "{\"a\":1,}",
      "{a:1}",
      "{'a':1}",
      "{\"a\":01}",
      "{\"a\":+1}",
      "{\"a\":NaN}",
      "{\"a\":Infinity}",
      "{\"a\":1e999}",  // beyond a double
      "{/**/\"a\":1}",
      "\xef\xbb\xbf{}",  // byte order mark
      "{\"a\":\"\n\"}",  // bare control character
      "{\"a\":\"\\x41\"}",
      "{\"a\":\"\\ud800\"}",  // lone surrogates
      "{\"a\":\"\\udc00\"}",
      "{\"\\udfff\":1}",
      "{\"a\":\"\xed\xa0\x80\"}",  // the same as bytes
      "{\"a\":\"\xc0\xaf\"}",      // overlong
      "{\"a\":\"\xe0\x80\xaf\"}",
      "{\"a\":\"\xf4\x90\x80\x80\"}",  // beyond U+10FFFF
      "{\"a\":\"\x80\"}",
      "{\"a\":\"\xc3\"}",
      "{\"a\":1,\"a\":1}",        // twice
      "{\"a\":1,\"\\u0061\":2}",  // twice, one escaped
      "{\"o\":{\"b\":[{\"x\":1,\"x\":2}]}}",
  };
  for (const std::string& text : cases) {
    Parsed p(text);
    EXPECT_FALSE(p.ok) << text;
    EXPECT_STRNE(p.json.error(), "") << text;
    EXPECT_FALSE(p.json.root().exists()) << text;
  }
}

TEST(Json, AcceptsWhatOnlyLooksDoubtful) {
  for (const char* text :
       {R"({"a":"\ud83d\ude00"})", R"({"a":{"x":1},"b":{"x":1}})", R"({"a":"퟿"})", R"({"":1," ":2})", " \t\r\n{} "})
    EXPECT_TRUE(Parsed(text).ok) << text;
}

TEST(Json, FindsDuplicatesAmongManyMembers) {
  for (int duplicate = 0; duplicate < 2; ++duplicate) {
    std::string text = "{";
    for (int i = 0; i < 2000; ++i) text += "\"m" + std::to_string(i) + "\":0,";
    text += duplicate ? "\"m777\":0}" : "\"last\":0}";
    EXPECT_EQ(Parsed(text, {2, 4000}).ok, duplicate == 0);
  }
}

TEST(Json, BoundsDepthAndNodesExactly) {
  auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(Parsed(nested(16)).ok);
  Parsed deep(nested(17));
  EXPECT_FALSE(deep.ok);
  EXPECT_STREQ(deep.json.error(), "is nested too deeply");
  EXPECT_FALSE(Parsed(nested(100'000), {1'000'000, 1'000'000}).ok) << "kJsonMaxDepth holds whatever the caller says";
  EXPECT_TRUE(Parsed(R"({"a":[1,2]})", {4, 4}).ok);
  EXPECT_FALSE(Parsed(R"({"a":[1,2,3]})", {4, 4}).ok);
}

}  // namespace
}  // namespace sluice::auth
