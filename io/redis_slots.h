// Which node of a Redis Cluster has which keys, as far as it has been told: a node that is asked about another's keys
// says whose they are (redis.io, cluster specification).
#ifndef SLUICE_IO_REDIS_SLOTS_H_
#define SLUICE_IO_REDIS_SLOTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "io/redis_connection.h"

namespace sluice::io {

inline constexpr size_t kRedisSlots = 16'384;

// CRC16 (XMODEM) of the key, or of what stands between its first pair of braces if there is something.
uint16_t SlotOf(std::string_view key);

// "MOVED 3999 127.0.0.1:6381", "ASK …". A node that does not say its host is at the host of the one that answers.
struct Redirection {
  bool ask = false;  // for this once, and behind ASKING
  uint16_t slot = 0;
  RedisNode node;
};
std::optional<Redirection> ParseRedirection(std::string_view error, const RedisNode& from);

class RedisSlots {
 public:
  static constexpr size_t kMostNodes = 1'000;

  explicit RedisSlots(std::vector<RedisNode> seeds);

  // Who has it; while nobody is known to, one node after the other that may know.
  const RedisNode& Find(uint16_t slot) const;
  bool Set(uint16_t slot, const RedisNode& node);  // false: too many nodes have slots
  // It does not answer.
  void Forget(const RedisNode& node);

 private:
  static constexpr uint16_t kNobody = 0xffff;

  size_t Unused() const;

  const size_t seeds_;
  std::vector<RedisNode> nodes_;  // the seeds, then whoever was named
  std::vector<uint16_t> owners_;  // by slot: a place in `nodes_`
  size_t next_ = 0;               // whom to ask about slots that nobody is known to have
};

}  // namespace sluice::io

#endif  // SLUICE_IO_REDIS_SLOTS_H_
