// decK's variables inside a scalar: ${{ env "DECK_NAME" }}, also with a filter: ${{ env "DECK_PORT" | toInt }}.
#ifndef SLUICE_POLICY_DOCUMENT_SUBSTITUTE_H_
#define SLUICE_POLICY_DOCUMENT_SUBSTITUTE_H_

#include <string>
#include <string_view>

#include "policy/document/parse.h"

namespace sluice::policy {

struct Substitution {
  std::string text;    // with each variable replaced
  bool typed = false;  // the whole text is one variable with toInt, toFloat or toBool
  std::string error;   // not empty: why it cannot be done; names variables, never values
  std::string hint;
};

bool HasVariables(std::string_view text);

// The result is at most limits::kDocumentStringBytes long, or an error. `env` may be empty.
Substitution Substitute(std::string_view text, const EnvLookup& env);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_SUBSTITUTE_H_
