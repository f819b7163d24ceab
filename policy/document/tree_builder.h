// Builds a Tree from the events of a parser, and holds all bounds of a document.
//
// A parser calls Scalar, StartList, StartMap and End in document order; a map's keys and values come alternately. Each
// returns false once the document cannot be read further: the reason is in the problems by then.
#ifndef SLUICE_POLICY_DOCUMENT_TREE_BUILDER_H_
#define SLUICE_POLICY_DOCUMENT_TREE_BUILDER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "policy/document/tree.h"

namespace sluice::policy {

class TreeBuilder {
 public:
  enum class Style { kPlain, kQuoted };
  static constexpr size_t kNoAnchor = 0;

  TreeBuilder(const ParseOptions& options, Problems* problems)
      : options_(options), problems_(problems), arena_(std::make_unique<Arena>(size_t{64} << 10)) {}

  bool Scalar(Spot spot, std::string_view text, Style style, size_t anchor = kNoAnchor);
  bool StartList(Spot spot, size_t anchor = kNoAnchor) { return Start(NodeKind::kList, spot, anchor); }
  bool StartMap(Spot spot, size_t anchor = kNoAnchor) { return Start(NodeKind::kMap, spot, anchor); }
  bool End();
  bool Alias(Spot spot, size_t anchor);

  // Reports and returns false.
  bool Fail(Spot spot, std::string_view code, std::string message, std::string hint);

  std::optional<Tree> Finish();

 private:
  // What a node amounts to when its aliases are followed.
  struct Extent {
    size_t nodes = 1;
    size_t bytes = 0;
    size_t depth = 0;  // of containers, this one included
  };
  struct Anchored {
    Node node;
    Extent extent;
  };
  struct Frame {
    Node node;
    Extent extent;
    size_t anchor = kNoAnchor;
    std::vector<Node> children;
  };

  bool Start(NodeKind kind, Spot spot, size_t anchor);
  bool Add(const Node& node, const Extent& extent, size_t anchor);
  void Attach(const Node& node, const Extent& extent, size_t anchor);
  bool Charge(Spot spot, const Extent& extent);
  bool AtKey() const;
  bool CheckText(Spot spot, std::string_view text);
  void SubstituteVariables(Node* node);
  void FinishMap(Frame* frame);
  void Merge(const Node& from, std::vector<Node>* members);
  Node Sealed(const Frame& frame);
  void Report(Place where, std::string_view code, std::string message, std::string hint,
              std::vector<Place> related = {});
  Place PlaceAt(Spot spot) const;
  Place PlaceOfKey(const Node& key) const;

  const ParseOptions& options_;
  Problems* problems_;
  std::unique_ptr<Arena> arena_;
  std::vector<Frame> frames_;
  absl::flat_hash_map<size_t, Anchored> anchors_;
  std::optional<Node> root_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
};

// One adapter for each syntax. False, with the reason reported, if the text ends early or is malformed.
bool ReadYaml(std::string_view text, TreeBuilder* builder);
bool ReadJson(std::string_view text, TreeBuilder* builder);

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_TREE_BUILDER_H_
