// Processes that share a region, some of them killed at any instruction.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <vector>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {
namespace {

constexpr Now kNow{20'000 * kDay, kDay};
constexpr size_t kBytes = 1 << 18;

std::unique_ptr<Store> Attach(const SharedMemory& memory) {
  std::string error;
  auto store =
      Store::Create(memory.data(), memory.size(), {static_cast<uint64_t>(getpid()), 1}, StoreOptions(), &error);
  if (store == nullptr) _exit(9);
  return store;
}

pid_t Fork(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  body();
  _exit(0);
}

bool EndedWell(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct Shared {
  std::atomic<uint64_t> admitted;
  std::atomic<uint64_t> begun;
};

const LimitSpec kSpecs[] = {LimitSpec::TokenBucket(200'000, kYear, 200'000), LimitSpec::SlidingWindow(200'000, kHour),
                            LimitSpec::FixedWindow(200'000, Calendar::kDay), LimitSpec::Concurrency(200'000)};

TEST(Processes, AttachAtOnceAndAdmitExactlyTheLimitTogether) {
  for (const LimitSpec& spec : kSpecs) {
    SharedMemory memory(kBytes), counts(4096);
    Shared* shared = static_cast<Shared*>(counts.data());
    const Limit limit = MakeLimit(spec);
    auto work = [&] {
      auto store = Attach(memory);  // the children race for this
      const Charge charge{&limit, MakeKey(*store, limit, "alice")};
      Verdict verdict;
      while (ChargeAll(*store, &charge, 1, kNow, &verdict)) ++shared->admitted;
    };
    const pid_t first = Fork(work), second = Fork(work);
    EXPECT_TRUE(EndedWell(first));
    EXPECT_TRUE(EndedWell(second));
    EXPECT_EQ(shared->admitted, 200'000u) << static_cast<int>(spec.kind);
  }
}

// Workers charge three limits at once, over few keys and many, and are killed in the midst of it, again and again. A
// worker that dies between charging and saying so has used one request more than was admitted; nothing else is lost,
// and nothing is stuck.
TEST(Processes, LeaveTheStoreUsableWhenTheyAreKilled) {
  Random random(TestSeed());
  constexpr uint64_t kRounds = 60;
  SharedMemory memory(kBytes), counts(4096);
  Shared* shared = static_cast<Shared*>(counts.data());
  const Limit bucket = MakeLimit(LimitSpec::TokenBucket(40'000'000, kYear, 40'000'000), "bucket"),
              window = MakeLimit(LimitSpec::SlidingWindow(40'000'000, kHour), "window"),
              day = MakeLimit(LimitSpec::FixedWindow(40'000'000, Calendar::kDay), "day"),
              brief = MakeLimit(LimitSpec::TokenBucket(1'000'000'000, kSecond, 1), "brief");
  auto charges_of = [&](const Store& store) {
    std::vector<Charge> charges;
    for (const Limit* limit : {&bucket, &window, &day}) charges.push_back({limit, MakeKey(store, *limit, "alice")});
    return charges;
  };
  auto work = [&] {
    auto store = Attach(memory);
    const std::vector<Charge> charges = charges_of(*store);
    Verdict verdicts[3];
    for (uint64_t i = 0;; ++i) {
      ++shared->begun;
      if (ChargeAll(*store, charges.data(), 3, kNow, verdicts)) ++shared->admitted;
      const Charge passing{&brief, MakeKey(*store, brief, std::to_string(i))};
      ChargeAll(*store, &passing, 1, {0, kDay + static_cast<int64_t>(i) * 10}, verdicts);
    }
  };
  for (uint64_t round = 0; round < kRounds; ++round) {
    const uint64_t before = shared->admitted;
    const pid_t first = Fork(work), second = Fork(work);
    while (shared->admitted < before + Pick(random, 1, 300)) usleep(50);
    kill(first, SIGKILL);
    usleep(static_cast<useconds_t>(Pick(random, 0, 500)));
    kill(second, SIGKILL);
    waitpid(first, nullptr, 0);
    waitpid(second, nullptr, 0);
  }
  auto store = Attach(memory);
  for (Charge charge : charges_of(*store)) {
    charge.cost = 0;
    const uint64_t used = Peek(*store, charge, kNow).used;
    EXPECT_GE(used, shared->admitted) << "a killed process left a charge behind that was not counted";
    EXPECT_LE(used, shared->admitted + 2 * kRounds) << "more than one request for each killed process";
    charge.cost = 40'000'000 - used;
    Verdict verdict;
    EXPECT_TRUE(ChargeAll(*store, &charge, 1, kNow, &verdict)) << "units are stuck";
    charge.cost = 1;
    EXPECT_FALSE(ChargeAll(*store, &charge, 1, kNow, &verdict));
  }
}

}  // namespace
}  // namespace sluice::ratelimit
