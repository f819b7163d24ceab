#include "policy/document/document.h"

namespace sluice::policy {

Place Origin::At(std::string_view path) const {
  for (;;) {
    for (const Field& field : fields)
      if (field.path == path) return {place.file, field.line, field.column, place.pointer + "/" + field.path};
    size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return place;
    path = path.substr(0, slash);
  }
}

std::string_view ToString(Protocol protocol) {
  constexpr std::string_view kTexts[] = {"http", "https", "grpc", "grpcs", "tcp", "tls", "tls_passthrough", "udp"};
  return kTexts[static_cast<size_t>(protocol)];
}

uint8_t ProtocolMask(const std::vector<Protocol>& protocols) {
  uint8_t mask = 0;
  for (Protocol protocol : protocols) mask = static_cast<uint8_t>(mask | 1 << static_cast<int>(protocol));
  return mask;
}

std::string_view ToString(JwtAlgorithm algorithm) {
  constexpr std::string_view kTexts[] = {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256",
                                         "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"};
  return kTexts[static_cast<size_t>(algorithm)];
}

}  // namespace sluice::policy
