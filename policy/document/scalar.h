// What a plain scalar is, by the core schema of YAML 1.2 (10.3.2), and its value.
#ifndef SLUICE_POLICY_DOCUMENT_SCALAR_H_
#define SLUICE_POLICY_DOCUMENT_SCALAR_H_

#include <cstdint>
#include <string_view>

#include "policy/document/tree.h"

namespace sluice::policy {

// kNull, kBool, kInteger, kFloat or kString.
NodeKind ScalarKind(std::string_view text);

// Each returns false if `text` is not of that kind, or does not fit. An integer may be written as a float without a
// fraction ("1e3"), as Kong accepts it.
bool ScalarToBool(std::string_view text, bool* out);
bool ScalarToInteger(std::string_view text, int64_t* out);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_SCALAR_H_
