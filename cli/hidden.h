// What a page for a person does not show of a request: its credentials.
#ifndef SLUICE_CLI_HIDDEN_H_
#define SLUICE_CLI_HIDDEN_H_

#include <string>
#include <string_view>

namespace sluice::cli {

// A header or a query parameter whose name says that it carries a credential.
bool IsCredential(std::string_view name);

// "(hidden, 12 bytes)".
std::string Hidden(std::string_view value);

// A target or URL with the values of such parameters hidden, and those that are long enough to be a token or a key: a
// policy may look for them under any name.
std::string HideInQuery(std::string_view target);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_HIDDEN_H_
