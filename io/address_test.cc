#include "io/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace sluice::io {
namespace {

bool IsPrivateText(const char* text) {
  sockaddr_storage storage{};
  if (auto* in = reinterpret_cast<sockaddr_in*>(&storage); inet_pton(AF_INET, text, &in->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    EXPECT_EQ(inet_pton(AF_INET6, text, &in6->sin6_addr), 1) << text;
    storage.ss_family = AF_INET6;
  }
  return IsPrivate(reinterpret_cast<const sockaddr&>(storage));
}

TEST(Address, PrivateOnes) {
  for (const char* text : {"0.0.0.0",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.168.1.1",
                           "198.18.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fd00::1",
                           "ff02::1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::7f00:1",
                           "2002:a00:1::1",
                           "::7f00:1"}) {
    EXPECT_TRUE(IsPrivateText(text)) << text;
  }
}

TEST(Address, GlobalOnes) {
  for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
                           "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.0", "198.17.255.255", "198.20.0.0",
                           "223.255.255.255", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    EXPECT_FALSE(IsPrivateText(text)) << text;
  }
}

TEST(Address, UnknownFamilyIsPrivate) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_TRUE(IsPrivate(address));
}

}  // namespace
}  // namespace sluice::io
