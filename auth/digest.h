// Hashes and MACs on BoringSSL: the only place of this room that touches them. Internal to auth/.
//
// Everything here is immutable after construction, safe from any number of threads, and allocates nothing after it.
#ifndef SLUICE_AUTH_DIGEST_H_
#define SLUICE_AUTH_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "auth/algorithm.h"

namespace sluice::auth {

std::array<uint8_t, 32> Sha256(std::string_view bytes);

// Equal bytes, in a time that depends on their number alone.
bool EqualInConstantTime(const void* a, const void* b, size_t size);

// HMAC (RFC 2104) with SHA-256, SHA-384 or SHA-512 (and SHA-1, for old clients of hmac-auth only). The two padded keys
// are hashed once, at construction, and the states are wiped at the end.
class HmacKey {
 public:
  static constexpr size_t kMaxBytes = 64;

  // `algorithm` is one of HS256, HS384, HS512; null for others.
  static std::shared_ptr<const HmacKey> Create(Algorithm algorithm, std::string_view secret);
  static std::shared_ptr<const HmacKey> CreateSha1(std::string_view secret);
  virtual ~HmacKey() = default;

  // Writes size() bytes.
  virtual void Mac(std::string_view data, uint8_t* out) const = 0;
  virtual size_t size() const = 0;

  // Whether `mac` is the whole MAC of `data`.
  bool Verify(std::string_view data, std::string_view mac) const;
};

// A secret-keyed 128-bit hash: GMAC (NIST SP 800-38D) whose tag is never published. See auth/token_cache.h.
class KeyedHash {
 public:
  explicit KeyedHash(const std::array<uint8_t, 32>& seed);
  ~KeyedHash();
  KeyedHash(const KeyedHash&) = delete;
  KeyedHash& operator=(const KeyedHash&) = delete;

  // Of `data` in the context of two numbers. All zeroes if the cipher failed.
  std::array<uint64_t, 2> Hash(const std::array<uint64_t, 2>& context, std::string_view data) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::auth

#endif  // SLUICE_AUTH_DIGEST_H_
