// Tokens that are revoked: Sluice's extension of the format.
#include <string_view>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"
#include "policy/document/entities.h"

namespace sluice::policy {
namespace {

constexpr int64_t kLatest = 253'402'300'799;  // the end of the year 9999

constexpr Field<RevokedToken> kFields[] = {
    {"jti", ReadString<&RevokedToken::jti, CheckNotEmpty>},
    {"issuer", ReadString<&RevokedToken::issuer, CheckNotEmpty>},
    {"subject", ReadString<&RevokedToken::subject, CheckNotEmpty>},
    {"before", ReadInteger<&RevokedToken::before_s, 1, kLatest>},
    {"until", ReadInteger<&RevokedToken::until_s, 1, kLatest>},
};

// One token, or all of a subject.
void CheckEntry(Reader& reader, const Cursor& at) {
  const bool subject = Reader::IsSet(at, "subject");
  if (subject == Reader::IsSet(at, "jti")) {
    reader.Error(at, "conflict", "expected one of `jti` and `subject`",
                 subject ? "make two entries of it" : "say which tokens are revoked");
    return;
  }
  for (std::string_view field : {"issuer", "before"})
    if (subject && !Reader::IsSet(at, field))
      reader.Error(at, "missing_field", absl::StrCat("`subject` needs `", field, "`"), "add it");
  if (!subject && Reader::IsSet(at, "before"))
    reader.Error(at, "conflict", "`before` has no meaning beside `jti`", "remove it");
}

void RefuseTwice(Reader& reader, const std::vector<RevokedToken>& all) {
  absl::flat_hash_map<std::tuple<std::string_view, std::string_view, std::string_view>, const RevokedToken*> seen;
  for (const RevokedToken& entry : all) {
    if (entry.jti.empty() && entry.subject.empty()) continue;  // that has been reported
    auto [first, fresh] = seen.try_emplace({entry.jti, entry.issuer, entry.subject}, &entry);
    if (!fresh)
      reader.ErrorAt(entry.origin.place, "duplicate_value", "two entries revoke the same", "remove one of the two",
                     {first->second->origin.place});
  }
}

}  // namespace

void ReadRevoked(Reader& reader, const Cursor& at, Document* out) {
  if (at.node->kind == NodeKind::kList && at.node->size() > limits::kRevokedTokens) {
    reader.Error(at, "too_large", absl::StrCat("more than ", limits::kRevokedTokens, " revoked tokens"),
                 "leave out those that have expired");
    return;
  }
  reader.List(at, [&](const Cursor& item) {
    if (reader.Entity(item, kFields, &out->revoked.emplace_back())) CheckEntry(reader, item);
  });
  RefuseTwice(reader, out->revoked);
}

}  // namespace sluice::policy
