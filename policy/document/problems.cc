#include "policy/document/problems.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace sluice::policy {

Diagnostics Problems::Take(const std::string& file_name) {
  auto position = [](const Diagnostic& d) { return std::tuple(d.where.line, d.where.column); };
  std::stable_sort(all_.begin(), all_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return position(a) < position(b); });
  if (dropped_ == 0) return std::move(all_);
  Diagnostic note;
  note.severity = error_dropped_ ? Severity::kError : Severity::kWarning;
  note.code = "too_many_problems";
  note.message = absl::StrCat(dropped_, " more problems are not shown");
  note.where.file = file_name;
  note.hint = "correct these first";
  all_.push_back(std::move(note));
  return std::move(all_);
}

}  // namespace sluice::policy
