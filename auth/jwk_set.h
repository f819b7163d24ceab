// A set of keys by key id (RFC 7517), parsed once, immutable, shared by everything that verifies.
//
//   std::string error;
//   Notes notes;                                    // "key 3 (`mldsa`): skipped: unknown kty `AKP`"
//   std::shared_ptr<const KeySet> keys = KeySet::ParseJwkSet(body, {}, &error, &notes);
//   if (!keys) return error;                        // the whole document is unusable; nothing was taken
//
// A key that Sluice does not know (kty, crv, alg), that is not for verifying signatures (use `enc`, key_ops without
// `verify`), or that is unfit (short RSA, point off the curve) is skipped with a note, and the rest still serves.
// A private key in a public place is compromised: a key with private members (`d`, `p`, `q` …) is refused, that is
// skipped, with a note that says so. `x5c`, `x5u` and other members are ignored.
// Safe from any number of threads. Find() allocates nothing.
#ifndef SLUICE_AUTH_JWK_SET_H_
#define SLUICE_AUTH_JWK_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/key.h"

namespace sluice::auth {

using Notes = std::vector<std::string>;

struct JwkSetOptions {
  // What the policy allows; a key is pinned to the part of it that fits its type and its `alg`. An RSA key without
  // `alg` (as Entra ID publishes them) serves every RS* and PS* of this set: name one to be strict (RFC 8725 3.1).
  AlgorithmSet algorithms = AlgorithmSet::Asymmetric();

  // Shared secrets (kty `oct`, which must name their `alg`). Only for sets that the policy itself holds: a secret
  // behind a URL is no secret. `algorithms` must have the HS* wanted, too.
  bool allow_secrets = false;
};

class KeySet {
 public:
  // Null and `error` if the text is not a JWK set: beyond limits::kJwkSetBytes or kJwkSetKeys, not strict JSON, or
  // without a `keys` array. A set without any usable key is a set.
  static std::shared_ptr<const KeySet> ParseJwkSet(std::string_view json, const JwkSetOptions& options,
                                                   std::string* error, Notes* notes);

  explicit KeySet(std::vector<Key> keys);
  KeySet(const KeySet&) = delete;
  KeySet& operator=(const KeySet&) = delete;

  size_t size() const { return keys_.size(); }
  const Key& key(size_t index) const { return keys_[index]; }
  bool HasKid(std::string_view kid) const { return by_kid_.count(kid) != 0; }

  struct Found {
    Reason reason = Reason::kUnknownKid;
    uint32_t key = 0;  // index of the key that verified
  };

  // Verifies against the keys with this id (several may share it). If none has it, or `kid` is empty, against those
  // without an id or against all, in order, that allow the algorithm: at most limits::kKeyTrials of them.
  // kUnknownKid: no key could answer for this id, so that a newer set might.
  Found Verify(Algorithm algorithm, std::string_view kid, std::string_view signing_input,
               std::string_view signature) const;

 private:
  Found VerifyWithKid(Algorithm algorithm, std::string_view kid, std::string_view signing_input,
                      std::string_view signature) const;

  std::vector<Key> keys_;
  std::unordered_multimap<std::string_view, uint32_t> by_kid_;  // views into keys_
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_JWK_SET_H_
