// The verdict on a token in words: the cause with its figures, and what would mend it.
#ifndef SLUICE_CLI_TOKEN_VERDICT_H_
#define SLUICE_CLI_TOKEN_VERDICT_H_

#include <string>

#include "auth/jwk_set.h"
#include "auth/jwt.h"
#include "auth/reason.h"

namespace sluice::cli {

struct TokenVerdict {
  auth::Verdict verdict;
  auth::ClaimFigures figures;
};

// Of a token that Token::Parse took, or refused: then nothing is said of what it holds.
std::string TokenCause(const TokenVerdict& outcome, const auth::Token& token, const auth::KeySet& keys,
                       const auth::ClaimRules& rules);

std::string TokenMend(auth::Reason reason);

}  // namespace sluice::cli

#endif  // SLUICE_CLI_TOKEN_VERDICT_H_
