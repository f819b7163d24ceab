#include "auth/reason.h"

#include <iterator>

namespace sluice::auth {
namespace {

// In the order of the enum.
constexpr const char* kCodes[] = {
    "",
    "jwt_malformed",
    "jwt_too_large",
    "jwt_critical",
    "jwt_alg_not_allowed",
    "jwt_unknown_kid",
    "jwt_bad_signature",
    "jwt_missing_exp",
    "jwt_missing_nbf",
    "jwt_expired",
    "jwt_not_yet_valid",
    "jwt_lifetime_too_long",
    "jwt_bad_claim",
    "jwt_wrong_issuer",
    "jwt_wrong_audience",
    "jwt_wrong_type",
    "jwt_missing_claim",
    "jwt_insufficient_scope",
    "jwt_requirement",
    "jwt_revoked",
};
static_assert(std::size(kCodes) == kReasonCount);

}  // namespace

const char* ReasonCode(Reason reason) { return kCodes[static_cast<int>(reason)]; }

}  // namespace sluice::auth
