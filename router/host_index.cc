#include "router/host_index.h"

#include <algorithm>

#include "absl/base/attributes.h"

namespace sluice::router {

using Kind = HostPattern::Kind;

void HostIndex::Add(const HostPattern& pattern, uint32_t tree) {
  Sizes& sizes = sizes_[static_cast<size_t>(pattern.kind)];
  sizes.least = std::min(sizes.least, pattern.text.size());
  sizes.most = std::max(sizes.most, pattern.text.size());
  has_ports_ |= pattern.port != 0;
  has_wildcards_ |= pattern.kind != Kind::kPlain;
  trees_.Add(ParentOf(pattern.kind, pattern.port), pattern.text, tree);
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline void HostIndex::Probe(Kind kind, std::string_view text, uint32_t port,
                                                          Trees* found) const {
  if (text.size() < SizesOf(kind).least || text.size() > SizesOf(kind).most) return;
  const uint32_t size = static_cast<uint32_t>(text.size());
  const SegmentWords words =
      size <= SegmentWords::kBytes ? MaskedWords(LoadWords(text.data()), size) : trees_.hash().Fold(text);
  const auto find = [&](uint32_t at_port) {
    uint32_t tree;
    if (trees_.Find(ParentOf(kind, at_port), text.data(), size, words, &tree)) found->Add(tree);
  };
  find(0);
  if (has_ports_ && port != 0) find(port);
}

void HostIndex::ProbeAtDots(std::string_view lower, uint32_t port, Trees* found) const {
  for (size_t dot = lower.find('.'); dot != std::string_view::npos; dot = lower.find('.', dot + 1)) {
    if (dot > 0) Probe(Kind::kAnySubdomain, lower.substr(dot), port, found);
    if (dot + 1 < lower.size()) Probe(Kind::kAnyTail, lower.substr(0, dot + 1), port, found);
  }
}

void HostIndex::Find(std::string_view host, uint32_t port, Trees* found) const {
  if (host.empty() || host.size() > limits::kHostBytes) return;  // that is no name
  char lower_bytes[kLowerBytes];
  CopyLower(host, lower_bytes);
  const std::string_view lower(lower_bytes, host.size());
  if (port >= kPorts) port = 0;
  Probe(Kind::kPlain, lower, port, found);
  if (has_wildcards_) ProbeAtDots(lower, port, found);
}

}  // namespace sluice::router
