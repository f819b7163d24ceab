#include "router/match_set.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::router {
namespace {

using Kind = HostPattern::Kind;

std::vector<HostPattern> HostsOf(const std::vector<std::string>& texts) {
  std::vector<HostPattern> hosts;
  for (const std::string& text : texts) {
    HostPattern host;
    if (ParseHostPattern(text, &host) == nullptr) hosts.push_back(std::move(host));
  }
  return hosts;
}

std::vector<NetSet> NetsOf(const std::vector<NetSpec>& specs) {
  std::vector<NetSet> nets;
  for (const NetSpec& spec : specs) {
    NetSet net;
    net.any_address = spec.ip.empty();
    net.port = spec.port;
    if (!net.any_address) ParseCidr(spec.ip, &net.network);
    nets.push_back(net);
  }
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

// A name that satisfies both patterns, or "".
std::string CommonHost(const HostPattern& a, const HostPattern& b) {
  if (a.kind == Kind::kPlain) return HostMatches(b, a.text) ? a.text : "";
  if (b.kind == Kind::kPlain) return CommonHost(b, a);
  if (a.kind != b.kind) {
    const HostPattern& tail = a.kind == Kind::kAnyTail ? a : b;
    const HostPattern& head = a.kind == Kind::kAnyTail ? b : a;
    return absl::StrCat(std::string_view(tail.text).substr(0, tail.text.size() - 1), head.text);
  }
  const HostPattern& longer = a.text.size() >= b.text.size() ? a : b;
  const std::string name =
      a.kind == Kind::kAnySubdomain ? absl::StrCat("x", longer.text) : absl::StrCat(longer.text, "x");
  return HostMatches(a, name) && HostMatches(b, name) ? name : "";
}

bool PortsMeet(uint32_t a, uint32_t b) { return a == 0 || b == 0 || a == b; }

// `none` stands for a name where neither side asks for one.
bool CommonName(const std::vector<HostPattern>& a, const std::vector<HostPattern>& b, std::string_view none,
                std::string* name, uint16_t* port) {
  const std::vector<HostPattern> any = {HostPattern{Kind::kPlain, std::string(none), 0}};
  const bool asks = !a.empty() || !b.empty();
  for (const HostPattern& x : a.empty() ? (asks ? b : any) : a) {
    for (const HostPattern& y : b.empty() ? (asks ? a : any) : b) {
      *name = PortsMeet(x.port, y.port) ? CommonHost(x, y) : "";
      if (name->empty()) continue;
      if (port != nullptr) *port = static_cast<uint16_t>(std::max(x.port, y.port));
      return true;
    }
  }
  return false;
}

bool CommonMethod(const std::vector<std::string>& a, const std::vector<std::string>& b, std::string* method) {
  *method = "GET";
  if (a.empty() && b.empty()) return true;
  if (a.empty()) return CommonMethod(b, a, method);
  for (const std::string& candidate : a) {
    *method = candidate;
    if (b.empty() || std::find(b.begin(), b.end(), candidate) != b.end()) return true;
  }
  return false;
}

std::string EndpointText(const Ip& ip, uint16_t port) {
  char text[kIpTextBytes];
  const std::string_view address(text, FormatIp(ip, text));
  return ip.is_v4() ? absl::StrCat(address, ":", port) : absl::StrCat("[", address, "]:", port);
}

bool CommonEndpoint(const std::vector<NetSet>& a, const std::vector<NetSet>& b, std::string* endpoint) {
  endpoint->clear();
  if (a.empty() && b.empty()) return true;
  if (a.empty()) return CommonEndpoint(b, a, endpoint);
  const std::vector<NetSet> any(1);
  for (const NetSet& x : a) {
    for (const NetSet& y : b.empty() ? any : b) {
      if (!PortsMeet(x.port, y.port)) continue;
      const bool x_narrower = y.any_address || (!x.any_address && x.network.prefix >= y.network.prefix);
      const NetSet& narrow = x_narrower ? x : y;
      const NetSet& wide = x_narrower ? y : x;
      if (!wide.any_address && !wide.network.Contains(narrow.network.network)) continue;
      Ip ip = narrow.network.network;
      if (narrow.any_address) ParseIp("192.0.2.1", &ip);
      const uint16_t port = std::max(x.port, y.port);
      *endpoint = EndpointText(ip, port == 0 ? 49152 : port);
      return true;
    }
  }
  return false;
}

const HeaderSet* FindHeader(const std::vector<HeaderSet>& headers, std::string_view name) {
  for (const HeaderSet& header : headers)
    if (header.name == name) return &header;
  return nullptr;
}

// A request may bring a header several times, so that two routes never exclude each other by its values.
bool AddHeaders(const std::vector<HeaderSet>& own, const std::vector<HeaderSet>& others, Witness* witness) {
  for (const HeaderSet& header : own) {
    const HeaderSet* other = FindHeader(others, header.name);
    const auto known = [other](const std::string& value) {
      return other != nullptr && std::find(other->values.begin(), other->values.end(), value) != other->values.end();
    };
    if (header.values.empty()) return false;
    const auto common = std::find_if(header.values.begin(), header.values.end(), known);
    std::pair<std::string, std::string> line(header.name, common == header.values.end() ? header.values[0] : *common);
    auto& lines = witness->headers;
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  }
  return true;
}

void ChooseScheme(const MatchSet& a, const MatchSet& b, Witness* witness) {
  const bool only_tls = !(a.takes_http && b.takes_http) && a.takes_https && b.takes_https;
  // Plain http is not held to server names, so that it is a witness in any case.
  const bool tls = only_tls && CommonName(a.snis, b.snis, "example.com", &witness->sni, nullptr);
  witness->scheme = tls ? "https" : "http";
  if (!tls || (a.snis.empty() && b.snis.empty())) witness->sni.clear();
}

// Only TLS has a server name; the other protocols are not held to it.
bool StreamsMeet(const MatchSet& a, const MatchSet& b, Witness* witness) {
  if (!CommonEndpoint(a.sources, b.sources, &witness->peer) ||
      !CommonEndpoint(a.destinations, b.destinations, &witness->server)) {
    return false;
  }
  for (const std::string& protocol : a.methods) {
    if (std::find(b.methods.begin(), b.methods.end(), protocol) == b.methods.end()) continue;
    witness->scheme = protocol;
    if (protocol != "tls") return true;
    if (CommonName(a.snis, b.snis, "example.com", &witness->sni, nullptr)) return true;
  }
  return false;
}

bool HostContains(const HostPattern& outer, const HostPattern& inner) {
  if (outer.port != 0 && outer.port != inner.port) return false;
  if (inner.kind == Kind::kPlain) return HostMatches(outer, inner.text);
  if (outer.kind != inner.kind) return false;
  return inner.kind == Kind::kAnySubdomain ? absl::EndsWith(inner.text, outer.text)
                                           : absl::StartsWith(inner.text, outer.text);
}

bool NetContains(const NetSet& outer, const NetSet& inner) {
  if (outer.port != 0 && outer.port != inner.port) return false;
  if (outer.any_address) return true;
  return !inner.any_address && outer.network.prefix <= inner.network.prefix &&
         outer.network.Contains(inner.network.network);
}

bool SameText(const std::string& a, const std::string& b) { return a == b; }

// Whether each of `inner` lies in one of `outer`; a field that asks for nothing contains all.
template <typename T, typename Covers>
bool EachIsIn(const std::vector<T>& inner, const std::vector<T>& outer, Covers covers) {
  if (outer.empty()) return true;
  if (inner.empty()) return false;
  return std::all_of(inner.begin(), inner.end(), [&](const T& one) {
    return std::any_of(outer.begin(), outer.end(), [&](const T& other) { return covers(other, one); });
  });
}

bool HeaderContains(const HeaderSet& outer, const HeaderSet* inner) {
  if (inner == nullptr) return false;
  const auto in = [](const std::vector<std::string>& some, const std::vector<std::string>& all) {
    return some.empty() || (!all.empty() && EachIsIn(some, all, SameText));
  };
  return in(inner->values, outer.values) && in(inner->patterns, outer.patterns);
}

// Replaces each set by one set for each value of a field, as long as there are not too many.
template <typename T>
void Split(std::vector<T> MatchSet::*field, size_t most, std::vector<MatchSet>* sets) {
  std::vector<MatchSet> split;
  for (const MatchSet& set : *sets) {
    for (size_t i = 0; i < std::max<size_t>(1, (set.*field).size()) && split.size() <= most; ++i) {
      split.push_back(set);
      if (!(set.*field).empty()) split.back().*field = {(set.*field)[i]};
    }
  }
  *sets = std::move(split);
}

void SplitHeader(size_t at, size_t most, std::vector<MatchSet>* sets) {
  std::vector<MatchSet> split;
  for (const MatchSet& set : *sets) {
    const HeaderSet& header = set.headers[at];
    for (size_t i = 0; i < header.values.size() + header.patterns.size() && split.size() <= most; ++i) {
      split.push_back(set);
      HeaderSet& one = split.back().headers[at];
      one.values.clear();
      one.patterns.clear();
      if (i < header.values.size()) {
        one.values = {header.values[i]};
      } else {
        one.patterns = {header.patterns[i - header.values.size()]};
      }
    }
  }
  *sets = std::move(split);
}

}  // namespace

MatchSet MatchSetOf(const RouteSpec& route, bool by_port) {
  MatchSet set;
  set.hosts = HostsOf(route.hosts);
  set.hosts.erase(std::remove_if(set.hosts.begin(), set.hosts.end(),
                                 [by_port](const HostPattern& host) { return (host.port != 0) != by_port; }),
                  set.hosts.end());
  set.methods = route.methods;
  for (const HeaderSpec& header : route.headers) set.headers.push_back(HeaderSetOf(header));
  set.snis = HostsOf(route.snis);
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

Answer Overlap(const MatchSet& a, const MatchSet& b, Witness* witness) {
  if (a.is_stream != b.is_stream) return Answer::kNo;
  if (a.is_stream) return StreamsMeet(a, b, witness) ? Answer::kYes : Answer::kNo;
  if (!CommonMethod(a.methods, b.methods, &witness->method) ||
      !CommonName(a.hosts, b.hosts, "example.com", &witness->host, &witness->port) ||
      !CommonEndpoint(a.sources, b.sources, &witness->peer) ||
      !CommonEndpoint(a.destinations, b.destinations, &witness->server)) {
    return Answer::kNo;
  }
  if (!AddHeaders(a.headers, b.headers, witness) || !AddHeaders(b.headers, a.headers, witness)) return Answer::kUnknown;
  ChooseScheme(a, b, witness);
  return Answer::kYes;
}

bool Contains(const MatchSet& outer, const MatchSet& inner) {
  return EachIsIn(inner.methods, outer.methods, SameText) && EachIsIn(inner.hosts, outer.hosts, HostContains) &&
         EachIsIn(inner.snis, outer.snis, HostContains) && EachIsIn(inner.sources, outer.sources, NetContains) &&
         EachIsIn(inner.destinations, outer.destinations, NetContains) &&
         std::all_of(outer.headers.begin(), outer.headers.end(), [&inner](const HeaderSet& header) {
           return HeaderContains(header, FindHeader(inner.headers, header.name));
         });
}

std::vector<MatchSet> Atoms(const MatchSet& set, size_t most) {
  std::vector<MatchSet> sets = {set};
  Split(&MatchSet::methods, most, &sets);
  Split(&MatchSet::hosts, most, &sets);
  Split(&MatchSet::snis, most, &sets);
  Split(&MatchSet::sources, most, &sets);
  Split(&MatchSet::destinations, most, &sets);
  for (size_t i = 0; i < set.headers.size(); ++i) SplitHeader(i, most, &sets);
  if (sets.size() > most) sets.clear();
  return sets;
}

}  // namespace sluice::router
