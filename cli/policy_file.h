// A policy from a file, for every verb that needs one.
#ifndef SLUICE_CLI_POLICY_FILE_H_
#define SLUICE_CLI_POLICY_FILE_H_

#include <string_view>

#include "policy/gateway.h"

namespace sluice::cli {

// Reads and compiles; a file that cannot be read is a diagnostic like any other. References to the environment
// (${{ env "DECK_X" }}) are answered from this process's. The other members of `options`
// are taken as they are.
CompileResult LoadPolicy(std::string_view path, CompileOptions options = {});

// LoadPolicy for verbs that go on only with a good policy: prints what is wrong on standard error, or null.
std::shared_ptr<const Snapshot> LoadPolicyOrComplain(std::string_view path);

// Prints diagnostics on standard error.
void Complain(const Diagnostics& diagnostics);

// The exit status of a verb whose policy does not load.
inline constexpr int kBadPolicy = 2;

}  // namespace sluice::cli

#endif  // SLUICE_CLI_POLICY_FILE_H_
