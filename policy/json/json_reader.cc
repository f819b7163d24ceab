#include "policy/json/json_reader.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/arena.h"
#include "policy/json/json_writer.h"

namespace sluice {
namespace {

// Receives the parser's events and hangs nodes into the tree.
class TreeBuilder {
 public:
  explicit TreeBuilder(Arena* arena) : arena_(arena) {}

  void Start(const JsonBounds& bounds) {
    bounds_ = bounds;
    nodes_ = 0;
    root_ = nullptr;
    open_.clear();
    refusal_ = nullptr;
  }

  const JsonNode* root() const { return root_; }
  const char* refusal() const { return refusal_; }  // why an event was answered with false

  bool Null() { return Add(JsonKind::kNull) != nullptr; }
  bool Bool(bool value) {
    JsonNode* node = Add(JsonKind::kBool);
    if (node != nullptr) node->boolean = value;
    return node != nullptr;
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) { return AddText(JsonKind::kNumber, {text, size}); }
  bool String(const char* text, rapidjson::SizeType size, bool) { return AddText(JsonKind::kString, {text, size}); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    name_ = arena_->Copy({text, size});
    return true;
  }
  bool StartObject() { return Open(JsonKind::kObject); }
  bool StartArray() { return Open(JsonKind::kArray); }
  bool EndObject(rapidjson::SizeType) {
    if (HasDuplicateNames(*open_.back().node)) return Refuse("an object names one member twice");
    return EndArray(0);
  }
  bool EndArray(rapidjson::SizeType) {
    open_.pop_back();
    return true;
  }

  // Numbers come as text (RawNumber); the parser's interface wants these all the same.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  struct Level {
    JsonNode* node;
    JsonNode* last_child;
  };

  bool Refuse(const char* why) {
    refusal_ = why;
    return false;
  }

  bool HasDuplicateNames(const JsonNode& object) {
    names_.clear();
    for (const JsonNode& member : object)
      if (!names_.insert(member.name).second) return true;
    return false;
  }

  // Null when there are too many.
  JsonNode* Add(JsonKind kind) {
    if (++nodes_ > bounds_.nodes) {
      refusal_ = "too many values";
      return nullptr;
    }
    JsonNode* node = arena_->Array<JsonNode>(1);
    node->kind = kind;
    node->name = name_;
    name_ = {};
    if (open_.empty()) {
      root_ = node;
      return node;
    }
    Level& parent = open_.back();
    (parent.last_child == nullptr ? parent.node->first : parent.last_child->next) = node;
    parent.last_child = node;
    ++parent.node->count;
    return node;
  }

  bool AddText(JsonKind kind, std::string_view text) {
    JsonNode* node = Add(kind);
    if (node != nullptr) node->text = arena_->Copy(text);
    return node != nullptr;
  }

  bool Open(JsonKind kind) {
    if (open_.size() >= bounds_.depth) return Refuse("nested too deeply");
    JsonNode* node = Add(kind);
    if (node != nullptr) open_.push_back({node, nullptr});
    return node != nullptr;
  }

  Arena* arena_;
  JsonBounds bounds_;
  size_t nodes_ = 0;
  JsonNode* root_ = nullptr;
  std::vector<Level> open_;
  std::string_view name_;
  absl::flat_hash_set<std::string_view> names_;
  const char* refusal_ = nullptr;
};

}  // namespace

std::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull: return "null";
    case JsonKind::kBool: return "a boolean";
    case JsonKind::kNumber: return "a number";
    case JsonKind::kString: return "a string";
    case JsonKind::kArray: return "an array";
    case JsonKind::kObject: return "an object";
  }
  return "nothing";
}

const JsonNode* JsonNode::Find(std::string_view wanted) const {
  for (const JsonNode& member : *this)
    if (member.name == wanted) return &member;
  return nullptr;
}

namespace {

void Write(const JsonNode& node, JsonWriter* json) {  // no deeper than the reader allowed
  const bool is_object = node.kind == JsonKind::kObject;
  switch (node.kind) {
    case JsonKind::kNull: return json->Null();
    case JsonKind::kBool: return json->Bool(node.boolean);
    case JsonKind::kNumber: return json->Raw(node.text);
    case JsonKind::kString: return json->String(node.text);
    case JsonKind::kArray: json->BeginArray(); break;
    case JsonKind::kObject: json->BeginObject(); break;
  }
  for (const JsonNode& child : node) {
    if (is_object) json->Key(child.name);
    Write(child, json);
  }
  is_object ? json->EndObject() : json->EndArray();
}

}  // namespace

std::string ToJson(const JsonNode& node) {
  std::string out;
  JsonWriter json(&out);
  Write(node, &json);
  return out;
}

struct JsonReader::Impl {
  Arena arena;
  TreeBuilder builder{&arena};
  rapidjson::Reader parser;
};

JsonReader::JsonReader() : impl_(std::make_unique<Impl>()) {}
JsonReader::~JsonReader() = default;

const JsonNode* JsonReader::Read(std::string_view text, const JsonBounds& bounds, std::string* error) {
  if (text.size() > bounds.bytes) {
    *error = absl::StrCat("expected at most ", bounds.bytes, " bytes of JSON, found ", text.size());
    return nullptr;
  }
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
  impl_->arena.Reset();
  impl_->builder.Start(bounds);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::ParseResult result = impl_->parser.Parse<kFlags>(stream, impl_->builder);
  if (!result) {
    const char* why = impl_->builder.refusal();
    std::string reason = why != nullptr ? why : rapidjson::GetParseError_En(result.Code());
    reason[0] = absl::ascii_tolower(static_cast<unsigned char>(reason[0]));
    if (reason.back() == '.') reason.pop_back();
    *error = absl::StrCat("invalid JSON at byte ", result.Offset() + 1, ": ", reason);
    return nullptr;
  }
  if (stream.Tell() != text.size()) {  // the parser takes a NUL for the end
    *error = absl::StrCat("invalid JSON at byte ", stream.Tell() + 1, ": a NUL byte");
    return nullptr;
  }
  return impl_->builder.root();
}

}  // namespace sluice
