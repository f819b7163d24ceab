// Makes keys and signs tokens, for tests only: it signs whatever it is told to, also what no honest issuer would.
//
//   Minter idp = Minter::Make(KeyType::kEcP256);
//   std::string token = idp.Mint(Algorithm::kEs256, R"({"iss":"joe"})", "key-1");
//   std::string set = JwkSet({idp.Jwk("key-1", "ES256")});
#ifndef SLUICE_AUTH_MINTER_H_
#define SLUICE_AUTH_MINTER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/algorithm.h"

namespace sluice::auth {

class Minter {
 public:
  // A new random key; for kSecret one of 64 bytes.
  static Minter Make(KeyType type);
  static Minter MakeRsa(int bits);
  static Minter FromSecret(std::string_view secret);

  // A token with `header` (or {"alg":…,"typ":"JWT","kid":…}) over any payload.
  std::string Sign(Algorithm algorithm, std::string_view header, std::string_view payload) const;
  // A PS* token whose salt is `salt_bytes` long, whatever RFC 7518 says.
  std::string SignPss(Algorithm algorithm, std::string_view header, std::string_view payload, int salt_bytes) const;
  std::string Mint(Algorithm algorithm, std::string_view payload, std::string_view kid = "") const;

  // The public key (or the secret) as a JWK without private members; `alg` and `kid` are left out when empty.
  std::string Jwk(std::string_view kid, std::string_view alg) const;
  // An ECDSA signature over a token's signing input as OpenSSL writes it, which JWS does not want.
  std::string DerSignature(std::string_view compact) const;
  std::string PublicPem() const;   // SPKI
  std::string Pkcs1Pem() const;    // RSA only
  std::string PrivatePem() const;  // PKCS #8

  const std::string& secret() const { return secret_; }

 private:
  std::string EvpSignature(Algorithm algorithm, std::string_view input, int salt_bytes) const;
  std::string RawSignature(Algorithm algorithm, std::string_view input, int salt_bytes) const;

  KeyType type_ = KeyType::kSecret;
  std::shared_ptr<void> key_;  // EVP_PKEY
  std::string secret_;
};

std::string JwkSet(const std::vector<std::string>& jwks);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_MINTER_H_
