// Any bytes, read as YAML: no crash, no exception, and never an outcome that is neither document nor error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "policy/document/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::policy::ParseOptions options;
  options.format = sluice::policy::ParseOptions::Format::kYaml;
  options.env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "DECK_UNSET") return std::nullopt;
    return std::string(name);
  };
  sluice::policy::ParseResult result = sluice::policy::Parse({reinterpret_cast<const char*>(data), size}, options);
  if (result.ok() && result.document.format_version.empty()) std::abort();
  return 0;
}
