// Bounds on everything that crosses from outside. Each has a test beside the code that enforces it.
#ifndef SLUICE_BASE_LIMITS_H_
#define SLUICE_BASE_LIMITS_H_

#include <cstddef>

namespace sluice::limits {

// A policy document.
inline constexpr size_t kDocumentBytes = size_t{64} << 20;
inline constexpr size_t kDocumentDepth = 64;
inline constexpr size_t kDocumentNodes = 20'000'000;  // after aliases are followed: a YAML bomb ends here
inline constexpr size_t kDocumentStringBytes = 64 << 10;
inline constexpr size_t kDocumentTextBytes = size_t{256}
                                             << 20;  // all strings, after aliases and variables are followed
inline constexpr size_t kRoutes = 1'000'000;
inline constexpr size_t kRedisNodes = 64;      // sentinels, or nodes of a cluster, that one limit names
inline constexpr size_t kDiagnostics = 1'000;  // reported in one run

// A route table.
inline constexpr size_t kRouteKeys = 8'000'000;   // over all routes, hosts times paths
inline constexpr size_t kRouteMethods = 63;       // different ones over all routes
inline constexpr size_t kPatternBytes = 4 << 10;  // `GET /orders/{id}`
inline constexpr size_t kPatternSegments = 64;
inline constexpr size_t kRegexBytes = 4 << 10;           // one pattern
inline constexpr size_t kRegexMemoryBytes = 1 << 20;     // one compiled pattern and its cache of states, about
inline constexpr size_t kRegexInstructions = 4'000'000;  // over all patterns; one takes 16 bytes

// A request. Beyond these it is answered with 400, 414 or 431 before anything else looks at it.
inline constexpr size_t kMethodBytes = 32;
inline constexpr size_t kTargetBytes = 64 << 10;
inline constexpr size_t kHostBytes = 255;
inline constexpr size_t kHeaderCount = 256;
inline constexpr size_t kHeaderNameBytes = 256;
inline constexpr size_t kHeaderBytes = 256 << 10;  // names and values together

// A request written as a line of JSON.
inline constexpr size_t kRequestJsonBytes = 4 << 20;
inline constexpr size_t kRequestJsonDepth = 8;

// Credentials.
inline constexpr size_t kTokenBytes = 16 << 10;
inline constexpr size_t kTokenDepth = 16;
inline constexpr size_t kTokenNodes = 2'048;          // JSON values in its header, and again in its claims
inline constexpr size_t kKeyTrials = 16;              // verifications that one token without a key id may cost
inline constexpr size_t kSigningKeyBytes = 64 << 10;  // a private key in PEM or a secret that signs tokens
inline constexpr size_t kApiKeyBytes = 512;
inline constexpr size_t kUsernameBytes = 255;  // of basic-auth and hmac-auth
inline constexpr size_t kPasswordBytes = 255;  // so that "user:password" fits into kApiKeyBytes
static_assert(kUsernameBytes + 1 + kPasswordBytes <= kApiKeyBytes);
inline constexpr size_t kSignedHeaders = 32;                // that one hmac-auth signature covers
inline constexpr size_t kCertificateChainBytes = 64 << 10;  // as it is presented, PEM or DER
inline constexpr size_t kCertificates = 10;                 // in a chain that is presented
inline constexpr size_t kCertificateNames = 256;            // subject alternative names of one
inline constexpr size_t kCertificateDepth = 8;        // from the client's to the trusted authority's, both counted
inline constexpr size_t kCertificateSignatures = 32;  // checked in search of a way
inline constexpr size_t kCaCertificates = 1'024;      // that one plugin trusts
inline constexpr size_t kJwkSetBytes = 1 << 20;
inline constexpr size_t kJwkSetKeys = 256;
inline constexpr size_t kJwkSetNodes = 65'536;
inline constexpr size_t kDiscoveryBytes = 64 << 10;  // an issuer's discovery document
inline constexpr size_t kDiscoveryNodes = 4'096;
inline constexpr size_t kUrlBytes = 2'048;          // of what is fetched
inline constexpr size_t kTokenIssuers = 32;         // providers of one jwt plugin
inline constexpr size_t kRevokedTokens = 65'536;    // entries of one list
inline constexpr size_t kSigningKeys = 1'024;       // `keys` of one document: each is read when it is loaded
inline constexpr size_t kSigningKeyIdBytes = 255;   // `kid` of a key to sign with: a part of each token
inline constexpr size_t kSignerClaims = 64;         // that one jwt-signer sets, adds or removes
inline constexpr size_t kSignedTokenBytes = 4'000;  // of one that is signed for an upstream, with its scheme
inline constexpr size_t kRequirementDepth = 8;      // `any` and `all` within each other
inline constexpr size_t kRequirementParts = 256;    // of one tree

}  // namespace sluice::limits

#endif  // SLUICE_BASE_LIMITS_H_
