#include "cli/token_verdict.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "auth/algorithm.h"
#include "auth/json.h"
#include "base/limits.h"

namespace sluice::cli {
namespace {

constexpr size_t kMostNames = 8;  // of a long list

std::string Ticked(std::string_view text) { return absl::StrCat("`", text, "`"); }

std::string Listed(const std::vector<std::string>& names, std::string_view otherwise) {
  if (names.empty()) return std::string(otherwise);
  const size_t shown = std::min(names.size(), kMostNames);
  std::string list =
      absl::StrJoin(names.begin(), names.begin() + static_cast<ptrdiff_t>(shown), ", ",
                    [](std::string* out, const std::string& name) { absl::StrAppend(out, Ticked(name)); });
  return shown == names.size() ? list : absl::StrCat(list, " and ", names.size() - shown, " more");
}

// A claim that is a string or a list of them.
std::string Found(auth::JsonValue value) {
  if (value.IsString()) return Ticked(value.AsString());
  std::vector<std::string> names;
  for (auth::JsonValue one = value.First(); one.exists(); one = one.Next()) names.emplace_back(one.AsString());
  return Listed(names, value.exists() ? "an empty list" : "none");
}

std::string Expected(std::string_view what, const std::vector<std::string>& wanted, auth::JsonValue found) {
  const bool shown = found.IsString() || found.IsArray() || !found.exists();
  return absl::StrCat("expected ", what, wanted.size() > 1 ? " one of " : " ", Listed(wanted, ""), ", found ",
                      shown ? Found(found) : "no string");
}

std::string WrongAlgorithm(const auth::Token& token, const auth::KeySet& keys) {
  auth::AlgorithmSet all;
  for (size_t i = 0; i < keys.size(); ++i)
    if (!keys.HasKid(token.kid()) || keys.key(i).kid() == token.kid()) all = all | keys.key(i).algorithms();
  std::vector<std::string> names;
  for (int i = 0; i < auth::kAlgorithmCount; ++i)
    if (auto algorithm = static_cast<auth::Algorithm>(i); all.Has(algorithm))
      names.emplace_back(auth::AlgorithmName(algorithm));
  return absl::StrCat("the token says ", Ticked(token.algorithm_name()), ", the key is for ", Listed(names, "none"));
}

std::string UnknownKid(const auth::Token& token, const auth::KeySet& keys) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < keys.size(); ++i)
    if (!keys.key(i).kid().empty()) ids.push_back(keys.key(i).kid());
  return absl::StrCat("the token says ", token.kid().empty() ? "no key id" : Ticked(token.kid()), ", the set has ",
                      keys.size() == 0 ? "no usable key" : Listed(ids, "no key ids"));
}

}  // namespace

std::string TokenCause(const TokenVerdict& outcome, const auth::Token& token, const auth::KeySet& keys,
                       const auth::ClaimRules& rules) {
  const auth::ClaimFigures& figures = outcome.figures;
  const std::string leeway = absl::StrCat(", with a leeway of ", figures.allowed_s, " s");
  switch (outcome.verdict.reason) {
    case auth::Reason::kTooLarge: return absl::StrCat("has more than the ", limits::kTokenBytes, " bytes allowed");
    case auth::Reason::kAlgNotAllowed: return WrongAlgorithm(token, keys);
    case auth::Reason::kUnknownKid: return UnknownKid(token, keys);
    case auth::Reason::kExpired: return absl::StrCat("`exp` was ", figures.off_by_s, " s ago", leeway);
    case auth::Reason::kNotYetValid: return absl::StrCat("`nbf` is in ", figures.off_by_s, " s", leeway);
    case auth::Reason::kWrongIssuer: return Expected("the issuer", rules.issuers, token.Claim("iss"));
    case auth::Reason::kWrongAudience: return Expected("the audience", rules.audiences, token.Claim("aud"));
    case auth::Reason::kWrongType: return Expected("the type", rules.types, token.header().Member("typ"));
    case auth::Reason::kBadSignature:
      return absl::StrCat("the signature (", Ticked(token.algorithm_name()), ") is not by this key over this text");
    default: return outcome.verdict.detail;
  }
}

std::string TokenMend(auth::Reason reason) {
  switch (reason) {
    case auth::Reason::kMalformed:
    case auth::Reason::kTooLarge:
    case auth::Reason::kCritical:
      return "give the whole token, as its issuer made it; others than signed JWTs are refused";
    case auth::Reason::kAlgNotAllowed: return "sign with an algorithm that the key is for, or give the key of this one";
    case auth::Reason::kUnknownKid:
      return "fetch the issuer's key set anew, or look whether the token is this issuer's";
    case auth::Reason::kBadSignature: return "give the key that signed it; if this is the one, the token was changed";
    case auth::Reason::kExpired: return "get a new token; if it is new, set the clocks right or give --leeway";
    case auth::Reason::kNotYetValid: return "wait, or set the clocks right, or give --leeway";
    case auth::Reason::kMissingExp: return "let the issuer set `exp`: without it a token is good for ever";
    case auth::Reason::kWrongIssuer:
    case auth::Reason::kWrongAudience:
    case auth::Reason::kWrongType: return "get a token that is meant for this, or expect what this one says";
    default: return "let the issuer set the claim as RFC 7519 has it";
  }
}

}  // namespace sluice::cli
