// Which arms of routes may meet in a request: those whose hosts and whose ways can, found through an index.
#ifndef SLUICE_ROUTER_CONFLICTS_ARM_PAIRS_H_
#define SLUICE_ROUTER_CONFLICTS_ARM_PAIRS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "router/host_pattern.h"

namespace sluice::router {

class ArmPairs {
 public:
  // Once for each arm. `way`: what every path of it begins with; it must outlive this. No hosts: any.
  void Add(uint32_t arm, const std::vector<HostPattern>& hosts, std::string_view way);

  // Calls `visit(a, b)` for each two arms of which one's way begins with the other's and whose hosts meet, ports aside;
  // perhaps more than once, and in either order; arms with few others at their host and below their way first. False
  // from `visit` ends the search; then this is false, too.
  template <typename Visit>
  bool ForEach(Visit visit);

 private:
  struct Member {
    std::string_view way;
    uint32_t arm = 0;
    friend bool operator<(const Member& a, const Member& b) { return a.way < b.way; }
  };
  // Arms with one host pattern, by way.
  struct Bucket {
    void Add(const Member& member) {
      members.push_back(member);
      lengths.insert(member.way.size());
    }

    std::vector<Member> members;
    absl::btree_set<size_t> lengths;  // of ways
  };

  struct Job {
    Member member;
    const HostPattern* host = nullptr;  // null: any
    size_t below = 0;
  };

  // Sorts the buckets.
  std::vector<Job> Jobs(Bucket* any);

  static std::string KeyOf(const HostPattern& host);

  // Those of all patterns, but this one, that meet this one; of a wildcard in front and one behind only the first names
  // the second.
  std::vector<const Bucket*> Meets(const HostPattern& host) const;

  template <typename Visit>
  static bool VisitNested(const Member& member, const Bucket& bucket, bool own, Visit visit);

  absl::flat_hash_map<std::string, Bucket> buckets_;
  Bucket tails_;  // arms with any wildcard behind, which meets each in front
  std::vector<std::pair<Member, HostPattern>> hosted_;
  std::vector<Member> hostless_;
};

template <typename Visit>
bool ArmPairs::VisitNested(const Member& member, const Bucket& bucket, bool own, Visit visit) {
  const auto& all = bucket.members;
  for (auto it = std::lower_bound(all.begin(), all.end(), member); it != all.end(); ++it) {
    if (it->way.substr(0, member.way.size()) != member.way) break;
    // In its own bucket each pair of one way comes up from both sides.
    if (own && it->way == member.way && it->arm <= member.arm) continue;
    if (!visit(member.arm, it->arm)) return false;
  }
  if (own) return true;  // the shorter ways find this one
  for (size_t length : bucket.lengths) {
    if (length >= member.way.size()) break;
    const auto range = std::equal_range(all.begin(), all.end(), Member{member.way.substr(0, length), 0});
    for (auto it = range.first; it != range.second; ++it)
      if (!visit(member.arm, it->arm)) return false;
  }
  return true;
}

template <typename Visit>
bool ArmPairs::ForEach(Visit visit) {
  Bucket any;
  for (const Job& job : Jobs(&any)) {
    if (!VisitNested(job.member, any, job.host == nullptr, visit)) return false;
    if (job.host == nullptr) continue;
    if (!VisitNested(job.member, buckets_[KeyOf(*job.host)], true, visit)) return false;
    for (const Bucket* met : Meets(*job.host))
      if (!VisitNested(job.member, *met, false, visit)) return false;
  }
  return true;
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_CONFLICTS_ARM_PAIRS_H_
