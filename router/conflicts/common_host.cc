#include "router/conflicts/common_host.h"

#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::router {

using Kind = HostPattern::Kind;

bool HostContains(const HostPattern& outer, const HostPattern& inner) {
  if (outer.port != 0 && outer.port != inner.port) return false;
  if (inner.kind == Kind::kPlain) return HostMatches(outer, inner.text);
  if (outer.kind != inner.kind) return false;
  return inner.kind == Kind::kAnySubdomain ? absl::EndsWith(inner.text, outer.text)
                                           : absl::StartsWith(inner.text, outer.text);
}

std::string FreeLabel(const std::vector<HostPattern>& patterns) {
  constexpr size_t kLongest = 10;               // `x` and more digits than there can be patterns
  absl::flat_hash_set<std::string_view> taken;  // each `x` of a pattern, with the digits behind it and with fewer
  for (const HostPattern& pattern : patterns) {
    const std::string_view text = pattern.text;
    for (size_t x = text.find('x'); x != text.npos; x = text.find('x', x + 1)) {
      taken.insert(text.substr(x, 1));
      for (size_t i = 1; i < kLongest && x + i < text.size() && absl::ascii_isdigit(text[x + i]); ++i)
        taken.insert(text.substr(x, i + 1));
    }
  }
  std::string label = "x";
  for (int i = 1; taken.contains(label); ++i) label = absl::StrCat("x", i);
  return label;
}

std::vector<std::string> CommonHosts(const HostPattern& a, const HostPattern& b, const std::string& label) {
  if (a.kind == Kind::kPlain)
    return HostMatches(b, a.text) ? std::vector<std::string>{a.text} : std::vector<std::string>();
  if (b.kind == Kind::kPlain) return CommonHosts(b, a, label);
  if (a.kind != b.kind) {
    const std::string_view tail = a.kind == Kind::kAnyTail ? a.text : b.text;
    const std::string_view head = a.kind == Kind::kAnyTail ? b.text : a.text;
    return {absl::StrCat(tail.substr(0, tail.size() - 1), head), absl::StrCat(tail, label, head)};
  }
  const std::string& longer = a.text.size() >= b.text.size() ? a.text : b.text;
  std::string name = a.kind == Kind::kAnySubdomain ? absl::StrCat(label, longer) : absl::StrCat(longer, label);
  if (!HostMatches(a, name) || !HostMatches(b, name)) return {};
  return {std::move(name)};
}

HostLookup::HostLookup(const std::vector<HostPattern>& patterns) {
  for (const HostPattern& pattern : patterns)
    (pattern.kind == Kind::kPlain ? plain_[pattern.text] : wildcards_).push_back(&pattern);
}

}  // namespace sluice::router
