#include "router/regex.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "re2/re2.h"
#include "router/bytes.h"
#include "router/required_literal.h"

namespace sluice::router {
namespace {

constexpr int kLiteralPrefixBytes = 64;  // a longer one tells routes apart no better

constexpr char kBacktrackingHint[] =
    "regular expressions run in linear time: look-around, back-references, atomic groups and possessive quantifiers "
    "must be written otherwise";

re2::RE2::Options OptionsFor(Regex::Kind kind) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(limits::kRegexMemoryBytes);
  options.set_case_sensitive(kind == Regex::Kind::kPath);
  return options;
}

bool BeginsNamedGroup(std::string_view text) {
  return text.substr(0, 3) == "(?<" && text.size() > 3 && text[3] != '=' && text[3] != '!';
}

// The name that two groups share, or "". RE2 takes such a pattern and keeps the first group only.
std::string RepeatedGroupName(const re2::RE2& re) {
  std::set<std::string> seen;
  for (const auto& [group, name] : re.CapturingGroupNames())
    if (!seen.insert(name).second) return name;
  return "";
}

// What all texts between the least and the greatest match have in common.
std::string LiteralPrefix(const re2::RE2& re) {
  std::string least;
  std::string greatest;
  if (!re.PossibleMatchRange(&least, &greatest, kLiteralPrefixBytes)) return "";
  return least.substr(0, CommonPrefixBytes(least, greatest));
}

Regex::Error Refusal(std::string_view pattern, const re2::RE2& re) {
  if (re.error_code() == re2::RE2::ErrorPatternTooLarge) {
    return {"regex_too_large",
            absl::StrCat("regular expression `", pattern, "` needs more than the ", limits::kRegexMemoryBytes,
                         " bytes of memory that one may use"),
            "use smaller repetition counts"};
  }
  return {"bad_regex", absl::StrCat("regular expression `", pattern, "` cannot be used: ", re.error()),
          kBacktrackingHint};
}

}  // namespace

std::string SpellNamedGroups(std::string_view pattern) {
  std::string spelled;
  for (size_t i = 0; i < pattern.size();) {
    size_t next = i + 1;
    if (pattern[i] == '\\') next = SkipEscape(pattern, i);
    if (pattern[i] == '[') next = SkipBrackets(pattern, i);
    if (BeginsNamedGroup(pattern.substr(i))) {
      spelled += "(?P<";
      next = i + 3;
    } else {
      spelled += pattern.substr(i, next - i);
    }
    i = next;
  }
  return spelled;
}

std::unique_ptr<const Regex> Regex::Compile(std::string_view pattern, Kind kind, Error* error) {
  if (pattern.size() > limits::kRegexBytes) {
    *error = {"regex_too_large",
              absl::StrCat("expected a regular expression of at most ", limits::kRegexBytes, " bytes, found ",
                           pattern.size()),
              "split the route"};
    return nullptr;
  }
  const std::string spelled = SpellNamedGroups(pattern);
  auto re = std::make_unique<re2::RE2>(spelled, OptionsFor(kind));
  if (re->ok() && kind == Kind::kPath) {
    // Compiled alone first, so that `a)(b` is refused; then with the anchor, from which RE2 finds the literal prefix.
    re = std::make_unique<re2::RE2>(absl::StrCat("^(?:", spelled, ")"), OptionsFor(kind));
  }
  if (!re->ok()) {
    *error = Refusal(pattern, *re);
    return nullptr;
  }
  if (re->NumberOfCapturingGroups() > static_cast<int>(kMaxRouteCaptures)) {
    *error = {"regex_too_large",
              absl::StrCat("expected at most ", kMaxRouteCaptures, " groups in regular expression `", pattern,
                           "`, found ", re->NumberOfCapturingGroups()),
              "write `(?:…)` for groups whose text is not needed"};
    return nullptr;
  }
  if (const std::string name = RepeatedGroupName(*re); !name.empty()) {
    *error = {
        "bad_regex",
        absl::StrCat("expected each group name once in regular expression `", pattern, "`, found `", name, "` again"),
        "rename one of the groups"};
    return nullptr;
  }
  return std::unique_ptr<const Regex>(new Regex(std::move(re), kind, spelled));
}

Regex::Regex(std::unique_ptr<re2::RE2> re, Kind kind, std::string_view written) : re_(std::move(re)), kind_(kind) {
  if (kind_ == Kind::kPath) {
    literal_prefix_ = LiteralPrefix(*re_);
    required_literal_ = RequiredLiteral(written);
  }
  group_names_.resize(static_cast<size_t>(re_->NumberOfCapturingGroups()));
  for (const auto& [group, name] : re_->CapturingGroupNames()) group_names_[static_cast<size_t>(group) - 1] = name;
}

Regex::~Regex() = default;

bool Regex::Matches(std::string_view text) const {
  const auto anchor = kind_ == Kind::kPath ? re2::RE2::ANCHOR_START : re2::RE2::UNANCHORED;
  return re_->Match({text.data(), text.size()}, 0, text.size(), anchor, nullptr, 0);
}

bool Regex::Capture(std::string_view text, std::string_view* matched, RouteCapture* captures, size_t* count) const {
  re2::StringPiece groups[1 + kMaxRouteCaptures];
  const auto anchor = kind_ == Kind::kPath ? re2::RE2::ANCHOR_START : re2::RE2::UNANCHORED;
  const int wanted = static_cast<int>(1 + group_names_.size());
  if (!re_->Match({text.data(), text.size()}, 0, text.size(), anchor, groups, wanted)) return false;
  *matched = {groups[0].data(), groups[0].size()};
  *count = group_names_.size();
  for (size_t i = 0; i < group_names_.size(); ++i)
    captures[i] = {group_names_[i], {groups[i + 1].data(), groups[i + 1].size()}};
  return true;
}

size_t Regex::instructions() const {
  return static_cast<size_t>(std::max(re_->ProgramSize(), 0)) +
         static_cast<size_t>(std::max(re_->ReverseProgramSize(), 0));
}

}  // namespace sluice::router
