// Signs tokens (JWS in compact form, RFC 7515): the one place of Sluice that does. Never on the way of verifying one.
//
//   std::string error;
//   std::shared_ptr<const TokenSigner> signer =
//       TokenSigner::Create(Algorithm::kEs256, pem, R"({"kid":"2026-a"})", &error);
//   if (!signer) return error;                       // "expected a private key for ES256, found another kind"
//   std::optional<std::string> token = signer->Sign(R"({"iss":"https://me","exp":1760000060})", &error);
//
// The key is read, checked and kept in the form that signing wants; each token then costs the signature alone. What is
// signed can be verified here: beyond the bounds of tokens (limits::kTokenBytes, kTokenDepth, kTokenNodes) nothing is.
// Which claims there are, and the times in them, is the caller's affair: no clock is read.
//
// Immutable: Sign is safe from any number of threads. It allocates, and with an RSA key it takes BoringSSL's own short
// lock on the key's blinding. Nothing throws but for want of memory. The key is wiped at the end; no error shows it.
#ifndef SLUICE_AUTH_TOKEN_SIGN_H_
#define SLUICE_AUTH_TOKEN_SIGN_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/algorithm.h"

namespace sluice::auth {

class TokenSigner {
 public:
  // `key`: for HS… the shared secret, its bytes; for all others an unencrypted private key in PEM (PKCS #8, or the
  // older `RSA PRIVATE KEY` and `EC PRIVATE KEY`) of the algorithm's type and curve, RSA of kRsaMinBits to kRsaMaxBits.
  // At most limits::kSigningKeyBytes. A short secret is taken, as Kong takes it.
  //
  // `header`: an object of JSON with the members beside `alg` and `typ`, as `kid`; its `typ` replaces `JWT`. The
  // token's header holds them in the order of their names.
  //
  // Null: `*error` says why.
  static std::shared_ptr<const TokenSigner> Create(Algorithm algorithm, std::string_view key, std::string_view header,
                                                   std::string* error);
  virtual ~TokenSigner() = default;
  TokenSigner(const TokenSigner&) = delete;
  TokenSigner& operator=(const TokenSigner&) = delete;

  // The token over `claims`, an object of strict JSON that is signed as it stands, byte for byte. Nothing: `*error`
  // says why.
  std::optional<std::string> Sign(std::string_view claims, std::string* error) const;

 protected:
  TokenSigner() = default;

 private:
  virtual bool Signature(std::string_view text, std::string* out) const = 0;

  std::string header_;  // base64url
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_TOKEN_SIGN_H_
