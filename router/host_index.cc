#include "router/host_index.h"

namespace sluice::router {
namespace {

const size_t kInPlaceBytes = std::string().capacity();  // what a string holds without memory of its own

}  // namespace

void HostIndex::AddTo(Names* names, const HostPattern& pattern, uint32_t tree) {
  names->least_bytes = std::min(names->least_bytes, pattern.text.size());
  names->most_bytes = std::max(names->most_bytes, pattern.text.size());
  Trees& trees = pattern.port == 0 ? names->any_port : names->with_port;
  trees[HostKey(pattern)] = tree;
}

void HostIndex::Add(const HostPattern& pattern, uint32_t tree) {
  switch (pattern.kind) {
    case HostPattern::Kind::kPlain: return AddTo(&plain_, pattern, tree);
    case HostPattern::Kind::kAnySubdomain: return AddTo(&subdomains_, pattern, tree);
    case HostPattern::Kind::kAnyTail: return AddTo(&tails_, pattern, tree);
  }
}

size_t HostIndex::memory_bytes() const {
  size_t bytes = 0;
  for (const Names* names : {&plain_, &subdomains_, &tails_}) {
    for (const Trees* trees : {&names->any_port, &names->with_port}) {
      bytes += trees->capacity() * (sizeof(Trees::value_type) + 1);
      for (const auto& [key, tree] : *trees) bytes += key.capacity() > kInPlaceBytes ? key.capacity() : 0;
    }
  }
  return bytes;
}

}  // namespace sluice::router
