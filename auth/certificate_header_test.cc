#include "auth/certificate_header.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace sluice::auth {
namespace {

struct Case {
  std::string_view value;
  std::string_view expected;  // the text, or "! " and the beginning of the fault
};

void Expect(const Case& test, std::string_view text, const char* fault) {
  std::string got = *fault == '\0' ? std::string(text) : "! " + std::string(fault);
  if (test.expected.substr(0, 2) == "! ") got = got.substr(0, test.expected.size());
  EXPECT_EQ(got, test.expected) << test.value.substr(0, 100);
  EXPECT_TRUE(*fault == '\0' || text.empty());
}

TEST(CertificateHeader, UrlEncoded) {
  const Case kCases[] = {
      {"", ""},
      {"a%20b%0A%2b+%2F", "a b\n++/"},
      {"-----BEGIN%20CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"},
      {"%", "! a `%` is not followed"},
      {"a%2", "! a `%` is not followed"},
      {"a%2g", "! a `%` is not followed"},
      {"%%20", "! a `%` is not followed"},
  };
  for (const Case& test : kCases) {
    Arena arena;
    const char* fault;
    std::string_view text = ReadUrlEncoded(test.value, arena, &fault);
    Expect(test, text, fault);
  }
}

TEST(CertificateHeader, Base64Encoded) {
  const Case kCases[] = {
      {"", ""},
      {"aGk=", "hi"},
      {" aGk ", "hi"},
      {"-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----",
       "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----"},
      {"a-_k", "! the header is no base64"},
      {"aGk=aGk=", "! the header is no base64"},
      {"a", "! the header is no base64"},
  };
  for (const Case& test : kCases) {
    Arena arena;
    const char* fault;
    std::string_view text = ReadBase64Encoded(test.value, arena, &fault);
    Expect(test, text, fault);
  }
}

TEST(CertificateHeader, ForwardedClientCert) {
  const Case kCases[] = {
      {"Hash=ab;Cert=\"A%20B\";Subject=\"CN=x\\\"y,O=z\";URI=", "A B"},
      {"cert=AB", "AB"},
      {"Cert=\"A\";Chain=\"A%0AB\"", "A\nB"},
      {"Cert=first, By=x;Cert=last", "last"},
      {"Cert=first,Hash=00", "! the header's last element has neither Cert nor Chain"},
      {"Cert=a;Cert=b", "! the header's last element has Cert or Chain twice"},
      {"Cert=a;Cert=b,Cert=c", "c"},
      {"", "! the header's last element has neither Cert nor Chain"},
      {"Cert", "! the header is no list"},
      {"=a", "! the header is no list"},
      {"Cert=a;", "! the header is no list"},
      {"Cert=a,", "! the header is no list"},
      {"Cert=\"a", "! the header is no list"},
      {"Cert=\"a\\\"", "! the header is no list"},
      {"Cert=\"a\"b", "! the header is no list"},
      {"Cert=a\"b\"", "! the header is no list"},
      {"Cert=\"%4\"", "! a `%` is not followed"},
      // What a client wrote before the proxy's own element, in the hope of having it read as a part of his.
      {"Cert=\"mallory\";A=\",Hash=00;Cert=\"alice\"", "! the header is no list"},
      {"Cert=\"mallory\";A=\",Subject=\"\";Cert=\"alice\"", "! the header is no list"},
      {"Cert=\"mallory\";A=\"\\,Subject=\"\";Cert=\"alice\"", "! the header is no list"},
  };
  for (const Case& test : kCases) {
    Arena arena;
    const char* fault;
    std::string_view text = ReadForwardedClientCert(test.value, arena, &fault);
    Expect(test, text, fault);
  }
}

TEST(CertificateHeader, Rfc9440) {
  struct {
    std::string_view cert, chain, expected;
  } const kCases[] = {
      {":aGk=:", "", "hi"},
      {" :aGk: ", "", "hi"},
      {":aGk=:", ":IQ==:", "hi!"},
      {":aGk=:", ":IQ==: ,:Pw==:", "hi!?"},
      {"", "", "! Client-Cert is no byte sequence"},
      {"aGk=", "", "! Client-Cert is no byte sequence"},
      {"::", "", "! Client-Cert is no byte sequence"},
      {":aGk=:;a=1", "", "! Client-Cert is no byte sequence"},
      {":aGk=:, :aGk=:", "", "! Client-Cert is no byte sequence"},
      {":a-_k:", "", "! Client-Cert is no byte sequence"},
      {":aGk=:", "IQ==", "! Client-Cert-Chain is no list"},
      {":aGk=:", ":IQ==:,", "! Client-Cert-Chain is no list"},
      {":aGk=:", ",:IQ==:", "! Client-Cert-Chain is no list"},
  };
  for (const auto& test : kCases) {
    Arena arena;
    const char* fault;
    std::string_view text = ReadClientCert(test.cert, test.chain, arena, &fault);
    Expect({test.cert, test.expected}, text, fault);
  }
}

TEST(CertificateHeader, IsBounded) {
  const std::string most(3 * limits::kCertificateChainBytes, 'A'), more = most + "A";
  std::string_view (*const kReaders[])(std::string_view, Arena&, const char**) = {ReadUrlEncoded, ReadBase64Encoded,
                                                                                  ReadForwardedClientCert};
  for (auto* reader : kReaders) {
    Arena arena;
    const char* fault;
    reader(most, arena, &fault);
    EXPECT_STRNE(fault, "the header is longer than 192 KiB");
    reader(more, arena, &fault);
    EXPECT_STREQ(fault, "the header is longer than 192 KiB");
  }
  Arena arena;
  const char* fault;
  ReadClientCert(":aGk=:", most, arena, &fault);
  EXPECT_STREQ(fault, "the header is longer than 192 KiB");
}

}  // namespace
}  // namespace sluice::auth
