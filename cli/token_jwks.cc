// sluice token jwks: the public keys of those that sign, as a JWK set.
#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "auth/public_jwk.h"
#include "base/limits.h"
#include "cli/input.h"
#include "cli/verbs.h"

namespace sluice::cli {
namespace {

constexpr Flag kFlags[] = {
    {"--kid", "ID", "the key id, of one key; default: its thumbprint (RFC 7638)"},
    {"--alg", "ALG", "the only algorithm that the key is for; default: that of its curve, of an RSA key any"},
};

int Run(const Args& args) {
  constexpr std::string_view kVerb = "token jwks";
  auth::PublicJwkOptions options;
  options.kid = args.Get("--kid", "");
  if (args.Has("--kid") && args.operands().size() > 1) return Fail(kVerb, "expected --kid with one key only");
  if (args.Has("--alg")) {
    options.algorithm = auth::FindAlgorithm(args.Get("--alg"));
    if (!options.algorithm) return Fail(kVerb, absl::StrCat("unknown algorithm `", args.Get("--alg"), "`"));
  }
  std::string error, keys;
  for (std::string_view file : args.operands()) {
    std::optional<std::string> pem = ReadFile(file, limits::kSigningKeyBytes, &error);
    if (!pem) return Fail(kVerb, error);
    std::optional<std::string> jwk = auth::PublicJwk(*pem, options, &error);
    if (!jwk) return Fail(kVerb, absl::StrCat(file, ": ", error));
    absl::StrAppend(&keys, keys.empty() ? "\n " : ",\n ", *jwk);
  }
  std::printf("{\"keys\":[%s\n]}\n", keys.c_str());
  return 0;
}

}  // namespace

const Verb kTokenJwks = {
    .name = "token jwks",
    .summary = "the public keys of those that sign, as a JWK set",
    .operands = "KEY …",
    .about =
        "Prints the public half of each key (PEM, private or public; - is standard input) as a "
        "JWK set, to be published where those who verify the tokens fetch it: `jwks_uri`. "
        "Nothing private is printed. While keys are changed, give the old and the new one.\n\n"
        "Exit status: 0 printed, 2 a flag or a key cannot be used.",
    .example =
        "  sluice token jwks --kid 2026-a key.pem > jwks.json\n"
        "  sluice token mint --alg ES256 --key key.pem --kid 2026-a --sub alice",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 16,
    .run = Run,
};

}  // namespace sluice::cli
