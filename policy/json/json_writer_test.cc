#include "policy/json/json_writer.h"

#include "gtest/gtest.h"
#include "policy/json/json_reader.h"

namespace sluice {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  JsonWriter(&out).String(text);
  return out;
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Key("a");
  json.BeginArray();
  json.EndArray();
  json.Key("b");
  json.BeginArray();
  json.Number(-1);
  json.BeginObject();
  json.EndObject();
  json.Bool(true);
  json.Null();
  json.EndArray();
  json.Key("c");
  json.StringOrNull("");
  json.EndObject();
  EXPECT_EQ(out, R"({"a":[],"b":[-1,{},true,null],"c":null})");
}

TEST(JsonWriter, IndentsWhenAsked) {
  std::string out;
  JsonWriter json(&out, 2);
  json.BeginObject();
  json.Key("a");
  json.BeginArray();
  json.Unsigned(UINT64_MAX);
  json.EndArray();
  json.Key("b");
  json.BeginObject();
  json.EndObject();
  json.EndObject();
  EXPECT_EQ(out, "{\n  \"a\": [\n    18446744073709551615\n  ],\n  \"b\": {}\n}");
}

TEST(JsonWriter, EscapesAndReplaces) {
  struct {
    std::string_view text;
    std::string_view want;
  } cases[] = {
      {"plain", R"("plain")"},
      {"\"\\\n\r\t", R"("\"\\\n\r\t")"},
      {std::string_view("\0\x1f\x7f", 3), R"("\u0000\u001f\u007f")"},
      {"gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\""},
      {"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
      {"\xFF", "\"\xEF\xBF\xBD\""},
      {"a\xC3", "\"a\xEF\xBF\xBD\""},                                                // cut off
      {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                                  // overlong
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},                  // surrogate
      {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // beyond U+10FFFF
  };
  for (const auto& c : cases) EXPECT_EQ(Quoted(c.text), c.want);
}

TEST(JsonWriter, EveryPairOfBytesReadsBack) {
  JsonReader reader;
  std::string error;
  for (int pair = 0; pair < 65536; ++pair) {
    const char text[2] = {static_cast<char>(pair >> 8), static_cast<char>(pair)};
    std::string json = Quoted({text, 2});
    ASSERT_NE(reader.Read(json, {}, &error), nullptr) << pair << ": " << error;
  }
}

}  // namespace
}  // namespace sluice
