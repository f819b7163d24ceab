#include "router/host_index.h"

#include <algorithm>

namespace sluice::router {

void HostIndex::Add(const HostPattern& pattern, uint32_t tree) {
  Sizes& sizes = sizes_[static_cast<size_t>(pattern.kind)];
  sizes.least = std::min(sizes.least, pattern.text.size());
  sizes.most = std::max(sizes.most, pattern.text.size());
  has_ports_ |= pattern.port != 0;
  trees_.Add(ParentOf(pattern.kind, pattern.port), pattern.text, tree);
}

}  // namespace sluice::router
