#include "router/required_literal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sluice::router {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view pattern) : pattern_(pattern) {}

  std::string Read() {
    while (at_ < pattern_.size())
      if (!ReadItem()) return "";
    EndRun();
    return std::move(best_);
  }

 private:
  char Here() const { return pattern_[at_]; }

  // False if nothing can be told of the pattern.
  bool ReadItem() {
    switch (Here()) {
      case '\\': return ReadEscape();
      case '[': return EndRun(), at_ = SkipBrackets(pattern_, at_), true;
      case '(': return OpenGroup();
      case ')': return --depth_, ++at_, true;
      case '|': return ++at_, depth_ > 0;
      case '*':
      case '?': return DropLast(), EndRun(), ++at_, true;
      case '+':
      case '.':
      case '^':
      case '$': return EndRun(), ++at_, true;
      case '{': return DropLast(), EndRun(), SkipCount();
      default: return AddLiteral(Here(), 1);
    }
  }

  bool ReadEscape() {
    const char escaped = at_ + 1 < pattern_.size() ? pattern_[at_ + 1] : '\0';
    if (absl::ascii_ispunct(static_cast<unsigned char>(escaped))) return AddLiteral(escaped, 2);
    if (!absl::StrContains("dDwWsSbBAz", escaped)) return false;
    EndRun();
    at_ += 2;
    return true;
  }

  bool OpenGroup() {
    const std::string_view rest = pattern_.substr(at_);
    const bool has_flags =
        absl::StartsWith(rest, "(?") && !absl::StartsWith(rest, "(?:") && !absl::StartsWith(rest, "(?P<");
    EndRun();
    ++depth_;
    at_ += absl::StartsWith(rest, "(?") ? 2 : 1;
    return !has_flags;
  }

  bool AddLiteral(char c, size_t bytes) {
    if (static_cast<unsigned char>(c) > 127) {
      EndRun();  // what repeats after it is the character, not the byte
    } else if (depth_ == 0) {
      run_ += c;
    }
    at_ += bytes;
    return true;
  }

  bool SkipCount() {
    const size_t end = pattern_.find_first_not_of("0123456789,", at_ + 1);
    if (end == std::string_view::npos || pattern_[end] != '}') return false;
    at_ = end + 1;
    return true;
  }

  // What may be repeated no times is not required.
  void DropLast() {
    if (!run_.empty()) run_.pop_back();
  }

  void EndRun() {
    const bool is_first = !std::exchange(began_, true);
    if (!is_first && run_.size() > best_.size()) best_ = run_;
    run_.clear();
  }

  std::string_view pattern_;
  size_t at_ = 0;
  int depth_ = 0;
  bool began_ = false;
  std::string run_;
  std::string best_;
};

}  // namespace

std::string RequiredLiteral(std::string_view pattern) { return Reader(pattern).Read(); }

size_t SkipBrackets(std::string_view pattern, size_t open) {
  size_t i = open + 1;
  if (i < pattern.size() && pattern[i] == '^') ++i;
  if (i < pattern.size() && pattern[i] == ']') ++i;  // the first one is literal
  for (; i < pattern.size() && pattern[i] != ']'; ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern.substr(i, 2) == "[:") {
      const size_t end = pattern.find(":]", i + 2);
      if (end != std::string_view::npos) i = end + 1;
    }
  }
  return std::min(i + 1, pattern.size());
}

size_t SkipEscape(std::string_view pattern, size_t backslash) {
  if (pattern.substr(backslash, 2) != "\\Q") return std::min(backslash + 2, pattern.size());
  const size_t end = pattern.find("\\E", backslash + 2);
  return end == std::string_view::npos ? pattern.size() : end + 2;
}

}  // namespace sluice::router
