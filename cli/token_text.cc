#include "cli/token_text.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "cli/input.h"

namespace sluice::cli {
namespace {

constexpr size_t kTokenBytes = size_t{1} << 20;  // far more than any gateway takes: this is for looking at odd ones

std::string_view StripScheme(std::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  constexpr std::string_view kBearer = "bearer ";
  if (absl::StartsWithIgnoreCase(text, kBearer)) text = absl::StripLeadingAsciiWhitespace(text.substr(kBearer.size()));
  return text;
}

}  // namespace

std::optional<std::string> ReadToken(const Args& args, std::string* error) {
  std::string_view given = args.operands().empty() ? "-" : args.operands()[0];
  std::optional<std::string> text = given == "-" ? ReadFile("-", kTokenBytes, error) : std::string(given);
  if (!text) return std::nullopt;
  if (text->size() > kTokenBytes) {
    *error = "expected a token of at most 1 MiB";
    return std::nullopt;
  }
  return std::string(StripScheme(*text));
}

}  // namespace sluice::cli
