// A strict JSON reader for hostile input (token headers, claims, key sets): RFC 8259 objects as a flat list of nodes.
//
//   Json json;                                     // reusable: a warm one allocates nothing
//   if (!json.Parse(text, size, {16, 2048})) …     // parses in place: strings are views into `text`
//   std::string_view iss = json.root().Member("iss").AsString();
//   for (JsonValue v = json.root().Member("aud").First(); v.exists(); v = v.Next()) …
//
// Refuses duplicate members (RFC 8725 says nothing of them, RFC 7519 section 4 lets us), invalid UTF-8, lone
// surrogates, NUL bytes, trailing text, comments, numbers beyond a double, and anything beyond the bounds.
// A value that is missing or of another type reads as empty: chains of Member() never fail. Not thread-safe while
// parsing; values are views that end with the next Parse.
#ifndef SLUICE_AUTH_JSON_H_
#define SLUICE_AUTH_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::auth {

enum class JsonType : uint8_t { kMissing, kNull, kBool, kInteger, kNumber, kString, kArray, kObject };

struct JsonNode {
  std::string_view name;  // of a member; empty in arrays and at the root
  std::string_view text;  // kString
  union {
    int64_t integer;  // kInteger, and kBool as 0 or 1
    double number;    // kNumber: fractions, exponents and integers beyond int64
  };
  uint32_t size = 1;   // nodes of this subtree, itself included
  uint32_t count = 0;  // children
  JsonType type = JsonType::kNull;
  JsonNode() : integer(0) {}
};

class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(const JsonNode* node, const JsonNode* end) : node_(node), end_(end) {}

  bool exists() const { return node_ != nullptr; }
  JsonType type() const { return node_ ? node_->type : JsonType::kMissing; }
  bool IsString() const { return type() == JsonType::kString; }
  bool IsObject() const { return type() == JsonType::kObject; }
  bool IsArray() const { return type() == JsonType::kArray; }
  bool IsNumber() const { return type() == JsonType::kInteger || type() == JsonType::kNumber; }
  std::string_view name() const { return node_ ? node_->name : std::string_view(); }
  std::string_view AsString() const { return IsString() ? node_->text : std::string_view(); }
  bool AsBool() const { return type() == JsonType::kBool && node_->integer != 0; }
  double AsNumber() const;
  int64_t AsInteger() const { return type() == JsonType::kInteger ? node_->integer : 0; }
  size_t size() const { return node_ ? node_->count : 0; }  // members or elements

  // The member of an object; exact bytes, a dot is a character.
  JsonValue Member(std::string_view name) const;

  // Children in order: First(), then Next() of each until one does not exist.
  JsonValue First() const;
  JsonValue Next() const;

 private:
  const JsonNode* node_ = nullptr;
  const JsonNode* end_ = nullptr;  // of the parent's subtree: where Next() stops
};

struct JsonBounds {
  size_t depth;  // nested arrays and objects; at most kJsonMaxDepth
  size_t nodes;  // values in all
};

inline constexpr size_t kJsonMaxDepth = 64;

class Json {
 public:
  // Parses `text[0, size)`, whose root must be an object, in place; `text[size]` must be writable and is set to NUL.
  // `text` must outlive the values. False: see error().
  bool Parse(char* text, size_t size, JsonBounds bounds);
  const char* error() const { return error_; }  // static text: "a member appears twice"

  JsonValue root() const;

 private:
  friend class JsonBuilder;

  std::vector<JsonNode> nodes_;
  struct Name {
    uint64_t print;  // for comparing fast
    std::string_view text;
  };
  std::vector<Name> names_;  // scratch of the duplicate check, for objects of many members
  const char* error_ = "";
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_JSON_H_
