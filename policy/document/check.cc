#include "policy/document/check.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "base/ascii.h"
#include "base/ip.h"
#include "base/limits.h"

namespace sluice::policy {
namespace {

bool Contains(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

bool AllOf(std::string_view text, bool (*fits)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool IsNameChar(char c) {
  return absl::ascii_isalnum(c) || Contains(".-_~", c) || static_cast<unsigned char>(c) >= 0x80;
}

bool IsTokenChar(char c) { return absl::ascii_isalnum(c) || Contains("!#$%&'*+-.^_`|~", c); }

bool IsHostChar(char c) { return absl::ascii_isalnum(c) || Contains(".-_", c); }

bool IsHostName(std::string_view text) {
  return text.size() <= limits::kHostBytes && AllOf(text, IsHostChar) && !absl::StartsWith(text, ".") &&
         !absl::StrContains(text, "..");
}

bool IsAddress(std::string_view text) {
  Ip ip;
  return ParseIp(text, &ip);
}

bool ParsePort(std::string_view text, uint16_t* out) {
  uint32_t port = 0;
  bool digits = AllOf(text, [](char c) { return absl::ascii_isdigit(c); });
  if (!digits || !absl::SimpleAtoi(text, &port) || port == 0 || port > 65535) return false;
  *out = static_cast<uint16_t>(port);
  return true;
}

// RFC 3986, 3.3: pchar, and '/'.
bool IsPathChar(char c) { return absl::ascii_isalnum(c) || Contains("-._~%!$&'()*+,;=:@/", c); }

bool IsPercentEncoded(std::string_view text) {
  for (size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 3)) {
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) || !absl::ascii_isxdigit(text[i + 2])) return false;
  }
  return true;
}

// Segments that a normalized request path never has.
bool HasDotOrEmptySegments(std::string_view path) {
  return absl::StrContains(path, "//") || absl::StrContains(path, "/./") || absl::StrContains(path, "/../") ||
         absl::EndsWith(path, "/.") || absl::EndsWith(path, "/..");
}

}  // namespace

std::string_view CheckNotEmpty(std::string_view text) { return text.empty() ? "a text that is not empty" : ""; }

std::string_view CheckUuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  bool fits = text.size() == kForm.size();
  for (size_t i = 0; fits && i < kForm.size(); ++i)
    fits = kForm[i] == '-' ? text[i] == '-' : absl::ascii_isxdigit(text[i]);
  return fits ? "" : "a UUID";
}

std::string_view CheckName(std::string_view text) {
  return AllOf(text, IsNameChar) ? "" : "a name of letters, digits, `.`, `-`, `_` and `~`";
}

std::string_view CheckTag(std::string_view text) {
  return AllOf(text, [](char c) { return c != ',' && c != '/'; }) ? "" : "a tag without `,` and `/`";
}

std::string_view CheckHeaderName(std::string_view text) {
  return AllOf(text, IsTokenChar) && text.size() <= limits::kHeaderNameBytes ? "" : "a header name";
}

std::string_view CheckToldHeader(std::string_view text) {
  // Of a connection, or of what a request is framed and routed by: whoever makes the request to the upstream sets them.
  constexpr std::string_view kHosts[] = {"Connection", "Content-Length",    "Host",
                                         "Keep-Alive", "Proxy-Connection",  "TE",
                                         "Trailer",    "Transfer-Encoding", "Upgrade"};
  if (!CheckHeaderName(text).empty()) return CheckHeaderName(text);
  const auto is = [text](std::string_view name) { return IsSpelling(text, name); };
  if (std::any_of(std::begin(kIdentityHeaders), std::end(kIdentityHeaders), is))
    return "a header that the gateway does not set itself to tell who calls";
  if (std::any_of(std::begin(kHosts), std::end(kHosts), is)) return "a header that does not frame or route the request";
  return "";
}

std::string_view CheckTokenHeader(std::string_view text) {
  std::string_view name = absl::EndsWithIgnoreCase(text, ":bearer") ? text.substr(0, text.size() - 7) : text;
  if (text.empty()) return "";
  return CheckHeaderName(name).empty() ? CheckToldHeader(name) : "a header name, perhaps with `:bearer` behind it";
}

std::string_view CheckHeaderValue(std::string_view text) {
  bool fits = std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || !absl::ascii_iscntrl(c); });
  return fits ? "" : "a header value without control characters";
}

std::string_view CheckIdentity(std::string_view text) {
  return !text.empty() && CheckHeaderValue(text).empty() ? "" : "a text that is not empty, without control characters";
}

std::string_view CheckMethod(std::string_view text) {
  bool fits = AllOf(text, [](char c) { return absl::ascii_isupper(c); }) && text.size() <= limits::kMethodBytes;
  return fits ? "" : "a method in capital letters";
}

std::string_view CheckHost(std::string_view text) {
  bool in_brackets = text.size() > 2 && text.front() == '[' && text.back() == ']';
  bool fits = in_brackets ? IsAddress(text.substr(1, text.size() - 2)) : IsHostName(text) || IsAddress(text);
  return fits ? "" : "a host name or an address, without a port";
}

std::string_view CheckUpstreamName(std::string_view text) {
  return IsHostName(text) && !IsAddress(text) ? "" : "a name like that of a host, without a port";
}

std::string_view CheckRouteHost(std::string_view text) {
  constexpr std::string_view kExpected = "a host name, perhaps with `*.` before or `.*` behind, or with a port";
  if (IsAddress(text)) return "";
  if (text.size() > 2 && text.front() == '[' && IsAddress(text.substr(1, text.size() - 2)) && text.back() == ']')
    return "";
  size_t colon = text.rfind(':');
  uint16_t port = 0;
  if (colon != std::string_view::npos) {
    if (!ParsePort(text.substr(colon + 1), &port)) return kExpected;
    text = text.substr(0, colon);
  }
  if (text.size() > 2 && text.front() == '[' && IsAddress(text.substr(1, text.size() - 2))) return "";
  if (!absl::ConsumePrefix(&text, "*.")) absl::ConsumeSuffix(&text, ".*");
  return IsHostName(text) ? "" : kExpected;
}

std::string_view CheckSni(std::string_view text) {
  absl::ConsumeSuffix(&text, ".");
  if (!absl::ConsumePrefix(&text, "*.")) absl::ConsumeSuffix(&text, ".*");
  return IsHostName(text) && !IsAddress(text) ? "" : "a host name, perhaps with `*.` before or `.*` behind";
}

std::string_view CheckServicePath(std::string_view text) {
  if (!absl::StartsWith(text, "/")) return "a path that begins with `/`";
  if (!std::all_of(text.begin(), text.end(), IsPathChar)) return "a path of the characters of RFC 3986";
  if (absl::StrContains(text, "//")) return "a path without empty segments";
  return IsPercentEncoded(text) ? "" : "two hexadecimal digits after each `%`";
}

std::string_view CheckRoutePath(std::string_view text) {
  if (text.size() > limits::kTargetBytes) return "a path shorter than 64 KiB";
  if (absl::StartsWith(text, "~/")) return "";
  if (absl::StartsWith(text, "~")) return "a regular expression that begins with `~/`";
  if (!absl::StartsWith(text, "/")) return "a path that begins with `/`, or a regular expression that begins with `~/`";
  if (!std::all_of(text.begin(), text.end(), IsPathChar))
    return "a path of the characters of RFC 3986, or a regular expression that begins with `~/`";
  if (HasDotOrEmptySegments(text)) return "a normalized path, without `//`, `/./` and `/../`";
  return IsPercentEncoded(text) ? "" : "two hexadecimal digits after each `%`";
}

std::string_view CheckIpOrCidr(std::string_view text) {
  Cidr cidr;
  return ParseCidr(text, &cidr) ? "" : "an address or a network, such as `10.0.0.0/8`";
}

std::string_view CheckNoTemplate(std::string_view text) {
  return absl::StrContains(text, "$(") ? "a text without `$(…)`, for templates are not supported yet" : "";
}

bool IsPlainPath(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) { return absl::ascii_isalnum(c) || Contains(".-_~/%", c); });
}

bool ParseUrl(std::string_view text, Url* out) {
  size_t colon = text.find("://");
  if (colon == std::string_view::npos || !AllOf(text.substr(0, colon), [](char c) { return absl::ascii_isalnum(c); }))
    return false;
  if (text.find_first_of("#\\ ") != std::string_view::npos) return false;
  out->scheme = absl::AsciiStrToLower(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  size_t end = std::min(text.find_first_of("/?"), text.size());
  if (Contains(text.substr(0, end), '@')) return false;
  if (!ParseHostPort(text.substr(0, end), &out->host, &out->port)) return false;
  std::string_view path = text.substr(end);
  size_t query = std::min(path.find('?'), path.size());
  out->has_query = query < path.size();
  out->path = std::string(path.substr(0, query));
  return CheckHeaderValue(path).empty();
}

bool ParseHostPort(std::string_view text, std::string* host, uint16_t* port) {
  std::string_view name = text;
  std::string_view rest;
  if (absl::StartsWith(text, "[")) {
    size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    name = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!IsAddress(name)) return false;
  } else if (!IsAddress(text)) {
    size_t colon = std::min(text.find(':'), text.size());
    name = text.substr(0, colon);
    rest = text.substr(colon);
    if (!IsHostName(name)) return false;
  }
  *host = std::string(name);
  if (rest.empty()) return true;
  return absl::ConsumePrefix(&rest, ":") && ParsePort(rest, port);
}

bool ParsePeriod(std::string_view text, Period* out) {
  constexpr int64_t kDay = 24 * 3600;
  constexpr Period kUnits[] = {{Unit::kSecond, 1}, {Unit::kMinute, 60},       {Unit::kHour, 3600},
                               {Unit::kDay, kDay}, {Unit::kMonth, 30 * kDay}, {Unit::kYear, 365 * kDay}};
  constexpr std::string_view kNames[] = {"second", "minute", "hour", "day", "month", "year"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (text != kNames[i]) continue;
    *out = kUnits[i];
    return true;
  }
  constexpr std::string_view kSuffixes = "smhd";
  size_t unit = text.size() < 2 ? std::string_view::npos : kSuffixes.find(text.back());
  uint32_t count = 0;
  if (unit == std::string_view::npos || !absl::ascii_isdigit(text[0]) ||
      !absl::SimpleAtoi(text.substr(0, text.size() - 1), &count))
    return false;
  int64_t seconds = count * kUnits[unit].seconds;
  if (seconds < 1 || seconds > 366 * kDay) return false;
  *out = {Unit::kDuration, seconds};
  return true;
}

}  // namespace sluice::policy
