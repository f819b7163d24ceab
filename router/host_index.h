// From a host to the trees of paths (path_trie.h) of all patterns that it satisfies: a few hash probes, one for the
// name and one for each of its dots, and only of lengths that occur among the patterns.
#ifndef SLUICE_ROUTER_HOST_INDEX_H_
#define SLUICE_ROUTER_HOST_INDEX_H_

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/limits.h"
#include "router/bytes.h"
#include "router/host_pattern.h"

namespace sluice::router {

class HostIndex {
 public:
  void Add(const HostPattern& pattern, uint32_t tree);

  // Calls `visit(tree)` for each pattern that host and port satisfy. 0, or what is no port, satisfies no pattern's
  // port.
  template <typename Visit>
  void ForEach(std::string_view host, uint32_t port, Visit visit) const;

  bool empty() const { return plain_.most_bytes == 0 && subdomains_.most_bytes == 0 && tails_.most_bytes == 0; }
  size_t memory_bytes() const;

 private:
  using Trees = absl::flat_hash_map<std::string, uint32_t>;

  // Patterns of one kind. Those with a port are kept apart, so that no colon in a request's host is taken for one.
  struct Names {
    Trees any_port;
    Trees with_port;                // by text and `:port`
    size_t least_bytes = SIZE_MAX;  // of the text
    size_t most_bytes = 0;
  };
  static constexpr size_t kPortBytes = 6;  // a colon and the number

  static void AddTo(Names* names, const HostPattern& pattern, uint32_t tree);

  template <typename Visit>
  static void Probe(const Names& names, std::string_view text, uint32_t port, Visit visit);

  Names plain_;
  Names subdomains_;
  Names tails_;
};

template <typename Visit>
void HostIndex::Probe(const Names& names, std::string_view text, uint32_t port, Visit visit) {
  if (text.size() < names.least_bytes || text.size() > names.most_bytes) return;
  if (auto found = names.any_port.find(text); found != names.any_port.end()) visit(found->second);
  if (port == 0 || names.with_port.empty()) return;
  char key[limits::kHostBytes + kPortBytes];
  char* end = key + text.copy(key, limits::kHostBytes);
  *end++ = ':';
  end = std::to_chars(end, key + sizeof key, port).ptr;
  const std::string_view with_port(key, static_cast<size_t>(end - key));
  if (auto found = names.with_port.find(with_port); found != names.with_port.end()) visit(found->second);
}

template <typename Visit>
void HostIndex::ForEach(std::string_view host, uint32_t port, Visit visit) const {
  if (host.empty() || host.size() > limits::kHostBytes) return;  // no pattern is that long
  char lower_bytes[limits::kHostBytes + 16];
  CopyLower(host, lower_bytes);
  const std::string_view lower(lower_bytes, host.size());
  if (port > 65535) port = 0;
  Probe(plain_, lower, port, visit);
  if (subdomains_.most_bytes == 0 && tails_.most_bytes == 0) return;
  for (size_t dot = lower.find('.'); dot != std::string_view::npos; dot = lower.find('.', dot + 1)) {
    if (dot > 0) Probe(subdomains_, lower.substr(dot), port, visit);
    if (dot + 1 < lower.size()) Probe(tails_, lower.substr(0, dot + 1), port, visit);
  }
}

}  // namespace sluice::router

#endif  // SLUICE_ROUTER_HOST_INDEX_H_
