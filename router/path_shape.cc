#include "router/path_shape.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/limits.h"
#include "router/segment_trie.h"

namespace sluice::router {
namespace {

using Bytes = std::bitset<256>;

constexpr uint32_t kMostRepeats = 1'000;  // RE2 refuses more

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsWord(char c) { return IsAlnum(c) || c == '_'; }

void AddRange(char first, char last, Bytes* bytes) {
  for (int c = first; c <= last; ++c) bytes->set(static_cast<size_t>(c));
}

// `\d` or `\w` at the start of the text.
bool TakeShorthand(std::string_view* text, Bytes* bytes) {
  const bool digits = absl::StartsWith(*text, "\\d");
  if (!digits && !absl::StartsWith(*text, "\\w")) return false;
  AddRange('0', '9', bytes);
  if (!digits) {
    AddRange('a', 'z', bytes);
    AddRange('A', 'Z', bytes);
    bytes->set('_');
  }
  text->remove_prefix(2);
  return true;
}

// A byte that stands for itself, written so or after a backslash. `plain`: what needs no backslash.
bool TakeByte(std::string_view* text, std::string_view plain, char* byte) {
  if (text->empty()) return false;
  if (IsWord((*text)[0]) || absl::StrContains(plain, (*text)[0])) {
    *byte = (*text)[0];
    text->remove_prefix(1);
    return true;
  }
  constexpr std::string_view kEscapable = ".-/+*?$()[]{}|^\\~:@";
  if ((*text)[0] != '\\' || text->size() < 2 || !absl::StrContains(kEscapable, (*text)[1])) return false;
  *byte = (*text)[1];
  text->remove_prefix(2);
  return true;
}

// One item of a bracket expression: `a`, `a-z`, `\d`, `-` at the end.
bool TakeItem(std::string_view* text, Bytes* bytes) {
  if (TakeShorthand(text, bytes)) return !absl::StartsWith(*text, "-") || absl::StartsWith(*text, "-]");
  char first = 0;
  if (absl::StartsWith(*text, "-]")) {
    text->remove_prefix(1);
    bytes->set('-');
    return true;
  }
  const bool escaped = absl::StartsWith(*text, "\\");
  if (!TakeByte(text, "./~%@:+*$!=,; ", &first)) return false;
  if (!absl::StartsWith(*text, "-") || absl::StartsWith(*text, "-]")) {
    bytes->set(static_cast<uint8_t>(first));
    return true;
  }
  text->remove_prefix(1);
  if (escaped || text->empty() || !IsAlnum(first) || !IsAlnum((*text)[0]) || (*text)[0] < first) return false;
  AddRange(first, (*text)[0], bytes);
  text->remove_prefix(1);
  return true;
}

// A class that takes no slash. `negated` is set for `[^…]`, which takes characters beyond ASCII, too.
bool TakeClass(std::string_view* text, Bytes* bytes, bool* negated) {
  if (TakeShorthand(text, bytes)) return true;
  if (!absl::ConsumePrefix(text, "[")) return false;
  *negated = absl::ConsumePrefix(text, "^");
  if (absl::StartsWith(*text, "]")) return false;
  while (!absl::ConsumePrefix(text, "]"))
    if (!TakeItem(text, bytes)) return false;
  if (*negated) bytes->flip();
  return !bytes->test('/') && bytes->any();
}

bool TakeNumber(std::string_view* text, uint32_t* number) {
  const size_t digits = std::min(text->find_first_not_of("0123456789"), text->size());
  const std::string_view figure = text->substr(0, digits);
  text->remove_prefix(digits);
  if (figure.size() > 1 && figure[0] == '0') return false;
  return absl::SimpleAtoi(figure, number) && *number <= kMostRepeats;
}

// `{n}`, `{n,}`, `{n,m}` after the brace.
bool TakeCount(std::string_view* text, SegmentClass* members) {
  if (!TakeNumber(text, &members->least)) return false;
  members->most = members->least;
  if (absl::ConsumePrefix(text, "}")) return true;
  if (!absl::ConsumePrefix(text, ",")) return false;
  members->most = UINT32_MAX;
  if (absl::ConsumePrefix(text, "}")) return true;
  return TakeNumber(text, &members->most) && members->most >= members->least && absl::ConsumePrefix(text, "}");
}

// Greedy only: what a lazy one takes depends on what follows.
bool TakeRepetition(std::string_view* text, SegmentClass* members) {
  if (absl::ConsumePrefix(text, "+")) {
    members->least = 1;
  } else if (absl::ConsumePrefix(text, "*")) {
    members->least = 0;
  } else if (absl::ConsumePrefix(text, "{")) {
    if (!TakeCount(text, members)) return false;
  } else {
    members->most = 1;
  }
  return text->empty() || !absl::StrContains("+*?{", (*text)[0]);
}

bool EndsSegment(std::string_view text) {
  return text.empty() || text == "$" || text[0] == '/' || absl::StartsWith(text, "\\/");
}

// The start of a group: whether it captures, and its name.
bool TakeGroupStart(std::string_view* text, bool* captures, std::string* name) {
  if (absl::ConsumePrefix(text, "(?:")) return true;
  *captures = true;
  if (!absl::ConsumePrefix(text, "(?<") && !absl::ConsumePrefix(text, "(?P<")) return absl::ConsumePrefix(text, "(");
  const size_t end = text->find('>');
  if (end == std::string_view::npos) return false;
  *name = text->substr(0, end);
  text->remove_prefix(end + 1);
  return !name->empty() && std::all_of(name->begin(), name->end(), IsWord);
}

bool TakeClassSegment(std::string_view* text, PathShape* shape) {
  const bool group = absl::StartsWith(*text, "(");
  bool captures = false;
  ShapeCapture capture;
  if (group && !TakeGroupStart(text, &captures, &capture.name)) return false;
  const std::string_view start = *text;
  SegmentClass members;
  bool negated = false;
  if (!TakeClass(text, &members.bytes, &negated) || !TakeRepetition(text, &members)) return false;
  const std::string_view written = start.substr(0, start.size() - text->size());
  if (group && !absl::ConsumePrefix(text, ")")) return false;
  if (!EndsSegment(*text)) return false;
  members.open = text->empty();
  if (negated) members.pattern = absl::StrCat(written, members.open ? "" : "$");
  if (captures) {
    capture.segment = static_cast<uint8_t>(shape->segments.size());
    shape->captures.push_back(std::move(capture));
  }
  shape->segments.push_back({"", std::move(members)});
  return true;
}

bool TakeLiteralSegment(std::string_view* text, PathShape* shape) {
  std::string literal;
  while (!EndsSegment(*text)) {
    char byte = 0;
    if (!TakeByte(text, "-~%!@&=,;:'\" ", &byte) || byte == '/') return false;
    literal += byte;
  }
  shape->segments.push_back({std::move(literal), std::nullopt});
  return true;
}

bool NamesDiffer(const std::vector<ShapeCapture>& captures) {
  for (size_t i = 0; i < captures.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (!captures[i].name.empty() && captures[i].name == captures[j].name) return false;
  return true;
}

}  // namespace

std::optional<PathShape> ReadPathShape(std::string_view pattern) {
  if (pattern.size() > limits::kRegexBytes) return std::nullopt;
  PathShape shape;
  while (absl::ConsumePrefix(&pattern, "/") || absl::ConsumePrefix(&pattern, "\\/")) {
    const bool is_class = !pattern.empty() && absl::StrContains("([\\", pattern[0]) &&
                          (pattern[0] != '\\' || absl::StartsWith(pattern, "\\d") || absl::StartsWith(pattern, "\\w"));
    if (shape.segments.size() == kTrieDepth) return std::nullopt;
    if (is_class ? !TakeClassSegment(&pattern, &shape) : !TakeLiteralSegment(&pattern, &shape)) return std::nullopt;
  }
  shape.ends = absl::ConsumePrefix(&pattern, "$");
  const bool taken = pattern.empty() && !shape.segments.empty();
  if (!taken || shape.captures.size() > kMaxRouteCaptures || !NamesDiffer(shape.captures)) return std::nullopt;
  return shape;
}

}  // namespace sluice::router
