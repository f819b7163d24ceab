// Addresses and networks. IPv4 addresses are held mapped into IPv6 (RFC 4291, 2.5.5.2), so that one comparison serves
// both.
#ifndef SLUICE_BASE_IP_H_
#define SLUICE_BASE_IP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

struct Ip {
  std::array<uint8_t, 16> bytes{};
  bool is_v4() const;
  friend bool operator==(const Ip& a, const Ip& b) { return a.bytes == b.bytes; }
};

struct Endpoint {
  Ip ip;
  uint16_t port = 0;  // 0: none given
};

// A network: "10.0.0.0/8", "2001:db8::/32", or a single address.
struct Cidr {
  Ip network;
  uint8_t prefix = 128;  // bits of the mapped form
  bool Contains(const Ip& ip) const;
};

// Each returns false on anything but the whole text being well formed. No allocation.
bool ParseIp(std::string_view text, Ip* out);
bool ParseEndpoint(std::string_view text, Endpoint* out);  // "ip", "ip:port", "[ip]:port"
bool ParseCidr(std::string_view text, Cidr* out);

// Writes the canonical text (RFC 5952); returns its length.
inline constexpr size_t kIpTextBytes = 46;
size_t FormatIp(const Ip& ip, char (&out)[kIpTextBytes]);

// As ParseEndpoint reads it, with the port. Allocates.
std::string ToText(const Endpoint& endpoint);

}  // namespace sluice

#endif  // SLUICE_BASE_IP_H_
