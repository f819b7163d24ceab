#include "policy/document/scalar.h"

#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace sluice::policy {
namespace {

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words)
    if (text == word) return true;
  return false;
}

std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

size_t LeadingDigits(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && absl::ascii_isdigit(text[n])) ++n;
  return n;
}

bool AllDigits(std::string_view text) { return !text.empty() && LeadingDigits(text) == text.size(); }

// "0o17" and "0x1F"; the core schema gives these no sign.
int RadixOf(std::string_view text) {
  if (text.size() < 3 || text[0] != '0') return 10;
  return text[1] == 'o' ? 8 : text[1] == 'x' ? 16 : 10;
}

int DigitValue(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  return absl::ascii_isxdigit(c) ? absl::ascii_tolower(c) - 'a' + 10 : 99;
}

bool ParseRadix(std::string_view digits, int radix, int64_t* out) {
  uint64_t value = 0;
  for (char c : digits) {
    if (DigitValue(c) >= radix || value > (std::numeric_limits<int64_t>::max() >> 4)) return false;
    value = value * radix + DigitValue(c);
  }
  *out = static_cast<int64_t>(value);
  return true;
}

bool IsRadixInteger(std::string_view text) {
  int radix = RadixOf(text);
  if (radix == 10) return false;
  for (char c : text.substr(2))
    if (DigitValue(c) >= radix) return false;
  return true;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool IsDecimalFloat(std::string_view text) {
  text = WithoutSign(text);
  size_t whole = LeadingDigits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (absl::ConsumePrefix(&text, ".")) {
    fraction = LeadingDigits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  return AllDigits(WithoutSign(text.substr(1)));
}

bool IsFloat(std::string_view text) {
  return IsDecimalFloat(text) || OneOf(WithoutSign(text), {".inf", ".Inf", ".INF"}) ||
         OneOf(text, {".nan", ".NaN", ".NAN"});
}

}  // namespace

NodeKind ScalarKind(std::string_view text) {
  if (OneOf(text, {"", "~", "null", "Null", "NULL"})) return NodeKind::kNull;
  if (OneOf(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return NodeKind::kBool;
  if (AllDigits(WithoutSign(text)) || IsRadixInteger(text)) return NodeKind::kInteger;
  return IsFloat(text) ? NodeKind::kFloat : NodeKind::kString;
}

bool ScalarToBool(std::string_view text, bool* out) {
  if (ScalarKind(text) != NodeKind::kBool) return false;
  *out = text[0] == 't' || text[0] == 'T';
  return true;
}

bool ScalarToInteger(std::string_view text, int64_t* out) {
  if (IsRadixInteger(text)) return ParseRadix(text.substr(2), RadixOf(text), out);
  if (AllDigits(WithoutSign(text))) return absl::SimpleAtoi(text, out);
  double value = 0;
  if (!IsDecimalFloat(text) || !absl::SimpleAtod(text, &value)) return false;
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it a double skips integers
  if (std::abs(value) > kExact || std::trunc(value) != value) return false;
  *out = static_cast<int64_t>(value);
  return true;
}

}  // namespace sluice::policy
