// Reads JSON (RFC 8259) into a tree of plain nodes: the one place that touches the JSON parser.
//
//   sluice::JsonReader reader;
//   std::string error;
//   const sluice::JsonNode* root = reader.Read(R"({"a":[1,"x"]})", {}, &error);
//   if (root == nullptr) …                      // `error` says what is wrong and at which byte
//   for (const sluice::JsonNode& member : *root) std::cout << member.name;
//
// Strict: one value, valid UTF-8, no comments, no trailing commas, no duplicate members, bounded size and depth; a
// hostile depth costs no stack. Numbers keep the text they were written in, so that nothing is rounded on the way.
// Threads: one reader by one thread at a time. Memory: nodes and texts belong to the reader until its next Read.
#ifndef SLUICE_POLICY_JSON_JSON_READER_H_
#define SLUICE_POLICY_JSON_JSON_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

enum class JsonKind { kNull, kBool, kNumber, kString, kArray, kObject };

// "a string", "an object" …: for error texts.
std::string_view JsonKindName(JsonKind kind);

struct JsonNode {
  class Iterator {
   public:
    explicit Iterator(const JsonNode* node) : node_(node) {}
    const JsonNode& operator*() const { return *node_; }
    Iterator& operator++() {
      node_ = node_->next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return node_ != other.node_; }

   private:
    const JsonNode* node_;
  };

  // The elements of an array, the members of an object; none for the rest.
  Iterator begin() const { return Iterator(first); }
  Iterator end() const { return Iterator(nullptr); }

  // The member of that name, or null.
  const JsonNode* Find(std::string_view wanted) const;

  JsonKind kind = JsonKind::kNull;
  bool boolean = false;
  size_t count = 0;                 // of children
  std::string_view name;            // within an object
  std::string_view text;            // of a string: decoded; of a number: as written
  const JsonNode* first = nullptr;  // child
  const JsonNode* next = nullptr;   // sibling
};

struct JsonBounds {
  size_t bytes = size_t{4} << 20;
  size_t depth = 16;
  size_t nodes = 100'000;  // a node takes far more memory than the two bytes that can make one
};

class JsonReader {
 public:
  JsonReader();
  ~JsonReader();

  // Null: `*error` says why ("invalid JSON at byte 17: …"), never quoting the text itself.
  const JsonNode* Read(std::string_view text, const JsonBounds& bounds, std::string* error);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A value as JSON again, on one line.
std::string ToJson(const JsonNode& node);

}  // namespace sluice

#endif  // SLUICE_POLICY_JSON_JSON_READER_H_
