// sluice_version*, sluice_error_*, sluice_policy_*.
#include <memory>
#include <optional>
#include <string>

#include "capi/abi.h"
#include "capi/handles.h"
#include "capi/sluice.h"

using sluice::capi::IsHandle;

namespace sluice::capi {

bool GiveError(std::string_view text, sluice_error** error) noexcept {
  if (error == nullptr) return true;
  return Guard([&] {
           auto made = std::make_unique<sluice_error>();
           made->text = text;
           *error = made.release();
           return SLUICE_OK;
         }) == SLUICE_OK;
}

sluice_status BadArgument(std::string_view text, sluice_error** error) noexcept {
  GiveError(text, error);
  return SLUICE_E_ARGUMENT;
}

std::string ToText(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!text.empty()) text.push_back('\n');
    text += sluice::ToText(diagnostic);
  }
  return text;
}

namespace {

bool ToFormat(uint32_t format, CompileOptions::Format* out) {
  switch (format) {
    case SLUICE_FORMAT_AUTO: *out = CompileOptions::Format::kAuto; return true;
    case SLUICE_FORMAT_YAML: *out = CompileOptions::Format::kYaml; return true;
    case SLUICE_FORMAT_JSON: *out = CompileOptions::Format::kJson; return true;
    default: return false;
  }
}

// Null: fine.
const char* ToCompileOptions(const sluice_policy_options& in, CompileOptions* out) {
  if (!IsString(in.file_name)) return "options: file_name has a size but no data";
  if (in.reserved != 0) return "options: reserved must be 0";
  if (!ToFormat(in.format, &out->format)) return "options: format must be one of SLUICE_FORMAT_*";
  out->file_name = View(in.file_name);
  if (in.env == nullptr) return nullptr;
  out->environment = [in](std::string_view name) -> std::optional<std::string> {
    sluice_str value = {};
    if (in.env(in.env_context, Str(name), &value) == 0 || !IsString(value)) return std::nullopt;
    return std::string(View(value));
  };
  return nullptr;
}

sluice_status CompilePolicy(std::string_view document, const CompileOptions& options, sluice_policy** policy,
                            sluice_error** error) {
  CompileResult result = Compile(document, options);
  if (!result.diagnostics.empty() && !GiveError(ToText(result.diagnostics), error)) return SLUICE_E_MEMORY;
  if (result.snapshot == nullptr) return SLUICE_E_POLICY;
  auto made = std::make_unique<sluice_policy>();
  made->snapshot = std::move(result.snapshot);
  *policy = made.release();
  return SLUICE_OK;
}

}  // namespace
}  // namespace sluice::capi

extern "C" {

uint32_t sluice_abi_version(void) noexcept { return SLUICE_ABI_VERSION; }

const char* sluice_version(void) noexcept { return SLUICE_VERSION; }

sluice_str sluice_error_message(const sluice_error* error) noexcept {
  return IsHandle(error) ? sluice::capi::Str(error->text) : sluice_str{"", 0};
}

void sluice_error_free(sluice_error* error) noexcept {
  if (!IsHandle(error)) return;
  error->magic = 0;
  delete error;
}

sluice_status sluice_policy_compile(sluice_str document, const sluice_policy_options* options, sluice_policy** policy,
                                    sluice_error** error) noexcept {
  using namespace sluice::capi;
  if (error != nullptr) *error = nullptr;
  if (policy == nullptr) return BadArgument("policy: expected a place to store the handle, found NULL", error);
  *policy = nullptr;
  if (!IsString(document)) return BadArgument("document: it has a size but no data", error);
  sluice_policy_options given = {};
  if (options != nullptr && !CopyIn(options, &given))
    return BadArgument("options: struct_size is smaller than it ever was; set it to sizeof", error);
  return Guard([&] {
    sluice::CompileOptions compile;
    if (const char* wrong = ToCompileOptions(given, &compile)) return BadArgument(wrong, error);
    return CompilePolicy(View(document), compile, policy, error);
  });
}

void sluice_policy_free(sluice_policy* policy) noexcept {
  if (!IsHandle(policy)) return;
  policy->magic = 0;
  delete policy;
}

}  // extern "C"
