// What must hold for every certificate on a way, and for the way as a whole.
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "auth/certificate_parsed.h"
#include "auth/key.h"
#include "base/ascii.h"

namespace sluice::auth {
namespace {

using bssl::UniquePtr;
using Path = std::vector<const Certificate*>;

struct CauseInfo {
  const char* code;
  const char* mend;
};

// In the order of CertificateCause.
constexpr CauseInfo kCauses[] = {
    {"", ""},
    {"cert_malformed", "send the certificate as PEM, beginning with `-----BEGIN CERTIFICATE-----`"},
    {"cert_too_large", "send the client's certificate and the intermediates between it and the root, nothing else"},
    {"cert_bad_order", "put the client's certificate first, then its issuer, then that one's issuer"},
    {"cert_self_signed", "let an authority that the policy trusts issue the certificate"},
    {"cert_missing_intermediate",
     "send that certificate behind the client's; or, if it is one that you trust, add it to the authorities"},
    {"cert_unknown_root", "add that authority if you trust it; else use a certificate of one that is trusted"},
    {"cert_bad_signature", "ask the issuer for the certificate again, and for its own: one of the two is not genuine"},
    {"cert_ca_leaf", "send the client's own certificate, not that of its issuer"},
    {"cert_not_a_ca", "let an authority issue the certificate: basic constraints CA:TRUE, key usage keyCertSign"},
    {"cert_path_length", "let an authority nearer to the root issue the certificate"},
    {"cert_wrong_usage", "issue it anew with the extended key usage clientAuth (and the key usage digitalSignature)"},
    {"cert_weak_key", "issue it anew: RSA of 2048 bits or more, P-256 or Ed25519, signed with SHA-256 or better"},
    {"cert_name_constraint", "use a name that the issuer's name constraints permit, or another issuer"},
    {"cert_unsupported", "issue it anew without that extension, or without calling it critical"},
    {"cert_expired", "renew it"},
    {"cert_not_yet_valid", "wait, or set the clocks of the issuer and of this machine right"},
    {"cert_name_mismatch", "use the certificate of that name, or ask for one that has it among its names"},
};
static_assert(std::size(kCauses) == kCertificateCauseCount);

std::string Quoted(const Certificate& certificate) { return "`" + certificate.Subject() + "`"; }

CertificateVerdict RefusedAt(CertificateCause cause, const Certificate& certificate, const std::string& what) {
  return Refused(cause, Quoted(certificate) + " " + what);
}

// ---- Strength ----

// The hash of RSASSA-PSS stands in its parameters (RFC 4055 section 3.1); without them it is SHA-1.
bool HasStrongPssHash(X509* x509) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, x509);
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return false;
  const auto* string = static_cast<const ASN1_STRING*>(value);
  CBS text, parameters, tagged, hash, oid;
  CBS_init(&text, ASN1_STRING_get0_data(string), static_cast<size_t>(ASN1_STRING_length(string)));
  constexpr unsigned kHash = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
  if (!CBS_get_asn1(&text, &parameters, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&parameters, &tagged, kHash) ||
      !CBS_get_asn1(&tagged, &hash, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&hash, &oid, CBS_ASN1_OBJECT))
    return false;
  int nid = OBJ_cbs2nid(&oid);
  return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

bool IsStrongSignature(X509* x509) {
  constexpr std::array kStrong = {NID_sha256WithRSAEncryption,
                                  NID_sha384WithRSAEncryption,
                                  NID_sha512WithRSAEncryption,
                                  NID_ecdsa_with_SHA256,
                                  NID_ecdsa_with_SHA384,
                                  NID_ecdsa_with_SHA512,
                                  NID_ED25519};
  int nid = X509_get_signature_nid(x509);
  if (nid == NID_rsassaPss) return HasStrongPssHash(x509);
  return std::find(kStrong.begin(), kStrong.end(), nid) != kStrong.end();
}

// ---- Usage ----

// RFC 5280 section 4.2.1.12; all bits are set if there is no such extension. An issuer that names usages passes on no
// others, as browsers and Go take it, and anyExtendedKeyUsage is not enough, as BoringSSL takes it.
bool MayAuthenticateClients(X509* x509) { return (X509_get_extended_key_usage(x509) & XKU_SSL_CLIENT) != 0; }

// RFC 5280 section 4.2.1.3; all bits are set if there is no such extension.
bool MaySignHandshakes(X509* x509) {
  return (X509_get_key_usage(x509) & (X509v3_KU_DIGITAL_SIGNATURE | X509v3_KU_KEY_AGREEMENT)) != 0;
}

bool MayIssue(X509* x509) {
  return (X509_get_extension_flags(x509) & EXFLAG_CA) != 0 && (X509_get_key_usage(x509) & X509v3_KU_KEY_CERT_SIGN) != 0;
}

CertificateVerdict CheckUsages(const Path& path) {
  if (!MayAuthenticateClients(X509Of(*path[0])))
    return RefusedAt(CertificateCause::kWrongUsage, *path[0],
                     "names extended key usages, and clientAuth is not among them");
  if (!MaySignHandshakes(X509Of(*path[0])))
    return RefusedAt(CertificateCause::kWrongUsage, *path[0], "may not sign: its key usage lacks digitalSignature");
  for (size_t i = 1; i < path.size(); ++i) {
    if (!MayIssue(X509Of(*path[i])))
      return RefusedAt(CertificateCause::kNotACa, *path[i],
                       "has issued " + Quoted(*path[i - 1]) + ", but may not issue certificates");
    if (!MayAuthenticateClients(X509Of(*path[i])))
      return RefusedAt(CertificateCause::kWrongUsage, *path[i],
                       "names extended key usages for what it issues, and clientAuth is not among them");
  }
  return {};
}

// RFC 5280 section 4.2.1.9: how many authorities may stand between an issuer and the client, those that issued
// themselves (to change their key) not counted.
CertificateVerdict CheckPathLengths(const Path& path) {
  long between = 0;  // NOLINT(google-runtime-int): as X509_get_pathlen
  for (size_t i = 1; i < path.size(); ++i) {
    X509* issuer = X509Of(*path[i]);
    long most = X509_get_pathlen(issuer);  // NOLINT(google-runtime-int)
    if (most >= 0 && between > most)
      return RefusedAt(
          CertificateCause::kPathLength, *path[i],
          "allows " + std::to_string(most) + " authorities below it, and there are " + std::to_string(between));
    if ((X509_get_extension_flags(issuer) & EXFLAG_SI) == 0) ++between;
  }
  return {};
}

// ---- BoringSSL's opinion ----

// CheckTimes has its own, to the second.
int IgnoreTimes(int ok, X509_STORE_CTX* context) {
  int error = X509_STORE_CTX_get_error(context);
  return ok == 1 || error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID ? 1 : 0;
}

CertificateCause CauseOf(int error) {
  switch (error) {
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE:
    case X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED: return CertificateCause::kUnsupported;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    case X509_V_ERR_NAME_CONSTRAINTS_WITHOUT_SANS: return CertificateCause::kNameConstraint;
    case X509_V_ERR_INVALID_PURPOSE: return CertificateCause::kWrongUsage;
    case X509_V_ERR_INVALID_CA: return CertificateCause::kNotACa;
    case X509_V_ERR_PATH_LENGTH_EXCEEDED: return CertificateCause::kPathLength;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return CertificateCause::kBadSignature;
    default: return CertificateCause::kMalformed;
  }
}

UniquePtr<STACK_OF(X509)> StackOf(Path::const_iterator begin, Path::const_iterator end) {
  UniquePtr<STACK_OF(X509)> stack(sk_X509_new_null());
  for (; stack && begin != end; ++begin)
    if (!bssl::PushToStack(stack.get(), bssl::UpRef(X509Of(**begin)))) return nullptr;
  return stack;
}

CertificateVerdict AskBoringSsl(const Path& path) {
  UniquePtr<X509_STORE> store(X509_STORE_new());
  UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  UniquePtr<STACK_OF(X509)> sent = StackOf(path.begin() + 1, path.end() - 1);
  UniquePtr<STACK_OF(X509)> trusted = StackOf(path.end() - 1, path.end());
  if (!store || !context || !sent || !trusted ||
      !X509_STORE_CTX_init(context.get(), store.get(), X509Of(*path[0]), sent.get()) ||
      !X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT))
    return Refused(CertificateCause::kMalformed, "no memory is left to verify the chain");
  X509_STORE_CTX_trusted_stack(context.get(), trusted.get());
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);  // the search has asked for a root if it must
  X509_STORE_CTX_set_verify_cb(context.get(), IgnoreTimes);
  bool good = X509_verify_cert(context.get()) == 1;
  int error = X509_STORE_CTX_get_error(context.get());
  auto depth = static_cast<size_t>(std::max(X509_STORE_CTX_get_error_depth(context.get()), 0));
  ERR_clear_error();
  if (good) return {};
  return RefusedAt(CauseOf(error), *path[std::min(depth, path.size() - 1)],
                   std::string("was refused: ") + X509_verify_cert_error_string(error));
}

// A common name is a name where there is no other, and BoringSSL holds one to constraints only if it looks like a
// host's.
CertificateVerdict CheckConstrainedNames(const Path& path) {
  if (X509_get_ext_by_NID(X509Of(*path[0]), NID_subject_alt_name, -1) >= 0) return {};
  for (size_t i = 1; i < path.size(); ++i)
    if (X509_get_ext_by_NID(X509Of(*path[i]), NID_name_constraints, -1) >= 0)
      return RefusedAt(CertificateCause::kNameConstraint, *path[0],
                       "has no subject alternative name, by which it could be held to the names that " +
                           Quoted(*path[i]) + " may give");
  return {};
}

// ---- Time and name ----

CertificateVerdict CheckTimes(const Path& path, int64_t now_s) {
  CertificateVerdict good;
  good.not_before_s = path[0]->not_before_s();
  good.not_after_s = path[0]->not_after_s();
  for (const Certificate* certificate : path) {
    int64_t late = now_s - certificate->not_after_s(), early = certificate->not_before_s() - now_s;
    if (late > 0)
      return RefusedAt(CertificateCause::kExpired, *certificate, "expired " + std::to_string(late) + " s ago");
    if (early > 0)
      return RefusedAt(CertificateCause::kNotYetValid, *certificate,
                       "is valid only in " + std::to_string(early) + " s");
    good.not_before_s = std::max(good.not_before_s, certificate->not_before_s());
    good.not_after_s = std::min(good.not_after_s, certificate->not_after_s());
  }
  return good;
}

CertificateVerdict CheckName(const Certificate& leaf, const std::string& wanted) {
  std::string known;
  for (const std::string& name : leaf.Names()) {
    if (EqualsIgnoringCase(name, wanted)) return {};
    known += (known.empty() ? "`" : ", `") + name + "`";
  }
  return RefusedAt(CertificateCause::kNameMismatch, leaf,
                   known.empty() ? "has no name at all" : "is for " + known + ", not for `" + wanted + "`");
}

}  // namespace

const char* CertificateCauseCode(CertificateCause cause) { return kCauses[static_cast<int>(cause)].code; }

CertificateVerdict Refused(CertificateCause cause, std::string detail) {
  CertificateVerdict verdict;
  verdict.cause = cause;
  verdict.detail = std::move(detail);
  verdict.mend = kCauses[static_cast<int>(cause)].mend;
  return verdict;
}

std::string WeaknessOfKey(const Certificate& certificate) {
  const EVP_PKEY* key = certificate.parsed().key.get();
  if (key == nullptr) return "has a key that cannot be used here";
  if (EVP_PKEY_id(key) == EVP_PKEY_RSA) {
    auto bits = static_cast<int>(EVP_PKEY_bits(key));
    if (bits >= kRsaMinBits && bits <= kRsaMaxBits) return "";
    return "has an RSA key of " + std::to_string(bits) + " bits, expected " + std::to_string(kRsaMinBits) + " to " +
           std::to_string(kRsaMaxBits);
  }
  if (EVP_PKEY_id(key) == EVP_PKEY_EC) {
    int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)));
    bool known = curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1;
    return known ? "" : "has a key on a weak curve, expected P-256, P-384 or P-521";
  }
  return EVP_PKEY_id(key) == EVP_PKEY_ED25519 ? "" : "has a key of a weak kind, expected RSA, P-256 or Ed25519";
}

std::string WeaknessOfSignature(const Certificate& certificate) {
  if (IsStrongSignature(X509Of(certificate))) return "";
  const char* name = OBJ_nid2ln(X509_get_signature_nid(X509Of(certificate)));
  return std::string("is signed with a weak algorithm, ") + (name != nullptr ? name : "one that is not known here");
}

CertificateVerdict CheckPath(const Path& path, const CertificateRules& rules, int64_t now_s) {
  CertificateVerdict verdict = CheckUsages(path);
  if (verdict.ok()) verdict = CheckPathLengths(path);
  if (verdict.ok()) verdict = AskBoringSsl(path);
  if (verdict.ok()) verdict = CheckConstrainedNames(path);
  if (verdict.ok() && !rules.name.empty()) verdict = CheckName(*path[0], rules.name);
  return verdict.ok() ? CheckTimes(path, now_s) : verdict;
}

}  // namespace sluice::auth
