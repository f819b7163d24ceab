// The first stage: a request that is too large or malformed goes no further. Then: who is calling.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/limits.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// RFC 9110, 5.6.2.
bool IsTokenByte(unsigned char c) {
  return absl::ascii_isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte); }

// RFC 9110, 5.5: these would let a value end the header, or the header section.
bool HasForbiddenByte(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos;
}

struct Fault {
  uint32_t status = 0;  // 0: none
  std::string_view reason;
  std::string_view message;
};

Fault CheckHeaders(const Request& request) {
  if (request.header_count > limits::kHeaderCount) return {431, "too_many_headers", "Too many request headers"};
  size_t bytes = 0;
  size_t hosts = 0;
  for (size_t i = 0; i < request.header_count; ++i) {
    const Header& header = request.headers[i];
    bytes += header.name.size() + header.value.size();
    if (header.name.size() > limits::kHeaderNameBytes || bytes > limits::kHeaderBytes)
      return {431, "headers_too_large", "Request header fields too large"};
    if (!IsToken(header.name) || HasForbiddenByte(header.value)) return {400, "bad_header", "Bad request header"};
    hosts += absl::EqualsIgnoreCase(header.name, "host");
  }
  if (hosts > 1) return {400, "duplicate_host", "More than one Host header"};
  return {};
}

Fault CheckRequest(const Request& request) {
  if (request.method.size() > limits::kMethodBytes || !IsToken(request.method))
    return {400, "bad_method", "Bad request method"};
  return CheckHeaders(request);
}

// host[:port], RFC 9110 4.2.1. False if it is neither that nor empty.
bool SplitAuthority(std::string_view authority, std::string_view* host, uint32_t* port) {
  size_t end = authority.size();
  if (!authority.empty() && authority.front() == '[') {
    size_t close = authority.find(']');
    if (close == authority.npos) return false;
    end = close + 1;
  } else {
    end = std::min(end, authority.find(':'));
  }
  *host = authority.substr(0, end);
  *port = 0;
  if (end == authority.size()) return true;
  std::string_view digits = authority.substr(end + 1);
  if (authority[end] != ':' || digits.size() > 5) return false;
  if (digits.empty()) return true;  // RFC 3986, 3.2.3
  for (char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
    *port = *port * 10 + static_cast<uint32_t>(c - '0');
  }
  return *port != 0 && *port <= 65535;
}

// RFC 3986, 3.2.2, without percent-escapes: those have no place in a host that routes are compared with.
bool IsNameByte(unsigned char c) {
  return absl::ascii_isalnum(c) || std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

bool IsLiteralByte(unsigned char c) { return IsNameByte(c) || c == ':'; }

// A name without empty labels, but that its end may be the root of DNS; or an IP literal in brackets. May be empty.
bool IsHost(std::string_view host) {
  if (absl::ConsumePrefix(&host, "["))
    return absl::ConsumeSuffix(&host, "]") && !host.empty() && std::all_of(host.begin(), host.end(), IsLiteralByte);
  return std::all_of(host.begin(), host.end(), IsNameByte) && !absl::StartsWith(host, ".") &&
         !absl::StrContains(host, "..");
}

std::string_view Lowered(Txn& t, std::string_view text) {
  if (std::none_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isupper(c); })) return text;
  char* copy = t.arena.Array<char>(text.size());
  std::transform(text.begin(), text.end(), copy, [](unsigned char c) { return absl::ascii_tolower(c); });
  return {copy, text.size()};
}

// 0: the scheme has none.
uint32_t DefaultPort(std::string_view scheme) {
  if (IsStreamScheme(scheme)) return 0;
  return absl::EndsWith(scheme, "s") ? 443 : 80;
}

uint8_t ProtocolBit(std::string_view scheme) {
  policy::Protocol protocol = scheme == "https"   ? policy::Protocol::kHttps
                              : scheme == "grpc"  ? policy::Protocol::kGrpc
                              : scheme == "grpcs" ? policy::Protocol::kGrpcs
                              : scheme == "tcp"   ? policy::Protocol::kTcp
                              : scheme == "tls"   ? policy::Protocol::kTls
                              : scheme == "udp"   ? policy::Protocol::kUdp
                                                  : policy::Protocol::kHttp;
  return static_cast<uint8_t>(1 << static_cast<int>(protocol));
}

std::string_view Authority(const Txn& t) {
  if (t.target.form == router::TargetForm::kAbsolute) return t.target.authority;
  if (!t.request.host.empty()) return t.request.host;
  const Header* host = FindHeader(RequestHeaders(t), "host");
  return host != nullptr ? host->value : std::string_view();
}

bool FindClient(Txn& t) {
  Client& client = t.decision.client;
  std::string_view host;
  std::string_view authority = Authority(t);
  if (authority.size() > limits::kHostBytes || !SplitAuthority(authority, &host, &client.port) || !IsHost(host))
    return false;
  if (absl::EndsWith(host, ".")) host.remove_suffix(1);  // the root of DNS: the same host
  client.host = Lowered(t, host);
  t.has_peer = ParseEndpoint(t.request.peer, &t.peer);
  t.has_server = ParseEndpoint(t.request.server, &t.server);
  if (t.has_peer) {
    char text[kIpTextBytes];
    client.ip = t.arena.Copy({text, FormatIp(t.peer.ip, text)});
  }
  if (client.port == 0) client.port = t.request.port;
  if (client.port == 0 && t.has_server) client.port = t.server.port;
  if (client.port == 0) client.port = DefaultPort(client.scheme);
  t.protocol = ProtocolBit(client.scheme);
  return true;
}

// Nothing of HTTP is there to be looked at, whatever the host put into the request.
void ForgetHttp(Txn& t) {
  t.request.method = {};
  t.request.target = {};
  t.request.host = {};
  t.request.headers = nullptr;
  t.request.header_count = 0;
  t.target = {};
  t.query = {};
}

Step AdmitConnection(Txn& t) {
  ForgetHttp(t);
  FindClient(t);
  const Client& client = t.decision.client;
  Trace(t, "client", "pass", {},
        {client.scheme, " connection, ip ", client.ip.empty() ? "unknown" : client.ip, ", server name ",
         t.request.tls.sni.empty() ? "none" : t.request.tls.sni});
  return Step::kNext;
}

}  // namespace

Step Admit(Txn& t) {
  t.decision.client.scheme = t.request.scheme.empty() ? "http" : Lowered(t, t.request.scheme);
  t.stream = IsStreamScheme(t.decision.client.scheme);
  if (t.stream) return AdmitConnection(t);
  Fault fault = CheckRequest(t.request);
  if (fault.status != 0) {
    Trace(t, "admit", "refuse", {}, {fault.message});
    return Refuse(t, fault.status, fault.reason, fault.message);
  }
  router::TargetError error = router::NormalizeTarget(t.request.target, &t.arena, &t.target);
  if (error != router::TargetError::kNone) {
    std::string_view code = router::TargetErrorCode(error);
    Trace(t, "admit", "refuse", {}, {"request target: ", code});
    return Refuse(t, error == router::TargetError::kTooLong ? 414 : 400, code, "Bad request target");
  }
  if (t.target.form == router::TargetForm::kAsterisk && t.request.method != "OPTIONS") {
    Trace(t, "admit", "refuse", {}, {"request target: `*` is for OPTIONS alone"});
    return Refuse(t, 400, "asterisk_target", "Bad request target");
  }
  t.query = t.target.query;
  if (!FindClient(t)) {
    Trace(t, "admit", "refuse", {}, {"the host is no host[:port]"});
    return Refuse(t, 400, "bad_host", "Bad host");
  }
  Trace(t, "client", "pass", {},
        {"ip ", t.decision.client.ip.empty() ? "unknown" : t.decision.client.ip, ", host ",
         t.decision.client.host.empty() ? "none" : t.decision.client.host, ", path ", t.target.path});
  return Step::kNext;
}

}  // namespace sluice
