#include "auth/public_jwk.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/base64url.h"
#include "auth/digest.h"
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

std::nullopt_t Refuse(std::string* error, std::string text) {
  *error = std::move(text);
  return std::nullopt;
}

UniquePtr<EVP_PKEY> ReadAnyKey(std::string_view pem) {
  UniquePtr<EVP_PKEY> key = ReadPrivateKey(pem);
  if (key) return key;
  UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return UniquePtr<EVP_PKEY>(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

std::string Number(const BIGNUM* number, size_t size) {
  std::string bytes(size, '\0');
  if (BN_bn2bin_padded(reinterpret_cast<uint8_t*>(bytes.data()), size, number) != 1) return {};
  return EncodeBase64Url(bytes);
}

std::string RsaMembers(const EVP_PKEY* key) {
  const RSA* rsa = EVP_PKEY_get0_RSA(key);
  const BIGNUM *n = RSA_get0_n(rsa), *e = RSA_get0_e(rsa);
  return R"("e":")" + Number(e, BN_num_bytes(e)) + R"(","kty":"RSA","n":")" + Number(n, BN_num_bytes(n)) + "\"";
}

std::string EcMembers(const EVP_PKEY* key, KeyType type) {
  const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key);
  const EC_GROUP* group = EC_KEY_get0_group(ec);
  UniquePtr<BIGNUM> x(BN_new()), y(BN_new());
  if (!x || !y || !EC_POINT_get_affine_coordinates_GFp(group, EC_KEY_get0_public_key(ec), x.get(), y.get(), nullptr))
    return {};
  const size_t size = (EC_GROUP_get_degree(group) + 7) / 8;
  const char* curve = type == KeyType::kEcP256 ? "P-256" : type == KeyType::kEcP384 ? "P-384" : "P-521";
  return R"("crv":")" + std::string(curve) + R"(","kty":"EC","x":")" + Number(x.get(), size) + R"(","y":")" +
         Number(y.get(), size) + "\"";
}

std::string Ed25519Members(const EVP_PKEY* key) {
  uint8_t raw[32];
  size_t size = sizeof(raw);
  if (!EVP_PKEY_get_raw_public_key(key, raw, &size)) return {};
  return R"("crv":"Ed25519","kty":"OKP","x":")" + EncodeBase64Url({reinterpret_cast<const char*>(raw), size}) + "\"";
}

// What RFC 7638, 3.2, has in a thumbprint: the members that are needed, in the order of their names.
std::string Members(const EVP_PKEY* key, KeyType type) {
  if (type == KeyType::kRsa) return RsaMembers(key);
  return type == KeyType::kEd25519 ? Ed25519Members(key) : EcMembers(key, type);
}

std::string Thumbprint(const std::string& members) {
  const std::array<uint8_t, 32> digest = Sha256("{" + members + "}");
  return EncodeBase64Url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Strict JSON, so that the set can be read again.
bool FitsIntoJson(std::string_view text) {
  std::string json = "{\"kid\":\"" + std::string(text) + "\"}";
  Json parsed;
  return text.find('\\') == std::string_view::npos && parsed.Parse(json.data(), json.size(), {1, 2}) &&
         parsed.root().size() == 1;
}

std::string AlgorithmMember(const PublicJwkOptions& options, KeyType type) {
  for (Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512, Algorithm::kEdDsa})
    if (KeyTypeOf(algorithm) == type) return R"(,"alg":")" + std::string(AlgorithmName(algorithm)) + "\"";
  return options.algorithm ? R"(,"alg":")" + std::string(AlgorithmName(*options.algorithm)) + "\"" : "";
}

}  // namespace

std::optional<std::string> PublicJwk(std::string_view pem, const PublicJwkOptions& options, std::string* error) {
  ErrorQueue clear;
  if (pem.size() > limits::kSigningKeyBytes)
    return Refuse(error, "expected a key of at most " + std::to_string(limits::kSigningKeyBytes) + " bytes, found `" +
                             std::to_string(pem.size()) + "`");
  UniquePtr<EVP_PKEY> key = ReadAnyKey(pem);
  if (!key) return Refuse(error, "expected an unencrypted private key or a public key in PEM, found none");
  const std::optional<KeyType> type = TypeOf(key.get());
  if (!type) return Refuse(error, "expected an RSA, P-256, P-384, P-521 or Ed25519 key, found another kind");
  const int bits = EVP_PKEY_bits(key.get());
  if (*type == KeyType::kRsa && (bits < kRsaMinBits || bits > kRsaMaxBits))
    return Refuse(error, "expected an RSA key of " + std::to_string(kRsaMinBits) + " to " +
                             std::to_string(kRsaMaxBits) + " bits, found `" + std::to_string(bits) + "`");
  if (options.algorithm && !AlgorithmSet::OfKeyType(*type).Has(*options.algorithm))
    return Refuse(error,
                  "expected a key for " + std::string(AlgorithmName(*options.algorithm)) + ", found another kind");
  if (!FitsIntoJson(options.kid)) return Refuse(error, "expected a key id of plain text, without quotes and `\\`");
  const std::string members = Members(key.get(), *type);
  if (members.empty()) return Refuse(error, "expected a key with a public half, found none");
  const std::string kid = options.kid.empty() ? Thumbprint(members) : std::string(options.kid);
  return "{" + members + R"(,"kid":")" + kid + R"(","use":"sig")" + AlgorithmMember(options, *type) + "}";
}

}  // namespace sluice::auth
