#include "policy/document/tree.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::policy {
namespace {

// The tree as JSON, or the code, place and pointer of the first problem.
std::string Shape(std::string_view text, EnvLookup env = nullptr) {
  ParseOptions options;
  options.env = std::move(env);
  Problems problems;
  std::optional<Tree> tree = ParseTree(text, options, &problems);
  Diagnostics all = problems.Take("");
  if (all.empty()) return tree ? ToJson(tree->root()) : "neither tree nor problem";
  const Place& where = all[0].where;
  return absl::StrCat(all[0].code, " ", where.line, ":", where.column, " ", where.pointer);
}

struct Case {
  const char* text;
  const char* shape;
};

TEST(TreeTest, Yaml) {
  const Case cases[] = {
      {"a: 1\nb: [x, 'y', \"z\", ~]", R"({"a":1,"b":["x","y","z",null]})"},
      {"a: 'true'\nb: \"5\"\nc: yes\nd: 0x10", R"({"a":"true","b":"5","c":"yes","d":16})"},
      {"a: !!str 5\nb: !!map {}\nc: !!seq []", R"({"a":"5","b":{},"c":[]})"},
      {"a: |\n  x\n  y\n", R"({"a":"x\ny\n"})"},
      {"1: a\ntrue: b", R"({"1":"a","true":"b"})"},
      {"a: &x [1]\nb: *x\nc: {d: *x}", R"({"a":[1],"b":[1],"c":{"d":[1]}})"},
      {"a: &x k\n*x : v", R"({"a":"k","k":"v"})"},
      {"\xef\xbb\xbf"
       "a: \xc3\xa9",
       "{\"a\":\"\xc3\xa9\"}"},
      // Merge keys: what is written wins, then the first map.
      {"a: &a {p: 1, q: 1}\nb: {<<: *a, q: 2}", R"({"a":{"p":1,"q":1},"b":{"q":2,"p":1}})"},
      {"- &a {p: 1}\n- &b {p: 2, q: 2}\n- {<<: [*a, *b]}", R"([{"p":1},{"p":2,"q":2},{"p":1,"q":2}])"},
      {"a: {'<<': 1}", R"({"a":{"<<":1}})"},
      {"a: {<<: {x: 1}}", R"({"a":{"x":1}})"},
      // Refused.
      {"a: 1\na: 2", "duplicate_key 2:1 /a"},
      {"x:\n- {k: 1, k: 2}", "duplicate_key 2:10 /x/0/k"},
      {"a: {<<: 1}", "bad_merge 1:9 /a"},
      {"a: {<<: {}, <<: {}}", "duplicate_key 1:13 /a/<<"},
      {"? [a]\n: b", "bad_key 1:3 "},
      {"? {a: b}\n: b", "bad_key 1:3 "},
      {"~: b", "bad_key 1:1 "},
      {"a: &x [*x]", "bad_alias 1:8 /a/0"},
      {"a: *nowhere", "yaml_syntax 1:4 /a"},
      {"a: !!binary aGk=", "yaml_tag 1:4 /a"},
      {"a: !custom {}", "yaml_tag 1:4 /a"},
      {"a: 1\n---\nb: 1", "second_document 2:1 "},
      {"a: [1", "yaml_syntax 1:1 /a/1"},
      {"a: \"\\0\"", "bad_text 1:4 /a"},
      {"a: \xff", "not_utf8 1:4 "},
      {"a: \xed\xa0\x80", "not_utf8 1:4 "},
      {"a: \xc0\x80", "not_utf8 1:4 "},
      {"a:\n  \x01", "bad_text 2:3 "},
      {"", "empty 1:1 "},
      {"# only a comment\n", "empty 1:1 "},
  };
  for (const Case& c : cases) EXPECT_EQ(Shape(c.text), c.shape) << c.text;
}

TEST(TreeTest, Json) {
  const Case cases[] = {
      {R"({"a": 1, "b": ["x", "5", true, null, -1.5e2]})", R"({"a":1,"b":["x","5",true,null,-150.0]})"},
      {"\n {\"a\": {\"b\": []}}", R"({"a":{"b":[]}})"},
      {R"({"a": "\u00e9"})", "{\"a\":\"\xc3\xa9\"}"},
      {R"({"<<": {"x": 1}})", R"({"<<":{"x":1}})"},
      {"{\"a\": 1,\n  \"a\": 2}", "duplicate_key 2:3 /a"},
      {"{\"x\": [{\"k\": 1,\n\"k\": 2}]}", "duplicate_key 2:1 /x/0/k"},
      {"{\"a\": \"\\u0000\"}", "bad_text 1:7 /a"},
      {"{\"a\": \"\\ud800\"}", "json_syntax 1:8 /a"},
      {"{\"a\": 1}\n {", "json_syntax 2:2 "},
      {"{\"a\":\n 1,}", "json_syntax 2:4 "},
      {"{\"a\": nul}", "json_syntax 1:10 /a"},
      {"{", "json_syntax 1:2 "},
      {"{\"a\": NaN}", "json_syntax 1:7 /a"},
      {"{\"a\": 1 /* no */}", "json_syntax 1:9 "},
  };
  for (const Case& c : cases) EXPECT_EQ(Shape(c.text), c.shape) << c.text;
}

TEST(TreeTest, PlacesOfJsonTokens) {
  Problems problems;
  std::optional<Tree> tree = ParseTree("{\"a\": [1,\n\t{ \"b\" : true } , \"c\"]}", ParseOptions(), &problems);
  ASSERT_TRUE(tree);
  auto at = [](const Node& node) { return absl::StrCat(node.spot.line, ":", node.spot.column); };
  const Node& list = *tree->root().Find("a");
  EXPECT_EQ(at(tree->root().key(0)), "1:2");
  EXPECT_EQ(at(list), "1:7");
  EXPECT_EQ(at(list.item(0)), "1:8");
  EXPECT_EQ(at(list.item(1)), "2:2");
  EXPECT_EQ(at(list.item(1).key(0)), "2:4");
  EXPECT_EQ(at(list.item(1).value(0)), "2:10");
  EXPECT_EQ(at(list.item(2)), "2:19");
}

TEST(TreeTest, Variables) {
  EnvLookup env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "DECK_N") return "5";
    if (name == "DECK_T") return "true";
    if (name == "DECK_E") return "";
    if (name == "DECK_NUL") return std::string("a\0b", 3);
    return std::nullopt;
  };
  const Case cases[] = {
      {"a: ${{ env \"DECK_N\" }}", R"({"a":5})"},
      {"a: '${{ env \"DECK_N\" }}'", R"({"a":"5"})"},
      {"a: '${{env \"DECK_N\"|toInt}}'", R"({"a":5})"},
      {"a: '${{ env \"DECK_T\" | toBool }}'", R"({"a":true})"},
      {"a: x${{ env \"DECK_N\" }}y${{ env \"DECK_T\" }}z", R"({"a":"x5ytruez"})"},
      {"a: ${{ env \"DECK_E\" }}", R"({"a":""})"},  // set, so not null
      {R"({"a": "${{ env \"DECK_N\" }}"})", R"({"a":"5"})"},
      {"'${{ env \"DECK_N\" }}': a", R"({"${{ env \"DECK_N\" }}":"a"})"},  // names are left alone
      {"a: ${{ env \"DECK_X\" }}", "variable 1:4 /a"},
      {"a: ${{ env \"PATH\" }}", "variable 1:4 /a"},
      {"a: ${{ env \"DECK_NUL\" }}", "variable 1:4 /a"},
      {"a: ${{ env DECK_N }}", "variable 1:4 /a"},
      {"a: '${{ env \"DECK_N\" '", "variable 1:4 /a"},
      {"a: \"${{ env \"DECK_N\" }}\"", "variable 1:4 /a"},
  };
  for (const Case& c : cases) EXPECT_EQ(Shape(c.text, env), c.shape) << c.text;
  EXPECT_EQ(Shape("a: ${{ env \"DECK_N\" }}"), "variable 1:4 /a") << "no lookup, no variables";
}

}  // namespace
}  // namespace sluice::policy
