// Any bytes as a discovery document: what is taken from it may be fetched.
#include <cstdlib>

#include "auth/discovery.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string uri;
  if (sluice::auth::ReadDiscovery(text, {"https://idp"}, false, &uri).empty() &&
      !sluice::auth::CheckFetchUrl(uri, false).empty())
    std::abort();
  sluice::auth::Issuer issuer;
  if (sluice::auth::ReadIssuer(text, true, &issuer).empty() &&
      !sluice::auth::CheckFetchUrl(issuer.names.back(), true).empty())
    std::abort();
  return 0;
}
