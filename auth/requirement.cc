#include "auth/requirement.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::auth {
namespace {

using Kind = Requirement::Kind;

bool IsThere(JsonValue claim) { return claim.exists() && claim.type() != JsonType::kNull; }

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t end; !text.empty(); text.remove_prefix(std::min(end + 1, text.size()))) {
    end = std::min(text.find(' '), text.size());
    if (text.substr(0, end) == word) return true;
  }
  return false;
}

bool IsValue(JsonValue claim, std::string_view value) {
  switch (claim.type()) {
    case JsonType::kString: return claim.AsString() == value;
    case JsonType::kBool: return value == (claim.AsBool() ? "true" : "false");
    case JsonType::kInteger: {
      char text[24];
      const char* end = std::to_chars(text, text + sizeof(text), claim.AsInteger()).ptr;
      return value == std::string_view(text, static_cast<size_t>(end - text));
    }
    default: return false;
  }
}

std::string Path(const ClaimPath& path) {
  std::string text;
  for (const std::string& name : path) text += (text.empty() ? "" : ".") + name;
  return text;
}

Requirement Leaf(Kind kind, ClaimPath claim, std::string value, std::string_view says) {
  Requirement leaf;
  leaf.kind = kind;
  leaf.text = Path(claim) + std::string(says);
  leaf.claim = std::move(claim);
  leaf.value = std::move(value);
  return leaf;
}

Requirement Group(Kind kind, std::vector<Requirement> parts, std::string_view name) {
  if (parts.size() == 1) return std::move(parts.front());
  Requirement group;
  group.kind = kind;
  for (const Requirement& part : parts) group.text += (group.text.empty() ? "" : ", ") + part.text;
  group.text = std::string(name) + " (" + group.text + ")";
  group.parts = std::move(parts);
  return group;
}

}  // namespace

JsonValue ClaimAt(JsonValue claims, const ClaimPath& path) {
  JsonValue value = path.empty() ? JsonValue() : claims;
  for (const std::string& name : path) value = value.Member(name);
  return value;
}

Requirement Claim(ClaimPath claim) { return Leaf(Kind::kClaim, std::move(claim), "", ""); }

Requirement Claim(ClaimPath claim, std::string value) {
  std::string says = " has `" + value + "`";
  return Leaf(Kind::kHas, std::move(claim), std::move(value), says);
}

Requirement NoClaim(ClaimPath claim) { return Leaf(Kind::kMissing, std::move(claim), "", " is not there"); }

Requirement AllOf(std::vector<Requirement> parts) { return Group(Kind::kAll, std::move(parts), "all of"); }
Requirement AnyOf(std::vector<Requirement> parts) { return Group(Kind::kAny, std::move(parts), "any of"); }

const Requirement* Unmet(const Requirement& wanted, JsonValue claims) {
  bool met = false;
  switch (wanted.kind) {
    case Kind::kClaim: met = IsThere(ClaimAt(claims, wanted.claim)); break;
    case Kind::kHas: met = HasValue(ClaimAt(claims, wanted.claim), wanted.value); break;
    case Kind::kMissing: met = !IsThere(ClaimAt(claims, wanted.claim)); break;
    case Kind::kAll:
      for (const Requirement& part : wanted.parts)
        if (const Requirement* unmet = Unmet(part, claims)) return unmet;
      return nullptr;
    case Kind::kAny:
      met = std::any_of(wanted.parts.begin(), wanted.parts.end(),
                        [&](const Requirement& part) { return Unmet(part, claims) == nullptr; });
  }
  return met ? nullptr : &wanted;
}

bool HasValue(JsonValue claim, std::string_view value) {
  if (!claim.IsArray()) return IsValue(claim, value) || HasWord(claim.AsString(), value);
  for (JsonValue v = claim.First(); v.exists(); v = v.Next())
    if (IsValue(v, value)) return true;
  return false;
}

}  // namespace sluice::auth
