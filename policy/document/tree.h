// A document before anyone asks what it means: one bounded tree for YAML and JSON.
//
//   Problems problems;
//   std::optional<Tree> tree = ParseTree(text, options, &problems);
//   if (tree) Use(tree->root());
//
// YAML is the core schema of YAML 1.2: true/false, integers, floats, null; `yes`, `on`, `1:30` and dates are strings, a
// quoted scalar always is. Anchors, aliases and merge keys (`<<`) work; an alias shares the nodes of its anchor, but
// counts as if they were written out. Tags other than `!!str`, `!!map` and `!!seq` are refused, as are a second
// document, duplicate keys, keys that are not scalars, a text that is not UTF-8, and NUL.
// Bounds: limits::kDocumentBytes, kDocumentDepth, kDocumentNodes, kDocumentStringBytes, kDocumentTextBytes.
#ifndef SLUICE_POLICY_DOCUMENT_TREE_H_
#define SLUICE_POLICY_DOCUMENT_TREE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "policy/document/parse.h"
#include "policy/document/problems.h"

namespace sluice::policy {

// Where a node begins; both count from 1, columns in bytes.
struct Spot {
  uint32_t line = 0;
  uint32_t column = 0;
};

enum class NodeKind : uint8_t { kNull, kBool, kInteger, kFloat, kString, kList, kMap };

// Plain data in the tree's arena. A list's children are its items; a map's are key, value, key, value …
struct Node {
  NodeKind kind = NodeKind::kNull;
  bool from_env = false;   // holds the value of a variable: never shown; may be read as whatever type a field wants
  bool is_plain = false;   // a scalar without quotes
  bool is_broken = false;  // its variables could not be replaced, which has been reported
  Spot spot;
  uint32_t child_count = 0;
  const Node* children = nullptr;
  std::string_view text;  // a scalar as written, unquoted

  bool is_scalar() const { return kind != NodeKind::kList && kind != NodeKind::kMap; }
  size_t size() const { return kind == NodeKind::kMap ? child_count / 2 : child_count; }  // items or members
  const Node& item(size_t i) const { return children[i]; }
  const Node& key(size_t i) const { return children[2 * i]; }
  const Node& value(size_t i) const { return children[2 * i + 1]; }
  const Node* Find(std::string_view name) const;  // a member's value, nullptr if there is none or this is no map
};

class Tree {
 public:
  explicit Tree(std::unique_ptr<Arena> arena, const Node& root) : arena_(std::move(arena)), root_(root) {}
  const Node& root() const { return root_; }

 private:
  std::unique_ptr<Arena> arena_;
  Node root_;
};

// Nothing if the text cannot be read as a tree. What could be read around (a duplicate key, an unset variable) is
// reported and leaves a tree.
std::optional<Tree> ParseTree(std::string_view text, const ParseOptions& options, Problems* problems);

// A node as compact JSON text.
std::string ToJson(const Node& node);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_TREE_H_
