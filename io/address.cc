#include "io/address.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace sluice::io {
namespace {

struct Block4 {
  uint32_t network;
  int bits;
};

constexpr Block4 kPrivate4[] = {
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, clouds' metadata
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // IETF
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xE0000000, 3},   // multicast, reserved, broadcast
};

bool IsPrivate4(uint32_t address) {
  return std::any_of(std::begin(kPrivate4), std::end(kPrivate4),
                     [=](const Block4& block) { return (address ^ block.network) >> (32 - block.bits) == 0; });
}

uint32_t Load32(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

bool IsPrivate6(const uint8_t (&bytes)[16]) {
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  static constexpr uint8_t kNat64[12] = {0, 0x64, 0xFF, 0x9B};
  if (std::memcmp(bytes, kMapped, 12) == 0 || std::memcmp(bytes, kNat64, 12) == 0)
    return IsPrivate4(Load32(bytes + 12));
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return IsPrivate4(Load32(bytes + 2));  // 6to4
  return (bytes[0] & 0xE0) != 0x20;                                                // global unicast is 2000::/3
}

}  // namespace

bool IsPrivate(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof in);
    return IsPrivate4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return true;
  sockaddr_in6 in6;
  std::memcpy(&in6, &address, sizeof in6);
  return IsPrivate6(in6.sin6_addr.s6_addr);
}

}  // namespace sluice::io
