#include "router/check.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/arena.h"
#include "base/limits.h"
#include "router/normalize.h"

namespace sluice::router {
namespace {

std::string Field(std::string_view list, size_t i) { return absl::StrCat("/", list, "/", i); }

bool IsEmpty(const RouteSpec& route) {
  return route.hosts.empty() && route.paths.empty() && route.methods.empty() && route.headers.empty() &&
         route.snis.empty() && route.sources.empty() && route.destinations.empty();
}

void CheckHosts(const RouteSpec& route, CheckedRoute* checked, Report* report) {
  for (size_t i = 0; i < route.hosts.size(); ++i) {
    HostPattern pattern;
    const char* expected = ParseHostPattern(route.hosts[i], &pattern);
    if (expected != nullptr) {
      report->Add(route, Field("hosts", i), "bad_host",
                  absl::StrCat("expected a host name ", expected, ", found `", route.hosts[i], "`"),
                  "write `example.com`, `*.example.com` or `example.*`, with `:port` if need be");
    }
    checked->hosts.push_back(std::move(pattern));
  }
}

void CheckSnis(const RouteSpec& route, CheckedRoute* checked, Report* report) {
  for (size_t i = 0; i < route.snis.size(); ++i) {
    HostPattern pattern;
    const char* expected = ParseServerName(route.snis[i], &pattern);
    if (expected != nullptr) {
      report->Add(route, Field("snis", i), "bad_sni",
                  absl::StrCat("expected a server name ", expected, ", found `", route.snis[i], "`"),
                  "write `example.com` or `*.example.com`");
    }
    checked->filters.snis.push_back(std::move(pattern));
  }
}

// A prefix that is not in normal form would match no request, and its author did not mean that.
void CheckPrefix(const RouteSpec& route, size_t i, Report* report) {
  const std::string& prefix = route.paths[i];
  Arena arena;
  NormalTarget normal;
  const TargetError error = NormalizeTarget(EscapePath(prefix, &arena), &arena, &normal);
  if (error != TargetError::kNone || normal.has_query) {
    const std::string_view why = normal.has_query ? "query_in_path" : TargetErrorCode(error);
    report->Add(route, Field("paths", i), "bad_path",
                absl::StrCat("expected the path of a request, found `", prefix, "` (", why, ")"),
                "a path has no query, no fragment and no incomplete percent-escape");
  } else if (normal.path != prefix) {
    report->Add(route, Field("paths", i), "path_not_normal",
                absl::StrCat("expected a path in normal form, found `", prefix, "`, which no request can match"),
                absl::StrCat("write `", normal.path, "`"));
  }
}

void CheckPaths(const RouteSpec& route, CheckedRoute* checked, Report* report) {
  for (size_t i = 0; i < route.paths.size(); ++i) {
    std::string_view text = route.paths[i];
    CheckedPath path;
    if (absl::StartsWith(text, "/")) {
      CheckPrefix(route, i, report);
      path.prefix = text;
    } else if (absl::StartsWith(text, "~/") && (path.shape = ReadPathShape(text.substr(1)))) {
      // Needs nothing else.
    } else if (absl::StartsWith(text, "~/")) {
      Regex::Error error;
      path.regex = Regex::Compile(text.substr(1), Regex::Kind::kPath, &error);
      if (path.regex == nullptr) report->Add(route, Field("paths", i), error.code, error.message, error.hint);
    } else {
      report->Add(
          route, Field("paths", i), "bad_path",
          absl::StrCat("expected a path that begins with `/`, or `~/` for a regular expression, found `", text, "`"),
          "");
    }
    checked->paths.push_back(std::move(path));
  }
}

bool IsMethod(std::string_view text) {
  return !text.empty() && text.size() <= limits::kMethodBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

void CheckMethods(const RouteSpec& route, Report* report) {
  for (size_t i = 0; i < route.methods.size(); ++i) {
    if (IsMethod(route.methods[i])) continue;
    report->Add(route, Field("methods", i), "bad_method",
                absl::StrCat("expected a method in upper case, found `", route.methods[i], "`"), "write `GET`");
  }
}

constexpr std::string_view kHeaderNameMarks = "!#$%&'*+-.^_`|~";  // tchar of RFC 9110, 5.6.2, with letters and digits

bool IsHeaderName(std::string_view text) {
  return !text.empty() && text.size() <= limits::kHeaderNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(kHeaderNameMarks, c);
  });
}

HeaderFilter CheckHeaderValues(const RouteSpec& route, const HeaderSpec& header, Report* report) {
  HeaderFilter filter;
  filter.name = absl::AsciiStrToLower(header.name);
  for (std::string_view value : header.values) {
    if (!absl::ConsumePrefix(&value, "~*")) {
      filter.values.emplace_back(value);
      continue;
    }
    Regex::Error error;
    auto pattern = Regex::Compile(value, Regex::Kind::kHeader, &error);
    if (pattern == nullptr) {
      report->Add(route, absl::StrCat("/headers/", header.name), error.code, error.message, error.hint);
    } else {
      filter.patterns.push_back(std::move(pattern));
    }
  }
  return filter;
}

void CheckHeaders(const RouteSpec& route, CheckedRoute* checked, Report* report) {
  std::set<std::string> seen;
  for (const HeaderSpec& header : route.headers) {
    const std::string lower = absl::AsciiStrToLower(header.name);
    std::string message;
    if (!IsHeaderName(header.name)) {
      message = absl::StrCat("expected the name of a header, found `", header.name, "`");
    } else if (lower == "host") {
      message = "expected a header other than `host`";
    } else if (header.values.empty()) {
      message = absl::StrCat("expected at least one value of header `", header.name, "`");
    } else if (!seen.insert(lower).second) {
      message = absl::StrCat("expected header `", header.name, "` once, found it again");
    }
    if (!message.empty()) {
      report->Add(route, absl::StrCat("/headers/", header.name), "bad_header", message,
                  lower == "host" ? "use `hosts`" : "list all values under one name");
    }
    checked->filters.headers.push_back(CheckHeaderValues(route, header, report));
  }
}

std::vector<NetFilter> CheckNets(const RouteSpec& route, std::string_view list, const std::vector<NetSpec>& nets,
                                 Report* report) {
  std::vector<NetFilter> filters;
  for (size_t i = 0; i < nets.size(); ++i) {
    NetFilter filter;
    if (!ReadNet(nets[i], &filter)) {
      report->Add(route, Field(list, i), "bad_address",
                  absl::StrCat("expected an address, a network or a port, found `", nets[i].ip, "`"),
                  "write `10.0.0.1`, `10.0.0.0/8` or `2001:db8::/32`");
    }
    filters.push_back(filter);
  }
  return filters;
}

bool AllAmong(const std::vector<std::string>& values, std::initializer_list<std::string_view> known) {
  return std::all_of(values.begin(), values.end(), [known](const std::string& value) {
    return std::find(known.begin(), known.end(), value) != known.end();
  });
}

void CheckProtocols(const RouteSpec& route, Report* report) {
  const std::vector<std::string>& all = route.protocols;
  if (all.empty() || !(AllAmong(all, {"http", "https"}) || AllAmong(all, {"grpc", "grpcs"}) ||
                       AllAmong(all, {"tcp", "tls", "udp"}) || AllAmong(all, {"tls_passthrough"}))) {
    report->Add(
        route, "/protocols", "bad_protocols",
        absl::StrCat("expected protocols among http and https, among grpc and grpcs, or among tcp, tls and udp, "
                     "or tls_passthrough alone, found `",
                     absl::StrJoin(all, ", "), "`"),
        "write a route for each group");
  }
  constexpr uint16_t kStatuses[] = {301, 302, 307, 308, 426};
  const uint16_t status = route.https_redirect_status_code;
  if (std::find(std::begin(kStatuses), std::end(kStatuses), status) == std::end(kStatuses)) {
    report->Add(route, "/https_redirect_status_code", "bad_redirect_status",
                absl::StrCat("expected 426, 301, 302, 307 or 308, found `", status, "`"), "");
  }
}

// What a connection that carries no HTTP does not have cannot be asked of it.
void CheckStream(const RouteSpec& route, Report* report) {
  const struct {
    std::string_view name;
    bool is_set;
  } kHttpFields[] = {{"hosts", !route.hosts.empty()},
                     {"paths", !route.paths.empty()},
                     {"methods", !route.methods.empty()},
                     {"headers", !route.headers.empty()}};
  for (const auto& field : kHttpFields) {
    if (!field.is_set) continue;
    report->Add(route, absl::StrCat("/", field.name), "bad_stream_route",
                absl::StrCat("expected no ", field.name, " on a route for ", absl::StrJoin(route.protocols, ", ")),
                "use `snis`, `sources` and `destinations`");
  }
  if (!route.snis.empty() && !AllAmong({route.protocols[0]}, {"tls_passthrough"}) &&
      std::find(route.protocols.begin(), route.protocols.end(), "tls") == route.protocols.end()) {
    report->Add(route, "/snis", "bad_stream_route",
                "expected no snis on a route without tls, which has no server names",
                "remove them, or add tls to the protocols");
  }
}

}  // namespace

void Report::Add(Diagnostic problem) {
  failed_ = true;
  if (problems_->size() < limits::kDiagnostics) problems_->push_back(std::move(problem));
}

void Report::Add(const RouteSpec& route, std::string_view field, std::string code, std::string message,
                 std::string hint) {
  Diagnostic problem;
  problem.code = std::move(code);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  problem.where = route.where;
  absl::StrAppend(&problem.where.pointer, field);
  problem.routes = {route.name};
  Add(std::move(problem));
}

bool ReadNet(const NetSpec& net, NetFilter* filter) {
  filter->any_address = net.ip.empty();
  filter->port = net.port;
  return filter->any_address ? filter->port != 0 : ParseCidr(net.ip, &filter->network);
}

CheckedRoute CheckRoute(const RouteSpec& route, Report* report) {
  CheckedRoute checked;
  if (IsStreamRoute(route)) CheckStream(route, report);
  if (IsEmpty(route)) {
    report->Add(
        route, "", "empty_route",
        "expected at least one of hosts, paths, methods, headers, snis, sources and destinations, found none",
        IsStreamRoute(route) ? "add snis, sources or destinations" : "a route for all requests has `paths: [/]`");
  }
  CheckHosts(route, &checked, report);
  CheckPaths(route, &checked, report);
  CheckMethods(route, report);
  CheckHeaders(route, &checked, report);
  CheckSnis(route, &checked, report);
  checked.filters.sources = CheckNets(route, "sources", route.sources, report);
  checked.filters.destinations = CheckNets(route, "destinations", route.destinations, report);
  CheckProtocols(route, report);
  return checked;
}

}  // namespace sluice::router
