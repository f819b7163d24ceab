// One key, parsed once, with the algorithms it may be used for pinned to it.
//
//   std::string error;
//   std::optional<Key> key = Key::FromPem(pem, Algorithm::kRs256, &error);
//   if (!key) return error;            // "expected a public key of at least 2048 bits, found `1024`"
//   bool good = key->Verify(Algorithm::kRs256, signing_input, signature) == Reason::kOk;
//
// The algorithm belongs to the key, never to the token (RFC 8725 section 3.1): Verify refuses every other one before
// it touches a byte, so that an RSA public key can never serve as an HMAC secret.
// Immutable and movable; safe from any number of threads. Secrets are wiped when the key ends. Errors hold no key
// material. Verify may allocate inside BoringSSL (RSA, ECDSA); HMAC and Ed25519 do not.
#ifndef SLUICE_AUTH_KEY_H_
#define SLUICE_AUTH_KEY_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/algorithm.h"
#include "auth/reason.h"

namespace sluice::auth {

class PublicKey;  // auth/public_key.h
class HmacKey;    // auth/digest.h

// Bounds of RSA keys: NIST SP 800-131A for the lower, the cost of one verification for the upper.
inline constexpr int kRsaMinBits = 2048;
inline constexpr int kRsaMaxBits = 8192;

struct SecretOptions {
  // RFC 7518 section 3.2 wants a secret at least as long as the hash. Kong accepts any, and many policies in the field
  // have short ones; set this to keep them working (say so to the operator: short secrets can be guessed offline from
  // one token). An empty secret is never accepted.
  bool allow_short_secret = false;
};

class Key {
 public:
  // A PEM block `PUBLIC KEY` (SPKI: RSA, EC on the algorithm's curve, Ed25519) or `RSA PUBLIC KEY` (PKCS #1).
  // Private keys and certificates are refused with a text that says so. HS* is refused: a PEM is never a secret.
  static std::optional<Key> FromPem(std::string_view pem, Algorithm algorithm, std::string* error);

  // A shared secret for HS256, HS384 or HS512: the bytes themselves, already decoded if the policy holds base64.
  static std::optional<Key> FromSecret(std::string_view secret, Algorithm algorithm, const SecretOptions& options,
                                       std::string* error);

  // Takes a parsed key; `algorithms` must fit its type. For readers of key formats such as ParseJwkSet.
  Key(std::shared_ptr<const PublicKey> key, AlgorithmSet algorithms)
      : algorithms_(algorithms), public_key_(std::move(key)) {}

  // The same key under an id; shares the parsed material.
  Key WithKid(std::string_view kid) const;

  AlgorithmSet algorithms() const { return algorithms_; }
  const std::string& kid() const { return kid_; }  // empty: the key has no id

  // kOk, kAlgNotAllowed or kBadSignature. `signature` is raw, as JWS carries it (ECDSA: r || s).
  Reason Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const;

 private:
  Key(std::shared_ptr<const HmacKey> secret, Algorithm algorithm)
      : algorithms_{algorithm}, secret_(std::move(secret)) {}

  AlgorithmSet algorithms_;
  std::string kid_;
  std::shared_ptr<const PublicKey> public_key_;
  std::shared_ptr<const HmacKey> secret_;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_KEY_H_
