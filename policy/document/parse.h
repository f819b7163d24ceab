// Text → Document, with everything that is wrong with it.
//
//   sluice::policy::ParseOptions options;
//   options.file_name = "policy.yaml";
//   options.env = [](std::string_view name) -> std::optional<std::string> { … };
//   sluice::policy::ParseResult parsed = sluice::policy::Parse(text, options);
//   for (const sluice::Diagnostic& d : parsed.diagnostics) std::puts(sluice::ToText(d).c_str());
//   if (!parsed.ok()) return;  // parsed.document is what could be read; do not enforce it
//
// Every error is reported in one run, sorted by place, at most limits::kDiagnostics of them. No exception escapes, no
// value of a credential or of an environment variable stands in a message. Opens no file, reads no environment of its
// own. Safe to call from any number of threads.
#ifndef SLUICE_POLICY_DOCUMENT_PARSE_H_
#define SLUICE_POLICY_DOCUMENT_PARSE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "policy/document/document.h"

namespace sluice::policy {

// What decK calls environment variables: the value of a name that begins with "DECK_", or nothing if it is not set.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct ParseOptions {
  enum class Format {
    kSniff,  // JSON if the first character that is no white space is '{', else YAML
    kYaml,
    kJson,
  };
  std::string file_name;  // for messages only
  Format format = Format::kSniff;
  EnvLookup env;  // empty (the default): a document that asks for a variable is refused
};

struct ParseResult {
  Document document;
  Diagnostics diagnostics;  // errors and warnings
  bool ok() const { return !HasErrors(diagnostics); }
};

ParseResult Parse(std::string_view text, const ParseOptions& options);

// A document of nothing but `revoked`, as it is published between two policies.
ParseResult ParseRevoked(std::string_view text, const ParseOptions& options);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_PARSE_H_
