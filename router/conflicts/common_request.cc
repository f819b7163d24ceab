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

// Whether `suits(x, y)` for some x of `a` and y of `b` whose ports meet. `any_beside(x, visit)`: whether `visit` is
// true for one of those of `b` that may meet x. Of one list, or beside an empty one, which takes all, each member alone
// will do.
template <typename T, typename AnyBeside, typename Suits>
bool AnyPair(const std::vector<T>& a, const std::vector<T>& b, AnyBeside any_beside, Suits suits) {
  if (a.empty() || b.empty() || &a == &b) {
    const auto& all = a.empty() ? b : a;
    return std::any_of(all.begin(), all.end(), [&](const T& x) { return suits(x, x); });
  }
  return std::any_of(a.begin(), a.end(), [&](const T& x) {
    return any_beside(x, [&](const T& y) { return PortsMeet(x.port, y.port) && suits(x, y); });
  });
}

AskedPorts PortsOf(const std::string& name, const HostLookup& hosts) {
  AskedPorts ports;
  hosts.Any(name, [&](const HostPattern& pattern) {
    ports.Add(pattern.port);
    return false;
  });
  return ports;
}

// `usual`: the port that a name has where neither side asks for one.
std::optional<NameAndPort> ChooseName(const std::vector<HostPattern>& a, const std::vector<HostPattern>& b,
                                      const std::vector<HostPattern>& avoided, uint16_t usual) {
  const std::string label = FreeLabel(avoided);
  const HostLookup others(b), taken_hosts(avoided);
  const auto any_beside = [&](const HostPattern& x, const auto& visit) {
    return x.kind == Kind::kPlain ? others.Any(x.text, visit) : std::any_of(b.begin(), b.end(), visit);
  };
  std::optional<NameAndPort> choice;
  const auto choose = [&](const HostPattern& x, const HostPattern& y) {
    const uint16_t asked = static_cast<uint16_t>(std::max(x.port, y.port));
    for (std::string& name : CommonHosts(x, y, label)) {
      const std::optional<uint16_t> port = ChoosePort(PortsOf(name, taken_hosts), asked, usual, kOtherPort);
      if (port) choice = {std::move(name), *port};
      if (choice) break;
    }
    return choice.has_value();
  };
  const std::vector<HostPattern> any = {{Kind::kPlain, "example.com", 0}, {Kind::kPlain, label, 0}};
  AnyPair(a.empty() && b.empty() ? any : a, b, any_beside, choose);
  return choice;
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

// Of two networks that meet one lies in the other.
bool AddressesMeet(const NetFilter& x, const NetFilter& y) {
  return x.TakesAddress(y.network.network) || y.TakesAddress(x.network.network);
}

AskedPorts PortsOf(const Ip& ip, const std::vector<NetFilter>& nets) {
  AskedPorts ports;
  for (const NetFilter& net : nets)
    if (net.TakesAddress(ip)) ports.Add(net.port);
  return ports;
}

// Of the addresses in a network the least that is not avoided is the first one, or comes right after an avoided
// network.
bool ChooseEndpoint(const std::vector<NetFilter>& a, const std::vector<NetFilter>& b,
                    const std::vector<NetFilter>& avoided, std::string* endpoint) {
  endpoint->clear();
  if (a.empty() && b.empty()) return true;
  std::vector<Ip> addresses(1);
  ParseIp(kPeer, &addresses[0]);
  for (const NetFilter& net : avoided)
    if (!net.any_address) addresses.push_back(After(net.network));
  const auto any_beside = [&](const NetFilter&, const auto& visit) { return std::any_of(b.begin(), b.end(), visit); };
  return AnyPair(a, b, any_beside, [&](const NetFilter& x, const NetFilter& y) {
    if (!AddressesMeet(x, y)) return false;
    const auto choose = [&](const Ip& ip) {
      if (!x.TakesAddress(ip) || !y.TakesAddress(ip)) return false;
      const std::optional<uint16_t> port =
          ChoosePort(PortsOf(ip, avoided), std::max(x.port, y.port), kPeerPort, kPeerPort);
      if (port) *endpoint = ToText(Endpoint{ip, *port});
      return port.has_value();
    };
    return std::any_of(addresses.begin(), addresses.end(), choose) || (!x.any_address && choose(x.network.network)) ||
           (!y.any_address && choose(y.network.network));
  });
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
