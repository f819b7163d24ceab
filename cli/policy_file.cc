#include "cli/policy_file.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/diagnostic.h"
#include "base/limits.h"
#include "cli/input.h"

namespace sluice::cli {
namespace {

std::optional<std::string> Environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

CompileResult LoadPolicy(std::string_view path, CompileOptions options) {
  std::string error;
  std::optional<std::string> text = ReadFile(path, limits::kDocumentBytes, &error);
  if (text) {
    options.file_name = path == "-" ? "stdin" : std::string(path);
    options.environment = Environment;
    return Compile(*text, options);
  }
  Diagnostic unreadable;
  unreadable.code = "unreadable_file";
  unreadable.message = error;
  unreadable.where.file = path;
  CompileResult result;
  result.diagnostics.push_back(unreadable);
  return result;
}

std::shared_ptr<const Snapshot> LoadPolicyOrComplain(std::string_view path) {
  CompileResult result = LoadPolicy(path);
  Complain(result.diagnostics);
  return result.snapshot;
}

void Complain(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) std::fprintf(stderr, "%s\n", ToText(diagnostic).c_str());
}

}  // namespace sluice::cli
