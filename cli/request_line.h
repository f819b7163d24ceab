// A request as a person types it: 'GET https://host/path' and -H 'Name: value'.
#ifndef SLUICE_CLI_REQUEST_LINE_H_
#define SLUICE_CLI_REQUEST_LINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/request.h"

namespace sluice::cli {

struct TypedRequest {
  std::vector<Header> headers;
  Request request;  // `headers` included; views of what was typed
};

// `line`: "METHOD URL", "URL" (GET), where the URL may be a path alone; "tls://HOST:PORT", likewise tcp and udp. False:
// `*error` says what was expected.
bool ParseTypedRequest(std::string_view line, const std::vector<std::string_view>& headers, TypedRequest* out,
                       std::string* error);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_REQUEST_LINE_H_
