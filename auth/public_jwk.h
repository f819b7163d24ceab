// The public half of a key as a JWK (RFC 7517), to publish the keys that sign tokens. What a key set's reader
// (auth/jwk_set.h) reads.
//
//   std::string error;
//   std::optional<std::string> jwk = PublicJwk(pem, {.kid = "2026-a"}, &error);
//   if (jwk) body = R"({"keys":[)" + *jwk + "]}";      // {"kty":"EC","crv":"P-256","x":…,"kid":"2026-a",…}
//
// No private member is ever written, and no error shows the key. Safe from any number of threads; allocates.
#ifndef SLUICE_AUTH_PUBLIC_JWK_H_
#define SLUICE_AUTH_PUBLIC_JWK_H_

#include <optional>
#include <string>
#include <string_view>

#include "auth/algorithm.h"

namespace sluice::auth {

struct PublicJwkOptions {
  // Empty: the key's thumbprint (RFC 7638), which is the same wherever it is computed.
  std::string_view kid = {};
  // Without it that of the curve; of an RSA key, which serves six, none is written.
  std::optional<Algorithm> algorithm = {};
};

// `pem`: an unencrypted private key, or a public one; at most limits::kSigningKeyBytes. RSA of kRsaMinBits to
// kRsaMaxBits. Nothing: `*error` says why.
std::optional<std::string> PublicJwk(std::string_view pem, const PublicJwkOptions& options, std::string* error);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_PUBLIC_JWK_H_
