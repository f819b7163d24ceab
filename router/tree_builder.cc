#include "router/tree_builder.h"

namespace sluice::router {

void TreeBuilder::Add(const HostPattern* host, const Keys& keys, uint32_t rank) {
  Group* group = nullptr;
  if (host == nullptr) {
    if (!without_host_) without_host_.emplace();
    group = &*without_host_;
  } else {
    const auto [at, is_new] =
        by_host_.try_emplace({static_cast<int>(host->kind), HostKey(*host)}, static_cast<uint32_t>(groups_.size()));
    if (is_new) groups_.emplace_back();
    group = &groups_[at->second];
    group->pattern = host;
  }
  if (keys.empty()) group->anywhere.push_back(rank);
  for (const SegmentTrie::Key& key : keys) group->keys.push_back(key);
}

uint32_t TreeBuilder::AddTree(Group* group, MatchIndex* index) {
  Tree tree;
  tree.first_anywhere = static_cast<uint32_t>(index->anywhere.size());
  tree.anywhere_count = static_cast<uint32_t>(group->anywhere.size());
  index->anywhere.insert(index->anywhere.end(), group->anywhere.begin(), group->anywhere.end());
  if (!group->keys.empty()) tree.root = index->paths.AddTree(std::move(group->keys));
  index->trees.push_back(tree);
  return static_cast<uint32_t>(index->trees.size() - 1);
}

void TreeBuilder::BuildInto(MatchIndex* index, uint64_t seed) {
  for (Group& group : groups_) index->hosts.Add(*group.pattern, AddTree(&group, index));
  if (without_host_) index->tree_without_host = AddTree(&*without_host_, index);
  index->paths.Finish(seed);
}

}  // namespace sluice::router
