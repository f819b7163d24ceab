// Reads a tree into structs by tables: each entity is a list of (name, how to read it). The tables also give the known
// names from which an unknown one is corrected.
//
//   constexpr Field<Upstream> kFields[] = {
//       {"name", ReadString<&Upstream::name, CheckName>, kRequired},
//       {"slots", ReadInteger<&Upstream::slots, 10, 65536>},
//       {"hash_on", NotYet<Upstream>},
//   };
//   reader.Entity(at, kFields, &upstream);
//
// A member that is null counts as not written, as in Kong.
#ifndef SLUICE_POLICY_DOCUMENT_READER_H_
#define SLUICE_POLICY_DOCUMENT_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/diagnostic.h"
#include "policy/document/document.h"
#include "policy/document/names.h"
#include "policy/document/problems.h"
#include "policy/document/tree.h"

namespace sluice::policy {

// A node and the way to it. Lives on the stack, like its parents.
struct Cursor {
  const Node* node;
  const Cursor* parent = nullptr;
  const Node* key = nullptr;  // of a map's member
  size_t index = 0;           // of a list's item
  bool secret = false;        // never show what stands here or below

  Cursor Member(size_t i) const { return {&node->value(i), this, &node->key(i), 0, secret}; }
  Cursor Item(size_t i) const { return {&node->item(i), this, nullptr, i, secret}; }
};

// "" if `text` is fine, else what was expected: "a header name".
using Check = std::string_view (*)(std::string_view text);

inline constexpr unsigned kRequired = 1;
inline constexpr unsigned kSecret = 2;

class Reader;

template <typename T>
struct Field {
  std::string_view name;
  void (*read)(Reader& reader, const Cursor& at, T* out);
  unsigned flags = 0;
};

class Reader {
 public:
  Reader(std::string file_name, Problems* problems) : file_name_(std::move(file_name)), problems_(problems) {}

  // One entity: sets out->origin, then reads its fields. False if it is no map.
  template <typename T, size_t N>
  bool Entity(const Cursor& at, const Field<T> (&fields)[N], T* out) {
    Recording outer = std::exchange(recording_, {&out->origin, &at});
    out->origin.place = PlaceOf(at);
    bool read = Map(at, fields, out);
    recording_ = outer;
    return read;
  }

  // A map inside an entity.
  template <typename T, size_t N>
  bool Map(const Cursor& at, const Field<T> (&fields)[N], T* out) {
    if (at.node->kind != NodeKind::kMap) return Expected(at, "a map");
    for (size_t i = 0; i < at.node->size(); ++i) Member(at.Member(i), fields, out);
    for (const Field<T>& field : fields)
      if ((field.flags & kRequired) != 0 && !IsSet(at, field.name)) Missing(at, field.name);
    return true;
  }

  // Calls f(const Cursor&) for each item.
  template <typename F>
  bool List(const Cursor& at, F f) {
    if (at.node->kind != NodeKind::kList) return Expected(at, "a list", ListHint(at));
    for (size_t i = 0; i < at.node->size(); ++i) {
      Cursor item = at.Item(i);
      Record(item);
      f(item);
    }
    return true;
  }

  // Each reports and returns false, leaving *out, if something else stands there.
  bool String(const Cursor& at, Check check, std::string* out);
  bool Strings(const Cursor& at, Check check, std::vector<std::string>* out);
  bool Integer(const Cursor& at, int64_t min, int64_t max, int64_t* out);
  bool Bool(const Cursor& at, bool* out);

  // A reference to an entity: its name or id, or a map with `name` (consumers: `username`) or `id`. kNone if it is
  // unknown, which is reported.
  size_t Reference(const Cursor& at, EntityKind kind);

  // The reference in member `field` of the map at `at`. If there is none: `inherited`, from the entity around, which
  // the member may not contradict.
  size_t Scope(const Cursor& at, std::string_view field, EntityKind kind, size_t inherited);

  // Each returns false.
  bool Error(const Cursor& at, std::string_view code, std::string message, std::string hint = "");
  bool Expected(const Cursor& at, std::string_view what, std::string hint = "");
  bool NotSupported(const Cursor& at, std::string_view what, std::string hint = "");
  bool Unknown(const Cursor& at, std::string_view what, std::string_view name, const std::vector<std::string>& known);

  void Warn(Place where, std::string_view code, std::string message, std::string hint = "");
  void ErrorAt(Place where, std::string_view code, std::string message, std::string hint = "",
               std::vector<Place> related = {});

  Place PlaceOf(const Cursor& at) const;
  std::string Found(const Cursor& at) const;  // for messages; shows no secret

  Names& names() { return names_; }
  Document& document() { return document_; }

  // True if the map at `at` has a member `name` that is not null.
  static bool IsSet(const Cursor& at, std::string_view name) {
    const Node* node = at.node->Find(name);
    return node != nullptr && node->kind != NodeKind::kNull;
  }

  // Calls f(const Cursor&) with the member `name` of the map at `at`, if it is set.
  template <typename F>
  static void WithMember(const Cursor& at, std::string_view name, F f) {
    for (size_t i = 0; at.node->kind == NodeKind::kMap && i < at.node->size(); ++i)
      if (at.node->key(i).text == name && at.node->value(i).kind != NodeKind::kNull) f(at.Member(i));
  }

 private:
  // Where the places of fields are noted.
  struct Recording {
    Origin* origin = nullptr;
    const Cursor* entity = nullptr;
  };

  template <typename T, size_t N>
  void Member(Cursor at, const Field<T> (&fields)[N], T* out) {
    // Kong allows these two on every entity.
    if (at.parent == recording_.entity && (at.key->text == "_comment" || at.key->text == "_ignore")) return;
    for (const Field<T>& field : fields) {
      if (field.name != at.key->text) continue;
      if (at.node->kind == NodeKind::kNull) return;
      at.secret = at.secret || (field.flags & kSecret) != 0;
      Record(at);
      return field.read(*this, at, out);
    }
    std::vector<std::string> known;
    for (const Field<T>& field : fields) known.emplace_back(field.name);
    Unknown(at, "field", at.key->text, known);
  }

  void Add(Severity severity, Place where, std::string_view code, std::string message, std::string hint,
           std::vector<Place> related);
  size_t ReferenceByMap(const Cursor& at, EntityKind kind);
  void Record(const Cursor& at);
  void Missing(const Cursor& at, std::string_view field);
  std::string ListHint(const Cursor& at) const;

  std::string file_name_;
  Problems* problems_;
  Recording recording_;
  Document document_;
  Names names_{&document_};
};

// ---- How to read a field
// ---------------------------------------------------------------------------------------------

template <typename M>
struct MemberTraits;
template <typename T, typename V>
struct MemberTraits<V T::*> {
  using Class = T;
  using Value = V;
};
template <auto kMember>
using ClassOf = typename MemberTraits<decltype(kMember)>::Class;
template <auto kMember>
using ValueOf = typename MemberTraits<decltype(kMember)>::Value;

template <auto kMember, Check kCheck = nullptr>
void ReadString(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  reader.String(at, kCheck, &(out->*kMember));
}

template <auto kMember, Check kCheck = nullptr>
void ReadStrings(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  reader.Strings(at, kCheck, &(out->*kMember));
}

template <auto kMember>
void ReadBool(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  reader.Bool(at, &(out->*kMember));
}

template <auto kMember, int64_t kMin, int64_t kMax>
void ReadInteger(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  int64_t value = 0;
  if (reader.Integer(at, kMin, kMax, &value)) out->*kMember = static_cast<ValueOf<kMember>>(value);
}

// Words and what they mean; those of Kong's that Sluice does not honour yet have no meaning here.
template <typename V>
struct Word {
  std::string_view text;
  std::optional<V> value;
};

template <typename V, size_t N>
std::optional<V> WordAt(Reader& reader, const Cursor& at, const Word<V> (&words)[N]) {
  std::string text;
  if (!reader.String(at, nullptr, &text)) return std::nullopt;
  std::vector<std::string> known;
  for (const Word<V>& word : words) {
    if (word.text == text && !word.value)
      reader.NotSupported(at, at.key == nullptr ? text : absl::StrCat(at.key->text, ": ", text));
    if (word.text == text) return word.value;
    if (word.value) known.emplace_back(word.text);
  }
  reader.Unknown(at, "value", text, known);
  return std::nullopt;
}

template <auto kMember, const auto& kWords>
void ReadWord(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  if (auto value = WordAt(reader, at, kWords)) out->*kMember = *value;
}

// A list of words, each at most once.
template <auto kMember, const auto& kWords>
void ReadWords(Reader& reader, const Cursor& at, ClassOf<kMember>* out) {
  ValueOf<kMember>& all = out->*kMember;
  all.clear();
  reader.List(at, [&](const Cursor& item) {
    auto value = WordAt(reader, item, kWords);
    if (!value) return;
    if (std::find(all.begin(), all.end(), *value) != all.end())
      reader.Error(item, "duplicate_value", absl::StrCat(reader.Found(item), " appears twice"),
                   "remove one of the two");
    else
      all.push_back(*value);
  });
}

// A field of Kong's that Sluice does not honour: any value is refused.
template <typename T>
void NotYet(Reader& reader, const Cursor& at, T*) {
  reader.NotSupported(at, at.key->text, "remove it");
}

// Likewise, but `false`, which is its default, is fine.
template <typename T>
void NotYetTrue(Reader& reader, const Cursor& at, T*) {
  bool value = false;
  if (reader.Bool(at, &value) && value) reader.NotSupported(at, at.key->text, "set it to false, or remove it");
}

// Likewise, but an empty list is fine.
template <typename T>
void NotYetList(Reader& reader, const Cursor& at, T*) {
  bool empty = at.node->kind == NodeKind::kList && at.node->size() == 0;
  if (!empty) reader.NotSupported(at, at.key->text, "remove it");
}

// Known, and read by another pass or of no meaning to a gateway.
template <typename T>
void Skip(Reader&, const Cursor&, T*) {}

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_READER_H_
