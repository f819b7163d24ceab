// Strict base64url (RFC 4648 section 5) without padding, as JOSE wants it (RFC 7515 section 2).
//
//   char out[DecodedSize(text.size())];
//   std::optional<size_t> size = DecodeBase64Url(text, out);
//
// One text for one value: padding, `+`, `/`, white space, a length of 4n+1 and non-zero trailing bits are refused, so
// that no two spellings of a token decode to the same bytes. Allocates nothing; safe from any thread.
#ifndef SLUICE_AUTH_BASE64URL_H_
#define SLUICE_AUTH_BASE64URL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::auth {

constexpr size_t DecodedSize(size_t text_size) { return text_size / 4 * 3 + (text_size % 4) * 3 / 4; }

// Writes DecodedSize(text.size()) bytes to `out` and returns how many, or nothing if `text` is not strict base64url.
// `out` must not overlap `text`.
std::optional<size_t> DecodeBase64Url(std::string_view text, char* out);

// The same into a string, for use outside the hot path.
std::optional<std::string> DecodeBase64Url(std::string_view text);

// The other alphabet (RFC 4648 section 4), as Basic and hmac credentials have it: padded in full or not at all, and
// otherwise as strict. `out` has room for DecodedSize(text.size()) bytes.
std::optional<size_t> DecodeBase64(std::string_view text, char* out);

// What people write into documents: either alphabet, padding or none. Not for tokens.
std::optional<std::string> DecodeAnyBase64(std::string_view text);

std::string EncodeBase64Url(std::string_view bytes);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_BASE64URL_H_
