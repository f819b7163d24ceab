// What the plugins that verify tokens are told in the same way: claims by their paths, requirements, algorithms, keys.
#ifndef SLUICE_POLICY_DOCUMENT_CLAIMS_H_
#define SLUICE_POLICY_DOCUMENT_CLAIMS_H_

#include <string>
#include <string_view>
#include <vector>

#include "policy/document/reader.h"

namespace sluice::policy {

// A claim by its name, or a list of names that leads to it through objects.
void ReadPath(Reader& reader, const Cursor& at, std::vector<std::string>* out);

template <auto kMember>
void ReadClaimPath(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  ReadPath(reader, at, &(out->*kMember));
}

// `{any: […]}`, `{all: […]}`, `{claim: …}`, `{claim: …, has: …}` or `{without: …}`.
void ReadRequirement(Reader& reader, const Cursor& at, ClaimRequirement* out);

template <auto kMember>
void ReadRequires(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  ReadRequirement(reader, at, &(out->*kMember));
}

// An http or https URL.
void ReadUrl(Reader& reader, const Cursor& at, std::string* out);

template <auto kMember>
void ReadUrlField(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  ReadUrl(reader, at, &(out->*kMember));
}

// Whoever answers without TLS could choose the keys. `field` is the URL's, `permit` the one that allows it.
void RefusePlainHttp(Reader& reader, const Cursor& at, const std::string& url, bool allowed, std::string_view field,
                     std::string_view permit);

// `anonymous` and `allow_missing` say two things of a request without a token.
void CheckMissingToken(Reader& reader, const Cursor& at, size_t anonymous, bool allow_missing);

// A list that is written down with nothing in it would mean all, which its author can hardly have meant.
void RefuseEmptyList(Reader& reader, const Cursor& at, std::string_view field);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_CLAIMS_H_
