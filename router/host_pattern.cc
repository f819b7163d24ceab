#include "router/host_pattern.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/ip.h"
#include "base/limits.h"

namespace sluice::router {
namespace {

bool IsNameByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; }

// Dot-separated labels, none of them empty.
bool IsName(std::string_view text) {
  char previous = '.';
  for (char c : text) {
    if (c == '.' ? previous == '.' : !IsNameByte(c)) return false;
    previous = c;
  }
  return previous != '.';
}

bool IsBracketedAddress(std::string_view text) {
  Ip ip;
  return absl::ConsumePrefix(&text, "[") && absl::ConsumeSuffix(&text, "]") && absl::StrContains(text, ':') &&
         ParseIp(text, &ip);
}

// Cuts `:port` off the end of `text`.
bool TakePort(std::string_view* text, uint32_t* port) {
  const size_t name_end = text->front() == '[' ? text->find(']') : 0;
  const size_t colon = text->find(':', name_end == std::string_view::npos ? 0 : name_end);
  if (colon == std::string_view::npos) return true;
  const std::string_view digits = text->substr(colon + 1);
  *text = text->substr(0, colon);
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (digits.empty() || digits.size() > 5 || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  return absl::SimpleAtoi(digits, port) && *port >= 1 && *port <= 65535;
}

// Cuts the asterisk off the end of `text`, and says at which end it was.
HostPattern::Kind TakeWildcard(std::string_view* text) {
  if (absl::ConsumePrefix(text, "*")) return HostPattern::Kind::kAnySubdomain;
  if (absl::ConsumeSuffix(text, "*")) return HostPattern::Kind::kAnyTail;
  return HostPattern::Kind::kPlain;
}

bool IsTextOf(HostPattern::Kind kind, std::string_view text) {
  switch (kind) {
    case HostPattern::Kind::kPlain: return IsName(text) || IsBracketedAddress(text);
    case HostPattern::Kind::kAnySubdomain: return absl::ConsumePrefix(&text, ".") && IsName(text);
    case HostPattern::Kind::kAnyTail: return absl::ConsumeSuffix(&text, ".") && IsName(text);
  }
  return false;
}

}  // namespace

const char* ParseHostPattern(std::string_view text, HostPattern* out) {
  if (text.empty()) return "that is not empty";
  if (text.size() > limits::kHostBytes) return "of at most 255 bytes";
  if (!TakePort(&text, &out->port)) return "whose port is 1 to 65535";
  out->kind = TakeWildcard(&text);
  if (absl::StrContains(text, '*')) return "whose `*`, if any, stands alone as the first or the last label";
  if (!IsTextOf(out->kind, text)) return "of letters, digits, `-`, `_` and single dots (punycode for other letters)";
  out->text = absl::AsciiStrToLower(text);
  return nullptr;
}

const char* ParseServerName(std::string_view text, HostPattern* out) {
  const char* expected = ParseHostPattern(WithoutRootDot(text), out);
  return expected == nullptr && out->port != 0 ? "without a port" : expected;
}

std::string HostKey(const HostPattern& pattern) {
  return pattern.port == 0 ? pattern.text : absl::StrCat(pattern.text, ":", pattern.port);
}

bool HostMatches(const HostPattern& pattern, std::string_view host) {
  if (host.size() > limits::kHostBytes) return false;
  switch (pattern.kind) {
    case HostPattern::Kind::kPlain: return absl::EqualsIgnoreCase(host, pattern.text);
    case HostPattern::Kind::kAnySubdomain:
      return host.size() > pattern.text.size() && absl::EndsWithIgnoreCase(host, pattern.text);
    case HostPattern::Kind::kAnyTail:
      return host.size() > pattern.text.size() && absl::StartsWithIgnoreCase(host, pattern.text);
  }
  return false;
}

}  // namespace sluice::router
