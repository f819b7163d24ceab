// Certificates that a proxy in front, which has terminated TLS, hands on in a header of the request.
//
//   const char* fault;
//   std::string_view chain = ReadUrlEncoded(header.value, arena, &fault);
//   if (*fault == '\0') parsed = CertificateChain::Parse(chain, &verdict);
//
// A certificate is public, and here nothing shows that whoever sent the header holds its key: only ask these when the
// header comes from a proxy that is known to verify that, and that removes the header from what clients send.
//
// Each returns PEM or DER for CertificateChain::Parse, the client's certificate first: in the arena, or a view of the
// value. `fault` is "" or a static, lower-case text, with "" returned. Values are hostile: at most three times
// limits::kCertificateChainBytes are looked at. Nothing else is allocated; nothing throws.
#ifndef SLUICE_AUTH_CERTIFICATE_HEADER_H_
#define SLUICE_AUTH_CERTIFICATE_HEADER_H_

#include <string_view>

#include "base/arena.h"

namespace sluice::auth {

// PEM, percent-encoded: nginx's $ssl_client_escaped_cert, AWS ALB's X-Amzn-Mtls-Clientcert. A `+` is a plus sign.
std::string_view ReadUrlEncoded(std::string_view value, Arena& arena, const char** fault);

// DER or PEM in base64; or PEM as it is, its lines joined (F5's X509::whole).
std::string_view ReadBase64Encoded(std::string_view value, Arena& arena, const char** fault);

// Envoy's X-Forwarded-Client-Cert: of its last element, which the nearest proxy has written, the whole Chain, or else
// Cert. Elements before it are what that proxy was told, and count for nothing.
std::string_view ReadForwardedClientCert(std::string_view value, Arena& arena, const char** fault);

// RFC 9440: Client-Cert, and Client-Cert-Chain (several lines of it joined by commas; "" if there is none).
std::string_view ReadClientCert(std::string_view client_cert, std::string_view client_cert_chain, Arena& arena,
                                const char** fault);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_CERTIFICATE_HEADER_H_
