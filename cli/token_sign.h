// Signing a token: the one place that touches cpp-jwt (PS… and EdDSA, which it lacks, BoringSSL signs). For the command
// and its tests; never on the verify path.
#ifndef SLUICE_CLI_TOKEN_SIGN_H_
#define SLUICE_CLI_TOKEN_SIGN_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

struct TokenSpec {
  std::string alg;                                               // "RS256"
  std::vector<std::pair<std::string, std::string>> header = {};  // beside alg and typ; name and JSON value
  std::vector<std::pair<std::string, std::string>> claims = {};  // name and JSON value; the last of a name counts
};

// Whether the key is a shared secret (HS…) and not a private key in PEM. Nothing: an unknown algorithm.
std::optional<bool> TakesSecret(std::string_view alg);

// The names that TokenSpec::alg may have, for messages.
std::string_view KnownAlgorithms();

// Nothing: `*error` says why, never showing the key.
std::optional<std::string> SignToken(const TokenSpec& spec, std::string_view key, std::string* error);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_TOKEN_SIGN_H_
