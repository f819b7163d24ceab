#include "policy/json/json_reader.h"

#include "gtest/gtest.h"

namespace sluice {
namespace {

std::string ErrorOf(std::string_view text, const JsonBounds& bounds = {}) {
  JsonReader reader;
  std::string error;
  return reader.Read(text, bounds, &error) == nullptr ? error : "none";
}

TEST(JsonReader, BuildsTheTree) {
  JsonReader reader;
  std::string error;
  const JsonNode* root = reader.Read(R"( {"a":[1.50,"x\u00e9",true,null,{}],"b":false} )", {}, &error);
  ASSERT_NE(root, nullptr) << error;
  ASSERT_EQ(root->kind, JsonKind::kObject);
  EXPECT_EQ(root->count, 2u);
  const JsonNode* a = root->Find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->count, 5u);
  std::string kinds;
  for (const JsonNode& element : *a) kinds += std::string(JsonKindName(element.kind)) + ", ";
  EXPECT_EQ(kinds, "a number, a string, a boolean, null, an object, ");
  EXPECT_EQ(a->first->text, "1.50");
  EXPECT_EQ(a->first->next->text, "x\xC3\xA9");
  EXPECT_FALSE(root->Find("b")->boolean);
  EXPECT_EQ(root->Find("c"), nullptr);
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  struct {
    std::string_view text;
    std::string_view part;
  } cases[] = {
      {"", "empty"},
      {"{", "byte 2"},
      {"{} {}", "byte 4"},
      {"[1,]", "byte 4"},
      {"// x\n1", "byte 1"},
      {"{\"a\":1,\"a\":2}", "twice"},
      {"\"\xFF\"", "invalid encoding"},
      {"\"\\ud800\"", "surrogate"},
      {std::string_view("1\0", 2), "NUL"},
      {"NaN", "byte 1"},
  };
  for (const auto& c : cases) {
    std::string error = ErrorOf(c.text);
    EXPECT_NE(error.find(c.part), std::string::npos) << c.text << " gave: " << error;
  }
}

TEST(JsonReader, HoldsItsBounds) {
  EXPECT_EQ(ErrorOf("[[1]]", {.depth = 2}), "none");
  EXPECT_NE(ErrorOf("[[[1]]]", {.depth = 2}).find("nested too deeply"), std::string::npos);
  EXPECT_EQ(ErrorOf("[1,2]", {.nodes = 3}), "none");
  EXPECT_NE(ErrorOf("[1,2,3]", {.nodes = 3}).find("too many values"), std::string::npos);
  EXPECT_EQ(ErrorOf("[1,2]", {.bytes = 5}), "none");
  EXPECT_EQ(ErrorOf("[1,23]", {.bytes = 5}), "expected at most 5 bytes of JSON, found 6");
  EXPECT_NE(ErrorOf(std::string(1'000'000, '[')).find("nested too deeply"), std::string::npos);
}

TEST(JsonReader, WritesWhatItRead) {
  JsonReader reader;
  std::string error;
  constexpr std::string_view kText = R"({"a":[1.50,"x\"",true,null,{}],"b":{"c":[]}})";
  const JsonNode* root = reader.Read(kText, {}, &error);
  ASSERT_NE(root, nullptr) << error;
  EXPECT_EQ(ToJson(*root), kText);
}

TEST(JsonReader, ServesAgainAfterAnError) {
  JsonReader reader;
  std::string error;
  EXPECT_EQ(reader.Read("{\"a\":[1", {}, &error), nullptr);
  const JsonNode* root = reader.Read("[2]", {}, &error);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->first->text, "2");
}

}  // namespace
}  // namespace sluice
