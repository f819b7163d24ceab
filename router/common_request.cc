#include "router/common_request.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "router/common_host.h"
#include "router/regex.h"
#include "router/regex_example.h"

namespace sluice::router {
namespace {

using Kind = HostPattern::Kind;

constexpr uint16_t kPeerPort = 49152;        // of an address, where none is asked for
constexpr const char kPeer[] = "192.0.2.1";  // RFC 5737

template <typename T, typename Wanted>
bool AnyOf(const std::vector<T>& all, Wanted wanted) {
  return std::any_of(all.begin(), all.end(), wanted);
}

struct NameAndPort {
  std::string name;
  uint16_t port = 0;
};

// `usual`: the port that a name has where neither side asks for one.
std::optional<NameAndPort> ChooseName(const std::vector<HostPattern>& a, const std::vector<HostPattern>& b,
                                      const std::vector<HostPattern>& avoided, uint16_t usual) {
  const auto is_avoided = [&avoided](const NameAndPort& choice) {
    return AnyOf(avoided, [&](const HostPattern& pattern) {
      return (pattern.port == 0 || pattern.port == choice.port) && HostMatches(pattern, choice.name);
    });
  };
  const std::string label = FreeLabel(avoided);
  const std::vector<HostPattern> any = {{Kind::kPlain, "example.com", 0}, {Kind::kPlain, label, 0}};
  const auto& left = !a.empty() ? a : !b.empty() ? b : any;
  const auto& right = !b.empty() ? b : left;
  for (const HostPattern& x : left) {
    for (const HostPattern& y : right) {
      if (!PortsMeet(x.port, y.port)) continue;
      const uint16_t asked = static_cast<uint16_t>(std::max(x.port, y.port));
      for (std::string& name : CommonHosts(x, y, label)) {
        for (uint16_t port : {asked != 0 ? asked : usual, asked != 0 ? asked : FreePort(kOtherPort, avoided)})
          if (NameAndPort choice{name, port}; !is_avoided(choice)) return choice;
      }
    }
  }
  return std::nullopt;
}

bool Has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool ChooseMethod(const std::vector<std::string>& a, const std::vector<std::string>& b,
                  const std::vector<std::string>& avoided, std::string* method) {
  static const std::vector<std::string> kUsual = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
  for (const std::string& candidate : !a.empty() ? a : !b.empty() ? b : kUsual) {
    if ((!b.empty() && !Has(b, candidate)) || Has(avoided, candidate)) continue;
    *method = candidate;
    return true;
  }
  if (!a.empty() || !b.empty()) return false;
  for (*method = "X"; Has(avoided, *method);) method->push_back('X');
  return true;
}

std::string EndpointText(const Ip& ip, uint16_t port) {
  char text[kIpTextBytes];
  const std::string_view address(text, FormatIp(ip, text));
  return ip.is_v4() ? absl::StrCat(address, ":", port) : absl::StrCat("[", address, "]:", port);
}

bool Takes(const NetSet& net, const Ip& ip, uint16_t port) {
  return (net.any_address || net.network.Contains(ip)) && (net.port == 0 || net.port == port);
}

// The address after the network's last; of the very last one, the first.
Ip After(const Cidr& network) {
  Ip ip = network.network;
  for (int bit = network.prefix; bit < 128; ++bit) ip.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
  for (int i = 15; i >= 0 && ++ip.bytes[i] == 0; --i) continue;
  return ip;
}

// Of two networks that meet one lies in the other. Of the addresses there the least that is not avoided is the first
// one, or comes right after an avoided network.
bool ChooseEndpoint(const std::vector<NetSet>& a, const std::vector<NetSet>& b, const std::vector<NetSet>& avoided,
                    std::string* endpoint) {
  endpoint->clear();
  if (a.empty() && b.empty()) return true;
  const std::vector<NetSet> any(1);
  for (const NetSet& x : a.empty() ? any : a) {
    for (const NetSet& y : b.empty() ? any : b) {
      if (!PortsMeet(x.port, y.port)) continue;
      Ip usual;
      ParseIp(kPeer, &usual);
      std::vector<Ip> addresses = {usual};
      for (const NetSet* net : {&x, &y})
        if (!net->any_address) addresses.push_back(net->network.network);
      for (const NetSet& net : avoided)
        if (!net.any_address) addresses.push_back(After(net.network));
      const uint16_t asked = std::max(x.port, y.port);
      const uint16_t port = asked != 0 ? asked : FreePort(kPeerPort, avoided);
      for (const Ip& ip : addresses) {
        if (!Takes(x, ip, port) || !Takes(y, ip, port)) continue;
        if (AnyOf(avoided, [&](const NetSet& net) { return Takes(net, ip, port); })) continue;
        *endpoint = EndpointText(ip, port);
        return true;
      }
    }
  }
  return false;
}

std::unique_ptr<const Regex> CompileHeader(const std::string& pattern) {
  Regex::Error error;
  return Regex::Compile(std::string_view(pattern).substr(2), Regex::Kind::kHeader, &error);
}

bool Takes(const HeaderSet& header, const std::string& value) {
  return AnyOf(header.values, [&](const std::string& other) { return other == value; }) ||
         AnyOf(header.patterns, [&](const std::string& pattern) {
           const auto regex = CompileHeader(pattern);
           return regex != nullptr && regex->Matches(value);
         });
}

// What can be sent as a header's value and arrives as it was sent.
bool IsSendable(const std::string& value) {
  return absl::StripAsciiWhitespace(value) == value &&
         std::all_of(value.begin(), value.end(), [](char c) { return ' ' <= c && c <= '~'; });
}

// Values that satisfy the header, in lower case; of a regular expression one, or none.
std::vector<std::string> ValuesOf(const HeaderSet& header) {
  std::vector<std::string> values = header.values;
  for (const std::string& pattern : header.patterns) {
    const auto regex = CompileHeader(pattern);
    if (regex == nullptr) continue;
    std::optional<std::string> value = SimpleExample(std::string_view(pattern).substr(2), *regex);
    if (value && IsSendable(*value)) values.push_back(std::move(*value));
  }
  return values;
}

// A request may bring a header several times, so that two routes never exclude each other by its values.
Answer AddHeaders(const std::vector<HeaderSet>& own, const std::vector<HeaderSet>& others,
                  const std::vector<HeaderSet>& avoided, Witness* witness) {
  for (const HeaderSet& header : own) {
    const auto is_avoided = [&](const std::string& value) {
      return AnyOf(avoided, [&](const HeaderSet& other) { return other.name == header.name && Takes(other, value); });
    };
    std::vector<std::string> values = ValuesOf(header);
    values.erase(std::remove_if(values.begin(), values.end(), is_avoided), values.end());
    if (values.empty()) return header.patterns.empty() ? Answer::kNo : Answer::kUnknown;
    const auto is_common = [&](const std::string& value) {
      return AnyOf(others, [&](const HeaderSet& other) { return other.name == header.name && Takes(other, value); });
    };
    const auto common = std::find_if(values.begin(), values.end(), is_common);
    std::pair<std::string, std::string> line(header.name, common == values.end() ? values[0] : *common);
    auto& lines = witness->headers;
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  }
  return Answer::kYes;
}

// A connection without server name satisfies no set of them.
bool ChooseSni(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Witness* witness) {
  witness->sni.clear();
  if (a.snis.empty() && b.snis.empty()) return true;
  const std::optional<NameAndPort> choice = ChooseName(a.snis, b.snis, avoided.snis, 0);
  if (choice) witness->sni = choice->name;
  return choice.has_value();
}

// Plain http is not held to server names, so that it satisfies all of them.
bool ChooseScheme(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Witness* witness) {
  const bool only_tls = !(a.takes_http && b.takes_http) && a.takes_https && b.takes_https;
  witness->scheme = "https";
  if ((only_tls || !avoided.snis.empty()) && ChooseSni(a, b, avoided, witness)) return true;
  witness->scheme = "http";
  witness->sni.clear();
  return avoided.snis.empty();
}

bool ChooseHost(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Witness* witness) {
  Endpoint server;
  uint16_t usual = witness->scheme == "https" ? 443 : 80;
  if (!witness->server.empty() && ParseEndpoint(witness->server, &server)) usual = server.port;
  const std::optional<NameAndPort> choice = ChooseName(a.hosts, b.hosts, avoided.hosts, usual);
  if (!choice) return false;
  witness->host = choice->name;
  witness->port = choice->port == usual ? 0 : choice->port;
  return true;
}

// Only TLS has a server name; the other protocols are not held to it.
bool ChooseProtocol(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Witness* witness) {
  for (const std::string& protocol : a.methods) {
    if (!Has(b.methods, protocol) || Has(avoided.methods, protocol)) continue;
    witness->scheme = protocol;
    if (protocol == "tls" ? ChooseSni(a, b, avoided, witness) : avoided.snis.empty()) return true;
  }
  return false;
}

}  // namespace

Answer Overlap(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Witness* witness) {
  if (a.is_stream != b.is_stream || !ChooseEndpoint(a.sources, b.sources, avoided.sources, &witness->peer) ||
      !ChooseEndpoint(a.destinations, b.destinations, avoided.destinations, &witness->server)) {
    return Answer::kNo;
  }
  if (a.is_stream) return ChooseProtocol(a, b, avoided, witness) ? Answer::kYes : Answer::kNo;
  if (!ChooseMethod(a.methods, b.methods, avoided.methods, &witness->method) || !ChooseScheme(a, b, avoided, witness) ||
      !ChooseHost(a, b, avoided, witness)) {
    return Answer::kNo;
  }
  witness->headers.clear();
  const Answer first = AddHeaders(a.headers, b.headers, avoided.headers, witness);
  const Answer second = AddHeaders(b.headers, a.headers, avoided.headers, witness);
  return first == Answer::kNo || second == Answer::kNo ? Answer::kNo : first == Answer::kUnknown ? first : second;
}

}  // namespace sluice::router
