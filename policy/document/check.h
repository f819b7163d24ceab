// What texts of a document must look like. Each Check returns "" if `text` is fine, else what was expected.
#ifndef SLUICE_POLICY_DOCUMENT_CHECK_H_
#define SLUICE_POLICY_DOCUMENT_CHECK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/document/document.h"

namespace sluice::policy {

std::string_view CheckNotEmpty(std::string_view text);
std::string_view CheckUuid(std::string_view text);
std::string_view CheckName(std::string_view text);        // letters, digits, ". - _ ~", and what is not ASCII
std::string_view CheckTag(std::string_view text);         // no ',' or '/'
std::string_view CheckHeaderName(std::string_view text);  // RFC 9110, 5.6.2: token
std::string_view CheckToldHeader(
    std::string_view text);  // a header name, of none that the gateway or a host looks after
std::string_view CheckTokenHeader(std::string_view text);  // the same, "name:bearer" for one with the scheme; ""
std::string_view CheckHeaderValue(std::string_view text);
std::string_view CheckIdentity(std::string_view text);  // what an upstream is told of a caller, in a header
std::string_view CheckMethod(std::string_view text);
std::string_view CheckHost(std::string_view text);  // a name or an address, no port
std::string_view CheckUpstreamName(std::string_view text);
std::string_view CheckRouteHost(std::string_view text);  // perhaps with a wildcard at one end, or a port
std::string_view CheckSni(std::string_view text);
std::string_view CheckServicePath(std::string_view text);
std::string_view CheckRoutePath(std::string_view text);  // a prefix "/…" or a regular expression "~/…"
std::string_view CheckIpOrCidr(std::string_view text);
std::string_view CheckNoTemplate(std::string_view text);  // no "$(…)"

// Letters, digits, ". - _ ~ / %": what formats 1.1 and 2.1 take for a prefix; all else was a regular expression there.
bool IsPlainPath(std::string_view path);

struct Url {
  std::string scheme;  // lower case
  std::string host;    // without brackets
  uint16_t port = 0;   // 0: not given
  std::string path;    // "" or "/…"
  bool has_query = false;
};

// scheme://host[:port][/path][?query], without user info or fragment.
bool ParseUrl(std::string_view text, Url* out);

// "host", "host:port", "[address]:port"; *port is left alone if none is given.
bool ParseHostPort(std::string_view text, std::string* host, uint16_t* port);

// "second" … "year", or a number with s, m, h or d.
bool ParsePeriod(std::string_view text, Period* out);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_CHECK_H_
