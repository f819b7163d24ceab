#include "io/redis_slots.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::io {
namespace {

uint16_t Crc16(std::string_view text) {
  uint32_t crc = 0;
  for (const char c : text) {
    crc ^= static_cast<uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
  }
  return static_cast<uint16_t>(crc);
}

template <typename T>
bool ParseNumber(std::string_view text, T most, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && *out <= most;
}

}  // namespace

uint16_t SlotOf(std::string_view key) {
  const size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return Crc16(key) % kRedisSlots;
}

std::optional<Redirection> ParseRedirection(std::string_view error, const RedisNode& from) {
  Redirection to;
  to.ask = error.substr(0, 4) == "ASK ";
  if (!to.ask && error.substr(0, 6) != "MOVED ") return std::nullopt;
  error.remove_prefix(to.ask ? 4 : 6);
  const size_t space = error.find(' '), colon = error.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return std::nullopt;
  if (!ParseNumber<uint16_t>(error.substr(0, space), kRedisSlots - 1, &to.slot)) return std::nullopt;
  if (!ParseNumber<uint32_t>(error.substr(colon + 1), 65'535, &to.node.port)) return std::nullopt;
  to.node.host = error.substr(space + 1, colon - space - 1);
  if (to.node.host.empty()) to.node.host = from.host;
  return to;
}

RedisSlots::RedisSlots(std::vector<RedisNode> seeds)
    : seeds_(seeds.size()), nodes_(std::move(seeds)), owners_(kRedisSlots, kNobody) {}

const RedisNode& RedisSlots::Find(uint16_t slot) const {
  return nodes_[owners_[slot] == kNobody ? next_ % nodes_.size() : owners_[slot]];
}

bool RedisSlots::Set(uint16_t slot, const RedisNode& node) {
  auto place = static_cast<size_t>(std::find(nodes_.begin(), nodes_.end(), node) - nodes_.begin());
  if (place == nodes_.size() && place < kMostNodes) {
    nodes_.push_back(node);
  } else if (place == nodes_.size()) {
    place = Unused();
    if (place == nodes_.size()) return false;
    nodes_[place] = node;
  }
  owners_[slot] = static_cast<uint16_t>(place);
  return true;
}

// The place of a node that was named once and has no slot any more; the number of nodes: there is none.
size_t RedisSlots::Unused() const {
  std::vector<bool> used(nodes_.size());
  for (const uint16_t owner : owners_)
    if (owner != kNobody) used[owner] = true;
  const auto begin = used.begin() + static_cast<std::ptrdiff_t>(seeds_);
  return static_cast<size_t>(std::find(begin, used.end(), false) - used.begin());
}

void RedisSlots::Forget(const RedisNode& node) {
  const auto at = std::find(nodes_.begin(), nodes_.end(), node);
  const auto place = static_cast<uint16_t>(at - nodes_.begin());
  std::replace(owners_.begin(), owners_.end(), place, kNobody);
  if (next_ % nodes_.size() == place) ++next_;
}

}  // namespace sluice::io
