// sluice routes: the table of routes, in the order in which they win.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/json_parts.h"
#include "cli/policy_file.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "policy/json/json_writer.h"
#include "router/precedence.h"
#include "router/prover/libfa_prover.h"
#include "router/why.h"

namespace sluice::cli {
namespace {

using Texts = std::vector<std::string>;

Texts NetTexts(const std::vector<router::NetSpec>& nets) {
  Texts texts;
  for (const router::NetSpec& net : nets) texts.push_back(router::NetText(net));
  return texts;
}

// One way to reach a route: by one of its paths, and by its hosts with a port or by the others.
struct Row {
  size_t rank;  // from 1
  const router::RouteSpec& route;
  std::string_view service;
  std::string_view path;  // empty: the route asks for none
  Texts hosts;
};

bool HasPort(std::string_view host) {
  const size_t colon = host.rfind(':');
  return colon != std::string_view::npos && host.back() != ']';
}

Row RowOf(const CompileResult& policy, const router::Arm& arm, size_t rank) {
  const router::RouteSpec& route = policy.routes[arm.precedence.route];
  Row row = {rank, route, policy.route_services[arm.precedence.route], {}, {}};
  if (!route.paths.empty()) row.path = route.paths[arm.precedence.path];
  for (const std::string& host : route.hosts)
    if (HasPort(host) == arm.by_port) row.hosts.push_back(host);
  return row;
}

std::vector<Row> RowsOf(const CompileResult& policy) {
  std::vector<Row> rows;
  for (const router::Arm& arm : router::RankArms(policy.routes)) rows.push_back(RowOf(policy, arm, rows.size() + 1));
  for (const router::Precedence& stream : router::RankStreams(policy.routes))
    rows.push_back(RowOf(policy, {stream, false}, rows.size() + 1));
  return rows;
}

// What was found about a route, by its name.
using Marks = std::multimap<std::string_view, const Diagnostic*>;

bool IsConflict(const Diagnostic& finding) { return finding.code == "route_tie" || finding.code == "route_shadowed"; }

Marks MarksOf(const Diagnostics& diagnostics) {
  Marks marks;
  for (const Diagnostic& finding : diagnostics) {
    if (!IsConflict(finding)) continue;
    const bool tie = finding.code == "route_tie";
    for (size_t i = 0; i < (tie ? finding.routes.size() : 1); ++i) marks.emplace(finding.routes[i], &finding);
  }
  return marks;
}

// ---- Text ----

std::string MarkText(const Diagnostic& finding, std::string_view route) {
  if (finding.code == "route_shadowed")
    return absl::StrCat("! never reached: whatever it matches, `",
                        absl::StrJoin(finding.routes.begin() + 1, finding.routes.end(), "` or `"), "` goes before it");
  const bool wins = finding.routes[0] == route;
  return absl::StrCat(
      "! ties with `", finding.routes[wins ? 1 : 0],
      "`: ", wins ? "this one wins, because it is written first" : "that one wins, because it is written first");
}

std::string FieldsText(const Row& row) {
  const router::RouteSpec& route = row.route;
  Texts parts;
  const auto add = [&parts](std::string_view name, const Texts& values) {
    if (!values.empty()) parts.push_back(absl::StrCat(name, " ", absl::StrJoin(values, ", ")));
  };
  if (!row.path.empty())
    add(row.path[0] == '~' ? "regex" : "prefix", {std::string(row.path.substr(row.path[0] == '~'))});
  add("hosts", row.hosts);
  add("methods", route.methods);
  for (const router::HeaderSpec& header : route.headers) add(absl::StrCat("header ", header.name, ":"), header.values);
  add("snis", route.snis);
  add("sources", NetTexts(route.sources));
  add("destinations", NetTexts(route.destinations));
  if (route.protocols != Texts{"http", "https"}) add("protocols", route.protocols);
  if (row.path.substr(0, 1) == "~" && route.regex_priority != 0)
    add("regex_priority", {absl::StrCat(route.regex_priority)});
  return absl::StrJoin(parts, "; ");
}

void AppendRow(const Row& row, const Marks& marks, size_t digits, bool colour, std::string* out) {
  constexpr size_t kGap = 2;
  const size_t indent = digits + kGap;
  const auto line = [&](std::string_view text, Style style) {
    absl::StrAppend(out, std::string(indent, ' '), Paint(Wrap(Printable(text), kColumns, indent), style, colour), "\n");
  };
  const std::string rank = absl::StrCat(row.rank);
  const std::string head =
      absl::StrCat(row.route.name, row.service.empty() ? " (no service)" : absl::StrCat(" to ", row.service));
  absl::StrAppend(out, std::string(digits - rank.size(), ' '), rank, std::string(kGap, ' '),
                  Paint(Wrap(Printable(head), kColumns, indent), Style::kBold, colour), "\n");
  line(FieldsText(row), Style::kPlain);
  const auto [first, last] = marks.equal_range(row.route.name);
  for (auto mark = first; mark != last; ++mark) line(MarkText(*mark->second, row.route.name), Style::kWarn);
}

std::string ToText(const CompileResult& policy, const std::vector<Row>& rows, bool colour) {
  const Marks marks = MarksOf(policy.diagnostics);
  const size_t digits = absl::StrCat(rows.size()).size();
  std::string out;
  for (const Row& row : rows) AppendRow(row, marks, digits, colour, &out);
  const auto count = [&policy](std::string_view code) {
    return static_cast<size_t>(std::count_if(policy.diagnostics.begin(), policy.diagnostics.end(),
                                             [code](const Diagnostic& finding) { return finding.code == code; }));
  };
  absl::StrAppend(&out, rows.empty() ? "" : "\n", Counted(policy.routes.size(), "route"), ", ",
                  Counted(count("route_tie"), "tie"), ", ", count("route_shadowed"), " never reached\n");
  return out;
}

// ---- JSON ----

void WriteText(JsonWriter* json, std::string_view name, std::string_view text) {
  json->Key(name);
  json->StringOrNull(text);
}

void WriteHeaders(JsonWriter* json, const std::vector<router::HeaderSpec>& headers) {
  json->Key("headers");
  json->BeginObject();
  for (const router::HeaderSpec& header : headers) WriteTexts(json, header.name, header.values);
  json->EndObject();
}

void WriteNets(JsonWriter* json, std::string_view name, const std::vector<router::NetSpec>& nets) {
  json->Key(name);
  json->BeginArray();
  for (const router::NetSpec& net : nets) {
    json->BeginObject();
    WriteText(json, "ip", net.ip);
    json->Key("port");
    net.port == 0 ? json->Null() : json->Unsigned(net.port);
    json->EndObject();
  }
  json->EndArray();
}

void WriteConflicts(JsonWriter* json, const Marks& marks, std::string_view route) {
  json->Key("conflicts");
  json->BeginArray();
  const auto [first, last] = marks.equal_range(route);
  for (auto mark = first; mark != last; ++mark) {
    json->BeginObject();
    WriteText(json, "code", mark->second->code);
    WriteTexts(json, "routes", mark->second->routes);
    json->EndObject();
  }
  json->EndArray();
}

void WriteRow(JsonWriter* json, const Row& row, const Marks& marks) {
  json->BeginObject();
  json->Key("rank");
  json->Unsigned(row.rank);
  WriteText(json, "route", row.route.name);
  WriteText(json, "service", row.service);
  WriteTexts(json, "protocols", row.route.protocols);
  WriteTexts(json, "hosts", row.hosts);
  WriteText(json, "path", row.path);
  WriteTexts(json, "methods", row.route.methods);
  WriteHeaders(json, row.route.headers);
  WriteTexts(json, "snis", row.route.snis);
  WriteNets(json, "sources", row.route.sources);
  WriteNets(json, "destinations", row.route.destinations);
  json->Key("regex_priority");
  json->Number(row.route.regex_priority);
  json->Key("strip_path");
  json->Bool(row.route.strip_path);
  json->Key("where");
  WritePlace(json, row.route.where);
  WriteConflicts(json, marks, row.route.name);
  json->EndObject();
}

std::string ToJson(const CompileResult& policy, const std::vector<Row>& rows) {
  const Marks marks = MarksOf(policy.diagnostics);
  std::string out;
  JsonWriter json(&out, 2);
  json.BeginObject();
  json.Key("routes");
  json.BeginArray();
  for (const Row& row : rows) WriteRow(&json, row, marks);
  json.EndArray();
  json.EndObject();
  return out + "\n";
}

constexpr Flag kFlags[] = {
    {"--format", "FORMAT", "text (default) or json"},
};

int Run(const Args& args) {
  const std::string_view format = args.Get("--format", "text");
  if (format != "text" && format != "json")
    return Fail("routes", absl::StrCat("expected --format text or json, found `", format, "`"));
  const std::unique_ptr<router::RegexProver> prover = router::MakeLibfaProver();
  CompileOptions options;
  options.route_prover = prover.get();
  options.keep_routes = true;
  const CompileResult policy = LoadPolicy(args.operands()[0], options);
  for (const Diagnostic& finding : policy.diagnostics)
    if (!IsConflict(finding)) std::fprintf(stderr, "%s\n", sluice::ToText(finding).c_str());
  if (policy.snapshot == nullptr) return kBadPolicy;
  const std::vector<Row> rows = RowsOf(policy);
  const std::string out = format == "json" ? ToJson(policy, rows) : ToText(policy, rows, WantsColour());
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}

}  // namespace

const Verb kRoutes = {
    .name = "routes",
    .summary = "print the routes in the order in which they win",
    .operands = "POLICY",
    .about =
        "Prints every route of a policy, the one that wins over all others first. A route with several paths has a "
        "place for each, and so has one whose hosts are some with a port and some without. Routes that tie, so that "
        "only the order in the document decides, and routes that are never reached are marked with `!`; sluice check "
        "shows a request that proves it. Routes of services that are not enabled are left out.\n\n"
        "Exit status: 0 the policy loads, 2 it does not.",
    .example =
        "  sluice routes policy.yaml\n"
        "  sluice routes policy.yaml --format json | jq '.routes[].conflicts[]'",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 1,
    .run = Run,
};

}  // namespace sluice::cli
