// The oracle of the sliding kinds, and traces that try them.
#ifndef SLUICE_RATELIMIT_EXACT_LOG_H_
#define SLUICE_RATELIMIT_EXACT_LOG_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "ratelimit/test_support.h"

namespace sluice::ratelimit {

// Every unit ever admitted and not given back, by time.
class ExactLog {
 public:
  uint64_t UsedAt(int64_t now, int64_t window) {
    while (!log_.empty() && log_.front().first <= now - window) {
      used_ -= log_.front().second;
      log_.pop_front();
    }
    return used_;
  }
  void Add(int64_t now, uint64_t units) {
    log_.push_back({now, units});
    used_ += units;
  }
  void Remove(int64_t time, uint64_t units) {
    for (auto& [when, logged] : log_) {
      const uint64_t taken = when == time ? std::min(logged, units) : 0;
      logged -= taken;
      units -= taken;
      used_ -= taken;
    }
  }

 private:
  std::deque<std::pair<int64_t, uint64_t>> log_;
  uint64_t used_ = 0;
};

// To the next charge: bursts, the exact pace, and the very edges of windows.
inline int64_t Gap(Random& random, int64_t window, uint64_t quota) {
  const uint64_t pace = static_cast<uint64_t>(window) / quota;
  switch (Pick(random, 0, 7)) {
    case 0: return 0;
    case 1: return 1;
    case 2: return static_cast<int64_t>(pace);
    case 3: return static_cast<int64_t>(Pick(random, 0, 2 * pace));
    case 4: return static_cast<int64_t>(Pick(random, 0, 20 * pace));
    case 5: return Pick(random, 0, 30) == 0 ? window : 1;
    case 6: return Pick(random, 0, 30) == 0 ? window - 1 : 0;
    default: return Pick(random, 0, 100) == 0 ? 3 * window : static_cast<int64_t>(pace / 2);
  }
}

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_EXACT_LOG_H_
