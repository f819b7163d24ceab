#include "router/prover/outline_pairs.h"

#include <array>
#include <numeric>

namespace sluice::router {
namespace {

constexpr size_t kFew = 16;  // of as many each two are compared

}  // namespace

int OutlinePairs::ByteAt(uint32_t member, size_t place) const {
  return outlines_[member] == nullptr ? -1 : outlines_[member]->OnlyByteAt(place);
}

bool OutlinePairs::Find(size_t* looks, Pairs* pairs) {
  Members all(outlines_.size());
  std::iota(all.begin(), all.end(), 0);
  return Divide(all, looks, pairs);
}

bool OutlinePairs::Divide(const Members& members, size_t* looks, Pairs* pairs) {
  const size_t place = members.size() <= kFew ? kOutlinePlaces : BestPlace(members);
  if (place == kOutlinePlaces) return CompareAll(members, looks, pairs);
  std::array<Members, 256> parts;
  Members open, closed;  // that may have several bytes there, that have one
  for (uint32_t member : members) {
    const int byte = ByteAt(member, place);
    (byte < 0 ? open : closed).push_back(member);
    if (byte >= 0) parts[static_cast<size_t>(byte)].push_back(member);
  }
  for (const Members& part : parts)
    if (!Divide(part, looks, pairs)) return false;
  return CompareWith(open, closed, looks, pairs) && Divide(open, looks, pairs);
}

size_t OutlinePairs::BestPlace(const Members& members) const {
  size_t best = kOutlinePlaces;
  size_t fewest = members.size() * members.size() / 2;  // of twice the pairs: half of them have to go
  for (size_t place = 0; place < kOutlinePlaces; ++place) {
    std::array<size_t, 256> counts = {};
    size_t open = 0;
    for (uint32_t member : members) {
      const int byte = ByteAt(member, place);
      ++(byte < 0 ? open : counts[static_cast<size_t>(byte)]);
    }
    size_t left = open * open + 2 * open * (members.size() - open);
    for (size_t count : counts) left += count * count;
    if (left >= fewest) continue;
    fewest = left;
    best = place;
  }
  return best;
}

bool OutlinePairs::Compare(uint32_t a, uint32_t b, size_t* looks, Pairs* pairs) const {
  if (*looks == 0) return false;
  --*looks;
  const bool known = outlines_[a] != nullptr && outlines_[b] != nullptr;
  if (!known || !outlines_[a]->IsApartFrom(*outlines_[b])) pairs->emplace_back(a, b);
  return true;
}

bool OutlinePairs::CompareAll(const Members& members, size_t* looks, Pairs* pairs) const {
  for (size_t i = 0; i < members.size(); ++i)
    for (size_t j = i + 1; j < members.size(); ++j)
      if (!Compare(members[i], members[j], looks, pairs)) return false;
  return true;
}

bool OutlinePairs::CompareWith(const Members& some, const Members& others, size_t* looks, Pairs* pairs) const {
  for (uint32_t a : some)
    for (uint32_t b : others)
      if (!Compare(a, b, looks, pairs)) return false;
  return true;
}

}  // namespace sluice::router
