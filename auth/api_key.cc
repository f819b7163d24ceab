#include "auth/api_key.h"

#include <cstring>
#include <utility>

#include "auth/digest.h"
#include "base/limits.h"

namespace sluice::auth {

std::optional<ApiKeyTable> ApiKeyTable::Build(const std::vector<ApiKey>& keys, const std::array<uint8_t, 32>& seed,
                                              std::string* error) {
  ApiKeyTable table;
  table.mac_ =
      HmacKey::Create(Algorithm::kHs256, std::string_view(reinterpret_cast<const char*>(seed.data()), seed.size()));
  size_t slots = 2;
  while (slots < 2 * keys.size()) slots *= 2;
  table.slots_.resize(slots);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (keys[i].key.empty() || keys[i].key.size() > limits::kApiKeyBytes) {
      *error = "expected an api key of 1 to " + std::to_string(limits::kApiKeyBytes) + " bytes, found `" +
               std::to_string(keys[i].key.size()) + "` (key " + std::to_string(i) + ")";
      return std::nullopt;
    }
    Digest digest = table.DigestOf(keys[i].key);
    Slot& slot = table.slots_[table.SlotOf(digest)];
    if (slot.index != kEmpty) {
      *error = "expected different api keys: keys " + std::to_string(slot.index) + " and " + std::to_string(i) +
               " are equal";
      return std::nullopt;
    }
    slot = {digest, keys[i].user, i};
  }
  table.size_ = keys.size();
  return table;
}

ApiKeyTable::Digest ApiKeyTable::DigestOf(std::string_view key) const {
  Digest digest;
  mac_->Mac(key, digest.data());
  return digest;
}

// Where the digest is, or the empty slot where it would be.
size_t ApiKeyTable::SlotOf(const Digest& digest) const {
  uint64_t start;
  std::memcpy(&start, digest.data(), sizeof(start));
  size_t mask = slots_.size() - 1;
  size_t i = static_cast<size_t>(start) & mask;
  while (slots_[i].index != kEmpty && !EqualInConstantTime(slots_[i].digest.data(), digest.data(), digest.size()))
    i = (i + 1) & mask;
  return i;
}

std::optional<uint32_t> ApiKeyTable::Find(std::string_view key) const {
  if (key.empty() || key.size() > limits::kApiKeyBytes) return std::nullopt;
  const Slot& slot = slots_[SlotOf(DigestOf(key))];
  if (slot.index == kEmpty) return std::nullopt;
  return slot.user;
}

}  // namespace sluice::auth
