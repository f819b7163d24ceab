#include "policy/document/claims.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/check.h"

namespace sluice::policy {
namespace {

using Kind = ClaimRequirement::Kind;

constexpr std::string_view kForms = "one of `any`, `all`, `claim` (perhaps with `has`) and `without`";

// Reads trees, and counts what they are made of.
class Requirements {
 public:
  explicit Requirements(Reader& reader) : reader_(reader) {}

  void Read(const Cursor& at, size_t depth, ClaimRequirement* out) {
    if (depth > limits::kRequirementDepth || ++parts_ > limits::kRequirementParts) return TooLarge(at);
    if (at.node->kind != NodeKind::kMap || at.node->size() == 0) {
      reader_.Expected(at, kForms);
      return;
    }
    const bool has_value = Reader::IsSet(at, "has");
    if (at.node->size() != (has_value ? 2u : 1u) || (has_value && !Reader::IsSet(at, "claim"))) {
      reader_.Error(at, "conflict", absl::StrCat("expected ", kForms, ", and nothing beside it"),
                    "put each into a part of its own");
      return;
    }
    for (size_t i = 0; i < at.node->size(); ++i) Member(at.Member(i), depth, out);
  }

 private:
  void Member(const Cursor& at, size_t depth, ClaimRequirement* out) {
    const std::string_view name = at.key->text;
    if (name == "any" || name == "all") {
      out->kind = name == "any" ? Kind::kAny : Kind::kAll;
      return Parts(at, depth, out);
    }
    if (name == "claim" || name == "without") {
      if (out->kind != Kind::kHas) out->kind = name == "claim" ? Kind::kClaim : Kind::kMissing;
      return ReadPath(reader_, at, &out->claim);
    }
    if (name == "has") {
      out->kind = Kind::kHas;
      reader_.String(at, CheckNotEmpty, &out->value);
      return;
    }
    reader_.Unknown(at, "field", name, {"any", "all", "claim", "has", "without"});
  }

  void Parts(const Cursor& at, size_t depth, ClaimRequirement* out) {
    if (at.node->kind == NodeKind::kList && at.node->size() == 0) {
      reader_.Expected(at, "at least one requirement");
      return;
    }
    reader_.List(at, [&](const Cursor& item) { Read(item, depth + 1, &out->parts.emplace_back()); });
  }

  void TooLarge(const Cursor& at) {
    if (std::exchange(reported_, true)) return;
    reader_.Error(at, "too_large",
                  absl::StrCat("requirements of more than ", limits::kRequirementDepth, " levels or ",
                               limits::kRequirementParts, " parts"),
                  "ask for less, or for one claim that stands for it");
  }

  Reader& reader_;
  size_t parts_ = 0;
  bool reported_ = false;
};

}  // namespace

void ReadPath(Reader& reader, const Cursor& at, std::vector<std::string>* out) {
  out->clear();
  if (at.node->kind != NodeKind::kList) {
    std::string name;
    if (reader.String(at, CheckNotEmpty, &name)) out->push_back(std::move(name));
    return;
  }
  reader.Strings(at, CheckNotEmpty, out);
  if (at.node->size() == 0 || at.node->size() > limits::kTokenDepth)
    reader.Expected(at, absl::StrCat("a claim: a name, or a list of 1 to ", limits::kTokenDepth, " names"));
}

void ReadRequirement(Reader& reader, const Cursor& at, ClaimRequirement* out) {
  *out = {};
  Requirements(reader).Read(at, 1, out);
}

void ReadUrl(Reader& reader, const Cursor& at, std::string* out) {
  std::string text;
  Url url;
  if (!reader.String(at, nullptr, &text)) return;
  if (!ParseUrl(text, &url) || (url.scheme != "https" && url.scheme != "http")) {
    reader.Expected(at, "https://host[:port]/path");
    return;
  }
  *out = text;
}

void RefusePlainHttp(Reader& reader, const Cursor& at, const std::string& url, bool allowed, std::string_view field,
                     std::string_view permit) {
  if (absl::StartsWithIgnoreCase(url, "http://") && !allowed)
    reader.Error(at, "insecure",
                 absl::StrCat("`", field, "` is fetched without TLS: whoever answers could choose the keys"),
                 absl::StrCat("use https, or set `", permit, ": true` in a closed test"));
}

void CheckMissingToken(Reader& reader, const Cursor& at, size_t anonymous, bool allow_missing) {
  if (anonymous != kNone && allow_missing)
    reader.Error(at, "conflict", "`anonymous` and `allow_missing` cannot be used together",
                 "keep `anonymous`, which also takes requests whose token is refused, or `allow_missing`");
}

void RefuseEmptyList(Reader& reader, const Cursor& at, std::string_view field) {
  Reader::WithMember(at, field, [&](const Cursor& list) {
    if (list.node->kind == NodeKind::kList && list.node->size() == 0)
      reader.Error(list, "bad_value", absl::StrCat("expected at least one of `", field, "`"),
                   "add one, or remove the field");
  });
}

}  // namespace sluice::policy
