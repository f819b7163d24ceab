// Diagnostics of one run, bounded.
#ifndef SLUICE_POLICY_DOCUMENT_PROBLEMS_H_
#define SLUICE_POLICY_DOCUMENT_PROBLEMS_H_

#include <cstddef>
#include <string>
#include <utility>

#include "base/diagnostic.h"
#include "base/limits.h"

namespace sluice::policy {

class Problems {
 public:
  void Add(Diagnostic problem) {
    if (!full()) return all_.push_back(std::move(problem));
    ++dropped_;
    error_dropped_ = error_dropped_ || problem.severity == Severity::kError;
  }

  // Nothing more will be kept: hints that cost time are not worth it.
  bool full() const { return all_.size() >= limits::kDiagnostics; }

  // Sorted by place, with a note at the end if some were dropped.
  Diagnostics Take(const std::string& file_name);

 private:
  Diagnostics all_;
  size_t dropped_ = 0;
  bool error_dropped_ = false;
};

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_PROBLEMS_H_
