#include "auth/private_key.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>

namespace sluice::auth {
namespace {

int NoPassword(char*, int, int, void*) { return 0; }

std::optional<KeyType> TypeOfCurve(const EC_KEY* key) {
  switch (EC_GROUP_get_curve_name(EC_KEY_get0_group(key))) {
    case NID_X9_62_prime256v1: return KeyType::kEcP256;
    case NID_secp384r1: return KeyType::kEcP384;
    case NID_secp521r1: return KeyType::kEcP521;
    default: return std::nullopt;
  }
}

}  // namespace

bssl::UniquePtr<EVP_PKEY> ReadPrivateKey(std::string_view pem) {
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return bssl::UniquePtr<EVP_PKEY>(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr) : nullptr);
}

std::optional<KeyType> TypeOf(const EVP_PKEY* key) {
  switch (EVP_PKEY_id(key)) {
    case EVP_PKEY_RSA: return KeyType::kRsa;
    case EVP_PKEY_ED25519: return KeyType::kEd25519;
    case EVP_PKEY_EC: return TypeOfCurve(EVP_PKEY_get0_EC_KEY(key));
    default: return std::nullopt;
  }
}

}  // namespace sluice::auth
