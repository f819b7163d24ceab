// Makes certificates, for tests only: whatever they are told to, also what no honest authority would.
//
//   MadeCertificate root = MakeCertificate({"CN=Root", .ca = true});
//   MadeCertificate alice = MakeCertificate({"CN=alice", .names = "DNS:alice.example.com"}, &root);
//   std::string chain = alice.pem + root.pem;
#ifndef SLUICE_AUTH_CERTIFICATE_MAKER_H_
#define SLUICE_AUTH_CERTIFICATE_MAKER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::auth {

struct MadeCertificate;
enum class MadeKey { kP256, kP224, kEd25519, kRsa2048, kRsa1024 };

struct CertificateSpec {
  std::string subject = "";  // "CN=alice,O=Acme", each part behind a comma
  bool ca = false;
  int path_length = -1;
  int64_t not_before_s = 1'700'000'000;
  int64_t not_after_s = 1'900'000'000;
  // As OpenSSL's configuration writes extensions; "" for none.
  std::string names = "";             // "DNS:alice.example.com,URI:spiffe://acme/alice"
  std::string usages = "clientAuth";  // extended; left out of authorities unless it differs from this
  std::string key_usage = "";
  std::string name_constraints = "";  // "permitted;DNS:example.com"
  std::string critical_oid = "";      // an extension that nobody knows
  bool key_identifiers = true;        // subject's and authority's
  MadeKey key = MadeKey::kP256;
  const MadeCertificate* key_of = nullptr;  // has the key of that one, instead of a new one
  std::string digest = "SHA256";            // "SHA1", "MD5"; of the issuer's signature
};

struct MadeCertificate {
  std::string pem;
  std::string der;
  std::shared_ptr<void> x509;  // X509
  std::shared_ptr<void> key;   // EVP_PKEY
};

// Signed by `issuer`, or by itself.
MadeCertificate MakeCertificate(const CertificateSpec& spec, const MadeCertificate* issuer = nullptr);

// The same DER in PEM's clothes.
std::string PemOf(const std::string& der);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_CERTIFICATE_MAKER_H_
