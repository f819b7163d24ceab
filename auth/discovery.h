// Where an issuer's keys are: its discovery document (OpenID Connect Discovery 1.0, section 4).
//
//   Issuer issuer;
//   std::string error = ReadIssuer("https://idp.example.com/realms/a", allow_http, &issuer);
//   Get(issuer.discovery_url);   // https://idp.example.com/realms/a/.well-known/openid-configuration
//   std::string jwks_uri;
//   error = ReadDiscovery(body, issuer.names, allow_http, &jwks_uri);
//
// A document that another issuer's name stands in is refused (section 4.3): else whoever can write to one path of a
// host could choose the keys of all that live there. Both calls return "" if all is well. No state; safe from any
// thread.
#ifndef SLUICE_AUTH_DISCOVERY_H_
#define SLUICE_AUTH_DISCOVERY_H_

#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

struct Issuer {
  std::string discovery_url;
  std::vector<std::string> names;  // what `issuer` of the document, and `iss` of its tokens, may be
};

// `text` is an issuer's name, or the URL of its document; that URL comes from a name with or without a slash at its end
// (section 4.1 takes it off), so that either may be meant.
std::string ReadIssuer(std::string_view text, bool allow_http, Issuer* issuer);

// Takes `jwks_uri` out of a document of at most limits::kDiscoveryBytes.
std::string ReadDiscovery(std::string_view body, const std::vector<std::string>& issuers, bool allow_http,
                          std::string* jwks_uri);

// What is wrong with a URL that is to be fetched. Plain http lets anyone on the way choose the keys.
std::string CheckFetchUrl(std::string_view url, bool allow_http);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_DISCOVERY_H_
