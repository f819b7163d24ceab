// RSA, ECDSA and Ed25519 verification on BoringSSL: the only place of this room that touches them. Internal to auth/.
//
//   std::string error;
//   std::shared_ptr<const PublicKey> key = PublicKey::FromRsa(n, e, &error);
//   key->Verify(Algorithm::kPs256, signing_input, signature);
//
// Each maker checks what it gets: RSA size and exponent, point on its curve. Immutable, safe from any number of
// threads.
#ifndef SLUICE_AUTH_PUBLIC_KEY_H_
#define SLUICE_AUTH_PUBLIC_KEY_H_

#include <memory>
#include <string>
#include <string_view>

#include "auth/algorithm.h"

namespace sluice::auth {

class PublicKey {
 public:
  using Ptr = std::shared_ptr<const PublicKey>;

  // Numbers and coordinates are big-endian bytes. Null and `error` if unfit.
  static Ptr FromRsa(std::string_view n, std::string_view e, std::string* error);
  static Ptr FromEc(KeyType curve, std::string_view x, std::string_view y, std::string* error);  // exact length
  static Ptr FromEd25519(std::string_view x, std::string* error);
  static Ptr FromPem(std::string_view pem, std::string* error);

  virtual ~PublicKey() = default;
  virtual KeyType type() const = 0;

  // `algorithm` must be one of type(); false for all others.
  virtual bool Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const = 0;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_PUBLIC_KEY_H_
