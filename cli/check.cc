// sluice check: what is wrong with a policy, all of it.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/diagnostic.h"
#include "capi/sluice.h"
#include "cli/json_parts.h"
#include "cli/policy_file.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "policy/json/json_writer.h"
#include "router/prover/libfa_prover.h"

namespace sluice::cli {
namespace {

size_t Count(const Diagnostics& diagnostics, Severity severity) {
  return static_cast<size_t>(std::count_if(diagnostics.begin(), diagnostics.end(),
                                           [&](const Diagnostic& d) { return d.severity == severity; }));
}

void WriteNamedUnlessEmpty(JsonWriter* json, std::string_view name, std::string_view text) {
  if (!text.empty()) WriteNamed(json, name, text);
}

// As a request that `sluice decide` reads.
void WriteWitness(JsonWriter* json, const std::optional<Witness>& witness) {
  if (!witness) return json->Null();
  json->BeginObject();
  WriteNamedUnlessEmpty(json, "method", witness->method);
  WriteNamed(json, "scheme", witness->scheme);
  WriteNamedUnlessEmpty(json, "host", witness->host);
  if (witness->port != 0) {
    json->Key("port");
    json->Unsigned(witness->port);
  }
  WriteNamedUnlessEmpty(json, "path", witness->path);
  if (!witness->headers.empty()) {
    json->Key("headers");
    json->BeginArray();
    for (const auto& [name, value] : witness->headers) {
      json->BeginArray();
      json->String(name);
      json->String(value);
      json->EndArray();
    }
    json->EndArray();
  }
  WriteNamedUnlessEmpty(json, "peer", witness->peer);
  WriteNamedUnlessEmpty(json, "server", witness->server);
  if (!witness->sni.empty()) {
    json->Key("tls");
    json->BeginObject();
    WriteNamed(json, "sni", witness->sni);
    json->EndObject();
  }
  json->EndObject();
}

void WriteDiagnostic(JsonWriter* json, const Diagnostic& diagnostic) {
  json->BeginObject();
  WriteNamed(json, "code", diagnostic.code);
  WriteNamed(json, "message", diagnostic.message);
  json->Key("where");
  WritePlace(json, diagnostic.where);
  json->Key("related");
  json->BeginArray();
  for (const Place& place : diagnostic.related) WritePlace(json, place);
  json->EndArray();
  WriteTexts(json, "routes", diagnostic.routes);
  json->Key("witness");
  WriteWitness(json, diagnostic.witness);
  if (diagnostic.contrast) {
    json->Key("contrast");
    WriteWitness(json, diagnostic.contrast);
  }
  json->Key("hint");
  json->StringOrNull(diagnostic.hint);
  json->EndObject();
}

// "errors", "warnings" and, with --overlaps, "notes".
std::string ToJson(const Diagnostics& diagnostics, bool with_notes) {
  std::string out;
  JsonWriter json(&out, 2);
  json.BeginObject();
  for (Severity severity : {Severity::kError, Severity::kWarning, Severity::kNote}) {
    if (severity == Severity::kNote && !with_notes) continue;
    json.Key(absl::StrCat(ToText(severity), "s"));
    json.BeginArray();
    for (const Diagnostic& diagnostic : diagnostics)
      if (diagnostic.severity == severity) WriteDiagnostic(&json, diagnostic);
    json.EndArray();
  }
  json.EndObject();
  return out + "\n";
}

// A relative reference (RFC 3986): what is neither unreserved nor a slash is escaped.
std::string UriOf(std::string_view path) {
  std::string uri;
  for (char c : path) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~/", c))
      uri.push_back(c);
    else
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  }
  return uri;
}

void WriteSarifLocation(JsonWriter* json, const Place& place) {
  json->BeginObject();
  json->Key("physicalLocation");
  json->BeginObject();
  json->Key("artifactLocation");
  json->BeginObject();
  WriteNamed(json, "uri", UriOf(place.file));
  json->EndObject();
  if (place.line != 0) {
    json->Key("region");
    json->BeginObject();
    json->Key("startLine");
    json->Unsigned(place.line);
    json->Key("startColumn");
    json->Unsigned(std::max(place.column, 1u));
    json->EndObject();
  }
  json->EndObject();
  json->EndObject();
}

void WriteSarifResult(JsonWriter* json, const Diagnostic& diagnostic) {
  json->BeginObject();
  WriteNamed(json, "ruleId", diagnostic.code);
  WriteNamed(json, "level", ToText(diagnostic.severity));
  json->Key("message");
  json->BeginObject();
  std::string hint = diagnostic.hint.empty() ? "" : absl::StrCat(" (", diagnostic.hint, ")");
  std::string example = diagnostic.witness ? absl::StrCat(", for example ", ToText(*diagnostic.witness)) : "";
  WriteNamed(json, "text", absl::StrCat(diagnostic.message, example, hint));
  json->EndObject();
  json->Key("locations");
  json->BeginArray();
  WriteSarifLocation(json, diagnostic.where);
  json->EndArray();
  json->Key("relatedLocations");
  json->BeginArray();
  for (const Place& place : diagnostic.related) WriteSarifLocation(json, place);
  json->EndArray();
  json->EndObject();
}

// SARIF 2.1.0 (OASIS), the part of it that code hosts show beside the changed line.
std::string ToSarif(const Diagnostics& diagnostics) {
  std::string out;
  JsonWriter json(&out, 2);
  json.BeginObject();
  WriteNamed(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  WriteNamed(&json, "version", "2.1.0");
  json.Key("runs");
  json.BeginArray();
  json.BeginObject();
  json.Key("tool");
  json.BeginObject();
  json.Key("driver");
  json.BeginObject();
  WriteNamed(&json, "name", "sluice");
  WriteNamed(&json, "version", SLUICE_VERSION);
  json.EndObject();
  json.EndObject();
  json.Key("results");
  json.BeginArray();
  for (const Diagnostic& diagnostic : diagnostics) WriteSarifResult(&json, diagnostic);
  json.EndArray();
  json.EndObject();
  json.EndArray();
  json.EndObject();
  return out + "\n";
}

std::string ToLines(const Diagnostics& diagnostics, std::string_view path) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) absl::StrAppend(&out, ToText(diagnostic), "\n");
  if (diagnostics.empty()) return absl::StrCat(path, ": ok\n");
  const size_t notes = Count(diagnostics, Severity::kNote);
  return absl::StrCat(out, path, ": ", Counted(Count(diagnostics, Severity::kError), "error"), ", ",
                      Counted(Count(diagnostics, Severity::kWarning), "warning"),
                      notes == 0 ? "" : absl::StrCat(", ", Counted(notes, "note")), "\n");
}

constexpr Flag kFlags[] = {
    {"--format", "FORMAT", "text (default), json, or sarif (for code hosts that show findings in place)"},
    {"--strict", "", "warnings alone also end with exit status 1"},
    {"--overlaps", "", "for a review, also note which routes win requests that others match; notes are no warnings"},
};

int Run(const Args& args) {
  std::string_view format = args.Get("--format", "text");
  if (format != "text" && format != "json" && format != "sarif")
    return Fail("check", absl::StrCat("expected --format text, json or sarif, found `", format, "`"));
  std::string_view path = args.operands()[0];
  const std::unique_ptr<router::RegexProver> prover = router::MakeLibfaProver();
  CompileOptions options;
  options.route_prover = prover.get();
  options.report_overlaps = args.Has("--overlaps");
  Diagnostics diagnostics = LoadPolicy(path, options).diagnostics;
  std::string out = format == "json"    ? ToJson(diagnostics, options.report_overlaps)
                    : format == "sarif" ? ToSarif(diagnostics)
                                        : ToLines(diagnostics, path);
  std::fwrite(out.data(), 1, out.size(), stdout);
  if (HasErrors(diagnostics)) return 2;
  return args.Has("--strict") && Count(diagnostics, Severity::kWarning) > 0 ? 1 : 0;
}

}  // namespace

const Verb kCheck = {
    .name = "check",
    .summary = "say everything that is wrong with a policy",
    .operands = "POLICY",
    .about =
        "Reads and compiles a policy (Kong's declarative format, YAML or JSON) and "
        "reports every error and warning in one run, each with file, line and column.\n\n"
        "Routes are proved against each other: two that tie, one that is never reached, "
        "an expression that can never match. A request shows each finding; --format json "
        "has it as `sluice decide` reads it.\n\n"
        "Exit status: 0 it loads, 1 it has warnings and --strict was given, 2 it has "
        "errors.",
    .example =
        "  sluice check policy.yaml --strict\n"
        "  sluice check policy.yaml --format json | jq '.errors[].message'",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 1,
    .run = Run,
};

}  // namespace sluice::cli
