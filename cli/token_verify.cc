// sluice token verify: whether a token would be believed, and if not, why and what would mend it.
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "auth/algorithm.h"
#include "auth/jwk_set.h"
#include "auth/jwt.h"
#include "auth/key.h"
#include "base/limits.h"
#include "cli/dates.h"
#include "cli/input.h"
#include "cli/terminal.h"
#include "cli/token_text.h"
#include "cli/token_verdict.h"
#include "cli/verbs.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kVerb = "token verify";
constexpr int64_t kLeewayMost = 3600;  // as in a policy

struct Keys {
  std::shared_ptr<const auth::KeySet> set;
  auth::Notes notes;  // which were skipped, and why
};

bool ReadAlgorithms(const Args& args, auth::AlgorithmSet* algorithms, std::string* error) {
  for (std::string_view name : args.All("--alg")) {
    std::optional<auth::Algorithm> algorithm = auth::FindAlgorithm(name);
    if (!algorithm) {
      *error = absl::StrCat("expected --alg as the name of an algorithm (RS256, ES256 …), found `", name, "`");
      return false;
    }
    *algorithms = *algorithms | auth::AlgorithmSet{*algorithm};
  }
  return true;
}

bool ReadSet(std::string_view text, auth::AlgorithmSet algorithms, Keys* keys, std::string* error) {
  auth::JwkSetOptions options;
  if (!algorithms.empty()) options.algorithms = algorithms;
  options.allow_secrets = !(algorithms & auth::AlgorithmSet::OfKeyType(auth::KeyType::kSecret)).empty();
  keys->set = auth::KeySet::ParseJwkSet(text, options, error, &keys->notes);
  return keys->set != nullptr;
}

// One key for one algorithm. Kong takes short secrets, and so does this, with a note.
bool ReadOne(const Args& args, std::string_view flag, std::string text, Keys* keys, std::string* error) {
  const bool secret = flag == "--secret-file";
  if (args.All("--alg").size() > 1 || (!secret && !args.Has("--alg"))) {
    *error = absl::StrCat("expected --alg once with ", flag, ": a key is for one algorithm, whatever a token says");
    return false;
  }
  const auth::Algorithm algorithm = *auth::FindAlgorithm(args.Get("--alg", "HS256"));
  if (secret && !text.empty() && text.back() == '\n') text.pop_back();
  std::optional<auth::Key> key = secret ? auth::Key::FromSecret(text, algorithm, {.allow_short_secret = true}, error)
                                        : auth::Key::FromPem(text, algorithm, error);
  if (!key) return false;
  keys->set = std::make_shared<auth::KeySet>(std::vector<auth::Key>{*key});
  if (secret && text.size() < static_cast<size_t>(auth::HashBytes(algorithm)))
    keys->notes.push_back(absl::StrCat("a secret of ", text.size(), " bytes can be guessed from one token: expected ",
                                       auth::HashBytes(algorithm), " or more"));
  return true;
}

bool ReadKeys(const Args& args, Keys* keys, std::string* error) {
  std::vector<std::string_view> given;
  for (std::string_view flag : {"--key", "--secret-file", "--jwks"})
    for (size_t i = args.All(flag).size(); i > 0; --i) given.push_back(flag);
  if (given.size() != 1) {
    *error = absl::StrCat("expected one of --key, --secret-file and --jwks, found ", given.size());
    return false;
  }
  const std::string_view flag = given[0], file = args.Get(flag);
  if (file == "-" && (args.operands().empty() || args.operands()[0] == "-")) {
    *error = absl::StrCat("standard input cannot be both the token and ", flag, ": give a file");
    return false;
  }
  auth::AlgorithmSet algorithms;
  if (!ReadAlgorithms(args, &algorithms, error)) return false;
  const size_t most = flag == "--jwks" ? limits::kJwkSetBytes : limits::kSigningKeyBytes;
  std::optional<std::string> text = ReadFile(file, most, error);
  if (!text) return false;
  if (flag == "--jwks" ? ReadSet(*text, algorithms, keys, error) : ReadOne(args, flag, *text, keys, error)) return true;
  *error = absl::StrCat(file, ": ", *error);
  return false;
}

bool ReadRules(const Args& args, auth::ClaimRules* rules, std::string* error) {
  for (std::string_view text : args.All("--iss")) rules->issuers.emplace_back(text);
  for (std::string_view text : args.All("--aud")) rules->audiences.emplace_back(text);
  for (std::string_view text : args.All("--typ")) rules->types.emplace_back(text);
  std::string_view leeway = args.Get("--leeway", "0");
  if (absl::SimpleAtoi(leeway, &rules->leeway_s) && rules->leeway_s >= 0 && rules->leeway_s <= kLeewayMost) return true;
  *error = absl::StrCat("expected --leeway as 0 to ", kLeewayMost, " seconds, found `", leeway, "`");
  return false;
}

std::string DateText(int64_t date_ns, int64_t now_s) {
  const int64_t date_s = date_ns / 1'000'000'000;
  const std::string_view beyond = date_ns == std::numeric_limits<int64_t>::max() ? "after " : "";  // saturated
  return absl::StrCat(beyond, Utc(date_s), ", which is ", Relative(date_s - now_s));
}

// Of a token whose signature holds: only then is it worth a line.
void PrintToken(const auth::Token& token, const auth::Key& key, int64_t now_s) {
  std::printf("signed\n");
  PrintLine("algorithm", token.algorithm_name());
  if (!key.kid().empty()) PrintLine("key id", key.kid());
  if (token.Claim("iss").IsString()) PrintLine("issuer", token.Claim("iss").AsString());
  if (token.Claim("sub").IsString()) PrintLine("subject", token.Claim("sub").AsString());
  auth::TokenTimes times;
  auth::ClaimFigures ignored;
  const bool readable = auth::ReadTimes(token, &times, &ignored);
  if (readable && times.has_nbf) PrintLine("from", DateText(times.nbf_ns, now_s));
  if (readable && times.has_exp) PrintLine("until", DateText(times.exp_ns, now_s));
  std::printf("\n");
}

TokenVerdict Judge(std::string_view text, const auth::KeySet& keys, const auth::ClaimRules& rules, int64_t now_ns,
                   auth::Token* token) {
  TokenVerdict outcome;
  uint32_t key = 0;
  outcome.verdict = token->Parse(text);
  if (outcome.verdict.ok()) outcome.verdict = token->Verify(keys, &key);
  if (!outcome.verdict.ok()) return outcome;
  PrintToken(*token, keys.key(key), now_ns / 1'000'000'000);
  outcome.verdict = auth::CheckClaims(*token, rules, now_ns, &outcome.figures);
  return outcome;
}

constexpr Flag kFlags[] = {
    {"--key", "FILE", "the public key that --alg is checked with, PEM; - is standard input"},
    {"--secret-file", "FILE", "for HS…: the shared secret, without the newline that may end it; - is standard input"},
    {"--jwks", "FILE", "the issuer's JWK set: the key by its id, or any that is for the token's algorithm"},
    {"--alg", "ALG",
     "the algorithm that the key is for; of a secret, default HS256; of a JWK set those that are allowed, may be "
     "repeated, default all but HS…"},
    {"--iss", "TEXT", "the claim iss must be this; may be repeated: one of these"},
    {"--aud", "TEXT", "the claim aud must have this; may be repeated: one of these"},
    {"--typ", "TEXT", "the header's typ must be this; may be repeated: one of these"},
    {"--leeway", "SECONDS", "the difference of clocks that is forgiven, 0 to 3600; default 0"},
    {"--now", "SECONDS", "the time that dates are compared with, since the epoch; default: this machine's"},
};

int Run(const Args& args) {
  int64_t now_ns = WallClockNs();
  if (args.Has("--now") && !ParseSeconds(args.Get("--now"), &now_ns))
    return Fail(kVerb, "expected --now as seconds since the epoch");
  std::string error;
  auth::ClaimRules rules;
  Keys keys;
  if (!ReadRules(args, &rules, &error) || !ReadKeys(args, &keys, &error)) return Fail(kVerb, error);
  std::optional<std::string> text = ReadToken(args, &error);
  if (!text) return Fail(kVerb, error);
  auth::Token token;
  const TokenVerdict outcome = Judge(*text, *keys.set, rules, now_ns, &token);
  const auth::Verdict verdict = outcome.verdict;
  const bool colour = WantsColour();
  if (verdict.ok()) {
    std::printf("%s\n", Paint("good", Style::kGood, colour).c_str());
  } else {
    std::printf("%s\n", Paint(auth::ReasonCode(verdict.reason), Style::kBad, colour).c_str());
    PrintLine("cause", TokenCause(outcome, token, *keys.set, rules));
    PrintLine("mend", TokenMend(verdict.reason));
  }
  for (const std::string& note : keys.notes) PrintLine("note", note);
  return verdict.ok() ? 0 : 1;
}

}  // namespace

const Verb kTokenVerify = {
    .name = "token verify",
    .summary = "whether a token (JWT) would be believed, and why not",
    .operands = "[TOKEN]",
    .about =
        "Verifies a token with the code of the plugins jwt and openid-connect: its form, its signature with a key that "
        "is for its algorithm, its times, and what else the flags ask for. A token without exp is refused. A refusal "
        "names its cause and what would mend it; claims are shown only when the signature holds. Reads standard input "
        "when no token is given, or `-`, which keeps it out of the list of processes.\n\n"
        "Exit status: 0 good, 1 refused, 2 a flag or a file that cannot be used.",
    .example =
        "  pbpaste | sluice token verify --jwks jwks.json --iss https://idp.example.com\n"
        "  pbpaste | sluice token verify --key public.pem --alg ES256 --aud orders",
    .flags = kFlags,
    .min_operands = 0,
    .max_operands = 1,
    .run = Run,
};

}  // namespace sluice::cli
