// Any bytes as a chain, and as each of the headers that carry one. What is read as a chain is verified against an
// authority that has issued nothing: it must never be good.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/certificate.h"
#include "auth/certificate_header.h"

namespace {

using namespace sluice::auth;  // NOLINT(google-build-using-namespace): a fuzz target is one file

// An Ed25519 root "CN=Fuzz".
constexpr const char* kRoot =
    "-----BEGIN CERTIFICATE-----"
    "MIIBNDCB56ADAgECAhR+nu2FIk+CfmtN7Pntj/LC0GCUdzAFBgMrZXAwDzENMAsGA1UEAwwERnV6ejAgFw0yNjExMjQxMjAxMTJa"
    "GA8yMTI2MTAzMTEyMDExMlowDzENMAsGA1UEAwwERnV6ejAqMAUGAytlcAMhAPcNnLjic5aDzBH/d4XnS2YNXWqogPdDlcOZAg34"
    "4OUNo1MwUTAdBgNVHQ4EFgQUgiVpbbcWqeF+HuVYO08hemqoLKowHwYDVR0jBBgwFoAUgiVpbbcWqeF+HuVYO08hemqoLKowDwYD"
    "VR0TAQH/BAUwAwEB/zAFBgMrZXADQQAD96kCW/mU9tuz/QOcRfQ3pO+sffG1uXX30dcDH0deh7golzv6hxDGLyWpnAfUk0nZDAv1"
    "k2/WqTPoks+/EHwG"
    "-----END CERTIFICATE-----";

void Judge(std::string_view text, const CaSet& cas) {
  CertificateVerdict verdict;
  std::optional<CertificateChain> chain = CertificateChain::Parse(text, &verdict);
  if (chain.has_value() != verdict.ok()) std::abort();
  if (!chain) return;
  for (const Certificate& certificate : chain->certificates()) {
    certificate.Subject();
    certificate.Issuer();
    if (certificate.Names().size() > 256) std::abort();
  }
  for (bool partial : {false, true}) {
    verdict = VerifyChain(*chain, cas, {partial, partial, partial ? "alice" : ""}, 1'800'000'000);
    if (verdict.ok() || verdict.detail.empty() || verdict.mend.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::string error;
  static const auto cas = CaSet::Build({kRoot}, &error);
  if (!cas) std::abort();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Judge(text, *cas);
  sluice::Arena arena;
  const char* fault;
  for (auto* read : {ReadUrlEncoded, ReadBase64Encoded, ReadForwardedClientCert}) {
    std::string_view chain = read(text, arena, &fault);
    if (*fault != '\0' && !chain.empty()) std::abort();
    Judge(chain, *cas);
  }
  size_t nul = text.find('\0');
  std::string_view more = nul == text.npos ? "" : text.substr(nul + 1);
  Judge(ReadClientCert(text.substr(0, nul), more, arena, &fault), *cas);
  return 0;
}
