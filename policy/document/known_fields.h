// Fields of Kong's that are known by name alone. Their defaults, which Kong writes into its dumps, may stand there.
#ifndef SLUICE_POLICY_DOCUMENT_KNOWN_FIELDS_H_
#define SLUICE_POLICY_DOCUMENT_KNOWN_FIELDS_H_

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "policy/document/reader.h"

namespace sluice::policy {

// A literal as an argument of a template.
template <size_t kSize>
struct Text {
  char data[kSize];
  constexpr Text(const char (&text)[kSize]) { std::copy_n(text, kSize, data); }  // NOLINT: a literal is one
  constexpr std::string_view view() const { return {data, kSize - 1}; }
};

// Whether a value is this one of JSON; a list may have another order, for Kong's are sets.
bool IsJson(const Node& node, std::string_view json);

// Of something that Sluice does not do yet. `kDefault` is JSON; "" : there is none.
template <Text kDefault, typename T>
void Later(Reader& reader, const Cursor& at, T*) {
  if (!IsJson(*at.node, kDefault.view()))
    reader.NotSupported(at, at.key->text,
                        kDefault.view().empty() ? "remove it" : absl::StrCat("set it to ", kDefault.view()));
}

// A map of such, in which `kSwitch` says whether it is on; `kOff` is JSON.
template <Text kSwitch, Text kOff, typename T>
void LaterUnlessOff(Reader& reader, const Cursor& at, T*) {
  const Node* on = at.node->Find(kSwitch.view());
  if (on == nullptr || !IsJson(*on, kOff.view()))
    reader.NotSupported(at, at.key->text,
                        absl::StrCat("remove it, or set its `", kSwitch.view(), "` to ", kOff.view()));
}

// Of a step that would let somebody in unchecked.
template <Text kDefault, typename T>
void Insecure(Reader& reader, const Cursor& at, T*) {
  if (!IsJson(*at.node, kDefault.view()))
    reader.Error(at, "insecure", absl::StrCat("`", at.key->text, "` would let in tokens that nobody has verified"),
                 absl::StrCat("set it to ", kDefault.view()));
}

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_KNOWN_FIELDS_H_
