#include "auth/json_members.h"

namespace sluice::auth {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

}  // namespace

JsonMembers::JsonMembers(std::string_view object) : text_(object) {
  SkipSpace();
  if (at_ < text_.size()) ++at_;  // '{'
}

bool JsonMembers::Next(JsonMember* out) {
  SkipSpace();
  if (at_ < text_.size() && text_[at_] == ',') ++at_;
  SkipSpace();
  if (at_ >= text_.size() || text_[at_] != '"') return false;
  const size_t name = at_;
  SkipString();
  SkipSpace();
  if (at_ < text_.size()) ++at_;  // ':'
  SkipSpace();
  const size_t value = at_;
  SkipValue();
  *out = {text_.substr(name, at_ - name), text_.substr(value, at_ - value)};
  return true;
}

void JsonMembers::SkipSpace() {
  at_ = text_.find_first_not_of(kSpace, at_);
  if (at_ == text_.npos) at_ = text_.size();
}

void JsonMembers::SkipString() {
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '"') {
      ++at_;
      return;
    }
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
  }
}

void JsonMembers::SkipValue() {
  size_t depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (depth == 0 && (c == ',' || c == '}' || kSpace.find(c) != kSpace.npos)) return;
    if (c == '"') {
      SkipString();
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at_;
  }
}

}  // namespace sluice::auth
