#include "conformance/matcher.h"

#include <regex.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::conformance {
namespace {

using Texts = std::vector<std::string>;

Texts NotEqual(const std::string& path, std::string_view expected, const JsonNode& actual) {
  return {absl::StrCat(path, ": expected ", expected, ", found ", ToJson(actual))};
}

void Append(Texts found, Texts* all) { all->insert(all->end(), found.begin(), found.end()); }

Texts Compare(const JsonNode& expected, const JsonNode& actual, const std::string& path);

Texts Contains(const JsonNode& expected, const JsonNode& actual, const std::string& path) {
  Texts all;
  for (const JsonNode& element : expected) {
    bool found = false;
    for (const JsonNode& candidate : actual) found = found || Compare(element, candidate, path).empty();
    if (!found) Append(NotEqual(path, absl::StrCat(ToJson(element), " among others"), actual), &all);
  }
  return all;
}

bool IsGiven(const JsonNode& changes, std::string_view header) {
  for (const char* list : {"set", "add"})
    for (const JsonNode& pair : *changes.Find(list))
      if (absl::EqualsIgnoreCase(pair.first->text, header)) return true;
  return false;
}

// `set`, `add` and `remove` must contain what is expected; `absent` names headers that are neither set nor added.
Texts CompareHeaders(const JsonNode& expected, const JsonNode& actual, const std::string& path) {
  if (expected.name != "absent") {
    const JsonNode* list = actual.Find(expected.name);
    return list == nullptr ? Texts{path + ": there is no such member"} : Contains(expected, *list, path);
  }
  Texts all;
  for (const JsonNode& header : expected)
    if (IsGiven(actual, header.text)) all.push_back(absl::StrCat(path, ": `", header.text, "` is set"));
  return all;
}

Texts CompareMember(const JsonNode& expected, const JsonNode& actual, const std::string& path) {
  std::string below = absl::StrCat(path, ".", expected.name);
  if (path == ".request_headers" || path == ".response_headers") return CompareHeaders(expected, actual, below);
  const JsonNode* member = actual.Find(expected.name);
  if (member == nullptr) return {below + ": there is no such member"};
  if (below == ".trace") return Contains(expected, *member, below);
  return Compare(expected, *member, below);
}

// POSIX's, which finds the longest match: the whole text if that is possible.
bool MatchesWhole(const std::string& pattern, const std::string& text) {
  regex_t compiled;
  if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED) != 0) return false;
  regmatch_t match;
  bool fits = regexec(&compiled, text.c_str(), 1, &match, 0) == 0 && match.rm_so == 0 &&
              static_cast<size_t>(match.rm_eo) == text.size();
  regfree(&compiled);
  return fits;
}

Texts ComparePattern(const JsonNode& pattern, const JsonNode& actual, const std::string& path) {
  bool fits = actual.kind == JsonKind::kString && MatchesWhole(std::string(pattern.text), std::string(actual.text));
  return fits ? Texts() : NotEqual(path, absl::StrCat("a match of ", ToJson(pattern)), actual);
}

Texts CompareElements(const JsonNode& expected, const JsonNode& actual, const std::string& path) {
  if (expected.count != actual.count) return NotEqual(path, ToJson(expected), actual);
  Texts all;
  const JsonNode* other = actual.first;
  for (const JsonNode& element : expected) {
    Append(Compare(element, *other, path + "[]"), &all);
    other = other->next;
  }
  return all;
}

Texts Compare(const JsonNode& expected, const JsonNode& actual, const std::string& path) {
  const JsonNode* pattern = expected.kind == JsonKind::kObject ? expected.Find("matches") : nullptr;
  if (pattern != nullptr && expected.count == 1) return ComparePattern(*pattern, actual, path);
  if (expected.kind != actual.kind) return NotEqual(path, ToJson(expected), actual);
  if (expected.kind == JsonKind::kArray) return CompareElements(expected, actual, path);
  if (expected.kind != JsonKind::kObject)
    return expected.text == actual.text && expected.boolean == actual.boolean
               ? Texts()
               : NotEqual(path, ToJson(expected), actual);
  Texts all;
  for (const JsonNode& member : expected) Append(CompareMember(member, actual, path), &all);
  return all;
}

}  // namespace

Texts Differences(const JsonNode& expected, const JsonNode& actual) { return Compare(expected, actual, ""); }

}  // namespace sluice::conformance
