#include "policy/document/reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/document/pointer.h"
#include "policy/document/scalar.h"

namespace sluice::policy {
namespace {

// The segments from `root` (exclusive) to `at`.
void AppendPath(const Cursor& at, const Cursor* root, std::string* path) {
  if (&at == root || at.parent == nullptr) return;
  AppendPath(*at.parent, root, path);
  if (at.key != nullptr) {
    AppendToPointer(at.key->text, path);
  } else {
    AppendToPointer(at.index, path);
  }
}

// A short form of a text that is safe to print on one line.
std::string Shown(std::string_view text) {
  constexpr size_t kLongest = 64;
  std::string shown(text.substr(0, kLongest));
  // Never end within a UTF-8 sequence.
  if (text.size() > kLongest) {
    while (!shown.empty() && (text[shown.size()] & 0xc0) == 0x80) shown.pop_back();
    shown += "…";
  }
  for (char& c : shown)
    if (absl::ascii_iscntrl(c)) c = ' ';
  return shown;
}

std::string Quoted(std::string_view text) { return absl::StrCat("`", Shown(text), "`"); }

std::string NearestHint(std::string_view name, const std::vector<std::string>& known) {
  std::string nearest = NearestName(std::string(name), known);
  return nearest.empty() ? "" : absl::StrCat("did you mean `", nearest, "`?");
}

std::string KnownHint(const std::vector<std::string>& known) {
  constexpr size_t kMost = 12;
  return known.size() > kMost ? "" : absl::StrCat("known: ", absl::StrJoin(known, ", "));
}

}  // namespace

bool Reader::String(const Cursor& at, Check check, std::string* out) {
  const Node& node = *at.node;
  if (!node.is_scalar() || node.kind == NodeKind::kNull) return Expected(at, "a string");
  if (node.kind != NodeKind::kString && !node.from_env) {
    std::string hint = at.secret ? "put it in quotes" : absl::StrCat("put it in quotes: \"", Shown(node.text), "\"");
    return Expected(at, "a string", hint);
  }
  std::string_view expected = check == nullptr ? "" : check(node.text);
  if (!expected.empty()) return Expected(at, expected);
  *out = std::string(node.text);
  return true;
}

bool Reader::Strings(const Cursor& at, Check check, std::vector<std::string>* out) {
  if (at.node->kind == NodeKind::kList) out->clear();
  return List(at, [&](const Cursor& item) {
    std::string text;
    if (String(item, check, &text)) out->push_back(std::move(text));
  });
}

bool Reader::Integer(const Cursor& at, int64_t min, int64_t max, int64_t* out) {
  bool is_number = at.node->kind == NodeKind::kInteger || at.node->kind == NodeKind::kFloat || at.node->from_env;
  int64_t value = 0;
  if (is_number && ScalarToInteger(at.node->text, &value) && value >= min && value <= max) {
    *out = value;
    return true;
  }
  std::string what = max == std::numeric_limits<int64_t>::max() ? absl::StrCat("an integer, at least ", min)
                                                                : absl::StrCat("an integer from ", min, " to ", max);
  bool quoted = at.node->kind == NodeKind::kString && ScalarKind(at.node->text) == NodeKind::kInteger;
  return Expected(at, what, quoted ? "remove the quotes" : "");
}

bool Reader::Bool(const Cursor& at, bool* out) {
  if ((at.node->kind == NodeKind::kBool || at.node->from_env) && ScalarToBool(at.node->text, out)) return true;
  return Expected(at, "true or false");
}

size_t Reader::Reference(const Cursor& at, EntityKind kind) {
  if (at.node->kind == NodeKind::kMap) return ReferenceByMap(at, kind);
  std::string name;
  if (!String(at, nullptr, &name)) return kNone;
  size_t index = names_.Find(kind, name);
  if (index == kNone) {
    std::string nearest = problems_->full() || at.node->from_env ? "" : names_.Nearest(kind, name);
    Error(at, "unknown_reference", absl::StrCat("there is no ", ToString(kind), " ", Found(at)),
          nearest.empty() ? "" : absl::StrCat("did you mean `", nearest, "`?"));
  }
  return index;
}

size_t Reader::ReferenceByMap(const Cursor& at, EntityKind kind) {
  size_t index = kNone;
  if (at.node->size() == 0) Missing(at, NameField(kind));
  for (size_t i = 0; i < at.node->size(); ++i) {
    Cursor member = at.Member(i);
    if (member.key->text != NameField(kind) && member.key->text != "id") {
      std::vector<std::string> known = {"id"};
      if (NameField(kind) != "id") known.insert(known.begin(), std::string(NameField(kind)));
      Unknown(member, "field", member.key->text, known);
      continue;
    }
    size_t found = Reference(member, kind);
    if (index != kNone && found != kNone && found != index)
      Error(member, "bad_reference", absl::StrCat("`", NameField(kind), "` and `id` belong to two entities"),
            "remove one of the two");
    if (found != kNone) index = found;
  }
  return index;
}

size_t Reader::Scope(const Cursor& at, std::string_view field, EntityKind kind, size_t inherited) {
  size_t scope = inherited;
  WithMember(at, field, [&](const Cursor& member) {
    if (inherited == kNone) {
      scope = Reference(member, kind);
    } else {
      Error(member, "bad_reference", absl::StrCat("`", field, "` is given by the place of this entity"), "remove it");
    }
  });
  return scope;
}

bool Reader::Error(const Cursor& at, std::string_view code, std::string message, std::string hint) {
  if (at.node->is_broken) return false;
  ErrorAt(PlaceOf(at), code, std::move(message), std::move(hint));
  return false;
}

bool Reader::Expected(const Cursor& at, std::string_view what, std::string hint) {
  return Error(at, "bad_value", absl::StrCat("expected ", what, ", found ", Found(at)), std::move(hint));
}

bool Reader::NotSupported(const Cursor& at, std::string_view what, std::string hint) {
  return Error(at, "not_supported", absl::StrCat("`", what, "` is not supported yet"), std::move(hint));
}

bool Reader::Unknown(const Cursor& at, std::string_view what, std::string_view name,
                     const std::vector<std::string>& known) {
  if (problems_->full()) return Error(at, "unknown", "", "");  // will not be shown: save the search
  std::string code = absl::StrCat("unknown_", what);
  if (what == "value" && (at.secret || at.node->from_env))
    return Error(at, code, absl::StrCat("expected one of ", absl::StrJoin(known, ", "), ", found ", Found(at)));
  Cursor named = at;
  if (what == "field") named.node = at.key;
  std::string hint = NearestHint(name, known);
  return Error(named, code, absl::StrCat("unknown ", what, " ", Quoted(name)), hint.empty() ? KnownHint(known) : hint);
}

void Reader::Missing(const Cursor& at, std::string_view field) {
  Error(at, "missing_field", absl::StrCat("the field `", field, "` is missing"), "add it");
}

void Reader::Warn(Place where, std::string_view code, std::string message, std::string hint) {
  Add(Severity::kWarning, std::move(where), code, std::move(message), std::move(hint), {});
}

void Reader::ErrorAt(Place where, std::string_view code, std::string message, std::string hint,
                     std::vector<Place> related) {
  Add(Severity::kError, std::move(where), code, std::move(message), std::move(hint), std::move(related));
}

void Reader::Add(Severity severity, Place where, std::string_view code, std::string message, std::string hint,
                 std::vector<Place> related) {
  Diagnostic problem;
  problem.severity = severity;
  problem.code = std::string(code);
  problem.message = std::move(message);
  problem.where = std::move(where);
  problem.hint = std::move(hint);
  problem.related = std::move(related);
  problems_->Add(std::move(problem));
}

Place Reader::PlaceOf(const Cursor& at) const {
  Place place{file_name_, at.node->spot.line, at.node->spot.column, ""};
  AppendPath(at, nullptr, &place.pointer);
  return place;
}

std::string Reader::Found(const Cursor& at) const {
  switch (at.node->kind) {
    case NodeKind::kNull: return "nothing";
    case NodeKind::kList: return "a list";
    case NodeKind::kMap: return "a map";
    default: break;
  }
  if (at.node->from_env) return "the value of a variable";
  return at.secret ? "a value that is not shown" : Quoted(at.node->text);
}

void Reader::Record(const Cursor& at) {
  if (recording_.origin == nullptr) return;
  std::string path;
  AppendPath(at, recording_.entity, &path);
  if (!path.empty()) path.erase(0, 1);
  recording_.origin->fields.push_back({std::move(path), at.node->spot.line, at.node->spot.column});
}

std::string Reader::ListHint(const Cursor& at) const {
  if (!at.node->is_scalar() || at.secret || at.node->from_env) return "";
  return absl::StrCat("write [", Shown(at.node->text), "]");
}

}  // namespace sluice::policy
