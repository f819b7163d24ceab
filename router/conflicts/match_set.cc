#include "router/conflicts/match_set.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "router/check.h"

namespace sluice::router {
namespace {

using ParseName = const char* (*)(std::string_view, HostPattern*);

// Of a route that can be built each name parses. One that did not would stay, as a name that nobody has: left out, the
// field might ask for nothing any more.
std::vector<HostPattern> NamesOf(const std::vector<std::string>& texts, ParseName parse) {
  std::vector<HostPattern> names(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) parse(texts[i], &names[i]);
  return names;
}

std::vector<NetFilter> NetsOf(const std::vector<NetSpec>& specs) {
  std::vector<NetFilter> nets(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) ReadNet(specs[i], &nets[i]);
  return nets;
}

HeaderSet HeaderSetOf(const HeaderSpec& spec) {
  HeaderSet set;
  set.name = absl::AsciiStrToLower(spec.name);
  for (const std::string& value : spec.values) {
    if (absl::StartsWith(value, "~*")) {
      set.patterns.push_back(value);
    } else {
      set.values.push_back(absl::AsciiStrToLower(value));
    }
  }
  return set;
}

}  // namespace

MatchSet MatchSetOf(const RouteSpec& route, bool by_port) {
  MatchSet set;
  set.hosts = NamesOf(route.hosts, ParseHostPattern);
  set.hosts.erase(std::remove_if(set.hosts.begin(), set.hosts.end(),
                                 [by_port](const HostPattern& host) { return (host.port != 0) != by_port; }),
                  set.hosts.end());
  set.methods = route.methods;
  for (const HeaderSpec& header : route.headers) set.headers.push_back(HeaderSetOf(header));
  set.snis = NamesOf(route.snis, ParseServerName);
  set.sources = NetsOf(route.sources);
  set.destinations = NetsOf(route.destinations);
  set.is_stream = IsStreamRoute(route);
  for (const std::string& protocol : route.protocols) {
    if (set.is_stream) set.methods.push_back(protocol == "tls_passthrough" ? "tls" : protocol);
    set.takes_http |= protocol == "http" || protocol == "grpc";
    set.takes_https |= protocol == "https" || protocol == "grpcs";
  }
  return set;
}

}  // namespace sluice::router
