#include "auth/discovery.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr char kPath[] = "/.well-known/openid-configuration";

TEST(Issuer, HasItsDocumentBelowItsName) {
  const struct {
    std::string text, url;
    std::vector<std::string> names;
  } cases[] = {
      {"https://idp.example.com", "https://idp.example.com", {"https://idp.example.com"}},
      {"https://idp.example.com/", "https://idp.example.com", {"https://idp.example.com/"}},
      {"https://idp:8443/realms/a", "https://idp:8443/realms/a", {"https://idp:8443/realms/a"}},
      {"https://idp/realms/a/", "https://idp/realms/a", {"https://idp/realms/a/"}},
      {std::string("https://idp/a") + kPath, "https://idp/a", {"https://idp/a", "https://idp/a/"}},
  };
  for (const auto& c : cases) {
    Issuer issuer;
    EXPECT_EQ(ReadIssuer(c.text, false, &issuer), "");
    EXPECT_EQ(issuer.discovery_url, c.url + kPath);
    EXPECT_EQ(issuer.names, c.names) << c.text;
  }
}

TEST(Issuer, IsRefusedWithACause) {
  const struct {
    std::string text, error;
  } cases[] = {
      {"", "expected an https url, found ``"},
      {"idp.example.com", "expected an https url, found `idp.example.com`"},
      {"http://idp.example.com", "expected an https url, found `http://idp.example.com`; set allow_http to permit it"},
      {"https://", "expected a url of at most 2048 printable characters, found another"},
      {"https://idp/" + std::string(limits::kUrlBytes, 'a'), "expected a url of at most 2048 printable characters"},
      {"https://idp/?a=b", "expected an issuer without query and fragment, found `https://idp/?a=b`"},
      {"https://idp/#a", "expected an issuer without query and fragment"},
      {"https://idp/.well-known/oauth-authorization-server", "expected an issuer, or its url that ends with /.well-"},
      {"https://idp/\r\nX: 1", "expected a url"},
  };
  for (const auto& c : cases) {
    Issuer issuer;
    EXPECT_EQ(ReadIssuer(c.text, false, &issuer).rfind(c.error, 0), 0u) << ReadIssuer(c.text, false, &issuer);
  }
  Issuer issuer;
  EXPECT_EQ(ReadIssuer("http://127.0.0.1:8080", true, &issuer), "");
  EXPECT_EQ(issuer.discovery_url, std::string("http://127.0.0.1:8080") + kPath);
}

TEST(Discovery, SaysWhereTheKeysAre) {
  std::string uri;
  const std::string body =
      R"({"issuer":"https://idp","jwks_uri":"https://keys.example/jwks","scopes_supported":["openid"],"x":{"y":1}})";
  EXPECT_EQ(ReadDiscovery(body, {"https://idp"}, false, &uri), "");
  EXPECT_EQ(uri, "https://keys.example/jwks");
  EXPECT_EQ(ReadDiscovery(body, {"https://other", "https://idp"}, false, &uri), "");
}

TEST(Discovery, OfAnotherIssuerOrWithoutKeysIsRefused) {
  const struct {
    std::string body, error;
  } cases[] = {
      {"", "expected a discovery document: "},
      {"[]", "expected a discovery document: "},
      {"<html>", "expected a discovery document: "},
      {R"({"issuer":"https://idp","issuer":"https://idp","jwks_uri":"https://k"})", "expected a discovery document: "},
      {"{}", "expected the discovery document of issuer `https://idp`, found ``"},
      {R"({"issuer":["https://idp"],"jwks_uri":"https://k"})", "expected the discovery document of issuer"},
      {R"({"issuer":"https://idp/","jwks_uri":"https://k"})",
       "expected the discovery document of issuer `https://idp`, found `https://idp/`"},
      {R"({"issuer":"https://evil\u0007","jwks_uri":"https://k"})",
       "expected the discovery document of issuer `https://idp`, found `https://evil?`"},
      {R"({"issuer":"https://idp"})", "jwks_uri of the discovery document: expected an https url, found ``"},
      {R"({"issuer":"https://idp","jwks_uri":"http://k"})",
       "jwks_uri of the discovery document: expected an https url, found `http://k`; set allow_http"},
      {R"({"issuer":"https://idp","jwks_uri":"file:///etc/passwd"})",
       "jwks_uri of the discovery document: expected an"},
      {R"({"issuer":"https://idp","jwks_uri":"https://k/\r\nX: 1"})", "jwks_uri of the discovery document: expected a"},
      {std::string(limits::kDiscoveryBytes + 1, ' '), "expected at most 65536 bytes of discovery document, found more"},
  };
  for (const auto& c : cases) {
    std::string uri = "untouched";
    std::string error = ReadDiscovery(c.body, {"https://idp"}, false, &uri);
    EXPECT_EQ(error.rfind(c.error, 0), 0u) << error;
    EXPECT_EQ(uri, "untouched");
  }
  std::string at_the_bound = R"({"issuer":"https://idp","jwks_uri":"https://k"})";
  at_the_bound.resize(limits::kDiscoveryBytes, ' ');
  std::string uri;
  EXPECT_EQ(ReadDiscovery(at_the_bound, {"https://idp"}, false, &uri), "");
}

TEST(Discovery, HasABoundOfValues) {
  auto with = [](size_t values) {
    std::string list;
    for (size_t i = 0; i < values; ++i) list += i == 0 ? "1" : ",1";
    return R"({"issuer":"https://idp","jwks_uri":"https://k","x":[)" + list + "]}";
  };
  std::string uri;
  EXPECT_EQ(ReadDiscovery(with(limits::kDiscoveryNodes - 4), {"https://idp"}, false, &uri), "");
  EXPECT_NE(ReadDiscovery(with(limits::kDiscoveryNodes - 3), {"https://idp"}, false, &uri), "");
}

}  // namespace
}  // namespace sluice::auth
