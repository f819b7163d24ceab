// A client certificate with its issuer, below a trusted root (P-256 each): found among those verified before; verified;
// and beside it what its two signatures cost alone.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <string>

#include "auth/certificate.h"
#include "auth/certificate_maker.h"
#include "auth/token_cache.h"

namespace {

using namespace sluice::auth;  // NOLINT(google-build-using-namespace): a benchmark is one file

struct Pki {
  MadeCertificate root = MakeCertificate({.subject = "CN=Root", .ca = true});
  MadeCertificate issuing = MakeCertificate({.subject = "CN=Issuing", .ca = true}, &root);
  MadeCertificate alice = MakeCertificate({.subject = "CN=alice", .names = "DNS:alice.example.com"}, &issuing);
  std::string three = alice.pem + issuing.pem + root.pem;
};

const Pki& P() {
  static const auto* pki = new Pki;
  return *pki;
}

void CachedChain(benchmark::State& state) {
  TokenCache cache(4 << 20, TokenCache::Seed{1});
  CachedToken value;
  value.exp_ns = 2;
  cache.Insert(cache.KeyFor(P().three, {1, 1}), value);
  for (auto _ : state)
    if (!cache.Find(cache.KeyFor(P().three, {1, 1}), &value) || value.exp_ns != 2) std::abort();
  state.SetLabel(std::to_string(P().three.size()) + " bytes");
}
BENCHMARK(CachedChain);

void VerifyThree(benchmark::State& state) {
  std::string error;
  auto cas = CaSet::Build({P().root.pem}, &error);
  for (auto _ : state) {
    CertificateVerdict verdict;
    auto chain = CertificateChain::Parse(P().three, &verdict);
    if (!chain || !VerifyChain(*chain, *cas, {}, 1'800'000'000).ok()) std::abort();
  }
}
BENCHMARK(VerifyThree);

void FloorTwoSignatures(benchmark::State& state) {
  auto x509 = [](const MadeCertificate& made) { return static_cast<X509*>(made.x509.get()); };
  auto key = [](const MadeCertificate& made) { return static_cast<EVP_PKEY*>(made.key.get()); };
  for (auto _ : state)
    if (X509_verify(x509(P().alice), key(P().issuing)) != 1 || X509_verify(x509(P().issuing), key(P().root)) != 1)
      std::abort();
}
BENCHMARK(FloorTwoSignatures);

}  // namespace
