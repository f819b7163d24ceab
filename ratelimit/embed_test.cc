// A program that links //ratelimit alone, as an embedder does: a pace and a quota for one caller.
#include <cstdio>
#include <string>

#include "ratelimit/charge.h"

using namespace sluice::ratelimit;

int main() {
  std::string error;
  Limit pace, hourly;
  if (!Limit::Compile(HashLimitName("pace"), LimitSpec::TokenBucket(2, kSecond, 3), &pace, &error) ||
      !Limit::Compile(HashLimitName("hourly"), LimitSpec::SlidingWindow(5, kHour), &hourly, &error)) {
    return std::printf("%s\n", error.c_str());
  }
  auto store = Store::CreatePrivate(1 << 20, {1, 2}, StoreOptions(), &error);
  if (store == nullptr) return std::printf("%s\n", error.c_str());
  const Charge charges[] = {{&pace, KeyOf(pace.id(), SubjectBuilder(store->hash_key()).Add("alice").Finish())},
                            {&hourly, KeyOf(hourly.id(), SubjectBuilder(store->hash_key()).Add("alice").Finish())}};
  std::string seen;
  for (int64_t second = 0; second < 6; ++second) {
    for (int i = 0; i < 4; ++i) {
      Verdict verdicts[2];
      const bool allowed = ChargeAll(*store, charges, 2, {0, second * kSecond}, verdicts);
      seen += allowed ? 'a' : verdicts[0].allowed ? 'h' : 'p';
    }
  }
  // Three at once, two more a second later; from then on the hourly quota refuses, and in that second the pace too.
  const std::string expected = "aaapaapphhhhhhhhhhhhhhhh";
  if (seen == expected) return 0;
  return std::printf("expected %s, found %s\n", expected.c_str(), seen.c_str());
}
