// The keys of the document: every one is read, whether or not anything signs with it.
#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "auth/public_jwk.h"
#include "policy/compile/compiler.h"

namespace sluice {

std::optional<std::string> Compiler::PublicHalf(const policy::Key& key, std::string_view field,
                                                const std::string& pem) {
  std::string error;
  std::optional<std::string> jwk = auth::PublicJwk(pem, {.kid = key.kid}, &error);
  if (!jwk)
    Error(key.origin, field, "bad_key", error,
          "`openssl genpkey -algorithm ed25519` makes a private key, and `openssl pkey -pubout` shows its public half");
  return jwk;
}

std::optional<std::string> Compiler::ReadKey(const policy::Key& key) {
  std::optional<std::string> of_private, of_public;
  if (!key.private_key.empty()) of_private = PublicHalf(key, "pem/private_key", key.private_key);
  if (!key.public_key.empty()) of_public = PublicHalf(key, "pem/public_key", key.public_key);
  if (of_private && of_public && *of_private != *of_public)
    Error(key.origin, "pem/public_key", "conflict",
          "expected the public half of `private_key`, found that of another key",
          "remove it, or correct one of the two");
  return of_private ? of_private : of_public;
}

// Of every key of a set: those that sign no more, or not yet, are looked for, too.
void Compiler::PublishKeys(const std::vector<std::optional<std::string>>& jwks) {
  for (size_t set = 0; set < document_.key_sets.size(); ++set) {
    std::string text = R"({"keys":[)";
    for (size_t key : keys_of_set_[set])
      if (jwks[key]) absl::StrAppend(&text, text.back() == '[' ? "" : ",", *jwks[key]);
    snapshot_.public_keys.emplace(document_.key_sets[set].name, text + "]}");
  }
}

// An error about a key has a place within it.
void Compiler::FindFaultyKeys() {
  faulty_keys_.assign(document_.keys.size(), false);
  absl::flat_hash_map<std::string_view, size_t> by_place;
  for (size_t i = 0; i < document_.keys.size(); ++i) by_place.emplace(document_.keys[i].origin.place.pointer, i);
  for (const Diagnostics* all : {&known_, static_cast<const Diagnostics*>(&diagnostics_)}) {
    for (const Diagnostic& d : *all) {
      if (d.severity != Severity::kError) continue;
      std::string_view pointer = d.where.pointer;
      for (size_t end = pointer.size(); end != pointer.npos && end > 0; end = pointer.rfind('/', end - 1))
        if (auto key = by_place.find(pointer.substr(0, end)); key != by_place.end()) faulty_keys_[key->second] = true;
    }
  }
}

// Or one of no set, which may be for want of a good reference to it.
bool Compiler::HasFaultyKey(size_t set) const {
  for (const std::vector<size_t>* keys : {&keys_of_set_[set], &keys_of_set_.back()})
    if (std::any_of(keys->begin(), keys->end(), [&](size_t key) { return faulty_keys_[key]; })) return true;
  return false;
}

void Compiler::Keys() {
  keys_of_set_.resize(document_.key_sets.size() + 1);
  std::vector<std::optional<std::string>> jwks;
  for (size_t i = 0; i < document_.keys.size(); ++i) {
    const policy::Key& key = document_.keys[i];
    keys_of_set_[std::min(key.set, document_.key_sets.size())].push_back(i);
    jwks.push_back(ReadKey(key));
  }
  PublishKeys(jwks);
  FindFaultyKeys();
}

}  // namespace sluice
