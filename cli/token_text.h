// A token as the verbs about tokens take it.
#ifndef SLUICE_CLI_TOKEN_TEXT_H_
#define SLUICE_CLI_TOKEN_TEXT_H_

#include <optional>
#include <string>

#include "cli/flags.h"

namespace sluice::cli {

// The operand, or standard input when there is none or it is `-`, without spaces around it and `Bearer` before it.
// Nothing: `*error`.
std::optional<std::string> ReadToken(const Args& args, std::string* error);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_TOKEN_TEXT_H_
