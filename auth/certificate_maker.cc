#include "auth/certificate_maker.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace sluice::auth {
namespace {

using bssl::UniquePtr;

void Must(bool done) {
  if (!done) std::abort();
}

UniquePtr<EVP_PKEY> EcKey(int curve) {
  UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Must(ec && EC_KEY_generate_key(ec.get()) && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()));
  return key;
}

UniquePtr<EVP_PKEY> RsaKey(int bits) {
  UniquePtr<RSA> rsa(RSA_new());
  UniquePtr<BIGNUM> e(BN_new());
  UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Must(BN_set_word(e.get(), RSA_F4) && RSA_generate_key_ex(rsa.get(), bits, e.get(), nullptr) &&
       EVP_PKEY_set1_RSA(key.get(), rsa.get()));
  return key;
}

UniquePtr<EVP_PKEY> NewKey(MadeKey kind) {
  switch (kind) {
    case MadeKey::kP256: return EcKey(NID_X9_62_prime256v1);
    case MadeKey::kP224: return EcKey(NID_secp224r1);
    case MadeKey::kRsa2048: return RsaKey(2048);
    case MadeKey::kRsa1024: return RsaKey(1024);
    case MadeKey::kEd25519: break;
  }
  uint8_t public_key[ED25519_PUBLIC_KEY_LEN], private_key[ED25519_PRIVATE_KEY_LEN];
  ED25519_keypair(public_key, private_key);
  return UniquePtr<EVP_PKEY>(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key, 32));
}

void SetName(X509_NAME* name, std::string_view text) {
  while (!text.empty()) {
    std::string part(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    size_t equals = part.find('=');
    Must(equals != std::string::npos);
    std::string value = part.substr(equals + 1);
    Must(X509_NAME_add_entry_by_txt(name, part.substr(0, equals).c_str(), MBSTRING_UTF8,
                                    reinterpret_cast<const uint8_t*>(value.data()), static_cast<int>(value.size()), -1,
                                    0));
  }
}

void AddExtension(X509* x509, X509V3_CTX* context, int nid, const std::string& value) {
  if (value.empty()) return;
  UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, context, nid, value.c_str()));
  Must(extension && X509_add_ext(x509, extension.get(), -1));
}

void AddUnknownExtension(X509* x509, const std::string& oid) {
  if (oid.empty()) return;
  UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(oid.c_str(), 1));
  UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  const uint8_t kNull[] = {5, 0};
  Must(object && ASN1_OCTET_STRING_set(value.get(), kNull, sizeof(kNull)));
  UniquePtr<X509_EXTENSION> extension(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 1, value.get()));
  Must(extension && X509_add_ext(x509, extension.get(), -1));
}

void AddExtensions(X509* x509, X509* issuer, const CertificateSpec& spec) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  std::string constraints = spec.ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
  if (spec.path_length >= 0) constraints += ",pathlen:" + std::to_string(spec.path_length);
  AddExtension(x509, &context, NID_basic_constraints, constraints);
  if (spec.key_identifiers) {
    AddExtension(x509, &context, NID_subject_key_identifier, "hash");
    AddExtension(x509, &context, NID_authority_key_identifier, "keyid");
  }
  AddExtension(x509, &context, NID_key_usage, spec.key_usage);
  AddExtension(x509, &context, NID_ext_key_usage, spec.ca && spec.usages == "clientAuth" ? "" : spec.usages);
  AddExtension(x509, &context, NID_subject_alt_name, spec.names);
  AddExtension(x509, &context, NID_name_constraints, spec.name_constraints);
  AddUnknownExtension(x509, spec.critical_oid);
}

UniquePtr<X509> Unsigned(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer) {
  static int64_t serial = 0;
  UniquePtr<X509> x509(X509_new());
  Must(X509_set_version(x509.get(), X509_VERSION_3) && X509_set_pubkey(x509.get(), key));
  Must(ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), ++serial));
  Must(ASN1_TIME_set(X509_getm_notBefore(x509.get()), spec.not_before_s) != nullptr);
  Must(ASN1_TIME_set(X509_getm_notAfter(x509.get()), spec.not_after_s) != nullptr);
  SetName(X509_get_subject_name(x509.get()), spec.subject);
  X509* signer = issuer != nullptr ? issuer : x509.get();
  Must(X509_set_issuer_name(x509.get(), X509_get_subject_name(signer)));
  AddExtensions(x509.get(), signer, spec);
  return x509;
}

std::string DerOf(X509* x509) {
  uint8_t* der = nullptr;
  int size = i2d_X509(x509, &der);
  Must(size > 0);
  UniquePtr<uint8_t> own(der);
  return {reinterpret_cast<char*>(der), static_cast<size_t>(size)};
}

}  // namespace

std::string PemOf(const std::string& der) {
  std::string base64(der.size() / 3 * 4 + 5, '\0');
  base64.resize(EVP_EncodeBlock(reinterpret_cast<uint8_t*>(base64.data()), reinterpret_cast<const uint8_t*>(der.data()),
                                der.size()));
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

MadeCertificate MakeCertificate(const CertificateSpec& spec, const MadeCertificate* issuer) {
  UniquePtr<EVP_PKEY> key =
      spec.key_of != nullptr ? bssl::UpRef(static_cast<EVP_PKEY*>(spec.key_of->key.get())) : NewKey(spec.key);
  UniquePtr<X509> x509 =
      Unsigned(spec, key.get(), issuer != nullptr ? static_cast<X509*>(issuer->x509.get()) : nullptr);
  EVP_PKEY* signer = issuer != nullptr ? static_cast<EVP_PKEY*>(issuer->key.get()) : key.get();
  const EVP_MD* digest = EVP_PKEY_id(signer) == EVP_PKEY_ED25519 ? nullptr : EVP_get_digestbyname(spec.digest.c_str());
  Must(X509_sign(x509.get(), signer, digest) > 0);
  MadeCertificate made;
  made.der = DerOf(x509.get());
  made.pem = PemOf(made.der);
  made.x509 = {x509.release(), [](void* p) { X509_free(static_cast<X509*>(p)); }};
  made.key = {key.release(), [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); }};
  return made;
}

}  // namespace sluice::auth
