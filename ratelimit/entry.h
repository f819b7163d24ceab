// One entry of the table, bit by bit.
//
//   word 0  state     | tag 24 | complete 1 | kind 2 | state of the kind 101 |
//   word 1  identity  | key.hi bits 24 … 63 (40) | generation 24 | key.lo 64 |
//   then, for sliding windows only, a ring of 64-bit times
//
// Both words are 16 bytes and change only by compare-and-swap. The tag is bits 0 … 23 of key.hi, so that state and
// identity together hold the whole key, and a change of state fails once the place belongs to another key. How a key
// takes a place, table.cc tells.
#ifndef SLUICE_RATELIMIT_ENTRY_H_
#define SLUICE_RATELIMIT_ENTRY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/request.h"
#include "ratelimit/key.h"
#include "ratelimit/limit.h"

#if !defined(__x86_64__)
#error "ratelimit needs a 16-byte compare-and-swap that is lock-free between processes: x86-64"
#endif

namespace sluice::ratelimit {

__extension__ typedef unsigned __int128 Word;

// A few bits of a word.
struct Field {
  int shift;
  int bits;
  constexpr Word Mask() const { return (Word{1} << bits) - 1; }
  constexpr Word Get(Word word) const { return (word >> shift) & Mask(); }
  constexpr uint64_t Get64(Word word) const { return static_cast<uint64_t>(Get(word)); }
  constexpr Word Put(Word value) const { return (value & Mask()) << shift; }
};

inline constexpr Field kStateField{0, 101};
inline constexpr Field kKindField{101, 2};
inline constexpr Field kCompleteField{103, 1};
inline constexpr Field kTagField{104, 24};

// Sliding windows have tables to themselves, so in the others their code stands for the sliding counter.
inline Word KindCode(LimitKind kind) {
  return static_cast<Word>(kind == LimitKind::kSlidingCounter ? LimitKind::kSlidingWindow : kind);
}
inline LimitKind KindOf(Word word, bool has_ring) {
  const auto kind = static_cast<LimitKind>(kKindField.Get64(word));
  return kind == LimitKind::kSlidingWindow && !has_ring ? LimitKind::kSlidingCounter : kind;
}

inline constexpr Field kIdentityLow{0, 64};
inline constexpr Field kIdentityGeneration{64, 24};
inline constexpr Field kIdentityHigh{88, 40};

class alignas(16) AtomicWord {
 public:
  // The lower half belongs to the upper one if that is the same before and after. Should it have changed and changed
  // back between two loads, a reader decides on a mixture: a swap then fails, so that can refuse a caller but never
  // admit one.
  Word Load() const {
    uint64_t hi = hi_.load(std::memory_order_acquire);
    for (;;) {
      uint64_t lo = lo_.load(std::memory_order_acquire);
      uint64_t again = hi_.load(std::memory_order_acquire);
      if (again == hi) return Word{hi} << 64 | lo;
      hi = again;
    }
  }

  uint64_t LoadHigh() const { return hi_.load(std::memory_order_acquire); }

  // A full barrier. In assembly because compilers send 16-byte atomics to libatomic or to a sanitizer's run time, whose
  // locks do not reach other processes.
  bool CompareExchange(Word expected, Word desired) {
    bool swapped;
    uint64_t lo = static_cast<uint64_t>(expected), hi = static_cast<uint64_t>(expected >> 64);
    asm volatile("lock cmpxchg16b %[word]"
                 : "=@ccz"(swapped), [word] "+m"(*this), "+a"(lo), "+d"(hi)
                 : "b"(static_cast<uint64_t>(desired)), "c"(static_cast<uint64_t>(desired >> 64))
                 : "memory");
    return swapped;
  }

 private:
  std::atomic<uint64_t> lo_, hi_;
};
static_assert(sizeof(AtomicWord) == 16 && std::atomic<uint64_t>::is_always_lock_free);

using RingTime = std::atomic<uint64_t>;  // a monotonic time + 1; 0: none. Only ever grows

struct Entry {
  AtomicWord state;
  AtomicWord identity;
  RingTime* ring() { return reinterpret_cast<RingTime*>(this + 1); }
  const RingTime* ring() const { return reinterpret_cast<const RingTime*>(this + 1); }
};
inline constexpr size_t kNarrowBytes = sizeof(Entry);
static_assert(kNarrowBytes == 32);

// A ring keeps one place more than the blocks and the one being filled need, so that a charge that is overtaken spoils
// no live block.
constexpr uint32_t RingSlots(uint32_t blocks) { return blocks + 2; }
constexpr size_t WideBytes(uint32_t blocks) { return sizeof(Entry) + RingSlots(blocks) * sizeof(RingTime); }

inline uint64_t Tag(const Key& key) { return key.hi & 0xffffff; }

inline Word Identity(const Key& key, uint64_t generation) {
  return kIdentityLow.Put(key.lo) | kIdentityGeneration.Put(generation) | kIdentityHigh.Put(key.hi >> 24);
}

inline bool SameKey(Word identity, const Key& key) {
  return kIdentityLow.Get64(identity) == key.lo && kIdentityHigh.Get64(identity) == key.hi >> 24;
}

// Times and intervals with a fraction, so that 10^9 a second is told from 0.7 * 10^9.
inline constexpr int kFractionBits = 12;
inline constexpr int64_t kMaxMono =
    (int64_t{1} << 61) - 1;  // later times, and negative ones, count as the nearest bound

inline uint64_t Mono(const Now& now) {
  if (now.mono_ns < 0) return 0;
  return static_cast<uint64_t>(now.mono_ns < kMaxMono ? now.mono_ns : kMaxMono);
}

// 128-bit division is a slow library call; nearly all operands fit a register.
inline Word Divide(Word a, Word b) {
  if ((a | b) >> 64 == 0) return static_cast<uint64_t>(a) / static_cast<uint64_t>(b);
  return a / b;
}

// Two times of so many bits, added, fit a register.
inline constexpr int kShortBits = 62;

inline constexpr int64_t kMaxWall = (int64_t{1} << 62) - 1;

inline int64_t Wall(const Now& now) {
  if (now.wall_ns < 0) return 0;
  return now.wall_ns < kMaxWall ? now.wall_ns : kMaxWall;
}

// An interval (in 2^-12 ns, at least 1 ns) in 15 bits: 6 of exponent, 9 of mantissa. Monotone, at most 0.2 % off.
inline constexpr int kCodeBits = 15;
inline uint64_t CodeDown(Word interval) {
  int top = interval >> 64 != 0 ? 127 - __builtin_clzll(static_cast<uint64_t>(interval >> 64))
                                : 63 - __builtin_clzll(static_cast<uint64_t>(interval));
  return static_cast<uint64_t>(top - kFractionBits) << 9 | static_cast<uint64_t>(interval >> (top - 9) & 0x1ff);
}
inline Word Decode(uint64_t code) { return Word{0x200 | (code & 0x1ff)} << (code >> 9) << (kFractionBits - 9); }
inline uint64_t CodeUp(Word interval) {
  uint64_t code = CodeDown(interval);
  return Decode(code) < interval ? code + 1 : code;
}

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_ENTRY_H_
