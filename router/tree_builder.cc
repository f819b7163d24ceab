#include "router/tree_builder.h"

#include <algorithm>

namespace sluice::router {

TreeBuilder::Group& TreeBuilder::GroupOf(const HostPattern* host) {
  if (host == nullptr) {
    if (!without_host_) without_host_ = std::make_unique<Group>();
    return *without_host_;
  }
  const auto [at, is_new] =
      by_host_.try_emplace({static_cast<int>(host->kind), HostKey(*host)}, static_cast<uint32_t>(groups_.size()));
  if (is_new) groups_.emplace_back().pattern = host;
  return groups_[at->second];
}

void TreeBuilder::Add(const HostPattern* host, const Keys& keys, uint32_t rank) {
  Group& group = GroupOf(host);
  if (keys.empty()) group.anywhere.push_back(rank);
  group.keys.insert(group.keys.end(), keys.begin(), keys.end());
}

void TreeBuilder::AddRegex(const HostPattern* host, const Regex& regex, uint32_t rank) {
  GroupOf(host).regexes[regex.literal_prefix()].emplace_back(&regex, rank);
}

void TreeBuilder::PlaceRegexes(Group* group, Tree* tree, MatchIndex* index) {
  std::vector<LiteralIndex::Text> texts;
  for (const auto& [prefix, alike] : group->regexes) {
    for (const auto& [regex, rank] : alike) {
      if (alike.size() > kFewRegexes && regex->required_literal().size() >= LiteralIndex::kLeastBytes) {
        texts.push_back({regex->required_literal(), rank});
      } else if (prefix.empty()) {
        group->anywhere.push_back(rank);  // an alternation whose branches begin differently
      } else {
        group->keys.push_back({{}, false, prefix.substr(1), rank});
      }
    }
  }
  std::sort(group->anywhere.begin(), group->anywhere.end());
  if (!texts.empty()) tree->literals = index->literals.AddSet(std::move(texts));
}

uint32_t TreeBuilder::AddTree(Group* group, MatchIndex* index) {
  Tree tree;
  PlaceRegexes(group, &tree, index);
  tree.first_anywhere = static_cast<uint32_t>(index->anywhere.size());
  tree.anywhere_count = static_cast<uint32_t>(group->anywhere.size());
  index->anywhere.insert(index->anywhere.end(), group->anywhere.begin(), group->anywhere.end());
  if (!group->keys.empty()) tree.root = index->paths.AddTree(std::move(group->keys));
  index->trees.push_back(tree);
  return static_cast<uint32_t>(index->trees.size() - 1);
}

void TreeBuilder::BuildInto(MatchIndex* index, uint64_t seed) {
  for (Group& group : groups_) index->hosts.Add(*group.pattern, AddTree(&group, index));
  if (without_host_) index->tree_without_host = AddTree(without_host_.get(), index);
  index->hosts.Finish(seed);
  index->paths.Finish(seed);
  index->captures.Finish();
}

}  // namespace sluice::router
