// Every verb of the command, one file each.
#ifndef SLUICE_CLI_VERBS_H_
#define SLUICE_CLI_VERBS_H_

#include <string_view>

#include "cli/flags.h"

namespace sluice::cli {

extern const Verb kCertVerify;
extern const Verb kCheck;
extern const Verb kDecide;
extern const Verb kExplain;
extern const Verb kRoutes;
extern const Verb kTokenInspect;
extern const Verb kTokenJwks;
extern const Verb kTokenMint;
extern const Verb kTokenVerify;
extern const Verb kVersion;

// The exit status for a command line, a file or an input that cannot be used.
inline constexpr int kUnusable = 2;

// Prints "sluice VERB: error" on standard error; returns kUnusable.
int Fail(std::string_view verb, std::string_view error);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_VERBS_H_
