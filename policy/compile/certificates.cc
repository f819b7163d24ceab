// Authorities, the names that stand for consumers, and the plugins that go by certificates.
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/compile/compiler.h"

namespace sluice {
namespace {

std::string DigestOf(const auth::Certificate& certificate) {
  const auth::Certificate::Fingerprint& bytes = certificate.fingerprint();
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

// One by one, so that each error has its place.
void Compiler::Authorities() {
  for (const policy::CaCertificate& authority : document_.ca_certificates) {
    std::string error;
    std::shared_ptr<const auth::CaSet> alone = auth::CaSet::Build({authority.cert}, &error);
    fit_authorities_.push_back(alone != nullptr);
    if (alone == nullptr && !authority.cert.empty()) Error(authority.origin, "cert", "bad_certificate", error);
    if (alone == nullptr || authority.cert_digest.empty()) continue;
    std::string digest = DigestOf(alone->certificates()[0]);
    if (!absl::EqualsIgnoreCase(digest, authority.cert_digest))
      Error(authority.origin, "cert_digest", "bad_digest",
            absl::StrCat("expected the SHA-256 of the certificate, `", digest, "`"), "correct it, or leave it out");
  }
}

void Compiler::Subjects(const policy::Consumer& consumer, uint32_t index) {
  for (const policy::MtlsAuthCredential& credential : consumer.mtls_auth_credentials)
    snapshot_.subject_credentials.emplace(std::pair(credential.subject_name, Index(credential.ca_certificate)),
                                          CompiledCredential{index, credential.subject_name});
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::CertificateAuthConfig& config) {
  CertificateAuthPlugin compiled;
  compiled.spot = SpotOf(plugin.origin);
  compiled.config = config;
  compiled.verifier = verifiers_++;
  compiled.rules.allow_partial_chain = config.allow_partial_chain;
  compiled.default_consumer = Index(config.default_consumer);
  compiled.anonymous = Index(config.anonymous);
  std::vector<std::string_view> texts;
  for (size_t authority : config.ca_certificates) {
    if (!fit_authorities_[authority]) continue;  // which was said
    texts.push_back(document_.ca_certificates[authority].cert);
    compiled.ca_numbers.push_back(Index(authority));
  }
  std::string error;
  compiled.cas = auth::CaSet::Build(texts, &error);
  if (compiled.cas == nullptr) Error(plugin.origin, "config/ca_certificates", "bad_certificate", error);
  for (const std::string& network : config.trusted_ips) {
    Cidr cidr;
    if (ParseCidr(network, &cidr)) compiled.trusted.push_back(cidr);
  }
  snapshot_.certificate_auth.push_back(std::move(compiled));
  return static_cast<uint32_t>(snapshot_.certificate_auth.size() - 1);
}

}  // namespace sluice
