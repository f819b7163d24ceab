// What stands behind a Certificate. Internal to auth/: BoringSSL's types end here.
#ifndef SLUICE_AUTH_CERTIFICATE_PARSED_H_
#define SLUICE_AUTH_CERTIFICATE_PARSED_H_

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/certificate.h"

namespace sluice::auth {

struct Certificate::Parsed {
  // Null and `fault` ("cannot be read") if the DER is not exactly one certificate that makes sense by itself.
  static std::shared_ptr<const Parsed> FromDer(std::string_view der, const char** fault);

  bssl::UniquePtr<X509> x509;
  bssl::UniquePtr<EVP_PKEY> key;  // null: of a kind that BoringSSL does not know
  Fingerprint fingerprint{};
  int64_t not_before_s = 0;
  int64_t not_after_s = 0;
  std::string common_name;
  std::vector<std::string> names;
};

// BoringSSL takes them without `const`, and changes nothing but caches that it guards.
inline X509* X509Of(const Certificate& certificate) { return certificate.parsed().x509.get(); }

// Splits what was presented into certificates, at most `most`. A fault, and the number of the certificate that has it
// (from 1; 0: it is about the whole).
struct PresentedCertificates {
  std::vector<Certificate> certificates;
  const char* fault = nullptr;
  size_t number = 0;
  bool too_large = false;
};
PresentedCertificates ReadCertificates(std::string_view text, size_t most);

// What is weak about a key ("has an RSA key of 1024 bits, where 2048 are the least"), or about the signature on a
// certificate; "" if nothing is.
std::string WeaknessOfKey(const Certificate& certificate);
std::string WeaknessOfSignature(const Certificate& certificate);

// Whether a way, from the client's certificate to a trusted one, may be gone now. All its signatures are good.
CertificateVerdict CheckPath(const std::vector<const Certificate*>& path, const CertificateRules& rules, int64_t now_s);

// A verdict with the mend that belongs to its cause.
CertificateVerdict Refused(CertificateCause cause, std::string detail);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_CERTIFICATE_PARSED_H_
