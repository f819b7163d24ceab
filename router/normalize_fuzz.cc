// What is accepted is safe to send, and means the same when it comes back.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "router/normalize.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::router;  // NOLINT: a program of one function
  sluice::Arena arena;
  NormalTarget first;
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  if (NormalizeTarget(target, &arena, &first) != TargetError::kNone) return 0;
  if (first.form == TargetForm::kAsterisk) return 0;
  Require(!first.path.empty() && first.path[0] == '/');
  Require(first.path.find("//") == std::string_view::npos);
  Require(first.path.find("/../") == std::string_view::npos && first.path.find("/./") == std::string_view::npos);
  const std::string_view sent = EscapePath(first.path, &arena);
  for (char c : sent) Require(c > ' ' && c < 0x7f);
  if (sent.size() > 65536) return 0;  // escapes made it longer than a target may be
  NormalTarget second;
  // A normal path may hold `#` or `?` only as an escape, so that nothing of it is cut.
  Require(NormalizeTarget(sent, &arena, &second) == TargetError::kNone);
  Require(second.path == first.path && !second.has_query);
  return 0;
}
