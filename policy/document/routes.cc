#include <algorithm>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

// Formats 1.1 and 2.1 did not mark regular expressions: a path with any character but those of IsPlainPath was one.
// Kong 3 converts such documents in the same way when it reads them.
void ReadPaths(Reader& reader, const Cursor& at, Route* out) {
  bool marked = reader.document().format_version == "3.0";
  out->paths.clear();
  reader.List(at, [&](const Cursor& item) {
    std::string path;
    if (!reader.String(item, nullptr, &path)) return;
    if (!marked && !IsPlainPath(path) && absl::StartsWith(path, "/")) path = absl::StrCat("~", path);
    std::string_view expected = CheckRoutePath(path);
    if (expected.empty()) {
      out->paths.push_back(std::move(path));
    } else {
      reader.Expected(item, expected);
    }
  });
}

void ReadHeaders(Reader& reader, const Cursor& at, Route* out) {
  if (at.node->kind != NodeKind::kMap) {
    reader.Expected(at, "a map from header names to lists of values");
    return;
  }
  for (size_t i = 0; i < at.node->size(); ++i) {
    Cursor member = at.Member(i);
    std::string name(member.key->text);
    if (!CheckHeaderName(name).empty()) reader.Error(member, "bad_value", "expected a header name", "correct it");
    if (absl::EqualsIgnoreCase(name, "host"))
      reader.Error(member, "bad_value", "the host header is matched by `hosts`", "use `hosts`");
    std::vector<std::string> values;
    if (!reader.Strings(member, CheckHeaderValue, &values)) continue;
    if (values.empty()) reader.Expected(member, "a list of at least one value");
    out->headers.emplace_back(std::move(name), std::move(values));
  }
}

constexpr Field<Route::Peer> kPeerFields[] = {
    {"ip", ReadString<&Route::Peer::ip, CheckIpOrCidr>},
    {"port", ReadInteger<&Route::Peer::port, 1, 65535>},
};

template <std::vector<Route::Peer> Route::*kMember>
void ReadPeers(Reader& reader, const Cursor& at, Route* out) {
  reader.List(at, [&](const Cursor& item) {
    Route::Peer& peer = (out->*kMember).emplace_back();
    if (reader.Map(item, kPeerFields, &peer) && peer.ip.empty() && peer.port == 0)
      reader.Error(item, "missing_field", "expected `ip`, `port` or both", "add one of them");
  });
}

constexpr Word<uint32_t> kRedirects[] = {{"426", 426}, {"301", 301}, {"302", 302}, {"307", 307}, {"308", 308}};

void ReadRedirect(Reader& reader, const Cursor& at, Route* out) {
  int64_t status = 0;
  if (!reader.Integer(at, 300, 599, &status)) return;
  for (const Word<uint32_t>& known : kRedirects)
    if (*known.value == status) out->https_redirect_status_code = *known.value;
  if (out->https_redirect_status_code != status) reader.Expected(at, "426, 301, 302, 307 or 308");
}

// Kong itself leaves v1 out of its traditional_compatible router, which is the one that Sluice follows.
void ReadPathHandling(Reader& reader, const Cursor& at, Route*) {
  std::string handling;
  if (!reader.String(at, nullptr, &handling) || handling == "v0") return;
  if (handling == "v1") {
    reader.Error(at, "not_supported", "`path_handling: v1` does not work in Kong's traditional_compatible router",
                 "use v0, and check the paths that upstreams get");
  } else {
    reader.Unknown(at, "value", handling, {"v0"});
  }
}

constexpr int64_t kMaxPriority = (int64_t{1} << 31) - 1;

constexpr Field<Route> kFields[] = {
    {"id", ReadString<&Route::id, CheckUuid>},
    {"name", ReadString<&Route::name, CheckName>},
    {"service", Skip<Route>},
    {"protocols", ReadWords<&Route::protocols, kProtocols>},
    {"methods", ReadStrings<&Route::methods, CheckMethod>},
    {"hosts", ReadStrings<&Route::hosts, CheckRouteHost>},
    {"paths", ReadPaths},
    {"headers", ReadHeaders},
    {"snis", ReadStrings<&Route::snis, CheckSni>},
    {"sources", ReadPeers<&Route::sources>},
    {"destinations", ReadPeers<&Route::destinations>},
    {"regex_priority", ReadInteger<&Route::regex_priority, -kMaxPriority, kMaxPriority>},
    {"https_redirect_status_code", ReadRedirect},
    {"strip_path", ReadBool<&Route::strip_path>},
    {"cost", ReadInteger<&Route::cost, 1, 1'000'000>},
    {"plan", ReadPlanName<Route>},
    {"preserve_host", ReadBool<&Route::preserve_host>},
    {"path_handling", ReadPathHandling},
    {"request_buffering", ReadBool<&Route::request_buffering>},
    {"response_buffering", ReadBool<&Route::response_buffering>},
    {"tags", ReadStrings<&Route::tags, CheckTag>},
    {"plugins", Skip<Route>},
    {"created_at", Skip<Route>},
    {"updated_at", Skip<Route>},
    {"expression", NotYet<Route>},
    {"priority", NotYet<Route>},
};

bool Has(const Route& route, Protocol protocol) {
  return std::find(route.protocols.begin(), route.protocols.end(), protocol) != route.protocols.end();
}

bool HasOneOf(const Route& route, std::initializer_list<Protocol> protocols) {
  return std::any_of(protocols.begin(), protocols.end(), [&route](Protocol protocol) { return Has(route, protocol); });
}

// Kong's rules for connections that carry no HTTP: what these do not have cannot be asked of them. decK writes the
// defaults of strip_path and the like also here, so those are accepted.
void CheckStreamRoute(Reader& reader, const Cursor& at) {
  for (std::string_view field : {"methods", "hosts", "paths", "headers", "plan", "cost"})
    if (Reader::IsSet(at, field))
      reader.Error(at, "conflict", absl::StrCat("`", field, "` cannot be used with tcp, tls, tls_passthrough or udp"),
                   absl::StrCat("remove `", field, "`"));
  if (!Reader::IsSet(at, "snis") && !Reader::IsSet(at, "sources") && !Reader::IsSet(at, "destinations"))
    reader.Error(at, "missing_field",
                 "a route for tcp, tls, tls_passthrough or udp needs one of `sources`, "
                 "`destinations` and `snis`",
                 "add one of them");
}

void CheckProtocols(Reader& reader, const Cursor& at, const Route& route) {
  if (route.protocols.empty()) reader.Error(at, "bad_value", "expected at least one protocol", "remove `protocols`");
  const int groups =
      HasOneOf(route, {Protocol::kHttp, Protocol::kHttps}) + HasOneOf(route, {Protocol::kGrpc, Protocol::kGrpcs}) +
      HasOneOf(route, {Protocol::kTcp, Protocol::kTls, Protocol::kUdp}) + Has(route, Protocol::kTlsPassthrough);
  if (groups > 1)
    reader.Error(at, "conflict",
                 "a route serves one kind of protocols: http and https, grpc and grpcs, tcp, tls and "
                 "udp, or tls_passthrough",
                 "write a route for each");
}

// Kong's rules on what must and must not stand together.
void CheckRoute(Reader& reader, const Cursor& at, Route* out) {
  const bool grpc = HasOneOf(*out, {Protocol::kGrpc, Protocol::kGrpcs});
  const bool stream = !out->protocols.empty() && IsStream(out->protocols[0]);
  CheckProtocols(reader, at, *out);
  if (Reader::IsSet(at, "snis") &&
      !HasOneOf(*out, {Protocol::kHttps, Protocol::kGrpcs, Protocol::kTls, Protocol::kTlsPassthrough}))
    reader.Error(at, "conflict", "`snis` needs one of the protocols https, grpcs, tls and tls_passthrough",
                 "remove `snis`");
  if (stream) return CheckStreamRoute(reader, at);
  if (grpc && Reader::IsSet(at, "methods"))
    reader.Error(at, "conflict", "`methods` cannot be used with grpc", "remove `methods`");
  if (grpc && Reader::IsSet(at, "strip_path") && out->strip_path)
    reader.Error(at, "conflict", "`strip_path` cannot be true with grpc", "set it to false");
  if (grpc) out->strip_path = false;
  bool matches = false;
  for (std::string_view field : {"methods", "hosts", "headers", "paths", "snis", "sources", "destinations"})
    matches = matches || Reader::IsSet(at, field);
  if (!matches)
    reader.Error(at, "missing_field",
                 "a route needs one of `hosts`, `paths`, `methods`, `headers`, `snis`, `sources` and `destinations`",
                 "add one of them; a route for all requests has `paths: [/]`");
}

}  // namespace

void ReadRoute(Reader& reader, const Cursor& at, Route* out) {
  if (reader.Entity(at, kFields, out)) CheckRoute(reader, at, out);
}

}  // namespace sluice::policy
