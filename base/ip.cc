#include "base/ip.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace sluice {
namespace {

constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t kMappedBits = 96;

template <typename Integer>
bool ParseNumber(std::string_view text, Integer max, Integer* out) {
  if (text.empty() || text.size() > 5) return false;
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return false;
  *out = static_cast<Integer>(value);
  return true;
}

// Four numbers of 0 to 255 without leading zeros, as inet_pton has them. Nearly every request brings some, and the C
// library's functions for them cost more than finding its route.
bool ParseIpv4(std::string_view text, uint8_t (&out)[4]) {
  const char* at = text.data();
  const char* end = at + text.size();
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return false;
    const char* first = at;
    unsigned value = 0;
    for (; at < end && at - first < 3 && *at >= '0' && *at <= '9'; ++at) value = value * 10 + unsigned(*at - '0');
    if (at == first || value > 255 || (*first == '0' && at > first + 1)) return false;
    out[i] = static_cast<uint8_t>(value);
  }
  return at == end;
}

size_t FormatIpv4(const uint8_t* bytes, char* out) {
  char* at = out;
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, at + 3, bytes[i]).ptr;
  }
  return static_cast<size_t>(at - out);
}

}  // namespace

bool Ip::is_v4() const { return std::memcmp(bytes.data(), kMappedPrefix, sizeof kMappedPrefix) == 0; }

bool Cidr::Contains(const Ip& ip) const {
  size_t whole = prefix / 8;
  if (std::memcmp(ip.bytes.data(), network.bytes.data(), whole) != 0) return false;
  if (prefix % 8 == 0) return true;
  uint8_t mask = static_cast<uint8_t>(0xff << (8 - prefix % 8));
  return (ip.bytes[whole] & mask) == (network.bytes[whole] & mask);
}

bool ParseIp(std::string_view text, Ip* out) {
  uint8_t v4[4];
  if (ParseIpv4(text, v4)) {
    std::memcpy(out->bytes.data(), kMappedPrefix, sizeof kMappedPrefix);
    std::memcpy(out->bytes.data() + sizeof kMappedPrefix, v4, sizeof v4);
    return true;
  }
  char copy[kIpTextBytes];
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != text.npos) return false;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return inet_pton(AF_INET6, copy, out->bytes.data()) == 1;
}

bool ParseEndpoint(std::string_view text, Endpoint* out) {
  out->port = 0;
  if (!text.empty() && text.front() == '[') {
    size_t close = text.find(']');
    if (close == text.npos || !ParseIp(text.substr(1, close - 1), &out->ip)) return false;
    std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && ParseNumber<uint16_t>(rest.substr(1), 65535, &out->port));
  }
  size_t colon = text.find(':');
  bool has_port = colon != text.npos && text.find(':', colon + 1) == text.npos;
  if (!has_port) return ParseIp(text, &out->ip);
  return ParseIp(text.substr(0, colon), &out->ip) && ParseNumber<uint16_t>(text.substr(colon + 1), 65535, &out->port);
}

bool ParseCidr(std::string_view text, Cidr* out) {
  size_t slash = text.find('/');
  if (!ParseIp(text.substr(0, slash), &out->network)) return false;
  out->prefix = 128;
  if (slash == text.npos) return true;
  bool v4 = text.find(':') == text.npos;
  uint8_t bits = 0;
  if (!ParseNumber<uint8_t>(text.substr(slash + 1), v4 ? 32 : 128, &bits)) return false;
  out->prefix = static_cast<uint8_t>(v4 ? kMappedBits + bits : bits);
  return true;
}

size_t FormatIp(const Ip& ip, char (&out)[kIpTextBytes]) {
  if (ip.is_v4()) return FormatIpv4(ip.bytes.data() + sizeof kMappedPrefix, out);
  inet_ntop(AF_INET6, ip.bytes.data(), out, sizeof out);
  return std::strlen(out);
}

std::string ToText(const Endpoint& endpoint) {
  char text[kIpTextBytes];
  const std::string ip(text, FormatIp(endpoint.ip, text));
  return (endpoint.ip.is_v4() ? ip : "[" + ip + "]") + ":" + std::to_string(endpoint.port);
}

}  // namespace sluice
