#include "auth/json.h"

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include <algorithm>
#include <cstring>

namespace sluice::auth {
namespace {

// Not kParseValidateEncodingFlag: RapidJSON's validation of a sequence that the end cuts short reads beyond the end.
constexpr unsigned kFlags = rapidjson::kParseInsituFlag;

bool Within(uint8_t byte, uint8_t least, uint8_t most) { return byte >= least && byte <= most; }

// The bytes of the well-formed sequence that begins here, or 0 (Unicode Standard, table 3-7).
size_t SequenceBytes(const uint8_t* at, size_t left) {
  uint8_t lead = at[0];
  if (lead < 0x80) return 1;
  size_t size = Within(lead, 0xc2, 0xdf) ? 2 : Within(lead, 0xe0, 0xef) ? 3 : Within(lead, 0xf0, 0xf4) ? 4 : 0;
  if (size == 0 || size > left) return 0;
  uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;  // below: overlong
  uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;   // above: surrogates, beyond U+10FFFF
  if (!Within(at[1], least, most)) return 0;
  for (size_t i = 2; i < size; ++i)
    if (!Within(at[i], 0x80, 0xbf)) return 0;
  return size;
}

bool IsUtf8(const char* text, size_t size) {
  const auto* at = reinterpret_cast<const uint8_t*>(text);
  const uint8_t* end = at + size;
  while (at < end) {
    uint64_t eight;
    if (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080) == 0)) {
      at += 8;
      continue;
    }
    size_t bytes = SequenceBytes(at, static_cast<size_t>(end - at));
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

// RapidJSON turns an escaped lone low surrogate (`\udc00`) into bytes that are not UTF-8; nothing else can bring them
// here, so that a text without escapes, as nearly all are, is not looked through.
bool HasSurrogate(const char* text, size_t size) {
  const char* end = text + size;
  while (text < end) {
    text = static_cast<const char*>(std::memchr(text, 0xed, static_cast<size_t>(end - text)));
    if (!text) return false;
    ++text;
    if (text < end && static_cast<uint8_t>(*text) >= 0xa0) return true;
  }
  return false;
}

// Two names that differ here differ.
uint64_t FirstBytes(std::string_view name) {
  uint64_t bytes = 0;
  if (name.size() >= sizeof bytes) {
    std::memcpy(&bytes, name.data(), sizeof bytes);
    return bytes;
  }
  for (char c : name) bytes = bytes << 8 | static_cast<uint8_t>(c);
  return bytes;
}

}  // namespace

// Builds the flat list from the reader's events: a container is closed by filling in the size of its subtree.
class JsonBuilder {
 public:
  JsonBuilder(std::vector<JsonNode>* nodes, JsonBounds bounds, bool has_escapes)
      : nodes_(*nodes), bounds_(bounds), has_escapes_(has_escapes) {
    bounds_.depth = std::min(bounds_.depth, kJsonMaxDepth);
  }
  const char* error() const { return error_; }

  bool Null() { return Add(JsonType::kNull) != nullptr; }
  bool Bool(bool b) { return Integer(JsonType::kBool, b); }
  bool Int(int i) { return Integer(JsonType::kInteger, i); }
  bool Uint(unsigned i) { return Integer(JsonType::kInteger, i); }
  bool Int64(int64_t i) { return Integer(JsonType::kInteger, i); }
  bool Uint64(uint64_t i) {
    if (i <= static_cast<uint64_t>(INT64_MAX)) return Int64(static_cast<int64_t>(i));
    return Double(static_cast<double>(i));
  }
  bool Double(double d) {
    JsonNode* node = Add(JsonType::kNumber);
    if (node) node->number = d;
    return node != nullptr;
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }  // only with a flag that is not set
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (has_escapes_ && HasSurrogate(text, size)) return Fail("a string has a lone surrogate");
    JsonNode* node = Add(JsonType::kString);
    if (node) node->text = {text, size};
    return node != nullptr;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (has_escapes_ && HasSurrogate(text, size)) return Fail("a member's name has a lone surrogate");
    name_ = {text, size};
    return true;
  }
  bool StartObject() { return Open(JsonType::kObject); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return depth_ == 0 ? Fail("the root is not an object") : Open(JsonType::kArray); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

 private:
  bool Fail(const char* error) {
    error_ = error;
    return false;
  }

  JsonNode* Add(JsonType type) {
    if (depth_ == 0 && type != JsonType::kObject) {
      Fail("the root is not an object");
      return nullptr;
    }
    if (nodes_.size() >= bounds_.nodes) {
      Fail("has too many values");
      return nullptr;
    }
    if (depth_ > 0) ++nodes_[open_[depth_ - 1]].count;
    JsonNode& node = nodes_.emplace_back();
    node.type = type;
    node.name = name_;
    name_ = {};
    return &node;
  }

  bool Integer(JsonType type, int64_t value) {
    JsonNode* node = Add(type);
    if (node) node->integer = value;
    return node != nullptr;
  }

  bool Open(JsonType type) {
    if (depth_ >= bounds_.depth) return Fail("is nested too deeply");
    if (!Add(type)) return false;
    open_[depth_++] = static_cast<uint32_t>(nodes_.size() - 1);
    return true;
  }

  bool Close() {
    size_t start = open_[--depth_];
    nodes_[start].size = static_cast<uint32_t>(nodes_.size() - start);
    return true;
  }

  std::vector<JsonNode>& nodes_;
  JsonBounds bounds_;
  const bool has_escapes_;
  std::string_view name_;
  size_t depth_ = 0;
  uint32_t open_[kJsonMaxDepth];
  const char* error_ = "is not strict JSON";
};

double JsonValue::AsNumber() const {
  if (type() == JsonType::kInteger) return static_cast<double>(node_->integer);
  return type() == JsonType::kNumber ? node_->number : 0;
}

JsonValue JsonValue::First() const {
  if (size() == 0) return {};
  return {node_ + 1, node_ + node_->size};
}

JsonValue JsonValue::Next() const {
  if (!node_ || node_ + node_->size >= end_) return {};
  return {node_ + node_->size, end_};
}

JsonValue JsonValue::Member(std::string_view name) const {
  if (!IsObject()) return {};
  JsonValue member = First();
  while (member.exists() && member.name() != name) member = member.Next();
  return member;
}

JsonValue Json::root() const {
  if (nodes_.empty()) return {};
  return {nodes_.data(), nodes_.data() + nodes_.size()};
}

bool Json::Parse(char* text, size_t size, JsonBounds bounds) {
  nodes_.clear();
  text[size] = '\0';
  // The reader takes a NUL for the end of its text, so that whatever followed one would go unread.
  if (std::memchr(text, '\0', size)) {
    error_ = "has a NUL byte";
    return false;
  }
  if (!IsUtf8(text, size)) {
    error_ = "is not UTF-8";
    return false;
  }
  rapidjson::InsituStringStream stream(text);
  rapidjson::Reader reader;
  JsonBuilder builder(&nodes_, bounds, std::memchr(text, '\\', size) != nullptr);
  error_ = "";
  if (!reader.Parse<kFlags>(stream, builder))
    error_ = builder.error();
  else if (HasDuplicateMember())
    error_ = "a member appears twice";
  if (*error_ != '\0') nodes_.clear();
  return *error_ == '\0';
}

bool Json::HasDuplicateMember() {
  for (size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].type == JsonType::kObject && ObjectHasDuplicate(i)) return true;
  return false;
}

// Few names are compared each with each; many are sorted, so that hostile objects cost no quadratic time.
bool Json::ObjectHasDuplicate(size_t object) {
  constexpr size_t kFew = 16;
  names_.clear();
  size_t end = object + nodes_[object].size;
  bool many = nodes_[object].count > kFew;
  auto less = [](const Name& a, const Name& b) { return a.first != b.first ? a.first < b.first : a.text < b.text; };
  auto equal = [](const Name& a, const Name& b) { return a.first == b.first && a.text == b.text; };
  for (size_t i = object + 1; i < end; i += nodes_[i].size) {
    const Name name = {FirstBytes(nodes_[i].name), nodes_[i].name};
    if (!many)
      for (const Name& other : names_)
        if (equal(other, name)) return true;
    names_.push_back(name);
  }
  if (!many) return false;
  std::sort(names_.begin(), names_.end(), less);
  return std::adjacent_find(names_.begin(), names_.end(), equal) != names_.end();
}

}  // namespace sluice::auth
