// RFC 6901 pointers.
#ifndef SLUICE_POLICY_DOCUMENT_POINTER_H_
#define SLUICE_POLICY_DOCUMENT_POINTER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace sluice::policy {

// RFC 6901, section 3: '~' is written "~0" and '/' "~1".
inline void AppendToPointer(std::string_view name, std::string* pointer) {
  pointer->push_back('/');
  for (char c : name.substr(0, 256)) {
    if (c == '~') {
      pointer->append("~0");
    } else if (c == '/') {
      pointer->append("~1");
    } else {
      pointer->push_back(c);
    }
  }
}

inline void AppendToPointer(size_t index, std::string* pointer) { absl::StrAppend(pointer, "/", index); }

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_POINTER_H_
