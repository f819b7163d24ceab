#include "auth/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pool.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "auth/certificate_parsed.h"
#include "auth/digest.h"
#include "base/ip.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

using bssl::UniquePtr;

std::string_view TextOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

// RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime after, both to the second and in UTC.
bool ReadTime(const ASN1_TIME* time, int64_t* seconds) {
  std::string_view text = TextOf(time);
  std::string full(text);
  if (ASN1_STRING_type(time) == V_ASN1_UTCTIME && text.size() >= 2) full.insert(0, text[0] >= '5' ? "19" : "20");
  constexpr std::string_view kShape = "00000000000000Z";
  if (full.size() != kShape.size() || full.back() != 'Z') return false;
  if (full.find_first_not_of("0123456789") != kShape.size() - 1) return false;
  auto number = [&](size_t at, size_t size) { return std::stoi(full.substr(at, size)); };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(4, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(6, 2))));
  if (!day.ok() || number(8, 2) > 23 || number(10, 2) > 59 || number(12, 2) > 59) return false;
  *seconds = int64_t{std::chrono::sys_days(day).time_since_epoch().count()} * 86400 + number(8, 2) * 3600 +
             number(10, 2) * 60 + number(12, 2);
  return true;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// The last one is the most specific.
bool ReadCommonName(X509* x509, std::string* out) {
  const X509_NAME* subject = X509_get_subject_name(x509);
  int last = -1;
  for (int next; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0;) last = next;
  if (last < 0) return true;
  uint8_t* utf8 = nullptr;
  int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
  UniquePtr<uint8_t> own(utf8);
  if (size < 0) return false;
  out->assign(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
  return !HasControl(*out);
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAlphanumeric(char c) { return IsLetter(c) || (c >= '0' && c <= '9'); }

// RFC 3986 section 3.1.
bool IsScheme(std::string_view text) {
  return !text.empty() && IsLetter(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '+' || c == '-' || c == '.';
  });
}

bool AppendIp(std::string_view bytes, std::vector<std::string>* out) {
  Ip ip;
  if (bytes.size() == 4) {
    ip.bytes[10] = ip.bytes[11] = 0xff;
    std::memcpy(ip.bytes.data() + 12, bytes.data(), 4);
  } else if (bytes.size() == 16) {
    std::memcpy(ip.bytes.data(), bytes.data(), 16);
  } else {
    return false;
  }
  char text[kIpTextBytes];
  out->emplace_back(text, FormatIp(ip, text));
  return true;
}

// Names are looked up without their types, while an authority may be held to names of one type: no text may be a name
// of two (RFC 5280 section 4.2.1.6). So "alice" is no URI, and an address no DNS name.
bool IsOfType(int type, std::string_view text) {
  Ip ip;
  const size_t at = text.find('@'), colon = text.find(':');
  switch (type) {
    case GEN_DNS:
      return !ParseIp(text, &ip) && std::all_of(text.begin(), text.end(), [](char c) {
        return IsAlphanumeric(c) || std::string_view("-_.*").find(c) != std::string_view::npos;
      });
    case GEN_EMAIL:
      return at != text.npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos &&
             colon == text.npos;
    default: return colon != text.npos && IsScheme(text.substr(0, colon)) && !ParseIp(text, &ip);
  }
}

// A NUL in one of them once made "alice\0.example.com" pass for alice: only printable ASCII is a name (IA5String).
bool AppendName(const GENERAL_NAME* name, std::vector<std::string>* out) {
  if (name->type == GEN_IPADD) return AppendIp(TextOf(name->d.iPAddress), out);
  if (name->type != GEN_DNS && name->type != GEN_EMAIL && name->type != GEN_URI) return true;
  std::string_view text = TextOf(name->d.ia5);
  bool printable = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!printable || text.empty() || !IsOfType(name->type, text)) return false;
  out->emplace_back(text);
  return true;
}

bool ReadNames(X509* x509, const std::string& common_name, std::vector<std::string>* out) {
  int critical = -1;
  UniquePtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (!names) {
    if (critical == -1 && !common_name.empty()) out->push_back(common_name);
    return critical == -1;  // else there is one that cannot be read, or several
  }
  if (sk_GENERAL_NAME_num(names.get()) > limits::kCertificateNames) return false;
  for (const GENERAL_NAME* name : names.get())
    if (!AppendName(name, out)) return false;
  return true;
}

std::string NameText(const X509_NAME* name) {
  UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const uint8_t* data = nullptr;
  size_t size = 0;
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0 || !BIO_mem_contents(bio.get(), &data, &size))
    return "";
  return {reinterpret_cast<const char*>(data), size};
}

UniquePtr<X509> ParseX509(std::string_view der) {
  UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new(reinterpret_cast<const uint8_t*>(der.data()), der.size(), nullptr));
  return UniquePtr<X509>(buffer ? X509_parse_from_buffer(buffer.get()) : nullptr);
}

}  // namespace

std::shared_ptr<const Certificate::Parsed> Certificate::Parsed::FromDer(std::string_view der, const char** fault) {
  auto parsed = std::make_shared<Parsed>();
  parsed->x509 = ParseX509(der);
  X509* x509 = parsed->x509.get();
  *fault = x509 == nullptr                                          ? "cannot be read"
           : (X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0 ? "has an extension that cannot be read"
           : !ReadTime(X509_get0_notBefore(x509), &parsed->not_before_s) ||
                   !ReadTime(X509_get0_notAfter(x509), &parsed->not_after_s)
               ? "has a time that cannot be read"
           : !ReadCommonName(x509, &parsed->common_name)           ? "has a common name that cannot be read"
           : !ReadNames(x509, parsed->common_name, &parsed->names) ? "has a name that cannot be read"
                                                                   : nullptr;
  if (*fault == nullptr) {
    parsed->key.reset(X509_get_pubkey(x509));
    parsed->fingerprint = Sha256(der);
  }
  ERR_clear_error();  // BoringSSL queues its errors for the thread, and nobody here reads them
  return *fault == nullptr ? parsed : nullptr;
}

std::string Certificate::Subject() const { return NameText(X509_get_subject_name(parsed_->x509.get())); }
std::string Certificate::Issuer() const { return NameText(X509_get_issuer_name(parsed_->x509.get())); }
const std::string& Certificate::CommonName() const { return parsed_->common_name; }
const std::vector<std::string>& Certificate::Names() const { return parsed_->names; }
int64_t Certificate::not_before_s() const { return parsed_->not_before_s; }
int64_t Certificate::not_after_s() const { return parsed_->not_after_s; }
const Certificate::Fingerprint& Certificate::fingerprint() const { return parsed_->fingerprint; }

bool Certificate::is_ca() const { return (X509_get_extension_flags(parsed_->x509.get()) & EXFLAG_CA) != 0; }

}  // namespace sluice::auth
