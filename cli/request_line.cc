#include "cli/request_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sluice::cli {
namespace {

// `*` asks about the server, not about a path of it (RFC 9112, 3.2.4).
constexpr std::string_view kAsterisk = "*";

bool ParseUrl(std::string_view url, Request* request, std::string* error) {
  if ((!url.empty() && url[0] == '/') || url == kAsterisk) {
    request->target = url;
    return true;
  }
  size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) {
    *error = absl::StrCat("expected a URL (https://host/path) or a path (/path), found `", url, "`");
    return false;
  }
  request->scheme = url.substr(0, scheme_end);
  if (!IsRequestScheme(absl::AsciiStrToLower(request->scheme))) {
    *error = absl::StrCat("expected one of the schemes http, https, grpc, grpcs, tcp, tls and udp, found `",
                          request->scheme, "`");
    return false;
  }
  url.remove_prefix(scheme_end + 3);
  size_t path = url.find_first_of("/?");
  request->host = url.substr(0, path);
  const std::string_view no_path = request->method == "OPTIONS" ? kAsterisk : "/";
  request->target = path == std::string_view::npos ? no_path : url.substr(path);
  if (request->target[0] != '?') return true;
  *error = "expected a path before the query: write /? instead of ?";
  return false;
}

// What carries no HTTP has no method and no path.
bool ParseConnection(bool alone, Request* request, std::string* error) {
  if (!alone || request->target != "/") {
    *error = absl::StrCat("expected a connection as ", request->scheme, "://HOST:PORT alone");
    return false;
  }
  request->method = request->target = {};
  return true;
}

bool ParseHeader(std::string_view text, Header* header, std::string* error) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    *error = "expected a header as 'Name: value'";  // not quoted: it may be a credential
    return false;
  }
  *header = {text.substr(0, colon), absl::StripAsciiWhitespace(text.substr(colon + 1))};
  return true;
}

}  // namespace

bool ParseTypedRequest(std::string_view line, const std::vector<std::string_view>& headers, TypedRequest* out,
                       std::string* error) {
  size_t space = line.find(' ');
  const bool alone = space == std::string_view::npos;
  out->request.method = alone ? "GET" : line.substr(0, space);
  if (!ParseUrl(alone ? line : line.substr(space + 1), &out->request, error)) return false;
  if (IsStreamScheme(out->request.scheme) && !ParseConnection(alone, &out->request, error)) return false;
  for (std::string_view header : headers)
    if (!ParseHeader(header, &out->headers.emplace_back(), error)) return false;
  out->request.headers = out->headers.data();
  out->request.header_count = out->headers.size();
  return true;
}

}  // namespace sluice::cli
