#include "auth/token_sign.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/rsa.h>

#include <jwt/jwt.hpp>
#include <utility>

#include "auth/base64url.h"
#include "auth/json.h"
#include "auth/key.h"
#include "auth/private_key.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

using bssl::UniquePtr;

struct ErrorQueue {  // BoringSSL queues its errors for the thread, and nobody here reads them
  ~ErrorQueue() { ERR_clear_error(); }
};

std::nullptr_t Refuse(std::string* error, std::string text) {
  *error = std::move(text);
  return nullptr;
}

// Whether `text` is an object that a verifier's reader would take.
bool IsObject(std::string_view text, const char* what, std::string* error) {
  if (text.size() > limits::kTokenBytes) {
    *error = std::string("expected ") + what + " of at most " + std::to_string(limits::kTokenBytes) +
             " bytes, found `" + std::to_string(text.size()) + "`";
    return false;
  }
  std::string copy(text);
  Json json;
  if (json.Parse(copy.data(), copy.size(), {limits::kTokenDepth, limits::kTokenNodes})) return true;
  *error = std::string("expected ") + what + " as an object of JSON, found a text that " + json.error();
  return false;
}

// Shared secrets: cpp-jwt signs. (Of private keys it reads the PEM anew for every token, and it knows neither PS… nor
// EdDSA: with those BoringSSL signs.)
class SecretSigner final : public TokenSigner {
 public:
  SecretSigner(Algorithm algorithm, std::string_view secret) : sign_(HmacOf(algorithm)), secret_(secret) {}
  ~SecretSigner() override { OPENSSL_cleanse(secret_.data(), secret_.size()); }

 private:
  using Hmac = jwt::sign_result_t (*)(jwt::string_view secret, jwt::string_view text);

  static Hmac HmacOf(Algorithm algorithm) {
    if (algorithm == Algorithm::kHs256) return jwt::HMACSign<jwt::algo::HS256>::sign;
    return algorithm == Algorithm::kHs384 ? jwt::HMACSign<jwt::algo::HS384>::sign
                                          : jwt::HMACSign<jwt::algo::HS512>::sign;
  }

  bool Signature(std::string_view text, std::string* out) const override {
    auto [mac, failure] = sign_({secret_.data(), secret_.size()}, {text.data(), text.size()});
    *out = std::move(mac);
    return !failure;
  }

  Hmac sign_;
  std::string secret_;
};

const EVP_MD* HashOf(Algorithm algorithm) {
  if (algorithm == Algorithm::kEdDsa) return nullptr;  // it hashes on its own
  int bytes = HashBytes(algorithm);
  return bytes == 32 ? EVP_sha256() : bytes == 48 ? EVP_sha384() : EVP_sha512();
}

bool IsPss(Algorithm algorithm) { return algorithm >= Algorithm::kPs256 && algorithm <= Algorithm::kPs512; }

// RFC 7518, 3.4: r and s side by side, each as long as the curve's order, where BoringSSL writes DER.
bool RawOfDer(const EVP_PKEY* key, std::string* signature) {
  UniquePtr<ECDSA_SIG> pair(
      ECDSA_SIG_from_bytes(reinterpret_cast<const uint8_t*>(signature->data()), signature->size()));
  if (!pair) return false;
  size_t size = BN_num_bytes(EC_GROUP_get0_order(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key))));
  signature->assign(2 * size, '\0');
  auto* out = reinterpret_cast<uint8_t*>(signature->data());
  return BN_bn2bin_padded(out, size, ECDSA_SIG_get0_r(pair.get())) == 1 &&
         BN_bn2bin_padded(out + size, size, ECDSA_SIG_get0_s(pair.get())) == 1;
}

class PrivateKeySigner final : public TokenSigner {
 public:
  PrivateKeySigner(Algorithm algorithm, UniquePtr<EVP_PKEY> key) : algorithm_(algorithm), key_(std::move(key)) {}

 private:
  bool Signature(std::string_view text, std::string* out) const override {
    ErrorQueue clear;
    bssl::ScopedEVP_MD_CTX context;
    EVP_PKEY_CTX* options = nullptr;
    const EVP_MD* hash = HashOf(algorithm_);
    if (!EVP_DigestSignInit(context.get(), &options, hash, nullptr, key_.get())) return false;
    if (IsPss(algorithm_) && !(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) &&
                               EVP_PKEY_CTX_set_rsa_pss_saltlen(options, static_cast<int>(EVP_MD_size(hash)))))
      return false;
    const auto* data = reinterpret_cast<const uint8_t*>(text.data());
    size_t size = 0;
    if (!EVP_DigestSign(context.get(), nullptr, &size, data, text.size())) return false;
    out->resize(size);
    if (!EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(out->data()), &size, data, text.size())) return false;
    out->resize(size);
    return EVP_PKEY_id(key_.get()) != EVP_PKEY_EC || RawOfDer(key_.get(), out);
  }

  Algorithm algorithm_;
  UniquePtr<EVP_PKEY> key_;
};

// RFC 7518, 3.3 and 3.4: what each algorithm asks of its key.
bool FitsKey(Algorithm algorithm, const EVP_PKEY* key, std::string* error) {
  KeyType type = KeyTypeOf(algorithm);
  if (TypeOf(key) != type) {
    *error = "expected a private key for " + std::string(AlgorithmName(algorithm)) + ", found another kind";
    return false;
  }
  int bits = type == KeyType::kRsa ? EVP_PKEY_bits(key) : kRsaMinBits;
  if (bits >= kRsaMinBits && bits <= kRsaMaxBits) return true;
  *error = "expected an RSA key of " + std::to_string(kRsaMinBits) + " to " + std::to_string(kRsaMaxBits) +
           " bits, found `" + std::to_string(bits) + "`";
  return false;
}

std::unique_ptr<TokenSigner> SignerOf(Algorithm algorithm, std::string_view key, std::string* error) {
  if (key.empty()) return Refuse(error, "expected a key, found none: it is empty");
  if (key.size() > limits::kSigningKeyBytes)
    return Refuse(error, "expected a key of at most " + std::to_string(limits::kSigningKeyBytes) + " bytes, found `" +
                             std::to_string(key.size()) + "`");
  if (KeyTypeOf(algorithm) == KeyType::kSecret) return std::make_unique<SecretSigner>(algorithm, key);
  ErrorQueue clear;
  UniquePtr<EVP_PKEY> parsed = ReadPrivateKey(key);
  if (!parsed) return Refuse(error, "expected an unencrypted private key in PEM, found none that can be read");
  if (!FitsKey(algorithm, parsed.get(), error)) return nullptr;
  return std::make_unique<PrivateKeySigner>(algorithm, std::move(parsed));
}

// `header` was found an object of strict JSON, so that nothing below throws.
std::string HeaderOf(Algorithm algorithm, std::string_view header) {
  json_t object = {{"typ", "JWT"}};
  object.update(json_t::parse(header));
  object["alg"] = std::string(AlgorithmName(algorithm));
  return object.dump();
}

}  // namespace

std::shared_ptr<const TokenSigner> TokenSigner::Create(Algorithm algorithm, std::string_view key,
                                                       std::string_view header, std::string* error) {
  std::unique_ptr<TokenSigner> signer = SignerOf(algorithm, key, error);
  if (!signer || !IsObject(header, "a header", error)) return nullptr;
  signer->header_ = EncodeBase64Url(HeaderOf(algorithm, header));
  return signer;
}

std::optional<std::string> TokenSigner::Sign(std::string_view claims, std::string* error) const {
  if (!IsObject(claims, "claims", error)) return std::nullopt;
  std::string token = header_ + "." + EncodeBase64Url(claims), signature;
  if (!Signature(token, &signature)) {
    *error = "signing failed";
    return std::nullopt;
  }
  token += "." + EncodeBase64Url(signature);
  if (token.size() <= limits::kTokenBytes) return token;
  *error = "expected a token of at most " + std::to_string(limits::kTokenBytes) + " bytes, found `" +
           std::to_string(token.size()) + "`: sign fewer claims";
  return std::nullopt;
}

}  // namespace sluice::auth
