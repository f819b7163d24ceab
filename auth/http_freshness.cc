#include "auth/http_freshness.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace sluice::auth {
namespace {

// Digits only; what is beyond 31 bits counts as 2^31 - 1 (RFC 9111 section 1.2.2).
std::optional<int64_t> Seconds(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() ? std::min<int64_t>(value, INT32_MAX) : INT32_MAX;
}

// Days since 1970-01-01 of a Gregorian date: years counted from March, so that the leap day comes last.
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = year / 400, year_of_era = year % 400;
  int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

// max-age of a Cache-Control, or nothing; 0 if the answer must not be reused as it is.
std::optional<int64_t> MaxAge(std::string_view cache_control) {
  std::optional<int64_t> age;
  while (!cache_control.empty()) {
    size_t comma = std::min(cache_control.find(','), cache_control.size());
    std::string_view directive = Trimmed(cache_control.substr(0, comma));
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    if (EqualsIgnoringCase(directive, "no-store") || EqualsIgnoringCase(directive, "no-cache")) return 0;
    size_t equals = directive.find('=');
    if (equals == std::string_view::npos || !EqualsIgnoringCase(directive.substr(0, equals), "max-age")) continue;
    std::string_view value = directive.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    age = Seconds(value).value_or(0);
  }
  return age;
}

}  // namespace

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kShape = "Www, 00 Mmm 0000 00:00:00 GMT", kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  text = Trimmed(text);
  if (text.size() != kShape.size()) return std::nullopt;
  for (size_t i = 3; i < text.size(); ++i) {
    bool digit = text[i] >= '0' && text[i] <= '9', letter = kShape[i] == 'M' || kShape[i] == 'm';
    if (kShape[i] == '0' ? !digit : !letter && text[i] != kShape[i]) return std::nullopt;
  }
  if (text.substr(26) != "GMT") return std::nullopt;
  size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  auto number = [&](size_t at, size_t size) { return *Seconds(text.substr(at, size)); };
  int64_t day = number(5, 2), hour = number(17, 2), minute = number(20, 2), second = number(23, 2);
  if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int64_t days = DaysFromCivil(number(12, 4), static_cast<int64_t>(month / 3 + 1), day);
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

std::optional<int64_t> FreshSeconds(const FreshnessHeaders& headers, int64_t now_s) {
  std::optional<int64_t> fresh = MaxAge(headers.cache_control);
  if (!fresh && !headers.expires.empty()) {
    std::optional<int64_t> expires = ParseHttpDate(headers.expires);
    fresh = expires ? *expires - ParseHttpDate(headers.date).value_or(now_s) : 0;
  } else if (fresh) {
    *fresh -= Seconds(Trimmed(headers.age)).value_or(0);
  }
  if (!fresh) return std::nullopt;
  return std::max<int64_t>(*fresh, 0);
}

}  // namespace sluice::auth
