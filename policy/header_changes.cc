#include "policy/header_changes.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace sluice {

const Header* FindHeader(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers)
    if (absl::EqualsIgnoreCase(header.name, name)) return &header;
  return nullptr;
}

bool HeaderChanges::Get(std::span<const Header> original, std::string_view name, std::string_view* value) const {
  bool found = false;
  if (const Header* header = FindHeader(original, name)) {
    *value = header->value;
    found = true;
  }
  for (const HeaderChange& change : view()) {
    if (!absl::EqualsIgnoreCase(change.name, name)) continue;
    if (change.op == HeaderOp::kAdd && found) continue;  // the first value stays the first
    found = change.op != HeaderOp::kRemove;
    *value = change.value;
  }
  return found;
}

void HeaderChanges::Add(std::string_view name, std::string_view value) {
  for (size_t i = 0; i < size_; ++i)
    if (changes_[i].op == HeaderOp::kRemove && absl::EqualsIgnoreCase(changes_[i].name, name)) return Set(name, value);
  Push({HeaderOp::kAdd, name, value});
}

void HeaderChanges::Replace(const HeaderChange& change) {
  HeaderChange* end = std::remove_if(changes_, changes_ + size_, [&](const HeaderChange& earlier) {
    return absl::EqualsIgnoreCase(earlier.name, change.name);
  });
  size_ = static_cast<size_t>(end - changes_);
  Push(change);
}

void HeaderChanges::Push(const HeaderChange& change) {
  if (size_ == capacity_) {
    size_t capacity = std::max<size_t>(16, capacity_ * 2);
    HeaderChange* grown =
        static_cast<HeaderChange*>(arena_.Allocate(capacity * sizeof(HeaderChange), alignof(HeaderChange)));
    std::copy_n(changes_, size_, grown);
    changes_ = grown;
    capacity_ = capacity;
  }
  changes_[size_++] = change;
}

}  // namespace sluice
