// API keys held as keyed digests: whoever reads this memory learns no key. "user:password" of Basic authentication
// (RFC 7617) is such a key, too: an unknown user then costs exactly what a wrong password costs.
//
//   std::string error;
//   std::optional<ApiKeyTable> table = ApiKeyTable::Build({{"s3cret", 0}, {"other", 1}}, seed, &error);
//   std::optional<uint32_t> user = table->Find(presented);
//
// Entries are HMAC-SHA-256 of the key under a random seed. Find hashes what was presented first, so that the time it
// takes depends on a stranger's guess only through that digest, which he cannot predict; digests are compared in
// constant time. That digest is fast, and its seed lies in the same memory: it hides a random key for good, but a
// password only as long as nobody who has a copy of the memory can guess it. Immutable and movable; safe from any
// number of threads; Find allocates nothing.
#ifndef SLUICE_AUTH_API_KEY_H_
#define SLUICE_AUTH_API_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

class HmacKey;  // auth/digest.h

struct ApiKey {
  std::string_view key;  // 1 to limits::kApiKeyBytes bytes
  uint32_t user = 0;     // what Find returns: an index of the caller's
};

class ApiKeyTable {
 public:
  // Nothing and `error` if a key is empty, too long, or there twice ("keys 3 and 7 are equal"); keys are never shown.
  // `seed`: random, fresh for each table.
  static std::optional<ApiKeyTable> Build(const std::vector<ApiKey>& keys, const std::array<uint8_t, 32>& seed,
                                          std::string* error);

  // The user of the key, or nothing.
  std::optional<uint32_t> Find(std::string_view key) const;

  size_t size() const { return size_; }

 private:
  using Digest = std::array<uint8_t, 32>;
  static constexpr uint32_t kEmpty = 0xffffffff;  // in `index`
  struct Slot {
    Digest digest{};
    uint32_t user = 0;
    uint32_t index = kEmpty;  // place in Build's list
  };

  ApiKeyTable() = default;
  Digest DigestOf(std::string_view key) const;
  size_t SlotOf(const Digest& digest) const;

  std::shared_ptr<const HmacKey> mac_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t size_ = 0;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_API_KEY_H_
