// jwt-signer: its key, and the claims that it sets.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "auth/challenge.h"
#include "auth/json.h"
#include "base/arena.h"
#include "base/limits.h"
#include "policy/compile/compiler.h"
#include "policy/json/json_writer.h"

namespace sluice {
namespace {

std::string Quoted(std::string_view text) {
  std::string json;
  JsonWriter(&json).String(text);
  return json;
}

std::string Member(std::string_view name, std::string_view json) { return absl::StrCat(Quoted(name), ":", json); }

JwtSignerPlugin::Header HeaderOf(std::string_view written) {
  return {std::string(written.substr(0, written.find(':'))), absl::EndsWithIgnoreCase(written, ":bearer")};
}

std::vector<SignedClaim> Texts(const std::vector<policy::JwtSignerConfig::Claim>& claims) {
  std::vector<SignedClaim> texts;
  for (const auto& [name, json] : claims) texts.push_back({name, Member(name, json)});
  return texts;
}

}  // namespace

namespace {

// Whether a verifier's reader would take it; what is nested too deeply, or of too many values, nobody could verify.
bool CanBeRead(const SignedClaim& claim) {
  std::string text = absl::StrCat("{", claim.text, "}");
  auth::Json json;
  return json.Parse(text.data(), text.size(), {limits::kTokenDepth, limits::kTokenNodes});
}

}  // namespace

// What would fail every request fails now.
void Compiler::CheckClaims(const policy::Plugin& plugin, const JwtSignerPlugin& signer) {
  size_t size = signer.issuer.size();
  for (const std::vector<SignedClaim>* claims : {&signer.set_claims, &signer.add_claims}) {
    for (const SignedClaim& claim : *claims) {
      size += claim.text.size();
      if (!CanBeRead(claim))
        Error(plugin.origin, "config", "bad_claim",
              absl::StrCat("claim `", claim.name, "` is nested more than ", limits::kTokenDepth - 1,
                           " levels deep, or has more than ", limits::kTokenNodes, " values"),
              "make it simpler: nobody would read such a token");
    }
  }
  if (size * 4 / 3 > limits::kSignedTokenBytes)
    Error(plugin.origin, "config", "too_large",
          absl::StrCat("the issuer and the claims to set and to add have ", size,
                       " bytes, with which no token fits into ", limits::kSignedTokenBytes),
          "leave some out");
}

// The first of the set that fits the algorithm: others may be there for upstreams to verify older tokens with.
Compiler::KeyToSignWith Compiler::FindSigningKey(size_t set, std::string_view algorithm) const {
  constexpr size_t kMostNamed = 4;  // of the keys that do not fit: a set may have very many
  KeyToSignWith found;
  size_t tried = 0;
  for (size_t index : keys_of_set_[set]) {
    const policy::Key& key = document_.keys[index];
    if (key.private_key.empty()) continue;
    std::string error;
    found.signer = auth::TokenSigner::Create(*auth::FindAlgorithm(algorithm), key.private_key,
                                             absl::StrCat("{", Member("kid", Quoted(key.kid)), "}"), &error);
    found.kid = key.kid;
    if (found.signer != nullptr) break;
    if (++tried <= kMostNamed) absl::StrAppend(&found.why_not, "; `", key.kid, "`: ", error);
  }
  if (found.signer == nullptr) {
    if (tried > kMostNamed) absl::StrAppend(&found.why_not, "; and ", tried - kMostNamed, " more");
    return found;
  }
  // Signs once, so that a key that cannot is found now, and for the size of all that is no claim.
  std::string error;
  const std::optional<std::string> sample = found.signer->Sign("{}", &error);
  constexpr size_t kEmptyClaims = 3;  // base64url of "{}"
  if (sample)
    found.overhead = sample->size() - kEmptyClaims;
  else
    found = {nullptr, "", 0, absl::StrCat("; `", found.kid, "`: ", error)};
  return found;
}

// Plugins of one set share its key: to read a key, and to try it, takes as long as hundreds of decisions.
void Compiler::SigningKey(const policy::Plugin& plugin, const policy::JwtSignerConfig& config,
                          JwtSignerPlugin* compiled) {
  const std::string_view algorithm = policy::ToString(config.algorithm);
  auto [known, fresh] = signing_keys_.try_emplace({config.key_set, config.algorithm});
  if (fresh) known->second = FindSigningKey(config.key_set, algorithm);
  const KeyToSignWith& key = known->second;
  if (key.signer == nullptr) {
    if (HasFaultyKey(config.key_set)) return;  // which may be the one that is missing: one fault, one error
    Error(plugin.origin, "config/access_token_keyset", "bad_key",
          absl::StrCat("key set `", document_.key_sets[config.key_set].name, "` has no private key that signs with ",
                       algorithm, key.why_not),
          "add one to the set, or correct `access_token_signing_algorithm`");
    return;
  }
  compiled->signer = key.signer;
  compiled->kid = key.kid;
  compiled->overhead = key.overhead;
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::JwtSignerConfig& config) {
  JwtSignerPlugin signer;
  signer.spot = SpotOf(plugin.origin);
  signer.config = config;
  signer.number = signers_++;
  signer.upstream = HeaderOf(config.upstream_header);
  signer.original = HeaderOf(config.original_header);
  Arena arena;
  signer.challenge = std::string(auth::Challenge(arena, {"Bearer", config.realm, "", "", ""}));
  signer.issuer = Member("iss", Quoted(config.issuer));
  signer.set_claims = Texts(config.set_claims);
  signer.add_claims = Texts(config.add_claims);
  signer.keeps_issuer = std::find(config.remove.begin(), config.remove.end(), "original_iss") == config.remove.end();
  CheckClaims(plugin, signer);
  if (config.signing && config.key_set != policy::kNone) SigningKey(plugin, config, &signer);
  snapshot_.jwt_signer.push_back(std::move(signer));
  return static_cast<uint32_t>(snapshot_.jwt_signer.size() - 1);
}

}  // namespace sluice
