// Verification beside its floors: the bare operation of BoringSSL on the same bytes, and a copy of the token.
//
//   auth_bench --benchmark_filter=Rs256
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "auth/api_key.h"
#include "auth/jwt.h"
#include "auth/key.h"
#include "auth/minter.h"
#include "auth/token_cache.h"
#include "benchmark/benchmark.h"
#include "openssl/bio.h"
#include "openssl/ec_key.h"
#include "openssl/ecdsa.h"
#include "openssl/evp.h"
#include "openssl/hmac.h"
#include "openssl/mem.h"
#include "openssl/pem.h"
#include "openssl/sha.h"

namespace sluice::auth {
namespace {

constexpr int64_t kNowNs = 1'760'000'000'000'000'000;

// About 900 bytes, as identity providers send them.
std::string Payload() {
  std::string payload =
      R"({"iss":"https://idp.example.com/","sub":"alice","aud":["orders","billing"],"exp":1760003600,"iat":1760000000)";
  for (int i = 0; i < 12; ++i) payload += ",\"claim_" + std::to_string(i) + "\":\"" + std::string(24, 'x') + "\"";
  return payload + "}";
}

// A key and a token of it; one for all rows, for the time that a signature takes to verify depends on the bits of both.
struct Signed {
  explicit Signed(Algorithm algorithm)
      : minter(Minter::Make(KeyTypeOf(algorithm))), token(minter.Mint(algorithm, Payload(), "k")) {}
  Minter minter;
  std::string token;
};

const Signed& SignedWith(Algorithm algorithm) {
  static std::map<Algorithm, Signed> all;
  return all.try_emplace(algorithm, algorithm).first->second;
}

Key KeyOf(Algorithm algorithm, const Minter& minter) {
  std::string error;
  bool secret = KeyTypeOf(algorithm) == KeyType::kSecret;
  std::optional<Key> key = secret ? Key::FromSecret(minter.secret(), algorithm, {}, &error)
                                  : Key::FromPem(minter.PublicPem(), algorithm, &error);
  if (!key) std::abort();
  return *key;
}

void Verify(benchmark::State& state, Algorithm algorithm) {
  const Signed& subject = SignedWith(algorithm);
  const Key key = KeyOf(algorithm, subject.minter);
  ClaimRules rules;
  Token token;
  for (auto _ : state) {
    ClaimFigures figures;
    bool ok =
        token.Parse(subject.token).ok() && token.Verify(key).ok() && CheckClaims(token, rules, kNowNs, &figures).ok();
    if (!ok) state.SkipWithError("not verified");
  }
}
BENCHMARK_CAPTURE(Verify, Rs256, Algorithm::kRs256);
BENCHMARK_CAPTURE(Verify, Es256, Algorithm::kEs256);
BENCHMARK_CAPTURE(Verify, EdDsa, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(Verify, Hs256, Algorithm::kHs256);

// BoringSSL alone on the same bytes: hash and verify, nothing parsed, keys and signature at hand.
class Raw {
 public:
  explicit Raw(const Minter& minter, std::string_view token) : input_(token.substr(0, token.rfind('.'))) {
    absl::WebSafeBase64Unescape(token.substr(token.rfind('.') + 1), &signature_);
    secret_ = minter.secret();
    if (!secret_.empty()) return;
    std::string pem = minter.PublicPem();
    bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    key_.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    if (EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key_.get())) ec_ = ec;
  }

  bool Verify() const {
    const auto* input = reinterpret_cast<const uint8_t*>(input_.data());
    const auto* signature = reinterpret_cast<const uint8_t*>(signature_.data());
    if (!secret_.empty()) {
      uint8_t mac[32];
      unsigned size;
      HMAC(EVP_sha256(), secret_.data(), secret_.size(), input, input_.size(), mac, &size);
      return CRYPTO_memcmp(mac, signature, sizeof mac) == 0;
    }
    if (ec_ != nullptr) {
      uint8_t digest[32];
      SHA256(input, input_.size(), digest);
      bssl::UniquePtr<ECDSA_SIG> parts(ECDSA_SIG_new());
      BN_bin2bn(signature, 32, parts->r);
      BN_bin2bn(signature + 32, 32, parts->s);
      return ECDSA_do_verify(digest, sizeof digest, parts.get(), ec_) == 1;
    }
    bssl::ScopedEVP_MD_CTX context;
    const EVP_MD* md = EVP_PKEY_id(key_.get()) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    return EVP_DigestVerifyInit(context.get(), nullptr, md, nullptr, key_.get()) &&
           EVP_DigestVerify(context.get(), signature, signature_.size(), input, input_.size());
  }

 private:
  std::string_view input_;
  std::string signature_;
  std::string secret_;
  bssl::UniquePtr<EVP_PKEY> key_;
  EC_KEY* ec_ = nullptr;  // of key_
};

void FloorBoringSsl(benchmark::State& state, Algorithm algorithm) {
  const Signed& subject = SignedWith(algorithm);
  Raw raw(subject.minter, subject.token);
  for (auto _ : state) {
    if (!raw.Verify()) state.SkipWithError("not verified");
  }
}
BENCHMARK_CAPTURE(FloorBoringSsl, Rs256, Algorithm::kRs256);
BENCHMARK_CAPTURE(FloorBoringSsl, Es256, Algorithm::kEs256);
BENCHMARK_CAPTURE(FloorBoringSsl, EdDsa, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(FloorBoringSsl, Hs256, Algorithm::kHs256);

void FloorCopyToken(benchmark::State& state) {
  const Signed& subject = SignedWith(Algorithm::kHs256);
  std::vector<char> copy(subject.token.size());
  for (auto _ : state) {
    std::memcpy(copy.data(), subject.token.data(), copy.size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(FloorCopyToken);

void CacheHit(benchmark::State& state) {
  const Signed& subject = SignedWith(Algorithm::kHs256);
  TokenCache cache(4 << 20, TokenCache::Seed{1});
  CachedToken value;
  cache.Insert(cache.KeyFor(subject.token, {1, 1}), value);
  for (auto _ : state) {
    CachedToken hit;
    if (!cache.Find(cache.KeyFor(subject.token, {1, 1}), &hit)) state.SkipWithError("not found");
  }
}
BENCHMARK(CacheHit);

void FindApiKey(benchmark::State& state) {
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("key-of-a-consumer-" + std::to_string(i));
  std::vector<ApiKey> keys;
  for (const std::string& name : names) keys.push_back({name, static_cast<uint32_t>(keys.size())});
  std::string error;
  std::optional<ApiKeyTable> table = ApiKeyTable::Build(keys, {1}, &error);
  size_t i = 0;
  for (auto _ : state) {
    if (!table->Find(names[i])) state.SkipWithError("not found");
    if (++i == names.size()) i = 0;
  }
}
BENCHMARK(FindApiKey);

}  // namespace
}  // namespace sluice::auth
