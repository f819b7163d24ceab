// Texts to certificates: chains that are presented, and sets that are trusted.
#include <openssl/bytestring.h>

#include <algorithm>

#include "auth/base64url.h"
#include "auth/certificate_parsed.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";

// The second byte of a certificate's DER says that its length takes further bytes. No text has it, so that no text
// inside of a certificate can be taken for the certificate.
bool IsDer(std::string_view text) { return text.size() > 1 && text[0] == 0x30 && (text[1] & 0x80) != 0; }

class Splitter {
 public:
  Splitter(size_t most, PresentedCertificates* out) : most_(most), out_(*out) {}

  bool Der(std::string_view text) {
    CBS rest;
    CBS_init(&rest, reinterpret_cast<const uint8_t*>(text.data()), text.size());
    while (CBS_len(&rest) > 0) {
      CBS element;
      if (!CBS_get_asn1_element(&rest, &element, CBS_ASN1_SEQUENCE)) return Fault("cannot be read");
      if (!Add({reinterpret_cast<const char*>(CBS_data(&element)), CBS_len(&element)})) return false;
    }
    return true;
  }

  // RFC 7468, whose parsers may be lax about what stands around and between.
  bool Pem(std::string_view text) {
    for (size_t at; (at = text.find(kBegin)) != text.npos;) {
      text.remove_prefix(at + kBegin.size());
      std::string_view label = text.substr(0, text.find(kDashes));
      if (label.find("PRIVATE KEY") != label.npos) return Fault("is a private key, which must never leave its owner");
      if (label != "CERTIFICATE" && label != "X509 CERTIFICATE") return Fault("is no block `CERTIFICATE`");
      text.remove_prefix(std::min(label.size() + kDashes.size(), text.size()));
      size_t end = text.find(kEnd);
      if (end == text.npos) return Fault("has no line `-----END CERTIFICATE-----`");
      if (!Block(text.substr(0, end))) return false;
      text.remove_prefix(end + kEnd.size());
    }
    return true;
  }

 private:
  bool Fault(const char* fault) {
    out_.fault = fault;
    out_.number = out_.certificates.size() + 1;
    return false;
  }

  bool Block(std::string_view base64) {
    std::string packed;
    for (char c : base64)
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') packed += c;
    std::string der(DecodedSize(packed.size()), '\0');
    std::optional<size_t> size = DecodeBase64(packed, der.data());
    if (!size) return Fault("is no base64");
    return Add(std::string_view(der).substr(0, *size));
  }

  bool Add(std::string_view der) {
    if (out_.certificates.size() == most_) {
      out_.too_large = true;
      return false;
    }
    const char* fault = nullptr;
    std::shared_ptr<const Certificate::Parsed> parsed = Certificate::Parsed::FromDer(der, &fault);
    if (!parsed) return Fault(fault);
    out_.certificates.emplace_back(std::move(parsed));
    return true;
  }

  const size_t most_;
  PresentedCertificates& out_;
};

std::string Faults(const PresentedCertificates& presented) {
  if (presented.number == 0) return "expected a certificate, PEM or DER, found none";
  return "certificate " + std::to_string(presented.number) + " " + presented.fault;
}

// Appends an authority's certificate. "", or why it cannot be trusted.
std::string AddAuthority(std::string_view text, std::vector<Certificate>* all) {
  if (text.size() > limits::kCertificateChainBytes) return "is larger than 64 KiB";
  PresentedCertificates presented = ReadCertificates(text, 2);
  if (presented.fault != nullptr && presented.number != 0) return presented.fault;
  if (presented.certificates.size() != 1) return "expected one certificate, PEM or DER, found none or several";
  const Certificate& certificate = presented.certificates[0];
  if (!certificate.is_ca()) return "is no authority's: its basic constraints do not say CA:TRUE";
  for (const Certificate& other : *all)
    if (other.fingerprint() == certificate.fingerprint()) return "is there twice";
  std::string weakness = WeaknessOfKey(certificate);
  if (weakness.empty()) all->push_back(certificate);
  return weakness;
}

}  // namespace

PresentedCertificates ReadCertificates(std::string_view text, size_t most) {
  PresentedCertificates out;
  Splitter splitter(most, &out);
  bool read = IsDer(text) ? splitter.Der(text) : splitter.Pem(text);
  if (read && out.certificates.empty()) out.fault = "is missing";
  return out;
}

std::optional<CertificateChain> CertificateChain::Parse(std::string_view text, CertificateVerdict* verdict) {
  if (text.size() > limits::kCertificateChainBytes) {
    *verdict = Refused(CertificateCause::kTooLarge, "the chain has more than 64 KiB");
    return std::nullopt;
  }
  PresentedCertificates presented = ReadCertificates(text, limits::kCertificates);
  if (presented.too_large) {
    *verdict = Refused(CertificateCause::kTooLarge,
                       "the chain has more than " + std::to_string(limits::kCertificates) + " certificates");
    return std::nullopt;
  }
  if (presented.fault != nullptr) {
    *verdict = Refused(CertificateCause::kMalformed, Faults(presented));
    return std::nullopt;
  }
  CertificateChain chain;
  chain.certificates_ = std::move(presented.certificates);
  return chain;
}

std::shared_ptr<const CaSet> CaSet::Build(const std::vector<std::string_view>& texts, std::string* error) {
  if (texts.size() > limits::kCaCertificates) {
    *error = "more than " + std::to_string(limits::kCaCertificates) + " certificates of authorities";
    return nullptr;
  }
  auto set = std::make_shared<CaSet>();
  for (size_t i = 0; i < texts.size(); ++i) {
    std::string fault = AddAuthority(texts[i], &set->certificates_);
    if (fault.empty()) continue;
    *error = "certificate " + std::to_string(i + 1) + ": " + fault;
    return nullptr;
  }
  return set;
}

}  // namespace sluice::auth
