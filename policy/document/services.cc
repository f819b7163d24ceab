// Services, upstreams and targets.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

constexpr int64_t kMaxTimeoutMs = (int64_t{1} << 31) - 2;
constexpr std::string_view kUrlParts[] = {"protocol", "host", "port", "path"};

// The shorthand for protocol, host, port and path. As in Kong the port is 443 for https and otherwise 80.
void ReadUrl(Reader& reader, const Cursor& at, Service* out) {
  for (std::string_view part : kUrlParts)
    if (Reader::IsSet(*at.parent, part))
      reader.Error(at, "conflict", absl::StrCat("`url` and `", part, "` say the same thing"), "keep one of the two");
  std::string text;
  Url url;
  if (!reader.String(at, nullptr, &text)) return;
  if (absl::StartsWithIgnoreCase(text, "tls_passthrough:")) {
    reader.Error(at, "bad_value", "a URL cannot have the scheme `tls_passthrough`, for none may have an underscore",
                 "write `protocol: tls_passthrough`, `host` and `port` instead");
    return;
  }
  if (!ParseUrl(text, &url) || url.has_query || !(url.path.empty() || CheckServicePath(url.path).empty())) {
    reader.Expected(at, "scheme://host[:port][/path]", "user, query and fragment are not allowed");
    return;
  }
  for (const Word<Protocol>& word : kProtocols) {
    if (word.text != url.scheme) continue;
    if (!word.value) reader.NotSupported(at, word.text);
    out->protocol = word.value.value_or(Protocol::kHttp);
    out->host = url.host;
    out->path = url.path;
    out->port = url.port != 0 ? url.port : url.scheme == "https" ? 443 : 80;
    return;
  }
  reader.Error(at, "unknown_value", absl::StrCat("unknown protocol `", url.scheme.substr(0, 32), "`"),
               "known: http, https, grpc, grpcs, tcp, tls, udp");
}

void ReadHost(Reader& reader, const Cursor& at, Service* out) {
  if (!reader.String(at, CheckHost, &out->host)) return;
  if (out->host.front() == '[') out->host = out->host.substr(1, out->host.size() - 2);
}

constexpr Field<Service> kServiceFields[] = {
    {"id", ReadString<&Service::id, CheckUuid>},
    {"name", ReadString<&Service::name, CheckName>},
    {"url", ReadUrl, kSecret},  // might hold a password, which is refused
    {"protocol", ReadWord<&Service::protocol, kProtocols>},
    {"host", ReadHost},
    {"port", ReadInteger<&Service::port, 1, 65535>},
    {"path", ReadString<&Service::path, CheckServicePath>},
    {"connect_timeout", ReadInteger<&Service::connect_timeout_ms, 1, kMaxTimeoutMs>},
    {"write_timeout", ReadInteger<&Service::write_timeout_ms, 1, kMaxTimeoutMs>},
    {"read_timeout", ReadInteger<&Service::read_timeout_ms, 1, kMaxTimeoutMs>},
    {"retries", ReadInteger<&Service::retries, 0, 32767>},
    {"enabled", ReadBool<&Service::enabled>},
    {"plan", ReadPlanName<Service>},
    {"tags", ReadStrings<&Service::tags, CheckTag>},
    {"routes", Skip<Service>},
    {"plugins", Skip<Service>},
    {"created_at", Skip<Service>},
    {"updated_at", Skip<Service>},
    {"tls_verify", NotYetTrue<Service>},
    {"tls_verify_depth", NotYet<Service>},
    {"tls_sans", NotYet<Service>},
    {"ca_certificates", NotYetList<Service>},
    {"client_certificate", NotYet<Service>},
};

constexpr Word<bool> kAlgorithms[] = {
    {"round-robin", true},     {"consistent-hashing", std::nullopt}, {"least-connections", std::nullopt},
    {"latency", std::nullopt}, {"sticky-sessions", std::nullopt},
};

void ReadAlgorithm(Reader& reader, const Cursor& at, Upstream*) { WordAt(reader, at, kAlgorithms); }

constexpr Word<bool> kHashSources[] = {
    {"none", true},           {"consumer", std::nullopt}, {"ip", std::nullopt},        {"header", std::nullopt},
    {"cookie", std::nullopt}, {"path", std::nullopt},     {"query_arg", std::nullopt}, {"uri_capture", std::nullopt},
};

void ReadHashOn(Reader& reader, const Cursor& at, Upstream*) { WordAt(reader, at, kHashSources); }

void ReadTargets(Reader& reader, const Cursor& at, Upstream* out) {
  reader.List(at, [&](const Cursor& item) { ReadTarget(reader, item, &out->targets.emplace_back()); });
}

// Kong's defaults switch health checks off by zeros: what has no effect there is accepted, as decK writes it out.
bool IsWithoutEffect(const Node& node) {
  if (node.kind != NodeKind::kMap) return node.kind == NodeKind::kNull;
  for (size_t i = 0; i < node.size(); ++i) {
    std::string_view name = node.key(i).text;
    bool switches = name == "interval" || name == "successes" || name == "tcp_failures" || name == "timeouts" ||
                    name == "http_failures" || name == "threshold";
    if (switches && node.value(i).text != "0") return false;
    bool section = name == "active" || name == "passive" || name == "healthy" || name == "unhealthy";
    if (section && !IsWithoutEffect(node.value(i))) return false;
  }
  return true;
}

constexpr std::string_view kHealthNames[] = {
    "active",
    "passive",
    "healthy",
    "unhealthy",
    "threshold",
    "type",
    "timeout",
    "concurrency",
    "http_path",
    "https_sni",
    "https_verify_certificate",
    "headers",
    "interval",
    "http_statuses",
    "successes",
    "tcp_failures",
    "timeouts",
    "http_failures",
};

void CheckHealthNames(Reader& reader, const Cursor& at) {
  std::vector<std::string> known(std::begin(kHealthNames), std::end(kHealthNames));
  for (size_t i = 0; at.node->kind == NodeKind::kMap && i < at.node->size(); ++i) {
    Cursor member = at.Member(i);
    if (std::find(known.begin(), known.end(), member.key->text) == known.end()) {
      reader.Unknown(member, "field", member.key->text, known);
    } else if (member.key->text != "headers") {
      CheckHealthNames(reader, member);
    }
  }
}

void ReadHealthchecks(Reader& reader, const Cursor& at, Upstream*) {
  if (at.node->kind != NodeKind::kMap) {
    reader.Expected(at, "a map");
    return;
  }
  CheckHealthNames(reader, at);
  if (!IsWithoutEffect(*at.node))
    reader.NotSupported(at, "healthchecks", "remove it, or set every count and interval to 0, as they are by default");
}

constexpr Field<Upstream> kUpstreamFields[] = {
    {"id", ReadString<&Upstream::id, CheckUuid>},
    {"name", ReadString<&Upstream::name, CheckUpstreamName>, kRequired},
    {"algorithm", ReadAlgorithm},
    {"targets", ReadTargets},
    {"host_header", ReadString<&Upstream::host_header, CheckHost>},
    {"slots", ReadInteger<&Upstream::slots, 10, 65536>},
    {"healthchecks", ReadHealthchecks},
    {"tags", ReadStrings<&Upstream::tags, CheckTag>},
    {"created_at", Skip<Upstream>},
    {"updated_at", Skip<Upstream>},
    {"hash_on", ReadHashOn},
    {"hash_fallback", ReadHashOn},
    {"hash_on_header", NotYet<Upstream>},
    {"hash_fallback_header", NotYet<Upstream>},
    {"hash_on_cookie", NotYet<Upstream>},
    {"hash_on_cookie_path", Skip<Upstream>},  // decK writes its default; without a hash_on cookie it means nothing
    {"hash_on_query_arg", NotYet<Upstream>},
    {"hash_fallback_query_arg", NotYet<Upstream>},
    {"hash_on_uri_capture", NotYet<Upstream>},
    {"hash_fallback_uri_capture", NotYet<Upstream>},
    {"client_certificate", NotYet<Upstream>},
    {"use_srv_name", NotYetTrue<Upstream>},
};

void ReadAddress(Reader& reader, const Cursor& at, Target* out) {
  std::string text;
  if (!reader.String(at, nullptr, &text)) return;
  if (!ParseHostPort(text, &out->host, &out->port)) reader.Expected(at, "host:port");
}

constexpr Field<Target> kTargetFields[] = {
    {"id", ReadString<&Target::id, CheckUuid>},
    {"target", ReadAddress, kRequired},
    {"weight", ReadInteger<&Target::weight, 0, 65535>},
    {"tags", ReadStrings<&Target::tags, CheckTag>},
    {"upstream", Skip<Target>},
    {"created_at", Skip<Target>},
    {"updated_at", Skip<Target>},
};

}  // namespace

void ReadService(Reader& reader, const Cursor& at, Service* out) {
  if (!reader.Entity(at, kServiceFields, out)) return;
  if (!Reader::IsSet(at, "url") && !Reader::IsSet(at, "host"))
    reader.Error(at, "missing_field", "a service needs `url` or `host`", "add one of them");
  if ((IsGrpc(out->protocol) || IsStream(out->protocol)) && !out->path.empty())
    reader.Error(at, "conflict", absl::StrCat("a service of protocol ", ToString(out->protocol), " cannot have a path"),
                 "remove the path");
  if (IsStream(out->protocol) && Reader::IsSet(at, "plan"))
    reader.Error(at, "conflict", absl::StrCat("a service of protocol ", ToString(out->protocol), " cannot have a plan"),
                 "remove the plan: limits count requests of HTTP");
}

void ReadUpstream(Reader& reader, const Cursor& at, Upstream* out) { reader.Entity(at, kUpstreamFields, out); }

void ReadTarget(Reader& reader, const Cursor& at, Target* out) { reader.Entity(at, kTargetFields, out); }

}  // namespace sluice::policy
