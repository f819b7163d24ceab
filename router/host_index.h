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
 public:
  // Each pattern once; it outlives Finish.
  void Add(const HostPattern& pattern, uint32_t tree);

  // After the last pattern and before the first search. `seed`: see SegmentTable.
  void Finish(uint64_t seed) { trees_.Finish(seed); }

  // Calls `visit(tree)` for each pattern that host and port satisfy. 0, or what is no port, satisfies no pattern's
  // port.
  template <typename Visit>
  void ForEach(std::string_view host, uint32_t port, Visit visit) const;

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
  template <typename Visit>
  void Probe(HostPattern::Kind kind, std::string_view text, uint32_t port, Visit visit) const;

  SegmentTable trees_;
  Sizes sizes_[3];  // by kind
  bool has_ports_ = false;
};

template <typename Visit>
void HostIndex::Probe(HostPattern::Kind kind, std::string_view text, uint32_t port, Visit visit) const {
  if (text.size() < SizesOf(kind).least || text.size() > SizesOf(kind).most) return;
  const uint32_t size = static_cast<uint32_t>(text.size());
  const SegmentWords words =
      size <= SegmentWords::kBytes ? MaskedWords(LoadWords(text.data()), size) : trees_.hash().Fold(text);
  const auto find = [&](uint32_t at_port) {
    const uint32_t tree = trees_.Find(ParentOf(kind, at_port), text.data(), size, words);
    if (tree != SegmentTable::kNone) visit(tree);
  };
  find(0);
  if (has_ports_ && port != 0) find(port);
}

template <typename Visit>
void HostIndex::ForEach(std::string_view host, uint32_t port, Visit visit) const {
  using Kind = HostPattern::Kind;
  if (host.empty() || host.size() > limits::kHostBytes) return;  // no pattern is that long
  char lower_bytes[kLowerBytes];
  CopyLower(host, lower_bytes);
  const std::string_view lower(lower_bytes, host.size());
  if (port >= kPorts) port = 0;
  Probe(Kind::kPlain, lower, port, visit);
  if (SizesOf(Kind::kAnySubdomain).most == 0 && SizesOf(Kind::kAnyTail).most == 0) return;
  for (size_t dot = lower.find('.'); dot != std::string_view::npos; dot = lower.find('.', dot + 1)) {
    if (dot > 0) Probe(Kind::kAnySubdomain, lower.substr(dot), port, visit);
    if (dot + 1 < lower.size()) Probe(Kind::kAnyTail, lower.substr(0, dot + 1), port, visit);
  }
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_HOST_INDEX_H_
