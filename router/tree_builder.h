// Collects the ways to routes, and builds a tree of paths for each host and one for no host.
#ifndef SLUICE_ROUTER_TREE_BUILDER_H_
#define SLUICE_ROUTER_TREE_BUILDER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "router/match_index.h"

namespace sluice::router {

class TreeBuilder {
 public:
  // What leads to an entry, whatever its host: keys of the trie, or none, which stands for any path. All that they
  // borrow outlives BuildInto.
  using Keys = std::vector<SegmentTrie::Key>;

  // `host`: null for any; borrowed until BuildInto.
  void Add(const HostPattern* host, const Keys& keys, uint32_t rank);

  // The same for an entry whose path only RE2 decides.
  void AddRegex(const HostPattern* host, const Regex& regex, uint32_t rank);

  void BuildInto(MatchIndex* index, uint64_t seed);

 private:
  struct Group {
    const HostPattern* pattern = nullptr;
    Keys keys;
    std::vector<uint32_t> anywhere;
    absl::btree_map<std::string_view, std::vector<std::pair<const Regex*, uint32_t>>> regexes;  // by literal prefix
  };

  // So many regular expressions that begin alike are tried one after the other; if there are more, only those whose
  // required text the path contains.
  static constexpr size_t kFewRegexes = 4;

  Group& GroupOf(const HostPattern* host);
  static void PlaceRegexes(Group* group, Tree* tree, MatchIndex* index);
  static uint32_t AddTree(Group* group, MatchIndex* index);

  absl::flat_hash_map<std::pair<int, std::string>, uint32_t> by_host_;
  std::deque<Group> groups_;
  std::unique_ptr<Group> without_host_;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_TREE_BUILDER_H_
