// Whom a limit counts, as plans and both rate-limiting plugins write it.
#ifndef SLUICE_POLICY_DOCUMENT_COUNT_BY_H_
#define SLUICE_POLICY_DOCUMENT_COUNT_BY_H_

#include <string_view>

#include "policy/document/check.h"
#include "policy/document/reader.h"

namespace sluice::policy {

void ReadCountPart(Reader& reader, const Cursor& at, CountBy* out);   // one word
void ReadCountParts(Reader& reader, const Cursor& at, CountBy* out);  // one, or a list of them, each once
void ReadIpv6Prefix(Reader& reader, const Cursor& at, CountBy* out);

// What the parts need beside them. `field` is how they are called here: "limit_by".
void CheckCountBy(Reader& reader, const Cursor& at, std::string_view field, const CountBy& count_by);

inline constexpr Word<OnFull> kOnFullWords[] = {{"refuse", OnFull::kRefuse}, {"overflow", OnFull::kOverflow}};

// Rows of the tables of those that have a `count_by`.
template <typename T>
void ReadLimitBy(Reader& reader, const Cursor& at, T* out) {
  ReadCountParts(reader, at, &out->count_by);
}
template <typename T>
void ReadCountHeader(Reader& reader, const Cursor& at, T* out) {
  reader.String(at, CheckHeaderName, &out->count_by.header_name);
}
template <typename T>
void ReadCountPath(Reader& reader, const Cursor& at, T* out) {
  reader.String(at, CheckServicePath, &out->count_by.path);
}
template <typename T>
void ReadCountIpv6Prefix(Reader& reader, const Cursor& at, T* out) {
  ReadIpv6Prefix(reader, at, &out->count_by);
}

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_COUNT_BY_H_
