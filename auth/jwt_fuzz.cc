// Any bytes as a token: parsed, verified against keys of each kind, its claims checked. The input is used twice: as a
// whole token, and as `header NUL claims` that are encoded first, so that the fuzzer reaches the JSON behind base64url.
#include <cstdlib>

#include "auth/base64url.h"
#include "auth/jwt.h"

namespace {

using namespace sluice::auth;  // NOLINT(google-build-using-namespace): a fuzz target is one file

constexpr const char* kKeys = R"({"keys":[
  {"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
  {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
  {"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

void Judge(Token& token, std::string_view compact, const KeySet& keys) {
  if (!token.Parse(compact).ok()) return;
  token.Verify(keys);
  ClaimRules rules;
  rules.issuers = {"joe"};
  rules.audiences = {"api"};
  rules.types = {"jwt"};
  rules.max_lifetime_s = 3600;
  ClaimFigures figures;
  if (CheckClaims(token, rules, 1'300'819'000'000'000'000, &figures).ok() && !token.Claim("exp").IsNumber())
    std::abort();
  for (JsonValue claim = token.claims().First(); claim.exists(); claim = claim.Next())
    if (!token.Claim(claim.name()).exists()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::string error;
  static const auto keys =
      KeySet::ParseJwkSet(kKeys, {AlgorithmSet::Asymmetric() | AlgorithmSet{Algorithm::kHs256}, true}, &error, nullptr);
  if (!keys || keys->size() != 3) std::abort();
  static Token token;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Judge(token, text, *keys);
  size_t nul = text.find('\0');
  if (nul == std::string_view::npos) return 0;
  Judge(token, EncodeBase64Url(text.substr(0, nul)) + "." + EncodeBase64Url(text.substr(nul + 1)) + ".AAAA", *keys);
  return 0;
}
