// From a host to the trees of paths (match_index.h) of all patterns that it satisfies: a few probes of a hash table,
// for the name and for each of its dots, and only of lengths that occur among the patterns.
#ifndef SLUICE_ROUTER_HOST_INDEX_H_
#define SLUICE_ROUTER_HOST_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "router/bytes.h"
#include "router/host_pattern.h"
#include "router/segment_table.h"

namespace sluice::router {

class HostIndex {
  static constexpr size_t kMostFound = 2 * (1 + 2 * limits::kHostBytes);  // by port or not; two at each dot

 public:
  class Trees {
   public:
    Trees() {}  // leaves the array alone
    void Add(uint32_t tree) { all_[count_++] = tree; }
    const uint32_t* begin() const { return all_; }
    const uint32_t* end() const { return all_ + count_; }

   private:
    size_t count_ = 0;
    uint32_t all_[kMostFound + 1];  // and one that needs no host
  };

  // Each pattern once; it outlives Finish.
  void Add(const HostPattern& pattern, uint32_t tree);

  // After the last pattern and before the first search. `seed`: see SegmentTable.
  void Finish(uint64_t seed) { trees_.Finish(seed); }

  // Adds the trees of all patterns that host and port satisfy, `found` being empty. 0, or what is no port, satisfies no
  // pattern's port.
  void Find(std::string_view host, uint32_t port, Trees* found) const;

  bool empty() const { return trees_.longest() == 0; }
  size_t memory_bytes() const { return trees_.memory_bytes(); }

 private:
  static constexpr uint32_t kPorts = 65536;
  static constexpr size_t kLowerBytes = limits::kHostBytes + SegmentWords::kBytes;

  struct Sizes {
    size_t least = SIZE_MAX;  // bytes of a pattern's text
    size_t most = 0;
  };

  // Names by kind and port are kept apart, so that no colon in a request's host is taken for one.
  static uint32_t ParentOf(HostPattern::Kind kind, uint32_t port) {
    return static_cast<uint32_t>(kind) * kPorts + port;
  }
  const Sizes& SizesOf(HostPattern::Kind kind) const { return sizes_[static_cast<size_t>(kind)]; }

  // `text`: after it, sixteen bytes more can be read.
  void Probe(HostPattern::Kind kind, std::string_view text, uint32_t port, Trees* found) const;
  void ProbeAtDots(std::string_view lower, uint32_t port, Trees* found) const;

  SegmentTable trees_;
  Sizes sizes_[3];  // by kind
  bool has_ports_ = false;
  bool has_wildcards_ = false;
};

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_HOST_INDEX_H_
