// Reads private keys, for those who sign. Internal to auth/.
#ifndef SLUICE_AUTH_PRIVATE_KEY_H_
#define SLUICE_AUTH_PRIVATE_KEY_H_

#include <openssl/base.h>

#include <optional>
#include <string_view>

#include "auth/algorithm.h"

namespace sluice::auth {

// An unencrypted private key in PEM: PKCS #8, or the older `RSA PRIVATE KEY` and `EC PRIVATE KEY`. Null: none that can
// be read. May leave errors in BoringSSL's queue.
bssl::UniquePtr<EVP_PKEY> ReadPrivateKey(std::string_view pem);

// Nothing: a kind or a curve that no algorithm is for.
std::optional<KeyType> TypeOf(const EVP_PKEY* key);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_PRIVATE_KEY_H_
