#include "cli/hidden.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace sluice::cli {
namespace {

constexpr size_t kLongestShown = 24;  // keys and tokens that are worth the name are longer

// An escaped name may be any.
bool IsHiddenParameter(std::string_view name, std::string_view value) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (std::string_view part : {"jwt", "key", "auth", "pass", "sig", "session", "code", "%"})
    if (absl::StrContains(lower, part)) return true;
  return IsCredential(name) || value.size() > kLongestShown;
}

}  // namespace

bool IsCredential(std::string_view name) {
  for (std::string_view known : {"authorization", "proxy-authorization", "cookie", "set-cookie"})
    if (absl::EqualsIgnoreCase(name, known)) return true;
  const std::string lower = absl::AsciiStrToLower(name);
  for (std::string_view part : {"token", "secret", "password", "apikey", "api-key"})
    if (absl::StrContains(lower, part)) return true;
  return false;
}

std::string Hidden(std::string_view value) { return absl::StrCat("(hidden, ", value.size(), " bytes)"); }

std::string HideInQuery(std::string_view target) {
  const size_t question = target.find('?');
  if (question == std::string_view::npos) return std::string(target);
  std::vector<std::string> shown;
  for (std::string_view parameter : absl::StrSplit(target.substr(question + 1), '&')) {
    const size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    const bool hidden = !value.empty() && IsHiddenParameter(name, value);
    shown.push_back(hidden ? absl::StrCat(name, "=", Hidden(value)) : std::string(parameter));
  }
  return absl::StrCat(target.substr(0, question + 1), absl::StrJoin(shown, "&"));
}

}  // namespace sluice::cli
