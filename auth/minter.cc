#include "auth/minter.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <cstdlib>

#include "auth/base64url.h"
#include "auth/digest.h"

namespace sluice::auth {
namespace {

using bssl::UniquePtr;

void Must(bool done) {
  if (!done) std::abort();
}

EVP_PKEY* Evp(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::shared_ptr<void> Own(UniquePtr<EVP_PKEY> key) {
  return {key.release(), [](void* k) { EVP_PKEY_free(static_cast<EVP_PKEY*>(k)); }};
}

std::string NumberBytes(const BIGNUM* number, size_t size) {
  std::string out(size, '\0');
  Must(BN_bn2bin_padded(reinterpret_cast<uint8_t*>(out.data()), size, number) == 1);
  return out;
}

std::string NumberBase64(const BIGNUM* number, size_t size) { return EncodeBase64Url(NumberBytes(number, size)); }

int NidOf(KeyType type) {
  return type == KeyType::kEcP256 ? NID_X9_62_prime256v1 : type == KeyType::kEcP384 ? NID_secp384r1 : NID_secp521r1;
}

size_t CoordinateBytes(KeyType type) { return type == KeyType::kEcP256 ? 32 : type == KeyType::kEcP384 ? 48 : 66; }

const EVP_MD* MdOf(Algorithm algorithm) {
  int bytes = HashBytes(algorithm);
  return bytes == 32 ? EVP_sha256() : bytes == 48 ? EVP_sha384() : EVP_sha512();
}

// BoringSSL's signatures of elliptic curves are DER; JWS wants r || s.
std::string RawEcdsa(const std::string& der, size_t bytes) {
  UniquePtr<ECDSA_SIG> pair(ECDSA_SIG_from_bytes(reinterpret_cast<const uint8_t*>(der.data()), der.size()));
  Must(pair != nullptr);
  return NumberBytes(ECDSA_SIG_get0_r(pair.get()), bytes) + NumberBytes(ECDSA_SIG_get0_s(pair.get()), bytes);
}

template <typename Write>
std::string Pem(Write write) {
  UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const uint8_t* data;
  size_t size;
  Must(bio && write(bio.get()) == 1 && BIO_mem_contents(bio.get(), &data, &size));
  return {reinterpret_cast<const char*>(data), size};
}

std::string Member(std::string_view name, std::string_view value) {
  return value.empty() ? "" : ",\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
}

}  // namespace

Minter Minter::FromSecret(std::string_view secret) {
  Minter minter;
  minter.secret_ = secret;
  return minter;
}

Minter Minter::MakeRsa(int bits) {
  UniquePtr<RSA> rsa(RSA_new());
  UniquePtr<BIGNUM> e(BN_new());
  UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Must(BN_set_word(e.get(), RSA_F4) && RSA_generate_key_ex(rsa.get(), bits, e.get(), nullptr) &&
       EVP_PKEY_set1_RSA(key.get(), rsa.get()));
  Minter minter;
  minter.type_ = KeyType::kRsa;
  minter.key_ = Own(std::move(key));
  return minter;
}

Minter Minter::Make(KeyType type) {
  if (type == KeyType::kRsa) return MakeRsa(2048);
  if (type == KeyType::kSecret) {
    std::string secret(64, '\0');
    RAND_bytes(reinterpret_cast<uint8_t*>(secret.data()), secret.size());
    return FromSecret(secret);
  }
  Minter minter;
  minter.type_ = type;
  if (type == KeyType::kEd25519) {
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN], private_key[ED25519_PRIVATE_KEY_LEN];
    ED25519_keypair(public_key, private_key);
    minter.key_ = Own(UniquePtr<EVP_PKEY>(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key, 32)));
    return minter;
  }
  UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NidOf(type)));
  UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Must(EC_KEY_generate_key(ec.get()) && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()));
  minter.key_ = Own(std::move(key));
  return minter;
}

std::string Minter::EvpSignature(Algorithm algorithm, std::string_view input, int salt_bytes) const {
  const auto* data = reinterpret_cast<const uint8_t*>(input.data());
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* options;
  const EVP_MD* md = type_ == KeyType::kEd25519 ? nullptr : MdOf(algorithm);
  Must(EVP_DigestSignInit(context.get(), &options, md, nullptr, Evp(key_)) == 1);
  if (algorithm >= Algorithm::kPs256 && algorithm <= Algorithm::kPs512)
    Must(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_bytes));
  size_t size = 0;
  Must(EVP_DigestSign(context.get(), nullptr, &size, data, input.size()) == 1);
  std::string out(size, '\0');
  Must(EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(out.data()), &size, data, input.size()) == 1);
  out.resize(size);
  return out;
}

std::string Minter::RawSignature(Algorithm algorithm, std::string_view input, int salt_bytes) const {
  if (type_ == KeyType::kSecret) {
    std::shared_ptr<const HmacKey> hmac = HmacKey::Create(algorithm, secret_);
    std::string mac(hmac->size(), '\0');
    hmac->Mac(input, reinterpret_cast<uint8_t*>(mac.data()));
    return mac;
  }
  std::string signature = EvpSignature(algorithm, input, salt_bytes);
  bool ec = type_ == KeyType::kEcP256 || type_ == KeyType::kEcP384 || type_ == KeyType::kEcP521;
  return ec ? RawEcdsa(signature, CoordinateBytes(type_)) : signature;
}

std::string Minter::Sign(Algorithm algorithm, std::string_view header, std::string_view payload) const {
  return SignPss(algorithm, header, payload, HashBytes(algorithm));
}

std::string Minter::SignPss(Algorithm algorithm, std::string_view header, std::string_view payload,
                            int salt_bytes) const {
  std::string input = EncodeBase64Url(header) + "." + EncodeBase64Url(payload);
  return input + "." + EncodeBase64Url(RawSignature(algorithm, input, salt_bytes));
}

std::string Minter::DerSignature(std::string_view compact) const {
  return EvpSignature(Algorithm::kEs256, compact.substr(0, compact.rfind('.')), 0);
}

std::string Minter::Mint(Algorithm algorithm, std::string_view payload, std::string_view kid) const {
  std::string alg(AlgorithmName(algorithm));
  return Sign(algorithm, R"({"alg":")" + alg + R"(","typ":"JWT")" + Member("kid", kid) + "}", payload);
}

std::string Minter::Jwk(std::string_view kid, std::string_view alg) const {
  std::string tail = Member("kid", kid) + Member("alg", alg) + "}";
  if (type_ == KeyType::kSecret) return R"({"kty":"oct","k":")" + EncodeBase64Url(secret_) + "\"" + tail;
  if (type_ == KeyType::kRsa) {
    const RSA* rsa = EVP_PKEY_get0_RSA(Evp(key_));
    return R"({"kty":"RSA")" + Member("n", NumberBase64(RSA_get0_n(rsa), RSA_size(rsa))) + Member("e", "AQAB") + tail;
  }
  if (type_ == KeyType::kEd25519) {
    std::string raw(ED25519_PUBLIC_KEY_LEN, '\0');
    size_t size = raw.size();
    Must(EVP_PKEY_get_raw_public_key(Evp(key_), reinterpret_cast<uint8_t*>(raw.data()), &size) == 1);
    return R"({"kty":"OKP","crv":"Ed25519")" + Member("x", EncodeBase64Url(raw)) + tail;
  }
  const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(Evp(key_));
  UniquePtr<BIGNUM> x(BN_new()), y(BN_new());
  Must(EC_POINT_get_affine_coordinates_GFp(EC_KEY_get0_group(ec), EC_KEY_get0_public_key(ec), x.get(), y.get(),
                                           nullptr) == 1);
  size_t bytes = CoordinateBytes(type_);
  std::string crv = bytes == 32 ? "P-256" : bytes == 48 ? "P-384" : "P-521";
  return R"({"kty":"EC","crv":")" + crv + "\"" + Member("x", NumberBase64(x.get(), bytes)) +
         Member("y", NumberBase64(y.get(), bytes)) + tail;
}

std::string Minter::PublicPem() const {
  return Pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, Evp(key_)); });
}

std::string Minter::Pkcs1Pem() const {
  return Pem([&](BIO* bio) { return PEM_write_bio_RSAPublicKey(bio, EVP_PKEY_get0_RSA(Evp(key_))); });
}

std::string Minter::PrivatePem() const {
  return Pem(
      [&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, Evp(key_), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string JwkSet(const std::vector<std::string>& jwks) {
  std::string out = R"({"keys":[)";
  for (size_t i = 0; i < jwks.size(); ++i) out += (i ? "," : "") + jwks[i];
  return out + "]}";
}

}  // namespace sluice::auth
