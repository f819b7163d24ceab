#include "router/prover/regex_example.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "re2/regexp.h"

namespace sluice::router {
namespace {

using re2::Regexp;

constexpr size_t kLongestExample = 1024;
constexpr int kLastAscii = 0x7e;  // DEL and what follows would not be simple

char SimplestOf(re2::CharClass* runes) {
  for (char c : std::string_view("a0A1-_"))
    if (runes->Contains(c)) return c;
  for (int c = ' '; c <= kLastAscii; ++c)
    if (runes->Contains(c)) return static_cast<char>(c);
  return '\0';
}

void AppendRune(int rune, std::string* out) {
  if (rune <= kLastAscii) out->push_back(static_cast<char>(rune));
}

void AppendExample(Regexp* regexp, std::string* out) {
  if (out->size() > kLongestExample) return;
  switch (regexp->op()) {
    case re2::kRegexpLiteral: return AppendRune(regexp->rune(), out);
    case re2::kRegexpLiteralString:
      for (int i = 0; i < regexp->nrunes(); ++i) AppendRune(regexp->runes()[i], out);
      return;
    case re2::kRegexpCharClass: out->push_back(SimplestOf(regexp->cc())); return;
    case re2::kRegexpAnyChar: out->push_back('a'); return;
    case re2::kRegexpRepeat:
      for (int i = 0; i < regexp->min(); ++i) AppendExample(regexp->sub()[0], out);
      return;
    case re2::kRegexpPlus:
    case re2::kRegexpCapture:
    case re2::kRegexpAlternate: return AppendExample(regexp->sub()[0], out);
    case re2::kRegexpConcat:
      for (int i = 0; i < regexp->nsub(); ++i) AppendExample(regexp->sub()[i], out);
      return;
    default: return;  // what takes nothing, or may
  }
}

bool IsPlain(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_~./", c); }

}  // namespace

std::optional<std::string> SimpleExample(std::string_view pattern, const Regex& regex) {
  const std::string spelled = SpellNamedGroups(pattern);
  re2::RegexpStatus status;
  Regexp* parsed = Regexp::Parse({spelled.data(), spelled.size()}, Regexp::LikePerl, &status);
  if (parsed == nullptr) return std::nullopt;
  std::string example;
  AppendExample(parsed, &example);
  parsed->Decref();
  if (example.size() > kLongestExample || !regex.Matches(example)) return std::nullopt;
  return example;
}

std::optional<std::string> PlainExample(std::string_view pattern, const Regex& regex) {
  std::optional<std::string> example = SimpleExample(pattern, regex);
  if (!example || !absl::StartsWith(*example, "/") || !std::all_of(example->begin(), example->end(), IsPlain) ||
      absl::StrContains(*example, "//") || absl::StrContains(*example, "/.")) {
    return std::nullopt;
  }
  return example;
}

}  // namespace sluice::router
