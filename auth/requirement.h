// What the claims of a token must say beyond its times: a tree of `any` and `all` whose leaves are claims.
//
//   // scope has "orders:read" and "orders:write", or realm_access.roles has "admin"
//   Requirement wanted = AnyOf({
//       AllOf({Claim({"scope"}, "orders:read"), Claim({"scope"}, "orders:write")}),
//       Claim({"realm_access", "roles"}, "admin"),
//   });
//   const Requirement* unmet = Unmet(wanted, token.claims());
//   if (unmet != nullptr) trace(unmet->text);  // "any of (all of (scope has `orders:read`, …), realm_access.roles …)"
//
// Unmet allocates nothing and goes as deep as the tree: whoever builds one from a stranger's text bounds it by
// limits::kRequirementDepth. Immutable once built, then safe from any number of threads.
#ifndef SLUICE_AUTH_REQUIREMENT_H_
#define SLUICE_AUTH_REQUIREMENT_H_

#include <string>
#include <string_view>
#include <vector>

#include "auth/json.h"
#include "auth/reason.h"

namespace sluice::auth {

// Where a claim is: names, from the outermost object inward; {"realm_access", "roles"} are Keycloak's. A dot in a name
// is a character, for claims are often named by URLs. Empty: nowhere.
using ClaimPath = std::vector<std::string>;

JsonValue ClaimAt(JsonValue claims, const ClaimPath& path);

struct Requirement {
  enum class Kind : uint8_t {
    kClaim,    // the claim is there: neither missing nor null
    kHas,      // HasValue(claim, value)
    kMissing,  // the claim is not there
    kAll,      // each part is met; without parts: met
    kAny,      // at least one part is met; without parts: not met
  };
  Kind kind = Kind::kAll;
  ClaimPath claim;
  std::string value;
  std::vector<Requirement> parts;

  // Of one that CheckClaims asks for: why a token without it is refused.
  Reason reason = Reason::kRequirement;
  std::string text;  // for the operator: "scope has `orders:read`"
};

// With their texts.
Requirement Claim(ClaimPath claim);
Requirement Claim(ClaimPath claim, std::string value);
Requirement NoClaim(ClaimPath claim);
Requirement AllOf(std::vector<Requirement> parts);
Requirement AnyOf(std::vector<Requirement> parts);

// Null: met. Else the part that explains best why not: of `all` the first that is not met, an `any` as a whole.
const Requirement* Unmet(const Requirement& requirement, JsonValue claims);
const Requirement* Unmet(Requirement&& requirement, JsonValue claims) = delete;  // what it points to would be gone

// Whether a claim says `value`: it is that string, that number, `true` or `false`, or a list with such an element
// (`aud`, `groups`), or is a string that has it as a word between spaces (`scope` of RFC 8693). An element is taken
// whole: whoever is in a group "Sales admin" is not in "admin".
bool HasValue(JsonValue claim, std::string_view value);

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_REQUIREMENT_H_
