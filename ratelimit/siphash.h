// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012, and its 128-bit
// variant): keyed, so that whoever does not know the key can neither predict nor grind collisions.
//
//   SipHasher hasher(key);
//   hasher.Add("ab");
//   hasher.Add("c");
//   Hash128 hash = hasher.Finish();  // as SipHash128(key, "abc")
//
// No allocation; usable at compile time. A hasher belongs to one thread.
#ifndef SLUICE_RATELIMIT_SIPHASH_H_
#define SLUICE_RATELIMIT_SIPHASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::ratelimit {

struct Hash128 {
  uint64_t lo = 0;  // the first eight bytes of the digest, little endian
  uint64_t hi = 0;
  friend constexpr bool operator==(const Hash128& a, const Hash128& b) { return a.lo == b.lo && a.hi == b.hi; }
  friend constexpr bool operator!=(const Hash128& a, const Hash128& b) { return !(a == b); }
};

struct HashKey {
  uint64_t lo = 0;  // the first eight bytes of the key, little endian
  uint64_t hi = 0;
};

class SipHasher {
 public:
  explicit constexpr SipHasher(const HashKey& key)
      : v0_(key.lo ^ 0x736f6d6570736575),
        v1_(key.hi ^ 0x646f72616e646f6d ^ 0xee),
        v2_(key.lo ^ 0x6c7967656e657261),
        v3_(key.hi ^ 0x7465646279746573) {}

  constexpr void Add(std::string_view bytes) {
    size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) AddWord(LoadWord(bytes.data() + i));
    for (; i < bytes.size(); ++i) AddByte(static_cast<uint8_t>(bytes[i]));
  }

  // As its eight bytes, little endian.
  constexpr void AddWord(uint64_t word) {
    const int filled = static_cast<int>(size_ % 8) * 8;
    Absorb(pending_ | word << filled);
    pending_ = filled == 0 ? 0 : word >> (64 - filled);
    size_ += 8;
  }

  constexpr Hash128 Finish() {
    Absorb(pending_ | (size_ << 56));
    v2_ ^= 0xee;
    Rounds(4);
    Hash128 hash;
    hash.lo = v0_ ^ v1_ ^ v2_ ^ v3_;
    v1_ ^= 0xdd;
    Rounds(4);
    hash.hi = v0_ ^ v1_ ^ v2_ ^ v3_;
    return hash;
  }

 private:
  // Byte by byte because it must run at compile time; compilers make one load of it.
  static constexpr uint64_t LoadWord(const char* p) {
    uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word |= static_cast<uint64_t>(static_cast<uint8_t>(p[i])) << (8 * i);
    return word;
  }

  constexpr void AddByte(uint8_t byte) {
    pending_ |= static_cast<uint64_t>(byte) << (8 * (size_ % 8));
    ++size_;
    if (size_ % 8 != 0) return;
    Absorb(pending_);
    pending_ = 0;
  }

  constexpr void Absorb(uint64_t word) {
    v3_ ^= word;
    Rounds(2);
    v0_ ^= word;
  }

  static constexpr uint64_t Rotate(uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

  constexpr void Rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0_ += v1_;
      v1_ = Rotate(v1_, 13) ^ v0_;
      v0_ = Rotate(v0_, 32);
      v2_ += v3_;
      v3_ = Rotate(v3_, 16) ^ v2_;
      v0_ += v3_;
      v3_ = Rotate(v3_, 21) ^ v0_;
      v2_ += v1_;
      v1_ = Rotate(v1_, 17) ^ v2_;
      v2_ = Rotate(v2_, 32);
    }
  }

  uint64_t v0_, v1_, v2_, v3_;
  uint64_t pending_ = 0;
  uint64_t size_ = 0;
};

constexpr Hash128 SipHash128(const HashKey& key, std::string_view bytes) {
  SipHasher hasher(key);
  hasher.Add(bytes);
  return hasher.Finish();
}

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_SIPHASH_H_
