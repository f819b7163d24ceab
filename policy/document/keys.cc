// Keys to sign with, and the sets that they belong to.
#include <algorithm>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

constexpr Field<KeySet> kSetFields[] = {
    {"id", ReadString<&KeySet::id, CheckUuid>},
    {"name", ReadString<&KeySet::name, CheckNotEmpty>, kRequired},
    {"tags", ReadStrings<&KeySet::tags, CheckTag>},
    {"keys", Skip<KeySet>, kSecret},
    {"created_at", Skip<KeySet>},
    {"updated_at", Skip<KeySet>},
};

std::string_view CheckKid(std::string_view text) {
  static_assert(limits::kSigningKeyIdBytes == 255, "the text says so");
  const bool is_plain = std::none_of(text.begin(), text.end(),
                                     [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '"' || c == '\\'; });
  return is_plain && !text.empty() && text.size() <= limits::kSigningKeyIdBytes
             ? ""
             : "1 to 255 bytes without quotes, backslashes and control characters";
}

bool HasPem(std::string_view text, std::string_view kind) {
  return absl::StrContains(text, "-----BEGIN ") && absl::StrContains(text, kind);
}

// Not both in one: of two, the one that can be read would hide the other.
std::string_view CheckPrivatePem(std::string_view text) {
  return HasPem(text, "PRIVATE KEY-----") && !HasPem(text, "PUBLIC KEY-----")
             ? ""
             : "a private key in PEM form, which begins with `-----BEGIN PRIVATE KEY-----`, and nothing else";
}

std::string_view CheckPublicPem(std::string_view text) {
  return HasPem(text, "PUBLIC KEY-----") && !HasPem(text, "PRIVATE KEY-----")
             ? ""
             : "a public key in PEM form, which begins with `-----BEGIN PUBLIC KEY-----`, and nothing else";
}

constexpr Field<Key> kPemFields[] = {
    {"private_key", ReadString<&Key::private_key, CheckPrivatePem>},
    {"public_key", ReadString<&Key::public_key, CheckPublicPem>},
};

void ReadPem(Reader& reader, const Cursor& at, Key* out) {
  if (reader.Map(at, kPemFields, out) && !Reader::IsSet(at, "private_key") && !Reader::IsSet(at, "public_key"))
    reader.Error(at, "missing_field", "expected `private_key` or `public_key`", "write the key there, in PEM form");
}

void RefuseJwk(Reader& reader, const Cursor& at, Key*) {
  reader.NotSupported(at, "jwk", "write the key as `pem: {private_key: …}`");
}

constexpr Field<Key> kKeyFields[] = {
    {"id", ReadString<&Key::id, CheckUuid>},
    {"name", ReadString<&Key::name, CheckNotEmpty>},
    {"kid", ReadString<&Key::kid, CheckKid>, kRequired},
    {"pem", ReadPem, kSecret},
    {"jwk", RefuseJwk, kSecret},
    {"set", Skip<Key>},
    {"tags", ReadStrings<&Key::tags, CheckTag>},
    {"created_at", Skip<Key>},
    {"updated_at", Skip<Key>},
};

}  // namespace

void ReadKeySet(Reader& reader, const Cursor& at, KeySet* out) { reader.Entity(at, kSetFields, out); }

void ReadKey(Reader& reader, const Cursor& at, size_t set, Key* out) {
  if (!reader.Entity(at, kKeyFields, out)) return;
  out->set = reader.Scope(at, "set", EntityKind::kKeySet, set);
  if (!Reader::IsSet(at, "pem") && !Reader::IsSet(at, "jwk"))
    reader.Error(at, "missing_field", "the field `pem` is missing", "write the key there, in PEM form");
}

void CheckKeys(Reader& reader) {
  using Claimed = std::tuple<std::string_view, std::string_view, size_t>;  // field, value, set
  absl::flat_hash_map<Claimed, const Key*> seen;
  for (const Key& key : reader.document().keys) {
    auto claim = [&](std::string_view field, std::string_view value, size_t set) {
      if (value.empty()) return;
      auto [first, fresh] = seen.try_emplace(Claimed(field, value, set), &key);
      if (!fresh)
        reader.ErrorAt(
            key.origin.At(field), "duplicate_name",
            absl::StrCat("two keys", set == kNone ? "" : " of one set", " have the ", field, " `", value, "`"),
            "rename one of them", {first->second->origin.At(field)});
    };
    claim("id", key.id, kNone);
    claim("name", key.name, kNone);
    claim("kid", key.kid, key.set);
  }
}

}  // namespace sluice::policy
