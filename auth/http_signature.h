// Requests signed with a shared secret: Kong's hmac-auth, a relative of draft-cavage-http-signatures (not RFC 9421).
//
//   Authorization: hmac username="alice", algorithm="hmac-sha256", headers="date @request-target", signature="eBDY…"
//
//   SignatureParameters p;
//   const char* fault = ParseSignature(what_follows_the_scheme, &p);     // "" if it is well formed
//   SigningSecret secret("s3cret");                                      // once for each credential
//   std::string_view text = SignedText(p, request, &arena, &fault);      // what the client must have signed
//   bool ok = *fault == '\0' && secret.Verify(*p.hash, text, p.signature) && IsFresh(p, request, now_s, 300);
//
// The text has a line for each name in `headers`, in their order: "name: value" as the header was sent, "name:" if it
// was not; for `@request-target` "@request-target: get /path?query"; for `request-line` "GET /path?query HTTP/1.1".
// Only what is named there is signed. A request can be replayed for as long as its date is accepted.
//
// Safe from any number of threads. Nothing allocates but the arena and SigningSecret's constructor; nothing throws.
// Faults are static, lower-case texts that hold no byte of the request.
#ifndef SLUICE_AUTH_HTTP_SIGNATURE_H_
#define SLUICE_AUTH_HTTP_SIGNATURE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"

namespace sluice::auth {

class HmacKey;  // auth/digest.h

enum class SigningHash : uint8_t { kSha1, kSha256, kSha384, kSha512 };
inline constexpr size_t kSigningHashes = 4;

// Views into the text that was parsed.
struct SignatureParameters {
  std::string_view username;
  std::optional<SigningHash> hash;  // of `algorithm`; nothing: a name that is not known here
  std::array<std::string_view, limits::kSignedHeaders> headers;
  size_t header_count = 0;
  std::string_view signature;  // base64

  bool Signs(std::string_view header) const;  // ignoring case
};

// Each of the four parameters once, in any order. Returns "" or what is wrong.
const char* ParseSignature(std::string_view text, SignatureParameters* out);

// In `arena`. A signed header that the request has twice is a fault: who reads it next might read the other one.
std::string_view SignedText(const SignatureParameters& parameters, const Request& request, Arena* arena,
                            const char** fault);

// Whether `X-Date` or `Date` is signed and within `skew_s` seconds of now. Kong does not ask for it to be signed, but a
// date that anybody may change stops no replay.
bool IsFresh(const SignatureParameters& parameters, const Request& request, int64_t now_s, int64_t skew_s);

// One credential's secret, as prepared HMAC keys for each hash; wiped at the end.
class SigningSecret {
 public:
  explicit SigningSecret(std::string_view secret);

  // Whether `signature` is base64 of the MAC of `text`; compared in constant time.
  bool Verify(SigningHash hash, std::string_view text, std::string_view signature) const;

 private:
  std::array<std::shared_ptr<const HmacKey>, kSigningHashes> keys_;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_HTTP_SIGNATURE_H_
