// What decodes encodes back to the same text, and nothing is read or written out of bounds.
#include <cstdlib>
#include <string>

#include "auth/base64url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::optional<std::string> bytes = sluice::auth::DecodeBase64Url(text);
  if (bytes && sluice::auth::EncodeBase64Url(*bytes) != text) std::abort();
  sluice::auth::DecodeAnyBase64(text);
  std::string out(sluice::auth::DecodedSize(size), '\0');
  std::optional<size_t> decoded = sluice::auth::DecodeBase64(text, out.data());
  if (decoded && sluice::auth::DecodeAnyBase64(text) != out.substr(0, *decoded)) std::abort();
  return 0;
}
