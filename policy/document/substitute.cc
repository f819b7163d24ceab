#include "policy/document/substitute.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/limits.h"

namespace sluice::policy {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kPrefix = "DECK_";

struct Expression {
  std::string_view name;
  bool typed = false;
};

bool IsVariableName(std::string_view name) {
  for (char c : name)
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  return !name.empty();
}

// env "NAME" [ | toInt | toFloat | toBool ]
std::optional<Expression> ParseExpression(std::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "env")) return std::nullopt;
  text = absl::StripLeadingAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "\"")) return std::nullopt;
  size_t end = text.find('"');
  if (end == std::string_view::npos || !IsVariableName(text.substr(0, end))) return std::nullopt;
  Expression found{text.substr(0, end)};
  text = absl::StripAsciiWhitespace(text.substr(end + 1));
  if (text.empty()) return found;
  if (!absl::ConsumePrefix(&text, "|")) return std::nullopt;
  text = absl::StripAsciiWhitespace(text);
  found.typed = true;
  if (text != "toInt" && text != "toFloat" && text != "toBool") return std::nullopt;
  return found;
}

Substitution Failed(std::string error, std::string hint) {
  Substitution failed;
  failed.error = std::move(error);
  failed.hint = std::move(hint);
  return failed;
}

Substitution Value(const Expression& expression, const EnvLookup& env) {
  std::string quoted = absl::StrCat("`", expression.name, "`");
  if (expression.name.size() > 256) return Failed("the name of a variable is longer than 256 bytes", "shorten it");
  if (!absl::StartsWith(expression.name, kPrefix))
    return Failed(absl::StrCat("expected a variable whose name begins with `DECK_`, found ", quoted), "rename it");
  if (!env)
    return Failed(absl::StrCat("variable ", quoted, " is asked for, but variables are switched off here"),
                  "pass an environment lookup, or write the value");
  std::optional<std::string> value = env(expression.name);
  if (!value) return Failed(absl::StrCat("variable ", quoted, " is not set"), "set it in the environment");
  Substitution result;
  result.text = std::move(*value);
  return result;
}

}  // namespace

bool HasVariables(std::string_view text) { return absl::StrContains(text, kOpen); }

Substitution Substitute(std::string_view text, const EnvLookup& env) {
  Substitution result;
  size_t at = 0;
  for (size_t open; (open = text.find(kOpen, at)) != std::string_view::npos;) {
    size_t body = open + kOpen.size();
    size_t close = text.find(kClose, body);
    std::optional<Expression> expression;
    if (close != std::string_view::npos) expression = ParseExpression(text.substr(body, close - body));
    if (!expression)
      return Failed("expected a variable such as `${{ env \"DECK_NAME\" }}`",
                    "within single quotes; the filters are toInt, toFloat and toBool");
    Substitution value = Value(*expression, env);
    if (!value.error.empty()) return value;
    absl::StrAppend(&result.text, text.substr(at, open - at), value.text);
    if (result.text.size() > limits::kDocumentStringBytes)
      return Failed(
          absl::StrCat("longer than ", limits::kDocumentStringBytes, " bytes with variable `", expression->name, "`"),
          "shorten it");
    at = close + kClose.size();
    result.typed = expression->typed && open == 0 && at == text.size();
  }
  absl::StrAppend(&result.text, text.substr(at));
  if (result.text.size() > limits::kDocumentStringBytes)
    return Failed(absl::StrCat("longer than ", limits::kDocumentStringBytes, " bytes with its variables"),
                  "shorten it");
  return result;
}

}  // namespace sluice::policy
