// First line: what follows the scheme; second: the target; the rest: headers as "name: value". Whatever is well formed
// gives a text with one line for each name, as long as no header value brings line ends of its own.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "auth/http_signature.h"

namespace {

std::string_view TakeLine(std::string_view& text) {
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::auth;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  SignatureParameters parameters;
  if (*ParseSignature(TakeLine(text), &parameters) != '\0') return 0;
  if (parameters.header_count == 0 || parameters.username.empty() || parameters.signature.empty()) std::abort();
  sluice::Request request;
  request.method = "GET";
  request.target = TakeLine(text);
  std::vector<sluice::Header> headers;
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    size_t colon = line.find(": ");
    if (colon != line.npos) headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  request.headers = headers.data();
  request.header_count = headers.size();
  sluice::Arena arena;
  const char* fault;
  std::string_view to_sign = SignedText(parameters, request, &arena, &fault);
  if (static_cast<size_t>(std::count(to_sign.begin(), to_sign.end(), '\n')) + 1 != parameters.header_count)
    std::abort();
  IsFresh(parameters, request, 1'498'151'721, 300);
  if (parameters.hash) SigningSecret("secret").Verify(*parameters.hash, to_sign, parameters.signature);
  return 0;
}
