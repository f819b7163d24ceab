// What the tests of this room share.
#ifndef SLUICE_RATELIMIT_TEST_SUPPORT_H_
#define SLUICE_RATELIMIT_TEST_SUPPORT_H_

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "ratelimit/charge.h"

namespace sluice::ratelimit {

inline constexpr HashKey kTestSeed{0x0123456789abcdef, 0xfedcba9876543210};

inline Limit MakeLimit(const LimitSpec& spec, std::string_view name = "limit") {
  Limit limit;
  std::string error;
  if (!Limit::Compile(HashLimitName(name), spec, &limit, &error)) {
    ADD_FAILURE() << error;
    std::abort();
  }
  return limit;
}

inline std::unique_ptr<Store> MakeStore(size_t bytes = 1 << 20, const StoreOptions& options = StoreOptions()) {
  std::string error;
  std::unique_ptr<Store> store = Store::CreatePrivate(bytes, kTestSeed, options, &error);
  if (store == nullptr) {
    ADD_FAILURE() << error;
    std::abort();
  }
  return store;
}

inline Key MakeKey(const Store& store, const Limit& limit, std::string_view part) {
  return KeyOf(limit.id(), SubjectBuilder(store.hash_key()).Add(part).Finish());
}

// Memory that forked processes share.
class SharedMemory {
 public:
  explicit SharedMemory(size_t bytes)
      : bytes_(bytes), data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) std::abort();
  }
  ~SharedMemory() { munmap(data_, bytes_); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  void* data() const { return data_; }
  size_t size() const { return bytes_; }

 private:
  size_t bytes_;
  void* data_;
};

// Another seed for each run: SLUICE_SEED, or the clock. Printed, so that a failure can be repeated.
inline uint64_t TestSeed() {
  static const uint64_t seed = [] {
    const char* given = std::getenv("SLUICE_SEED");
    uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::cout << "SLUICE_SEED=" << value << std::endl;
    return value;
  }();
  return seed;
}

using Random = std::mt19937_64;

inline uint64_t Pick(Random& random, uint64_t low, uint64_t high) {
  return std::uniform_int_distribution<uint64_t>(low, high)(random);
}

// A refusal's retry_after_ns is exact: at that moment the same cost passes, one nanosecond before it does not.
inline void ExpectExactRetry(const Store& store, const Charge& charge, const Verdict& refused, const Now& now) {
  ASSERT_GT(refused.retry_after_ns, 0);
  auto later = [&](int64_t ns) { return Now{now.wall_ns + ns, now.mono_ns + ns}; };
  EXPECT_TRUE(Peek(store, charge, later(refused.retry_after_ns)).allowed) << "after " << refused.retry_after_ns;
  EXPECT_FALSE(Peek(store, charge, later(refused.retry_after_ns - 1)).allowed) << "before " << refused.retry_after_ns;
}

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_TEST_SUPPORT_H_
