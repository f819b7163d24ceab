#include "auth/jwt.h"

#include <algorithm>
#include <cmath>

#include "base/ascii.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

// Seconds (RFC 7519 NumericDate: any JSON number) to nanoseconds, saturated.
int64_t ToNs(JsonValue date) {
  if (date.type() == JsonType::kInteger) {
    int64_t s = date.AsInteger();
    if (s > kMost / kNsPerSecond) return kMost;
    if (s < kLeast / kNsPerSecond) return kLeast;
    return s * kNsPerSecond;
  }
  double ns = std::floor(date.AsNumber() * 1e9);
  if (ns >= 9.2e18) return kMost;
  if (ns <= -9.2e18) return kLeast;
  return static_cast<int64_t>(ns);
}

int64_t AddSaturated(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMost : kLeast;
}

// A century is more than any sane rule, and keeps arithmetic far from overflow.
int64_t RuleNs(int64_t seconds) { return std::clamp<int64_t>(seconds, 0, 3'155'760'000) * kNsPerSecond; }

int64_t WholeSeconds(int64_t later_ns, int64_t earlier_ns) {
  return AddSaturated(later_ns, earlier_ns == kLeast ? kMost : -earlier_ns) / kNsPerSecond;
}

Verdict Refuse(ClaimFigures* figures, ClaimFigures what, Reason reason, const char* detail) {
  if (figures) *figures = what;
  return {reason, detail};
}

bool ReadTime(const Token& token, const char* name, int64_t* ns, bool* has, ClaimFigures* figures) {
  JsonValue value = token.Claim(name);
  *has = value.exists();
  if (!*has) return true;
  if (!value.IsNumber()) {
    if (figures) *figures = {name, 0, 0};
    return false;
  }
  *ns = ToNs(value);
  return true;
}

bool Contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool IsStringOrStrings(JsonValue value) {
  if (value.IsString()) return true;
  if (!value.IsArray()) return false;
  for (JsonValue v = value.First(); v.exists(); v = v.Next())
    if (!v.IsString()) return false;
  return true;
}

// RFC 7515 section 4.1.9: `application/` may be left out where no other slash follows.
std::string_view WithoutApplication(std::string_view type) {
  constexpr std::string_view kPrefix = "application/";
  bool has = EqualsIgnoringCase(type.substr(0, kPrefix.size()), kPrefix);
  return has && type.find('/', kPrefix.size()) == std::string_view::npos ? type.substr(kPrefix.size()) : type;
}

Verdict CheckIssuer(const Token& token, const ClaimRules& rules, ClaimFigures* figures) {
  if (rules.issuers.empty()) return {};
  JsonValue iss = token.Claim("iss");
  if (iss.exists() && !iss.IsString())
    return Refuse(figures, {"iss", 0, 0}, Reason::kBadClaim, "`iss` is not a string");
  if (iss.exists() && Contains(rules.issuers, iss.AsString())) return {};
  return Refuse(figures, {"iss", 0, 0}, Reason::kWrongIssuer, "the issuer is not one of this policy's");
}

Verdict CheckAudience(const Token& token, const ClaimRules& rules, ClaimFigures* figures) {
  if (rules.audiences.empty()) return {};
  JsonValue aud = token.Claim("aud");
  if (aud.exists() && !IsStringOrStrings(aud))
    return Refuse(figures, {"aud", 0, 0}, Reason::kBadClaim, "`aud` is neither a string nor a list of strings");
  for (const std::string& audience : rules.audiences)
    if (HasString(aud, audience)) return {};
  return Refuse(figures, {"aud", 0, 0}, Reason::kWrongAudience, "the token is for another audience");
}

Verdict CheckType(const Token& token, const ClaimRules& rules, ClaimFigures* figures) {
  if (rules.types.empty()) return {};
  JsonValue typ = token.header().Member("typ");
  for (const std::string& type : rules.types)
    if (typ.IsString() && EqualsIgnoringCase(WithoutApplication(typ.AsString()), WithoutApplication(type))) return {};
  return Refuse(figures, {"typ", 0, 0}, Reason::kWrongType, "the header's `typ` is not one of this policy's");
}

bool IsAbsent(JsonValue value) { return value.type() == JsonType::kMissing || value.type() == JsonType::kNull; }

Verdict CheckRequiredClaims(const Token& token, const ClaimRules& rules, ClaimFigures* figures) {
  for (const ClaimPath& path : rules.required_claims) {
    JsonValue value = path.empty() ? JsonValue() : token.claims();
    const char* claim = "";
    for (size_t i = 0; i < path.size() && !IsAbsent(value); ++i) {
      claim = path[i].c_str();
      value = value.Member(path[i]);
    }
    if (IsAbsent(value)) return Refuse(figures, {claim, 0, 0}, Reason::kMissingClaim, "a required claim is missing");
  }
  return {};
}

// Unlike other claims, a list may have several scopes in one element.
bool HasScope(JsonValue claim, std::string_view scope) {
  if (!claim.IsArray()) return HasValue(claim, scope);
  for (JsonValue v = claim.First(); v.exists(); v = v.Next())
    if (v.IsString() && HasValue(v, scope)) return true;
  return false;
}

Verdict CheckScopes(const Token& token, const ClaimRules& rules, ClaimFigures* figures) {
  for (const std::string& scope : rules.required_scopes)
    if (!HasScope(token.Claim("scope"), scope) && !HasScope(token.Claim("scp"), scope))
      return Refuse(figures, {scope.c_str(), 0, 0}, Reason::kInsufficientScope, "a required scope is missing");
  return {};
}

Verdict CheckRequirements(const Token& token, const ClaimRules& rules, ClaimFigures* figures) {
  for (const Requirement& requirement : rules.requirements)
    if (const Requirement* unmet = Unmet(requirement, token.claims()))
      return Refuse(figures, {"", 0, 0, unmet->text.c_str()}, requirement.reason, "the claims are not those required");
  return {};
}

}  // namespace

Verdict Token::Parse(std::string_view compact) {
  Verdict form = jws_.Parse(compact);
  if (!form.ok()) return form;
  if (!claims_.Parse(jws_.payload_.data(), jws_.payload_size_, {limits::kTokenDepth, limits::kTokenNodes})) {
    jws_.json_fault_ = claims_.error();
    return {Reason::kMalformed, "the claims are not an object of strict JSON"};
  }
  return {};
}

bool ReadTimes(const Token& token, TokenTimes* times, ClaimFigures* figures) {
  *times = {};
  int64_t iat_ns;
  bool has_iat;
  return ReadTime(token, "exp", &times->exp_ns, &times->has_exp, figures) &&
         ReadTime(token, "nbf", &times->nbf_ns, &times->has_nbf, figures) &&
         ReadTime(token, "iat", &iat_ns, &has_iat, figures);
}

int64_t IssuedAt(const Token& token) {
  const JsonValue iat = token.Claim("iat");
  return iat.IsNumber() ? ToNs(iat) : kLeast;
}

Verdict CheckTimes(const TokenTimes& times, const ClaimRules& rules, int64_t now, ClaimFigures* figures) {
  int64_t leeway = RuleNs(rules.leeway_s);
  bool limited = rules.max_lifetime_s > 0;
  if (!times.has_exp && (rules.require_exp || limited))
    return Refuse(figures, {"exp", 0, 0}, Reason::kMissingExp, "`exp` is missing");
  if (!times.has_nbf && rules.require_nbf)
    return Refuse(figures, {"nbf", 0, 0}, Reason::kMissingNbf, "`nbf` is missing");
  // RFC 7519 section 4.1.4: no longer accepted on or after `exp`.
  bool exp_matters = times.has_exp && (rules.check_exp || rules.require_exp || limited);
  if (exp_matters && now >= AddSaturated(times.exp_ns, leeway))
    return Refuse(figures, {"exp", WholeSeconds(now, times.exp_ns), leeway / kNsPerSecond}, Reason::kExpired,
                  "the token has expired");
  bool nbf_matters = times.has_nbf && (rules.check_nbf || rules.require_nbf);
  if (nbf_matters && now < AddSaturated(times.nbf_ns, -leeway))
    return Refuse(figures, {"nbf", WholeSeconds(times.nbf_ns, now), leeway / kNsPerSecond}, Reason::kNotYetValid,
                  "the token is not valid yet");
  int64_t furthest = AddSaturated(now, RuleNs(rules.max_lifetime_s));
  if (limited && times.exp_ns > furthest)
    return Refuse(figures, {"exp", WholeSeconds(times.exp_ns, furthest), rules.max_lifetime_s},
                  Reason::kLifetimeTooLong, "`exp` is further ahead than allowed");
  return {};
}

Verdict CheckClaims(const Token& token, const ClaimRules& rules, int64_t now_wall_ns, ClaimFigures* figures) {
  TokenTimes times;
  if (!ReadTimes(token, &times, figures)) return {Reason::kBadClaim, "a date is not a number"};
  Verdict verdict = CheckTimes(times, rules, now_wall_ns, figures);
  if (verdict.ok()) verdict = CheckIssuer(token, rules, figures);
  if (verdict.ok()) verdict = CheckAudience(token, rules, figures);
  if (verdict.ok()) verdict = CheckType(token, rules, figures);
  if (verdict.ok()) verdict = CheckRequiredClaims(token, rules, figures);
  if (verdict.ok()) verdict = CheckScopes(token, rules, figures);
  if (verdict.ok()) verdict = CheckRequirements(token, rules, figures);
  return verdict;
}

bool HasString(JsonValue value, std::string_view wanted) {
  if (value.IsString()) return value.AsString() == wanted;
  if (!value.IsArray()) return false;
  for (JsonValue v = value.First(); v.exists(); v = v.Next())
    if (v.IsString() && v.AsString() == wanted) return true;
  return false;
}

}  // namespace sluice::auth
