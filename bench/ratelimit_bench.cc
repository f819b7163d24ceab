// The limiter beside its floors: what a charge costs over the compare-and-swap that it cannot do without.
//
//   ratelimit_bench --benchmark_format=json
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/huge_pages.h"
#include "benchmark/benchmark.h"
#include "ratelimit/charge.h"

namespace sluice::ratelimit {
namespace {

Limit MakeLimit(const LimitSpec& spec, const char* name) {
  Limit limit;
  std::string error;
  if (!Limit::Compile(HashLimitName(name), spec, &limit, &error)) std::abort();
  return limit;
}

std::unique_ptr<Store> MakeStore(size_t bytes) {
  std::string error;
  StoreOptions options;
  options.sliding_percent = 15;
  options.fine_percent = 5;
  auto store = Store::CreatePrivate(bytes, {1, 2}, options, &error);
  if (store == nullptr) std::abort();
  return store;
}

const LimitSpec kPace = LimitSpec::TokenBucket(1'000'000'000, kSecond, 1'000'000'000);

// A time that moves on by 100 ns a charge, as under load.
struct Clock {
  Now now{20'000 * kDay, kDay};
  const Now& Tick() {
    now.mono_ns += 100;
    now.wall_ns += 100;
    return now;
  }
};

uint64_t NextRandom(uint64_t* state) {
  *state = *state * 6364136223846793005 + 1442695040888963407;
  return *state >> 20;
}

// Floors.

void FloorOneCas(benchmark::State& state) {
  static std::atomic<uint64_t> word{0};
  for (auto _ : state) {
    uint64_t old = word.load(std::memory_order_relaxed);
    benchmark::DoNotOptimize(word.compare_exchange_strong(old, old + 1));
  }
}
BENCHMARK(FloorOneCas)->Threads(1)->Threads(2)->UseRealTime();

// A compare-and-swap on a random entry of a table as large as that many keys take, by an entry that names the next, as
// a charge reads its entry before it knows what to write there: a processor cannot begin the next while one waits for
// memory.
void FloorRandomCas(benchmark::State& state) {
  const uint64_t keys = static_cast<uint64_t>(state.range(0));
  struct alignas(32) Entry {
    std::atomic<uint64_t> word{0};
    uint64_t salt = 0;
  };
  std::vector<Entry, HugePages<Entry>> table(keys * 3 / 2);
  uint64_t random = 1;
  for (Entry& entry : table) entry.salt = NextRandom(&random);
  uint64_t place = 0;
  for (auto _ : state) {
    Entry& entry = table[place];
    uint64_t old = entry.word.load(std::memory_order_relaxed);
    benchmark::DoNotOptimize(entry.word.compare_exchange_strong(old, old + 1));
    place = (entry.salt + old) % table.size();
  }
}
BENCHMARK(FloorRandomCas)->Arg(1'000)->Arg(1'000'000)->Arg(10'000'000);

// One key.

void ChargeOneKind(benchmark::State& state, const LimitSpec& spec) {
  static std::unique_ptr<Store> store;
  static Limit limit;
  static Charge charge;
  if (state.thread_index() == 0) {
    store = MakeStore(1 << 20);
    limit = MakeLimit(spec, "limit");
    charge = {&limit, KeyOf(limit.id(), SubjectBuilder(store->hash_key()).Add("alice").Finish())};
  }
  Clock clock;
  Verdict verdict;
  for (auto _ : state) benchmark::DoNotOptimize(ChargeAll(*store, &charge, 1, clock.Tick(), &verdict));
}
BENCHMARK_CAPTURE(ChargeOneKind, bucket, kPace)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK_CAPTURE(ChargeOneKind, sliding, LimitSpec::SlidingWindow(kMaxSlidingQuota, kHour))
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ChargeOneKind, fine, LimitSpec::SlidingWindow(kMaxSlidingQuota, kHour, kFineSubWindows))
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ChargeOneKind, counter, LimitSpec::SlidingCounter(kMaxSlidingQuota, kHour))
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ChargeOneKind, month, LimitSpec::FixedWindow(kMaxFixedQuota, Calendar::kMonth))
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ChargeOneKind, refused, LimitSpec::TokenBucket(1, kYear))->Threads(1)->Threads(2)->UseRealTime();

void ChargeThreeAllOrNone(benchmark::State& state) {
  auto store = MakeStore(1 << 20);
  const Limit limits[] = {MakeLimit(kPace, "a"), MakeLimit(kPace, "b"), MakeLimit(kPace, "c")};
  Charge charges[3];
  for (int i = 0; i < 3; ++i)
    charges[i] = {&limits[i], KeyOf(limits[i].id(), SubjectBuilder(store->hash_key()).Add("alice").Finish())};
  Clock clock;
  Verdict verdicts[3];
  for (auto _ : state) benchmark::DoNotOptimize(ChargeAll(*store, charges, 3, clock.Tick(), verdicts));
}
BENCHMARK(ChargeThreeAllOrNone);

void BuildKey(benchmark::State& state) {
  const HashKey seed{1, 2};
  const LimitId id = HashLimitName("plan/free/pace");
  for (auto _ : state)
    benchmark::DoNotOptimize(KeyOf(id, SubjectBuilder(seed).Add("consumer").Add("4f1c2d8e-alice").Finish()));
}
BENCHMARK(BuildKey);

// Many keys, each thread on its own way through all. What lies side by side here lies anywhere in the tables.

struct Walk {
  size_t next;
  Walk(const benchmark::State& state, size_t size)
      : next(size / static_cast<size_t>(state.threads()) * static_cast<size_t>(state.thread_index())) {}
  template <typename Keys>
  auto Take(const Keys& keys) {
    if (next == keys.size()) next = 0;
    return keys[next++];
  }
};

struct Keyed {
  std::unique_ptr<Store> store;
  Limit limit = MakeLimit(LimitSpec::TokenBucket(1'000'000, 10 * kDay, 1'000'000), "limit");
  std::vector<Key> keys;

  explicit Keyed(uint64_t count) : store(MakeStore((1 << 20) + count * 64)) {
    const Now now = Clock().now;
    Verdict verdict;
    for (uint64_t i = 0; i < count; ++i) {
      keys.push_back(SipHash128(store->hash_key(), std::to_string(i)));
      const Charge charge{&limit, keys.back()};
      ChargeAll(*store, &charge, 1, now, &verdict);
    }
  }
};

void ChargeRandomKey(benchmark::State& state) {
  static std::unique_ptr<Keyed> keyed;
  const uint64_t count = static_cast<uint64_t>(state.range(0));
  if (state.thread_index() == 0 && (keyed == nullptr || keyed->keys.size() != count))
    keyed = std::make_unique<Keyed>(count);
  Clock clock;
  Verdict verdict;
  Walk walk(state, count);
  for (auto _ : state) {
    const Charge charge{&keyed->limit, walk.Take(keyed->keys)};
    benchmark::DoNotOptimize(ChargeAll(*keyed->store, &charge, 1, clock.Tick(), &verdict));
  }
}
BENCHMARK(ChargeRandomKey)->Arg(1'000)->Arg(1'000'000)->Arg(10'000'000);
BENCHMARK(ChargeRandomKey)->Arg(1'000'000)->Threads(2)->UseRealTime();

// Three limits of a caller, whose entries nobody has touched for a while.
void ChargeThreeOfRandomCaller(benchmark::State& state) {
  const uint64_t count = static_cast<uint64_t>(state.range(0));
  static std::unique_ptr<Keyed> keyed;
  if (keyed == nullptr) keyed = std::make_unique<Keyed>(count * 3);
  Clock clock;
  Verdict verdicts[3];
  Walk walk(state, count * 3);
  for (auto _ : state) {
    const Charge charges[] = {{&keyed->limit, walk.Take(keyed->keys)},
                              {&keyed->limit, walk.Take(keyed->keys)},
                              {&keyed->limit, walk.Take(keyed->keys)}};
    benchmark::DoNotOptimize(ChargeAll(*keyed->store, charges, 3, clock.Tick(), verdicts));
  }
}
BENCHMARK(ChargeThreeOfRandomCaller)->Arg(1'000'000);

// What one writes without this library: the same bucket in a hash map, in 64 shards with a mutex each.
struct Shards {
  struct Bucket {
    int64_t arrival_ns = 0;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    absl::flat_hash_map<uint64_t, Bucket> buckets;
  };
  Shard shards[64];
  std::vector<uint64_t> keys;

  explicit Shards(uint64_t count) {
    uint64_t random = 1;
    for (uint64_t i = 0; i < count; ++i) {
      keys.push_back(NextRandom(&random));
      shards[keys.back() % 64].buckets[keys.back()] = {};
    }
  }

  bool Charge(uint64_t key, int64_t now_ns) {
    constexpr int64_t kInterval = 10 * kDay / 1'000'000, kSize = kInterval * 1'000'000;
    Shard& shard = shards[key % 64];
    std::lock_guard<std::mutex> lock(shard.mutex);
    Bucket& bucket = shard.buckets[key];
    const int64_t charged = std::max(bucket.arrival_ns, now_ns) + kInterval;
    if (charged > now_ns + kSize) return false;
    bucket.arrival_ns = charged;
    return true;
  }
};

void MutexShardsRandomKey(benchmark::State& state) {
  static std::unique_ptr<Shards> shards;
  const uint64_t count = static_cast<uint64_t>(state.range(0));
  if (state.thread_index() == 0 && shards == nullptr) shards = std::make_unique<Shards>(count);
  Clock clock;
  Walk walk(state, count);
  for (auto _ : state) {
    benchmark::DoNotOptimize(shards->Charge(walk.Take(shards->keys), clock.Tick().mono_ns));
  }
}
BENCHMARK(MutexShardsRandomKey)->Arg(1'000'000)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace sluice::ratelimit
