#include "auth/jwk_set.h"

#include <optional>
#include <utility>

#include "auth/base64url.h"
#include "auth/json.h"
#include "auth/public_key.h"
#include "base/ascii.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

// RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2: members of private keys.
bool HasPrivateMember(JsonValue jwk) {
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "oth"})
    if (jwk.Member(name).exists()) return true;
  return false;
}

// RFC 7517 sections 4.2 and 4.3: absent, or for signatures.
bool IsForVerifying(JsonValue jwk) {
  JsonValue use = jwk.Member("use"), ops = jwk.Member("key_ops");
  if (use.exists() && use.AsString() != "sig") return false;
  if (!ops.exists()) return true;
  for (JsonValue op = ops.First(); op.exists(); op = op.Next())
    if (op.AsString() == "verify") return true;
  return false;
}

struct CurveName {
  std::string_view kty, crv;
  KeyType type;
};

constexpr CurveName kCurveNames[] = {
    {"EC", "P-256", KeyType::kEcP256},
    {"EC", "P-384", KeyType::kEcP384},
    {"EC", "P-521", KeyType::kEcP521},
    {"OKP", "Ed25519", KeyType::kEd25519},
};

// Reads one JWK, or says why it is skipped.
class JwkReader {
 public:
  JwkReader(JsonValue jwk, const JwkSetOptions& options) : jwk_(jwk), options_(options) {}

  std::optional<Key> Read(std::string* why) {
    why_ = why;
    if (!jwk_.IsObject()) return Skip("is not an object");
    if (jwk_.Member("kid").exists() && !jwk_.Member("kid").IsString()) return Skip("`kid` is not a string");
    if (!IsForVerifying(jwk_)) return Skip("is not for verifying signatures (`use`, `key_ops`)");
    std::optional<KeyType> type = ReadType();
    if (!type || !ReadAlgorithms(*type)) return std::nullopt;
    if (*type == KeyType::kSecret) return ReadSecret();
    if (HasPrivateMember(jwk_)) return Skip("has private members: a private key in a key set is compromised");
    std::string error;
    PublicKey::Ptr key = ReadPublic(*type, &error);
    if (!key) return Skip(error);
    return Key(std::move(key), algorithms_).WithKid(Kid());
  }

 private:
  std::nullopt_t Skip(std::string why) {
    *why_ = std::move(why);
    return std::nullopt;
  }

  std::string_view Kid() const { return jwk_.Member("kid").AsString(); }

  std::optional<KeyType> ReadType() {
    std::string_view kty = jwk_.Member("kty").AsString();
    if (kty == "RSA") return KeyType::kRsa;
    if (kty == "oct") return KeyType::kSecret;
    if (kty != "EC" && kty != "OKP") return Skip("unknown `kty` " + Shown(kty));
    std::string_view crv = jwk_.Member("crv").AsString();
    for (const CurveName& curve : kCurveNames)
      if (curve.kty == kty && curve.crv == crv) return curve.type;
    return Skip("unknown `crv` " + Shown(crv));
  }

  bool ReadAlgorithms(KeyType type) {
    algorithms_ = AlgorithmSet::OfKeyType(type) & options_.algorithms;
    JsonValue alg = jwk_.Member("alg");
    if (alg.exists()) {
      std::optional<Algorithm> named = FindAlgorithm(alg.AsString());
      algorithms_ = named ? algorithms_ & AlgorithmSet{*named} : AlgorithmSet();
    }
    if (!algorithms_.empty()) return true;
    Skip(alg.exists() ? "`alg` " + Shown(alg.AsString()) + " is unknown, does not fit the key, or is not allowed here"
                      : "no algorithm of its type is allowed here");
    return false;
  }

  std::optional<Key> ReadSecret() {
    if (!options_.allow_secrets) return Skip("shared secrets (`oct`) are not allowed here");
    std::optional<Algorithm> algorithm = FindAlgorithm(jwk_.Member("alg").AsString());
    if (!algorithm) return Skip("a shared secret must name its `alg`");
    std::optional<std::string> secret = Bytes("k");
    std::string error;
    if (!secret) return Skip("`k` is not base64url");
    std::optional<Key> key = Key::FromSecret(*secret, *algorithm, SecretOptions{}, &error);
    if (!key) return Skip(error);
    return key->WithKid(Kid());  // ReadAlgorithms has made sure that its one algorithm is allowed
  }

  PublicKey::Ptr ReadPublic(KeyType type, std::string* error) {
    bool rsa = type == KeyType::kRsa, okp = type == KeyType::kEd25519;
    std::optional<std::string> first = Bytes(rsa ? "n" : "x");
    std::optional<std::string> second = okp ? std::string() : Bytes(rsa ? "e" : "y");
    if (!first || !second) {
      *error = "its numbers are missing or not base64url";
      return nullptr;
    }
    if (rsa) return PublicKey::FromRsa(*first, *second, error);
    if (okp) return PublicKey::FromEd25519(*first, error);
    return PublicKey::FromEc(type, *first, *second, error);
  }

  std::optional<std::string> Bytes(std::string_view name) const {
    JsonValue member = jwk_.Member(name);
    if (!member.IsString()) return std::nullopt;
    return DecodeBase64Url(member.AsString());
  }

  JsonValue jwk_;
  const JwkSetOptions& options_;
  AlgorithmSet algorithms_;
  std::string* why_ = nullptr;
};

}  // namespace

KeySet::KeySet(std::vector<Key> keys) : keys_(std::move(keys)) {
  for (uint32_t i = 0; i < keys_.size(); ++i)
    if (!keys_[i].kid().empty()) by_kid_.emplace(keys_[i].kid(), i);
}

std::shared_ptr<const KeySet> KeySet::ParseJwkSet(std::string_view json, const JwkSetOptions& options,
                                                  std::string* error, Notes* notes) {
  if (json.size() > limits::kJwkSetBytes) {
    *error = "expected a key set of at most " + std::to_string(limits::kJwkSetBytes) + " bytes, found `" +
             std::to_string(json.size()) + "`";
    return nullptr;
  }
  std::string text(json);
  Json document;
  if (!document.Parse(text.data(), text.size(), {limits::kTokenDepth, limits::kJwkSetNodes})) {
    *error = std::string("expected a key set, found a text that ") + document.error();
    return nullptr;
  }
  JsonValue list = document.root().Member("keys");
  if (!list.IsArray() || list.size() > limits::kJwkSetKeys) {
    *error = "expected a key set with a list `keys` of at most " + std::to_string(limits::kJwkSetKeys) + " keys";
    return nullptr;
  }
  std::vector<Key> keys;
  size_t index = 0;
  for (JsonValue jwk = list.First(); jwk.exists(); jwk = jwk.Next(), ++index) {
    std::string why;
    std::optional<Key> key = JwkReader(jwk, options).Read(&why);
    if (key)
      keys.push_back(*std::move(key));
    else if (notes)
      notes->push_back("key " + std::to_string(index) + " (kid " + Shown(jwk.Member("kid").AsString()) +
                       "): skipped: " + why);
  }
  return std::make_shared<const KeySet>(std::move(keys));
}

KeySet::Found KeySet::VerifyWithKid(Algorithm algorithm, std::string_view kid, std::string_view signing_input,
                                    std::string_view signature) const {
  Found found{Reason::kAlgNotAllowed, 0};
  size_t trials = 0;
  auto [first, last] = by_kid_.equal_range(kid);
  for (auto it = first; it != last && trials < limits::kKeyTrials; ++it) {
    Reason reason = keys_[it->second].Verify(algorithm, signing_input, signature);
    if (reason == Reason::kOk) return {Reason::kOk, it->second};
    if (reason == Reason::kAlgNotAllowed) continue;
    found.reason = reason;
    ++trials;
  }
  return found;
}

KeySet::Found KeySet::Verify(Algorithm algorithm, std::string_view kid, std::string_view signing_input,
                             std::string_view signature) const {
  if (!kid.empty() && HasKid(kid)) return VerifyWithKid(algorithm, kid, signing_input, signature);
  size_t trials = 0;
  for (uint32_t i = 0; i < keys_.size() && trials < limits::kKeyTrials; ++i) {
    bool candidate = kid.empty() || keys_[i].kid().empty();
    if (!candidate || !keys_[i].algorithms().Has(algorithm)) continue;
    if (keys_[i].Verify(algorithm, signing_input, signature) == Reason::kOk) return {Reason::kOk, i};
    ++trials;
  }
  if (!kid.empty() || keys_.empty()) return {Reason::kUnknownKid, 0};
  return {trials == 0 ? Reason::kAlgNotAllowed : Reason::kBadSignature, 0};
}

}  // namespace sluice::auth
