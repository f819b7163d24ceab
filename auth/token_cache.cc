#include "auth/token_cache.h"

#include <cstring>

namespace sluice::auth {

// A seqlock of plain atomic words, without fences: the words themselves are stored with release and loaded with
// acquire, so that a reader that saw any word of a newer version also sees the odd (or newer) sequence number before it
// (Boehm, "Can seqlocks get along with programming language memory models?", 2012, section 4). Free on x86.
template <size_t kBytes>
struct alignas(64) BasicTokenCache<kBytes>::Entry {
  std::atomic<uint64_t> sequence{0};  // odd while being written
  std::atomic<uint64_t> words[kWords] = {};

  uint64_t Load(size_t i) const { return words[i].load(std::memory_order_acquire); }
  bool Holds(const Key& key) const { return Load(0) == key.words[0] && Load(1) == key.words[1]; }

  // The even sequence number that End will follow, or nothing if another thread is writing.
  bool Begin(uint64_t* sequence_now) {
    *sequence_now = sequence.load(std::memory_order_relaxed);
    return (*sequence_now & 1) == 0 &&
           sequence.compare_exchange_strong(*sequence_now, *sequence_now + 1, std::memory_order_acquire);
  }
  void Store(size_t i, uint64_t word) { words[i].store(word, std::memory_order_release); }
  void End(uint64_t sequence_now) { sequence.store(sequence_now + 2, std::memory_order_release); }
};

namespace {

constexpr size_t kKeyWords = 2;
constexpr size_t kFixedWords = 9;  // times, user, marks, payload_size; CachedToken begins with them

size_t PayloadWords(uint64_t payload_size) { return (static_cast<size_t>(payload_size) + 7) / 8; }

bool IsEmpty(const TokenCacheKey& key) { return (key.words[0] | key.words[1]) == 0; }

}  // namespace

static_assert(std::atomic<uint64_t>::is_always_lock_free);

template <size_t kBytes>
BasicTokenCache<kBytes>::BasicTokenCache(size_t bytes, const Seed& seed)
    : hash_(std::make_unique<KeyedHash>(seed)), set_count_(1) {
  static_assert(sizeof(Value) == kFixedWords * 8 + kBytes && kBytes % 8 == 0, "is copied as words");
  static_assert(kKeyWords + sizeof(Value) / 8 == kWords && sizeof(Entry) == 96 + kBytes, "entries are whole lines");
  while (set_count_ <= bytes / (2 * kWays * sizeof(Entry))) set_count_ *= 2;
  table_ = std::make_unique<Entry[]>(entries());
}

template <size_t kBytes>
BasicTokenCache<kBytes>::~BasicTokenCache() = default;

template <size_t kBytes>
size_t BasicTokenCache<kBytes>::bytes() const {
  return entries() * sizeof(Entry);
}

template <size_t kBytes>
TokenCacheKey BasicTokenCache<kBytes>::KeyFor(std::string_view token, Context context) const {
  std::array<uint64_t, 2> hash = hash_->Hash({context.verifier, context.generation}, token);
  return {{hash[0], hash[1]}};
}

template <size_t kBytes>
typename BasicTokenCache<kBytes>::Entry* BasicTokenCache<kBytes>::SetOf(const Key& key) const {
  return table_.get() + (static_cast<size_t>(key.words[0]) & (set_count_ - 1)) * kWays;
}

template <size_t kBytes>
bool BasicTokenCache<kBytes>::Find(const Key& key, Value* value) const {
  if (IsEmpty(key)) return false;
  const Entry* set = SetOf(key);
  for (size_t way = 0; way < kWays; ++way) {
    const Entry& entry = set[way];
    uint64_t before = entry.sequence.load(std::memory_order_acquire);
    if ((before & 1) != 0 || !entry.Holds(key)) continue;
    uint64_t words[sizeof(Value) / 8];
    for (size_t i = 0; i < kFixedWords; ++i) words[i] = entry.Load(kKeyWords + i);
    size_t size = words[kFixedWords - 1] <= Value::kPayloadBytes ? PayloadWords(words[kFixedWords - 1]) : 0;
    for (size_t i = kFixedWords; i < kFixedWords + size; ++i) words[i] = entry.Load(kKeyWords + i);
    if (entry.sequence.load(std::memory_order_relaxed) != before) return false;
    std::memcpy(static_cast<void*>(value), words, (kFixedWords + size) * 8);
    return true;
  }
  return false;
}

template <size_t kBytes>
bool BasicTokenCache<kBytes>::Insert(const Key& key, const Value& value) {
  if (IsEmpty(key) || value.payload_size > Value::kPayloadBytes) return false;
  Entry* set = SetOf(key);
  uint64_t writes = 0;  // to this set, so far: its entries are replaced in turn
  Entry* victim = nullptr;
  for (size_t way = 0; way < kWays; ++way) {
    writes += set[way].sequence.load(std::memory_order_relaxed) / 2;
    if (!victim && set[way].Holds(key)) victim = &set[way];  // the one that Find finds
  }
  if (!victim) victim = &set[writes % kWays];
  uint64_t sequence;
  if (!victim->Begin(&sequence)) return false;
  uint64_t words[sizeof(Value) / 8];
  std::memcpy(words, &value, sizeof(words));
  for (size_t i = 0; i < kKeyWords; ++i) victim->Store(i, key.words[i]);
  size_t size = kFixedWords + PayloadWords(value.payload_size);
  for (size_t i = 0; i < size; ++i) victim->Store(kKeyWords + i, words[i]);
  victim->End(sequence);
  return true;
}

template <size_t kBytes>
void BasicTokenCache<kBytes>::Clear() {
  for (size_t i = 0; i < entries(); ++i) {
    uint64_t sequence;
    if (!table_[i].Begin(&sequence)) continue;
    for (size_t word = 0; word < kWords; ++word) table_[i].Store(word, 0);
    table_[i].End(sequence);
  }
}

template class BasicTokenCache<160>;
template class BasicTokenCache<4000>;

}  // namespace sluice::auth
