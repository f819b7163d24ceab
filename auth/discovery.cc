#include "auth/discovery.h"

#include <algorithm>

#include "auth/json.h"
#include "base/ascii.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr std::string_view kPath = "/.well-known/openid-configuration";

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }
bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string Expected(std::string_view what, std::string_view found) {
  return "expected " + std::string(what) + ", found " + Shown(found, 200);
}

}  // namespace

std::string CheckFetchUrl(std::string_view url, bool allow_http) {
  bool https = StartsWith(url, "https://"), http = StartsWith(url, "http://");
  if (!https && !(http && allow_http))
    return Expected("an https url", url) + (http ? "; set allow_http to permit it" : "");
  if (!IsVisible(url) || url.size() > limits::kUrlBytes || url.size() <= (https ? 8u : 7u))
    return "expected a url of at most " + std::to_string(limits::kUrlBytes) + " printable characters, found another";
  return "";
}

std::string ReadIssuer(std::string_view text, bool allow_http, Issuer* issuer) {
  std::string error = CheckFetchUrl(text, allow_http);
  if (!error.empty()) return error;
  // OpenID Connect Discovery, section 2: an issuer has neither query nor fragment.
  if (text.find_first_of("?#") != std::string_view::npos) return Expected("an issuer without query and fragment", text);
  const bool is_document = EndsWith(text, kPath);
  std::string_view prefix = is_document ? text.substr(0, text.size() - kPath.size()) : text;
  if (prefix.find("/.well-known/") != std::string_view::npos)
    return Expected("an issuer, or its url that ends with " + std::string(kPath), text);
  issuer->names = {std::string(prefix)};
  if (is_document) issuer->names.push_back(std::string(prefix) + "/");
  if (!is_document && EndsWith(prefix, "/")) prefix.remove_suffix(1);
  issuer->discovery_url = std::string(prefix) + std::string(kPath);
  return "";
}

std::string ReadDiscovery(std::string_view body, const std::vector<std::string>& issuers, bool allow_http,
                          std::string* jwks_uri) {
  if (body.size() > limits::kDiscoveryBytes)
    return "expected at most " + std::to_string(limits::kDiscoveryBytes) + " bytes of discovery document, found more";
  std::string text(body);
  Json json;
  if (!json.Parse(text.data(), text.size(), {limits::kTokenDepth, limits::kDiscoveryNodes}))
    return "expected a discovery document: " + std::string(json.error());
  std::string_view found = json.root().Member("issuer").AsString();
  if (std::find(issuers.begin(), issuers.end(), found) == issuers.end())
    return Expected("the discovery document of issuer `" + issuers.front() + "`", found);
  std::string_view uri = json.root().Member("jwks_uri").AsString();
  std::string error = CheckFetchUrl(uri, allow_http);
  if (!error.empty()) return "jwks_uri of the discovery document: " + error;
  *jwks_uri = uri;
  return "";
}

}  // namespace sluice::auth
