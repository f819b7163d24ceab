#include "auth/json.h"

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "auth/json_text.h"

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

// Most names that are as long begin otherwise: saves a call.
bool AreEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || (a.front() == b.front() && a == b));
}

// Of the first and last bytes of a name; two names that differ here differ.
uint64_t Fingerprint(std::string_view name) {
  uint64_t first = 0, last = 0;
  if (name.size() >= 8) {
    std::memcpy(&first, name.data(), 8);
    std::memcpy(&last, name.data() + name.size() - 8, 8);
  } else if (name.size() >= 4) {
    std::memcpy(&first, name.data(), 4);
    std::memcpy(&last, name.data() + name.size() - 4, 4);
  } else {
    for (char c : name) first = first << 8 | static_cast<uint8_t>(c);
  }
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio: spreads bits upwards
  return (first + name.size()) * kOdd ^ (last << 32 | last >> 32) * kOdd;
}

// A set of names by their fingerprints, which may take one that is new for one that it has.
class SeenNames {
 public:
  void Clear() { words_ = {}; }

  // Whether the name is new for sure.
  bool Add(std::string_view name) {
    const uint64_t bit = Fingerprint(name) >> 56;
    uint64_t& word = words_[bit / 64];
    const uint64_t mask = uint64_t{1} << (bit % 64);
    const bool is_new = (word & mask) == 0;
    word |= mask;
    return is_new;
  }

 private:
  std::array<uint64_t, 4> words_;
};

}  // namespace

// Builds the flat list from the reader's events: a container is closed by filling in the size of its subtree.
class JsonBuilder {
 public:
  JsonBuilder(Json* json, JsonBounds bounds, const JsonText& text)
      : nodes_(json->nodes_), names_(json->names_), bounds_(bounds), text_(text) {
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
    if (!IsText(text, size)) return false;
    JsonNode* node = Add(JsonType::kString);
    if (node) node->text = {text, size};
    return node != nullptr;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (!IsText(text, size)) return false;
    name_ = {text, size};
    return open_[depth_ - 1].seen.Add(name_) || !IsTaken(name_) || Fail(kTwice);
  }
  bool StartObject() { return OpenNode(JsonType::kObject); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() { return depth_ == 0 ? Fail("the root is not an object") : OpenNode(JsonType::kArray); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

 private:
  bool Fail(const char* error) {
    error_ = error;
    return false;
  }

  // Of a string when it is unescaped, which is early enough: what an escape becomes never completes a sequence that was
  // cut off before it. RapidJSON turns an escaped lone low surrogate (`\udc00`) into bytes that are not UTF-8, too.
  bool IsText(const char* text, size_t size) {
    return text_.is_plain() || IsUtf8(text, size) || Fail("a string is not UTF-8 or has a lone surrogate");
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
    if (depth_ > 0) ++nodes_[open_[depth_ - 1].node].count;
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

  bool OpenNode(JsonType type) {
    if (depth_ >= bounds_.depth) return Fail("is nested too deeply");
    if (!Add(type)) return false;
    open_[depth_].node = static_cast<uint32_t>(nodes_.size() - 1);
    open_[depth_++].seen.Clear();
    return true;
  }

  bool Close() {
    JsonNode& closed = nodes_[open_[--depth_].node];
    closed.size = static_cast<uint32_t>(&nodes_.back() - &closed + 1);
    return closed.type != JsonType::kObject || closed.count <= kFew || !ManyHaveTwice(closed) || Fail(kTwice);
  }

  // Whether the innermost object has this name already. Few names are compared with all before, and only those whose
  // bit another has; many are sorted at the end, so that hostile objects cost no quadratic time.
  bool IsTaken(std::string_view name) const {
    const JsonNode* object = &nodes_[open_[depth_ - 1].node];
    if (object->count >= kFew) return false;
    const JsonNode* member = object + 1;
    for (uint32_t i = 0; i < object->count; ++i, member += member->size)
      if (AreEqual(member->name, name)) return true;
    return false;
  }

  bool ManyHaveTwice(const JsonNode& object) {
    using Name = Json::Name;
    auto less = [](const Name& a, const Name& b) { return a.print != b.print ? a.print < b.print : a.text < b.text; };
    auto equal = [](const Name& a, const Name& b) { return a.print == b.print && a.text == b.text; };
    names_.clear();
    const JsonNode* member = &object + 1;
    for (uint32_t i = 0; i < object.count; ++i, member += member->size)
      names_.push_back({Fingerprint(member->name), member->name});
    std::sort(names_.begin(), names_.end(), less);
    return std::adjacent_find(names_.begin(), names_.end(), equal) != names_.end();
  }

  static constexpr uint32_t kFew = 32;
  static constexpr const char* kTwice = "a member appears twice";

  // An array or object that is not closed yet.
  struct Open {
    uint32_t node;
    SeenNames seen;
  };

  std::vector<JsonNode>& nodes_;
  std::vector<Json::Name>& names_;
  JsonBounds bounds_;
  const JsonText& text_;
  std::string_view name_;
  size_t depth_ = 0;
  Open open_[kJsonMaxDepth];
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
  while (member.exists() && !AreEqual(member.name(), name)) member = member.Next();
  return member;
}

JsonValue Json::root() const {
  if (nodes_.empty()) return {};
  return {nodes_.data(), nodes_.data() + nodes_.size()};
}

bool Json::Parse(char* text, size_t size, JsonBounds bounds) {
  nodes_.clear();
  text[size] = '\0';
  JsonText stream(text, size);
  rapidjson::Reader reader;
  JsonBuilder builder(this, bounds, stream);
  error_ = "";
  if (!reader.Parse<kFlags>(stream, builder))
    error_ = builder.error();
  else if (!stream.is_at_end())  // the reader takes a NUL for the end of its text
    error_ = "has a NUL byte";
  if (*error_ != '\0') nodes_.clear();
  return *error_ == '\0';
}

}  // namespace sluice::auth
