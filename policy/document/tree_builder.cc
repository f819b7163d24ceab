#include "policy/document/tree_builder.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "policy/document/pointer.h"
#include "policy/document/scalar.h"
#include "policy/document/substitute.h"

namespace sluice::policy {
namespace {

// Members of a map under construction, by name. Small maps, which nearly all are, are searched from front to back.
class MemberIndex {
 public:
  explicit MemberIndex(const std::vector<Node>& members) : members_(members) {}

  const Node* Find(std::string_view name) const {
    if (!by_name_.empty()) {
      auto found = by_name_.find(name);
      return found == by_name_.end() ? nullptr : &members_[found->second];
    }
    for (size_t i = 0; i < members_.size(); i += 2)
      if (members_[i].text == name) return &members_[i];
    return nullptr;
  }

  // Call after a key and its value were appended.
  void Added() {
    constexpr size_t kSmall = 16;  // children, that is 8 members
    if (members_.size() < kSmall) return;
    size_t first = by_name_.empty() ? 0 : members_.size() - 2;
    for (size_t i = first; i < members_.size(); i += 2) by_name_.try_emplace(members_[i].text, i);
  }

 private:
  const std::vector<Node>& members_;
  absl::flat_hash_map<std::string_view, size_t> by_name_;
};

bool IsMergeKey(const Node& key) { return key.is_plain && key.text == "<<"; }

void AppendMember(const Node& key, const Node& value, std::vector<Node>* members, MemberIndex* index) {
  members->push_back(key);
  members->push_back(value);
  index->Added();
}

}  // namespace

bool TreeBuilder::Scalar(Spot spot, std::string_view text, Style style, size_t anchor) {
  if (!CheckText(spot, text)) return false;
  Node node;
  node.spot = spot;
  node.is_plain = style == Style::kPlain;
  node.kind = node.is_plain ? ScalarKind(text) : NodeKind::kString;
  if (AtKey()) {
    if (node.kind == NodeKind::kNull) return Fail(spot, "bad_key", "expected a name before `:`, found nothing", "");
    node.kind = NodeKind::kString;
  }
  node.text = arena_->Copy(text);
  if (!AtKey() && HasVariables(text)) SubstituteVariables(&node);
  return Add(node, {1, node.text.size(), 0}, anchor);
}

bool TreeBuilder::CheckText(Spot spot, std::string_view text) {
  if (text.size() > limits::kDocumentStringBytes)
    return Fail(spot, "string_too_long",
                absl::StrCat("a string of ", text.size(), " bytes is longer than ", limits::kDocumentStringBytes), "");
  if (text.find('\0') != std::string_view::npos) return Fail(spot, "bad_text", "a string contains NUL", "remove it");
  return true;
}

void TreeBuilder::SubstituteVariables(Node* node) {
  Substitution result = Substitute(node->text, options_.env);
  node->from_env = true;
  if (result.error.empty() && result.text.find('\0') != std::string::npos) result.error = "a variable contains NUL";
  node->is_broken = !result.error.empty();
  if (node->is_broken) return Report(PlaceAt(node->spot), "variable", std::move(result.error), std::move(result.hint));
  node->text = arena_->Copy(result.text);
  // An unquoted or filtered variable takes its type from its value, as decK's textual replacement has it.
  node->kind = node->is_plain || result.typed ? ScalarKind(node->text) : NodeKind::kString;
  // A variable that is empty was set all the same: null would pass for a field that nobody wrote.
  if (node->kind == NodeKind::kNull) node->kind = NodeKind::kString;
}

bool TreeBuilder::Start(NodeKind kind, Spot spot, size_t anchor) {
  if (AtKey()) return Fail(spot, "bad_key", "expected a name before `:`, found a list or a map", "");
  if (frames_.size() >= limits::kDocumentDepth)
    return Fail(spot, "too_deep", absl::StrCat("nested deeper than ", limits::kDocumentDepth), "");
  Frame frame;
  frame.node.kind = kind;
  frame.node.spot = spot;
  frame.anchor = anchor;
  frames_.push_back(std::move(frame));
  return true;
}

bool TreeBuilder::End() {
  if (frames_.back().node.kind == NodeKind::kMap) FinishMap(&frames_.back());
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  ++frame.extent.depth;
  if (!Charge(frame.node.spot, {1, 0, 0})) return false;  // its children were charged one by one
  Attach(Sealed(frame), frame.extent, frame.anchor);
  return true;
}

Node TreeBuilder::Sealed(const Frame& frame) {
  Node node = frame.node;
  Node* children = arena_->Array<Node>(frame.children.size());
  std::copy(frame.children.begin(), frame.children.end(), children);
  node.children = children;
  node.child_count = static_cast<uint32_t>(frame.children.size());
  return node;
}

bool TreeBuilder::Alias(Spot spot, size_t anchor) {
  auto found = anchors_.find(anchor);
  if (found == anchors_.end()) return Fail(spot, "bad_alias", "an alias stands inside of what it refers to", "");
  const Anchored anchored = found->second;
  if (AtKey() && !anchored.node.is_scalar())
    return Fail(spot, "bad_key", "expected a name before `:`, found a list or a map", "");
  if (frames_.size() + anchored.extent.depth > limits::kDocumentDepth)
    return Fail(spot, "too_deep", absl::StrCat("nested deeper than ", limits::kDocumentDepth), "");
  Node node = anchored.node;
  node.spot = spot;
  if (AtKey()) node.kind = NodeKind::kString;
  return Add(node, anchored.extent, kNoAnchor);
}

bool TreeBuilder::Add(const Node& node, const Extent& extent, size_t anchor) {
  if (!Charge(node.spot, extent)) return false;
  Attach(node, extent, anchor);
  return true;
}

void TreeBuilder::Attach(const Node& node, const Extent& extent, size_t anchor) {
  if (anchor != kNoAnchor) anchors_[anchor] = {node, extent};
  if (frames_.empty()) {
    root_ = node;
    return;
  }
  Frame& parent = frames_.back();
  parent.children.push_back(node);
  parent.extent.nodes += extent.nodes;
  parent.extent.bytes += extent.bytes;
  parent.extent.depth = std::max(parent.extent.depth, extent.depth);
}

bool TreeBuilder::Charge(Spot spot, const Extent& extent) {
  nodes_ += extent.nodes;
  bytes_ += extent.bytes;
  if (nodes_ > limits::kDocumentNodes)
    return Fail(spot, "too_large",
                absl::StrCat("more than ", limits::kDocumentNodes, " values when aliases are followed"), "");
  if (bytes_ > limits::kDocumentTextBytes)
    return Fail(spot, "too_large",
                absl::StrCat("more than ", limits::kDocumentTextBytes >> 20,
                             " MiB of strings when aliases and variables are followed"),
                "");
  return true;
}

bool TreeBuilder::AtKey() const {
  return !frames_.empty() && frames_.back().node.kind == NodeKind::kMap && frames_.back().children.size() % 2 == 0;
}

// Refuses duplicate keys, then adds what `<<` brings in: a name written in the map itself wins, then the first of the
// merged maps that has it (https://yaml.org/type/merge.html).
void TreeBuilder::FinishMap(Frame* frame) {
  std::vector<Node> written = std::move(frame->children);
  frame->children.clear();
  frame->children.reserve(written.size());
  MemberIndex index(frame->children);
  const Node* merge = nullptr;
  for (size_t i = 0; i + 1 < written.size(); i += 2) {
    const Node& key = written[i];
    const Node* first = IsMergeKey(key) ? merge : index.Find(key.text);
    if (first != nullptr) {
      Report(PlaceOfKey(key), "duplicate_key", absl::StrCat("the key `", key.text.substr(0, 64), "` appears twice"),
             "remove one of the two", {PlaceOfKey(*first)});
    } else if (IsMergeKey(key)) {
      merge = &key;
    } else {
      AppendMember(key, written[i + 1], &frame->children, &index);
    }
  }
  if (merge != nullptr) Merge(merge[1], &frame->children);
}

void TreeBuilder::Merge(const Node& from, std::vector<Node>* members) {
  MemberIndex index(*members);
  index.Added();
  auto merge_map = [&](const Node& map) {
    if (map.kind != NodeKind::kMap)
      return Report(PlaceAt(map.spot), "bad_merge", "expected a map, or a list of maps, after `<<`",
                    "refer to an anchored map");
    for (size_t i = 0; i < map.size(); ++i)
      if (index.Find(map.key(i).text) == nullptr) AppendMember(map.key(i), map.value(i), members, &index);
  };
  if (from.kind != NodeKind::kList) return merge_map(from);
  for (size_t i = 0; i < from.size(); ++i) merge_map(from.item(i));
}

Place TreeBuilder::PlaceAt(Spot spot) const {
  Place place{options_.file_name, spot.line, spot.column, ""};
  for (const Frame& frame : frames_) {
    if (frame.node.kind == NodeKind::kList) {
      AppendToPointer(frame.children.size(), &place.pointer);
    } else if (frame.children.size() % 2 == 1) {
      AppendToPointer(frame.children.back().text, &place.pointer);
    }
  }
  return place;
}

Place TreeBuilder::PlaceOfKey(const Node& key) const {
  Place place = PlaceAt(key.spot);
  AppendToPointer(key.text, &place.pointer);
  return place;
}

void TreeBuilder::Report(Place where, std::string_view code, std::string message, std::string hint,
                         std::vector<Place> related) {
  Diagnostic problem;
  problem.code = std::string(code);
  problem.message = std::move(message);
  problem.where = std::move(where);
  problem.hint = std::move(hint);
  problem.related = std::move(related);
  problems_->Add(std::move(problem));
}

bool TreeBuilder::Fail(Spot spot, std::string_view code, std::string message, std::string hint) {
  Report(PlaceAt(spot), code, std::move(message), std::move(hint));
  return false;
}

std::optional<Tree> TreeBuilder::Finish() {
  if (!root_) return std::nullopt;
  return Tree(std::move(arena_), *root_);
}

}  // namespace sluice::policy
