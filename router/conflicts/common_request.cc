#include "router/conflicts/common_request.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "router/conflicts/common_host.h"

namespace sluice::router {
namespace {

using Kind = HostPattern::Kind;

constexpr uint16_t kPeerPort = 49152;        // of an address, where none is asked for
constexpr const char kPeer[] = "192.0.2.1";  // RFC 5737

// The port that is asked for (0: none is), else the usual one, else one from `other` on: none if all that will do are
// taken.
std::optional<uint16_t> ChoosePort(const AskedPorts& taken, uint16_t asked, uint16_t usual, uint16_t other) {
  const uint16_t wanted = asked != 0 ? asked : usual;
  if (!taken.Has(wanted)) return wanted;
  return asked != 0 ? std::nullopt : taken.FindFree(other);
}

struct NameAndPort {
  std::string name;
  uint16_t port = 0;
};

// `usual`: the port that a name has where neither side asks for one.
std::optional<NameAndPort> ChooseName(const std::vector<HostPattern>& a, const std::vector<HostPattern>& b,
                                      const std::vector<HostPattern>& avoided, uint16_t usual) {
  const auto choose_port = [&](const std::string& name, uint16_t asked) {
    AskedPorts taken;
    for (const HostPattern& pattern : avoided)
      if (HostMatches(pattern, name)) taken.Add(pattern.port);
    return ChoosePort(taken, asked, usual, kOtherPort);
  };
  const std::string label = FreeLabel(avoided);
  const std::vector<HostPattern> any = {{Kind::kPlain, "example.com", 0}, {Kind::kPlain, label, 0}};
  const auto& left = !a.empty() ? a : !b.empty() ? b : any;
  const auto& right = !b.empty() ? b : left;
  for (const HostPattern& x : left) {
    for (const HostPattern& y : right) {
      if (!PortsMeet(x.port, y.port)) continue;
      const uint16_t asked = static_cast<uint16_t>(std::max(x.port, y.port));
      for (std::string& name : CommonHosts(x, y, label))
        if (const auto port = choose_port(name, asked)) return NameAndPort{std::move(name), *port};
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

// The address after the network's last; of the very last one, the first.
Ip After(const Cidr& network) {
  Ip ip = network.network;
  for (int bit = network.prefix; bit < 128; ++bit) ip.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
  for (int i = 15; i >= 0 && ++ip.bytes[i] == 0; --i) continue;
  return ip;
}

// Of two networks that meet one lies in the other. Of the addresses there the least that is not avoided is the first
// one, or comes right after an avoided network.
bool ChooseEndpoint(const std::vector<NetFilter>& a, const std::vector<NetFilter>& b,
                    const std::vector<NetFilter>& avoided, std::string* endpoint) {
  endpoint->clear();
  if (a.empty() && b.empty()) return true;
  const std::vector<NetFilter> any(1);
  for (const NetFilter& x : a.empty() ? any : a) {
    for (const NetFilter& y : b.empty() ? any : b) {
      if (!PortsMeet(x.port, y.port)) continue;
      Ip usual;
      ParseIp(kPeer, &usual);
      std::vector<Ip> addresses = {usual};
      for (const NetFilter* net : {&x, &y})
        if (!net->any_address) addresses.push_back(net->network.network);
      for (const NetFilter& net : avoided)
        if (!net.any_address) addresses.push_back(After(net.network));
      const uint16_t asked = std::max(x.port, y.port);
      for (const Ip& ip : addresses) {
        if (!x.TakesAddress(ip) || !y.TakesAddress(ip)) continue;
        AskedPorts taken;
        for (const NetFilter& net : avoided)
          if (net.TakesAddress(ip)) taken.Add(net.port);
        const std::optional<uint16_t> port = ChoosePort(taken, asked, kPeerPort, kPeerPort);
        if (!port) continue;
        *endpoint = ToText(Endpoint{ip, *port});
        return true;
      }
    }
  }
  return false;
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

Answer FindCommonRequest(const MatchSet& a, const MatchSet& b, const Avoided& avoided, Repeats repeats,
                         HeaderValues* values, Witness* witness, std::string* reason) {
  if (a.is_stream != b.is_stream || !ChooseEndpoint(a.sources, b.sources, avoided.sources, &witness->peer) ||
      !ChooseEndpoint(a.destinations, b.destinations, avoided.destinations, &witness->server)) {
    return Answer::kNo;
  }
  if (a.is_stream) return ChooseProtocol(a, b, avoided, witness) ? Answer::kYes : Answer::kNo;
  if (!ChooseMethod(a.methods, b.methods, avoided.methods, &witness->method) || !ChooseScheme(a, b, avoided, witness) ||
      !ChooseHost(a, b, avoided, witness)) {
    return Answer::kNo;
  }
  return FindHeaderLines(a.headers, b.headers, avoided.headers, repeats, values, &witness->headers, reason);
}

}  // namespace sluice::router
