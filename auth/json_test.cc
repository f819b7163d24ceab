#include "auth/json.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

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

// Every sequence of up to two bytes, and of three and four whose tails are at their bounds, against the definition:
// encoding each code point that is no surrogate.
TEST(Json, AcceptsExactlyTheUtf8OfEveryCodePoint) {
  std::set<std::string> good;
  for (uint32_t c = 1; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    if (c < 0x80) {
      good.insert({static_cast<char>(c)});
      continue;
    }
    int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    std::string out{static_cast<char>(((0xf0 << (3 - tail)) & 0xff) | (c >> (6 * tail)))};
    for (int i = tail - 1; i >= 0; --i) out.push_back(static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3f)));
    good.insert(out);
  }
  const unsigned bounds[] = {0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
  auto check = [&](const std::string& bytes) {
    // Read as pieces: the whole is UTF-8 if it can be cut into sequences that are.
    std::vector<bool> ends(bytes.size() + 1);
    ends[0] = true;
    for (size_t i = 0; i < bytes.size(); ++i)
      for (size_t n = 1; ends[i] && n <= bytes.size() - i; ++n)
        if (good.count(bytes.substr(i, n))) ends[i + n] = true;
    bool harmless = bytes.find('"') == std::string::npos;
    if (!harmless) return;
    EXPECT_EQ(Parsed("{\"a\":\"" + bytes + "\"}").ok, ends.back()) << testing::PrintToString(bytes);
  };
  for (unsigned lead = 0x80; lead < 0x100; ++lead)
    for (unsigned b : bounds) {
      std::string two{static_cast<char>(lead), static_cast<char>(b)};
      check(two);
      for (unsigned c : bounds) {
        check(two + static_cast<char>(c));
        for (unsigned d : bounds) check(two + static_cast<char>(c) + static_cast<char>(d));
      }
    }
}

// What a cut-off sequence lets a careless reader read beyond the end, of the string or of the text; the sanitizers look
// on.
TEST(Json, ACutOffSequenceAtTheEndIsNotReadBeyond) {
  for (const char* end : {"\xc3", "\xe0", "\xe0\xa0", "\xf0", "\xf0~", "\xf0\x90", "\xf0\x90\x80"}) {
    for (const char* quote : {"", "\""}) {
      std::string text = std::string("{\"") + end + quote;
      auto exact = std::make_unique<char[]>(text.size() + 1);
      text.copy(exact.get(), text.size());
      Json json;
      EXPECT_FALSE(json.Parse(exact.get(), text.size(), kBounds));
      EXPECT_STREQ(json.error(), *quote ? "a string is not UTF-8 or has a lone surrogate" : "is not strict JSON");
    }
  }
}

// Strings are read a block at a time up to their first quote, escape or control character, wherever in a block that is.
TEST(Json, ReadsStringsOfEveryLengthWithEachByteAtEachPlace) {
  for (size_t size = 0; size < 40; ++size) {
    Parsed plain("{\"a\":\"" + std::string(size, 'x') + "\"}");
    ASSERT_TRUE(plain.ok) << size;
    EXPECT_EQ(plain.json.root().Member("a").AsString(), std::string(size, 'x'));
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string value(size, 'x');
        value[at] = static_cast<char>(byte);
        if (byte == '"' || byte == '\\') value.insert(at, "\\");
        Parsed p("{\"a\":\"" + value + "\",\"b\":1}");
        ASSERT_EQ(p.ok, byte >= 0x20 && byte < 0x80) << byte << " at " << at << " of " << size;
        if (value.size() > size) value.erase(at, 1);
        ASSERT_TRUE(!p.ok || p.json.root().Member("a").AsString() == value) << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(Json, LooksAtWhatFollowsAnEscapeAndAtNames) {
  const std::string pad(20, 'x');
  for (const char* bad : {"\xc3", "\\u0041\xc3", "\xc3\\u0080", "\\udc00", "\xed\xa0\x80", "\\n\xff", "\x7f\x80"}) {
    for (const std::string& before : {std::string(), pad}) {
      for (const std::string& after : {std::string(), pad}) {
        std::string string = before;
        string.append(bad).append(after);
        EXPECT_FALSE(Parsed("{\"a\":\"" + string + "\"}").ok) << bad;
        EXPECT_FALSE(Parsed("{\"" + string + "\":1}").ok) << bad;
      }
    }
  }
  Parsed good("{\"" + pad + "\\u00e9\xc3\xa9" + pad + "\":1}");
  ASSERT_TRUE(good.ok) << good.json.error();
  EXPECT_EQ(good.json.root().First().name(), pad + "\xc3\xa9\xc3\xa9" + pad);
}

// Each pair of members of objects of every size around that from which they are sorted, and of one of many members.
TEST(Json, FindsDuplicatesAmongFewAndManyMembers) {
  auto named = [](size_t i) {
    return i % 3 == 0 ? std::to_string(i) : "a-longer-name-" + std::to_string(i) + "-of-it";
  };
  for (size_t size : {2, 3, 31, 32, 33, 34}) {
    for (size_t first = 0; first < size; ++first) {
      for (size_t second = first; second < size; ++second) {
        std::string text;
        for (size_t i = 0; i < size; ++i) text += ",\"" + named(i == second ? first : i) + "\":{\"0\":[0]}";
        text[0] = '{';
        EXPECT_EQ(Parsed(text + "}", {4, 200}).ok, first == second) << text;
      }
    }
  }
  for (int duplicate = 0; duplicate < 2; ++duplicate) {
    std::string text = "{";
    for (int i = 0; i < 2000; ++i) text += "\"m" + std::to_string(i) + "\":0,";
    text += duplicate ? "\"m777\":0}" : "\"last\":0}";
    EXPECT_EQ(Parsed(text, {2, 4000}).ok, duplicate == 0);
  }
}

// All names of one object fall onto one another in whatever is made of their ends and lengths: only slower.
TEST(Json, TellsNamesApartThatBeginAndEndAlike) {
  std::string text;
  for (int i = 10; i < 41; ++i) text += ",\"the-beginning-" + std::to_string(i) + "-the-end-of-it\":0";
  text[0] = '{';
  EXPECT_TRUE(Parsed(text + "}").ok);
  EXPECT_FALSE(Parsed(text + ",\"the-beginning-25-the-end-of-it\":0}").ok);
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
