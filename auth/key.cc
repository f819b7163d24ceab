#include "auth/key.h"

#include <utility>

#include "auth/digest.h"
#include "auth/public_key.h"

namespace sluice::auth {

std::optional<Key> Key::FromPem(std::string_view pem, Algorithm algorithm, std::string* error) {
  if (KeyTypeOf(algorithm) == KeyType::kSecret) {
    *error = "expected a secret for `" + std::string(AlgorithmName(algorithm)) + "`, found a PEM key";
    return std::nullopt;
  }
  std::shared_ptr<const PublicKey> key = PublicKey::FromPem(pem, error);
  if (!key) return std::nullopt;
  if (key->type() != KeyTypeOf(algorithm)) {
    *error = "expected a key for `" + std::string(AlgorithmName(algorithm)) + "`, found one of another type or curve";
    return std::nullopt;
  }
  return Key(std::move(key), AlgorithmSet{algorithm});
}

std::optional<Key> Key::FromSecret(std::string_view secret, Algorithm algorithm, const SecretOptions& options,
                                   std::string* error) {
  std::string name(AlgorithmName(algorithm));
  if (KeyTypeOf(algorithm) != KeyType::kSecret) {
    *error = "expected a public key for `" + name + "`, found a secret";
    return std::nullopt;
  }
  if (secret.empty()) {
    *error = "expected a secret for `" + name + "`, found an empty one";
    return std::nullopt;
  }
  size_t least = static_cast<size_t>(HashBytes(algorithm));
  if (secret.size() < least && !options.allow_short_secret) {
    *error = "expected a secret of at least " + std::to_string(least) + " bytes for `" + name + "`, found `" +
             std::to_string(secret.size()) + "`";
    return std::nullopt;
  }
  return Key(HmacKey::Create(algorithm, secret), algorithm);
}

Key Key::WithKid(std::string_view kid) const {
  Key named = *this;
  named.kid_ = kid;
  return named;
}

Reason Key::Verify(Algorithm algorithm, std::string_view signing_input, std::string_view signature) const {
  if (!algorithms_.Has(algorithm)) return Reason::kAlgNotAllowed;
  bool good =
      secret_ ? secret_->Verify(signing_input, signature) : public_key_->Verify(algorithm, signing_input, signature);
  return good ? Reason::kOk : Reason::kBadSignature;
}

}  // namespace sluice::auth
