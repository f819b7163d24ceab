// Each bound of a document: what lies within passes, what lies beyond is refused with its code.
#include "base/limits.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "policy/document/parse.h"
#include "policy/document/tree.h"

namespace sluice::policy {
namespace {

// The code of the first problem, "" if there is none.
std::string TreeProblem(std::string_view text, EnvLookup env = nullptr) {
  ParseOptions options;
  options.env = std::move(env);
  Problems problems;
  ParseTree(text, options, &problems);
  Diagnostics all = problems.Take("");
  return all.empty() ? "" : all[0].code;
}

std::string Repeat(std::string_view text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(LimitsTest, DocumentBytes) {
  std::string text = "{\"a\": 1}";
  text.resize(limits::kDocumentBytes, ' ');
  EXPECT_EQ(TreeProblem(text), "");
  text += ' ';
  EXPECT_EQ(TreeProblem(text), "too_large");
}

TEST(LimitsTest, Depth) {
  auto nested = [](size_t depth) { return Repeat("[", depth) + Repeat("]", depth); };
  auto json = [](size_t depth) { return "{\"a\":" + Repeat("[", depth - 1) + Repeat("]", depth - 1) + "}"; };
  EXPECT_EQ(TreeProblem(nested(limits::kDocumentDepth)), "");
  EXPECT_EQ(TreeProblem(nested(limits::kDocumentDepth + 1)), "too_deep");
  EXPECT_EQ(TreeProblem(nested(100'000)), "too_deep");
  EXPECT_EQ(TreeProblem(json(limits::kDocumentDepth)), "");
  EXPECT_EQ(TreeProblem(json(limits::kDocumentDepth + 1)), "too_deep");
  EXPECT_EQ(TreeProblem(json(100'000)), "too_deep");
}

TEST(LimitsTest, DepthThroughAliases) {
  // Each line nests the one before: without a bound the tree would be as deep as the document is long.
  std::string text = "a0: &a0 []\n";
  for (size_t i = 1; i < 100; ++i) absl::StrAppend(&text, "a", i, ": &a", i, " [*a", i - 1, "]\n");
  EXPECT_EQ(TreeProblem(text), "too_deep");
}

TEST(LimitsTest, NodesThroughAliases) {
  // The bomb that is known as a billion laughs: ten times ten times …
  std::string text = "a0: &a0 lol\n";
  for (size_t i = 1; i < 12; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) absl::StrAppend(&text, k == 0 ? "" : ", ", "*a", i - 1);
    absl::StrAppend(&text, "]\n");
  }
  EXPECT_EQ(TreeProblem(text), "too_large");
  std::string merges = "a0: &a0 {x: 1}\n";
  for (size_t i = 1; i < 40; ++i)
    absl::StrAppend(&merges, "a", i, ": &a", i, " {<<: [*a", i - 1, ", *a", i - 1, "]}\n");
  EXPECT_EQ(TreeProblem(merges), "too_large");
}

TEST(LimitsTest, StringBytes) {
  std::string longest(limits::kDocumentStringBytes, 'x');
  for (std::string_view form : {"a: ", "{\"a\": \""}) {
    std::string end = form[0] == '{' ? "\"}" : "";
    EXPECT_EQ(TreeProblem(absl::StrCat(form, longest, end)), "");
    EXPECT_EQ(TreeProblem(absl::StrCat(form, longest, "x", end)), "string_too_long");
  }
}

TEST(LimitsTest, StringBytesThroughVariables) {
  auto env = [](size_t size) { return [size](std::string_view) { return std::string(size, 'x'); }; };
  constexpr char kText[] = "a: ${{ env \"DECK_A\" }}";
  EXPECT_EQ(TreeProblem(kText, env(limits::kDocumentStringBytes)), "");
  EXPECT_EQ(TreeProblem(kText, env(limits::kDocumentStringBytes + 1)), "variable");
}

TEST(LimitsTest, TextBytesThroughAliasesAndVariables) {
  size_t times = limits::kDocumentTextBytes / limits::kDocumentStringBytes;
  std::string alias = absl::StrCat("- &a ", std::string(limits::kDocumentStringBytes, 'x'), "\n");
  EXPECT_EQ(TreeProblem(alias + Repeat("- *a\n", times - 1)), "");
  EXPECT_EQ(TreeProblem(alias + Repeat("- *a\n", times)), "too_large");
  EnvLookup env = [](std::string_view) { return std::string(limits::kDocumentStringBytes, 'x'); };
  EXPECT_EQ(TreeProblem(Repeat("- ${{ env \"DECK_A\" }}\n", times + 1), env), "too_large");
}

TEST(LimitsTest, Routes) {
  std::string text = "{\"_format_version\": \"3.0\", \"routes\": [0" + Repeat(",0", limits::kRoutes) + "]}";
  ParseResult result = Parse(text, ParseOptions());
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].code, "too_large");
  EXPECT_EQ(result.diagnostics[0].message, "1000001 routes are more than 1000000");
}

TEST(LimitsTest, EnforcedHeaders) {
  auto codes = [](size_t count) {
    std::string text = "_format_version: '3.0'\nplugins: [{name: hmac-auth, config: {enforce_headers: [h0";
    for (size_t i = 1; i < count; ++i) absl::StrAppend(&text, ", h", i);
    Diagnostics all = Parse(text + "]}}]\n", ParseOptions()).diagnostics;
    return all.empty() ? "" : all[0].code;
  };
  EXPECT_EQ(codes(limits::kSignedHeaders), "");
  EXPECT_EQ(codes(limits::kSignedHeaders + 1), "too_large");
}

TEST(LimitsTest, RedisNodes) {
  auto code = [](size_t count) {
    std::string text = "_format_version: '3.0'\nplugins: [{name: rate-limiting, config: {minute: 5, policy: redis, ";
    absl::StrAppend(&text, "redis: {cluster_nodes: [{ip: a}", Repeat(", {ip: a}", count - 1), "]}}}]\n");
    Diagnostics all = Parse(text, ParseOptions()).diagnostics;
    return all.empty() ? "" : all[0].code;
  };
  EXPECT_EQ(code(limits::kRedisNodes), "");
  EXPECT_EQ(code(limits::kRedisNodes + 1), "too_large");
}

std::string CodeOfJwt(const std::string& config) {
  std::string text = "_format_version: '3.0'\nplugins: [{name: jwt, config: {" + config + "}}]\n";
  Diagnostics all = Parse(text, ParseOptions()).diagnostics;
  return all.empty() ? "" : all[0].code;
}

TEST(LimitsTest, Requirements) {
  auto deep = [](size_t levels) {
    return "requires: " + Repeat("{all: [", levels - 1) + "{claim: a}" + Repeat("]}", levels - 1);
  };
  EXPECT_EQ(CodeOfJwt(deep(limits::kRequirementDepth)), "");
  EXPECT_EQ(CodeOfJwt(deep(limits::kRequirementDepth + 1)), "too_large");
  auto wide = [](size_t parts) { return "requires: {any: [{claim: a}" + Repeat(", {claim: a}", parts - 2) + "]}"; };
  EXPECT_EQ(CodeOfJwt(wide(limits::kRequirementParts)), "");
  EXPECT_EQ(CodeOfJwt(wide(limits::kRequirementParts + 1)), "too_large");
}

TEST(LimitsTest, Providers) {
  auto providers = [](size_t count) {
    std::string list;
    for (size_t i = 0; i < count; ++i) absl::StrAppend(&list, "{discovery: true, issuer: 'https://", i, "'}, ");
    return "providers: [" + list + "]";
  };
  EXPECT_EQ(CodeOfJwt(providers(limits::kTokenIssuers)), "");
  EXPECT_EQ(CodeOfJwt(providers(limits::kTokenIssuers + 1)), "too_large");
}

TEST(LimitsTest, UsernamesAndPasswords) {
  auto codes = [](size_t username, size_t password) {
    std::string text =
        absl::StrCat("_format_version: '3.0'\nconsumers:\n- username: a\n  basicauth_credentials: [{username: ",
                     std::string(username, 'u'), ", password: ", std::string(password, 'p'), "}]\n");
    std::string all;
    for (const Diagnostic& d : Parse(text, ParseOptions()).diagnostics) absl::StrAppend(&all, d.code, " ");
    return all;
  };
  EXPECT_EQ(codes(limits::kUsernameBytes, limits::kPasswordBytes), "");
  EXPECT_EQ(codes(limits::kUsernameBytes + 1, 1), "bad_value ");
  EXPECT_EQ(codes(1, limits::kPasswordBytes + 1), "bad_value ");
}

TEST(LimitsTest, Diagnostics) {
  auto result = [](size_t errors) {
    std::string text = "_format_version: '3.0'\nservices:\n";
    for (size_t i = 0; i < errors; ++i) absl::StrAppend(&text, "- {host: a, nam: b}\n");
    return Parse(text, ParseOptions()).diagnostics;
  };
  EXPECT_EQ(result(limits::kDiagnostics).size(), limits::kDiagnostics);
  EXPECT_EQ(result(limits::kDiagnostics).back().code, "unknown_field");
  Diagnostics more = result(limits::kDiagnostics + 5);
  EXPECT_EQ(more.size(), limits::kDiagnostics + 1);
  EXPECT_EQ(more.back().code, "too_many_problems");
  EXPECT_EQ(more.back().message, "5 more problems are not shown");
  EXPECT_EQ(more.back().severity, Severity::kError);
}

TEST(LimitsTest, AnErrorBehindManyWarningsIsNotLost) {
  std::string text = "_format_version: '3.0'\nservices:\n";
  for (size_t i = 0; i <= limits::kDiagnostics; ++i)
    absl::StrAppend(&text, "- {host: a, plugins: [{name: jwt, config: {jwks_cooldown: 5}}]}\n");
  ASSERT_TRUE(Parse(text, ParseOptions()).ok());
  text += "plugins: [5]\n";
  EXPECT_FALSE(Parse(text, ParseOptions()).ok());
}

// However many there are too many of, none is read: each would be compared with all before it.
TEST(LimitsTest, LimitsOfAPlan) {
  auto problems = [](size_t limits) {
    std::string text = "_format_version: '3.0'\nplans:\n- name: p\n  limits:\n";
    for (size_t i = 0; i < limits; ++i) absl::StrAppend(&text, "  - {name: l", i, ", rate: 1, per: second}\n");
    std::string codes;
    for (const Diagnostic& d : Parse(text, {}).diagnostics) absl::StrAppend(&codes, d.code, " ");
    return codes;
  };
  EXPECT_EQ(problems(16), "");
  EXPECT_EQ(problems(17), "too_large ");
  EXPECT_EQ(problems(10'000), "too_large ");
}

TEST(LimitsTest, IdOfAKeyToSignWith) {
  auto problems = [](size_t bytes) {
    const std::string text =
        absl::StrCat("_format_version: '3.0'\nkey_sets:\n- name: s\n  keys:\n  - {kid: ", std::string(bytes, 'k'),
                     ", pem: {public_key: '-----BEGIN PUBLIC KEY-----'}}\n");
    std::string codes;
    for (const Diagnostic& d : Parse(text, {}).diagnostics) absl::StrAppend(&codes, d.code, " ");
    return codes;
  };
  EXPECT_EQ(problems(limits::kSigningKeyIdBytes), "");
  EXPECT_EQ(problems(limits::kSigningKeyIdBytes + 1), "bad_value ");
}

TEST(LimitsTest, KeysOfADocument) {
  auto problems = [](size_t nested, size_t flat) {
    std::string text = "_format_version: '3.0'\nkey_sets:\n- name: s\n  keys:\n";
    for (size_t i = 0; i < nested; ++i)
      absl::StrAppend(&text, "  - {kid: n", i, ", pem: {public_key: '-----BEGIN PUBLIC KEY-----'}}\n");
    text += "keys:\n";
    for (size_t i = 0; i < flat; ++i)
      absl::StrAppend(&text, "- {kid: f", i, ", pem: {public_key: '-----BEGIN PUBLIC KEY-----'}}\n");
    std::string codes;
    for (const Diagnostic& d : Parse(text, {}).diagnostics) absl::StrAppend(&codes, d.code, " ");
    return codes;
  };
  EXPECT_EQ(problems(limits::kSigningKeys - 1, 1), "");
  EXPECT_EQ(problems(limits::kSigningKeys, 1), "too_large ");
  EXPECT_EQ(problems(1, 2 * limits::kSigningKeys), "too_large ");
}

TEST(LimitsTest, ClaimsOfASigner) {
  auto problem = [](size_t set, size_t removed) {
    std::string text =
        "_format_version: '3.0'\nkey_sets: [{name: kong}]\nplugins:\n- name: jwt-signer\n  config:\n    set_claims: {";
    for (size_t i = 0; i < set; ++i) absl::StrAppend(&text, "c", i, ": x, ");
    absl::StrAppend(&text, "}\n    remove_access_token_claims: [", Repeat("y, ", removed), "]\n");
    const Diagnostics all = Parse(text, ParseOptions()).diagnostics;
    return all.empty() ? "" : all[0].code;
  };
  EXPECT_EQ(problem(limits::kSignerClaims - 9, 9), "");
  EXPECT_EQ(problem(limits::kSignerClaims - 8, 9), "too_large");
}

}  // namespace
}  // namespace sluice::policy
