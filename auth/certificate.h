// Client certificates (X.509, RFC 5280): whether a chain leads to an authority that the policy trusts, and if not, why
// and what would mend it.
//
//   std::string error;
//   std::shared_ptr<const CaSet> cas = CaSet::Build({root_pem}, &error);   // once, when the policy is loaded
//   CertificateVerdict v;
//   std::optional<CertificateChain> chain = CertificateChain::Parse(presented, &v);
//   if (chain) v = VerifyChain(*chain, *cas, rules, now_s);
//   if (!v.ok()) trace("%s: %s (%s)", CertificateCauseCode(v.cause), v.detail, v.mend);
//   // cert_missing_intermediate: nobody sent the certificate of `CN=Acme Issuing CA 2`, which issued … (send it …)
//   else if (!chain->leaf().Names().empty()) user = chain->leaf().Names()[0];
//
// That the caller holds the private key is the host's to prove: it has done the TLS handshake.
//
// The way to a trusted authority is searched here, over all certificates that were sent and all that are trusted, with
// every signature checked; then BoringSSL's own verifier (X509_verify_cert) judges exactly that way, so that nothing
// passes which it refuses (critical extensions, name constraints). Beyond it: no RSA keys below 2048 bits, no other
// curves than P-256, P-384 and P-521, no signatures with SHA-1 or MD5; clientAuth wherever usages are named, in
// issuers, too; path lengths of trusted authorities, too; the client's certificate is no authority; validity counts to
// the second, both ends included (RFC 5280 section 4.1.2.5). Revocation is not checked.
//
// Hostile input is bounded before anything is computed from it (base/limits.h). Nothing throws or reads a clock.
// Everything is immutable and safe from any number of threads. Parsing and verifying allocate: keep the outcome of a
// chain that was good in a TokenCache (auth/token_cache.h) under the text as it was presented, together with the two
// ends of its validity, and look there first. Verifying costs each signature twice, for both judge for themselves.
#ifndef SLUICE_AUTH_CERTIFICATE_H_
#define SLUICE_AUTH_CERTIFICATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

enum class CertificateCause : uint8_t {
  kOk,
  kMalformed,            // cert_malformed: no certificate, or none that can be read
  kTooLarge,             // cert_too_large: beyond limits::kCertificateChainBytes or limits::kCertificates
  kBadOrder,             // cert_bad_order: the client's certificate must be first
  kSelfSigned,           // cert_self_signed: issued by itself
  kMissingIntermediate,  // cert_missing_intermediate: an issuer on the way is neither sent nor trusted
  kUnknownRoot,          // cert_unknown_root: the way ends at an authority that is not trusted
  kBadSignature,         // cert_bad_signature: not signed by the issuer that it names
  kCaLeaf,               // cert_ca_leaf: the certificate of an authority, where a client's was expected
  kNotACa,               // cert_not_a_ca: an issuer that may not issue certificates
  kPathLength,           // cert_path_length: more authorities below one than it allows, or than this library does
  kWrongUsage,           // cert_wrong_usage: not for client authentication
  kWeakKey,              // cert_weak_key: key or signature that could be forged
  kNameConstraint,       // cert_name_constraint: an issuer may not issue for that name
  kUnsupported,          // cert_unsupported: has a critical extension that is not known here
  kExpired,              // cert_expired
  kNotYetValid,          // cert_not_yet_valid
  kNameMismatch,         // cert_name_mismatch: good, but not for CertificateRules::name
};

inline constexpr int kCertificateCauseCount = 18;

// "" for kOk, else "cert_expired" … Codes never change their meaning.
const char* CertificateCauseCode(CertificateCause cause);

struct CertificateVerdict {
  CertificateCause cause = CertificateCause::kOk;
  std::string detail;  // one sentence for the operator; names from certificates are escaped (RFC 2253)
  std::string mend;    // what to do, and who
  std::string wanted;  // kMissingIntermediate and kUnknownRoot: the subject of the certificate that was looked for

  // When it is good.
  int64_t not_before_s = 0;  // since the epoch; the whole way is valid from here
  int64_t not_after_s = 0;   // to here, both included
  std::vector<size_t> cas;   // the trusted authorities on the way, as indexes into their set, the client's end first

  bool ok() const { return cause == CertificateCause::kOk; }
};

// One certificate. A handle: cheap to copy.
class Certificate {
 public:
  struct Parsed;  // auth/certificate_parsed.h
  using Fingerprint = std::array<uint8_t, 32>;

  explicit Certificate(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

  // Distinguished names as RFC 2253 writes them: "CN=alice,O=Acme"; other bytes than printable ASCII are escaped.
  std::string Subject() const;
  std::string Issuer() const;

  // The common name, the last one if there are several; "" if there is none.
  const std::string& CommonName() const;

  // What the certificate may be called: its subject alternative names (DNS, e-mail, URI and IP, in their order), or its
  // common name if it has no such extension. None has a control character.
  const std::vector<std::string>& Names() const;

  int64_t not_before_s() const;  // since the epoch
  int64_t not_after_s() const;   // included
  bool is_ca() const;
  const Fingerprint& fingerprint() const;  // SHA-256 of its DER

  const Parsed& parsed() const { return *parsed_; }

 private:
  std::shared_ptr<const Parsed> parsed_;
};

// The certificates that a client presented: its own first, then those of issuers in any order.
class CertificateChain {
 public:
  // PEM (text around the blocks is passed over, and white space of any kind may stand in them, as headers of HTTP have
  // it), or DER, one certificate behind the other. Nothing and `verdict` if it cannot be read.
  static std::optional<CertificateChain> Parse(std::string_view text, CertificateVerdict* verdict);

  const Certificate& leaf() const { return certificates_[0]; }
  const std::vector<Certificate>& certificates() const { return certificates_; }

 private:
  std::vector<Certificate> certificates_;
};

// Authorities that are trusted.
class CaSet {
 public:
  // Each text holds one certificate, PEM or DER. Null and `error` ("certificate 2: …") if one cannot be read, is no
  // authority's, has a weak key, or is there twice, or if there are more than limits::kCaCertificates.
  static std::shared_ptr<const CaSet> Build(const std::vector<std::string_view>& texts, std::string* error);

  const std::vector<Certificate>& certificates() const { return certificates_; }

 private:
  std::vector<Certificate> certificates_;
};

struct CertificateRules {
  // Whether the way may end at a trusted authority that another one issued. Otherwise it must reach a trusted root: an
  // intermediate in the set then only stands in for one that was not sent.
  bool allow_partial_chain = false;

  // Whether each certificate must be followed by its issuer, as TLS 1.2 wants it (RFC 5246 section 7.4.2), and some
  // peers insist on.
  bool strict_order = false;

  // One of the certificate's Names(), compared without case; "" for any.
  std::string name = "";
};

CertificateVerdict VerifyChain(const CertificateChain& chain, const CaSet& cas, const CertificateRules& rules,
                               int64_t now_s);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_CERTIFICATE_H_
