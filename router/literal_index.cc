#include "router/literal_index.h"

#include <algorithm>

namespace sluice::router {

uint32_t LiteralIndex::AddSet(std::vector<Text> texts) {
  const uint32_t set = static_cast<uint32_t>(sizes_.size());
  sizes_.push_back(texts.size());
  absl::flat_hash_map<uint32_t, size_t> counts;
  for (const Text& text : texts)
    for (size_t i = 0; i + kLeastBytes <= text.bytes.size(); ++i) ++counts[GramOf(text.bytes.data() + i)];
  for (size_t number = 0; number < texts.size(); ++number) {
    Text& text = texts[number];
    size_t rarest = 0;
    const auto count_at = [&](size_t i) { return counts[GramOf(text.bytes.data() + i)]; };
    for (size_t i = 1; i + kLeastBytes <= text.bytes.size(); ++i)
      if (count_at(i) < count_at(rarest)) rarest = i;
    const uint32_t gram = GramOf(text.bytes.data() + rarest);
    seen_.set(SpotOf(set, gram));
    by_gram_[{set, gram}].push_back({std::move(text), number, rarest});
  }
  return set;
}

size_t LiteralIndex::memory_bytes() const {
  size_t bytes = sizes_.empty() ? 0 : sizeof *this;
  bytes += by_gram_.capacity() * (sizeof(decltype(by_gram_)::value_type) + 1);
  for (const auto& [gram, places] : by_gram_) {
    bytes += places.capacity() * sizeof(Place);
    for (const Place& place : places) bytes += place.text.bytes.capacity();
  }
  return bytes;
}

}  // namespace sluice::router
