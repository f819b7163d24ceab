// What the tests of leases share: sets, and lease.lua in a real server at a time that the test decides on.
#ifndef SLUICE_RATELIMIT_LEASE_TEST_SUPPORT_H_
#define SLUICE_RATELIMIT_LEASE_TEST_SUPPORT_H_

#include <memory>
#include <string>
#include <vector>

#include "base/redis_test_server.h"
#include "ratelimit/lease_wire.h"
#include "ratelimit/test_support.h"

namespace sluice::ratelimit {

inline std::shared_ptr<const LeaseSet> MakeSet(const std::vector<LimitSpec>& specs, int64_t lease_ns = kSecond,
                                               OnLoss on_loss = OnLoss::kRemember) {
  std::vector<Limit> limits;
  for (const LimitSpec& spec : specs) limits.push_back(MakeLimit(spec, "limit" + std::to_string(limits.size())));
  LeaseSet::Options options;
  options.lease_ns = lease_ns;
  options.on_loss = on_loss;
  std::string error;
  std::shared_ptr<const LeaseSet> set = LeaseSet::Compile("test", limits, options, &error);
  if (set == nullptr) {
    ADD_FAILURE() << error;
    std::abort();
  }
  return set;
}

// The script as it is shipped but for the clock, which it is told as two more arguments.
inline std::string ScriptWithClock() {
  std::string script(LeaseScript());
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"redis.call('TIME')", "{ARGV[#ARGV - 1], ARGV[#ARGV]}"},
        {"for i = 10, #ARGV, 5", "for i = 10, #ARGV - 2, 5"}}) {
    const size_t at = script.find(from);
    if (at == std::string::npos) std::abort();
    script.replace(at, from.size(), to);
  }
  return script;
}

// An ask as a node would make it, without the node.
inline Ask MakeAsk(const std::shared_ptr<const LeaseSet>& set, uint64_t need, uint64_t want,
                   std::string bucket = "alice") {
  Ask ask;
  ask.set = set;
  ask.bucket = std::move(bucket);
  ask.need = need;
  ask.want = want;
  return ask;
}

class Central {
 public:
  explicit Central(RedisServer& server) : server_(server) { Load(); }
  void Load() { sha_ = server_.Run({"SCRIPT", "LOAD", ScriptWithClock()}); }

  std::string Run(const Ask& ask, int64_t clock_us) {
    const AskText text = ToText(ask, "sluice:");
    std::vector<std::string> command = {"EVALSHA", sha_, std::to_string(text.keys.size())};
    command.insert(command.end(), text.keys.begin(), text.keys.end());
    command.insert(command.end(), text.arguments.begin(), text.arguments.end());
    command.push_back(std::to_string(clock_us / 1'000'000));
    command.push_back(std::to_string(clock_us % 1'000'000));
    return server_.Run(command);
  }

  // The same, read. Fails the test if there is no answer.
  Answer Get(const Ask& ask, int64_t clock_us) {
    Answer answer;
    const std::string text = Run(ask, clock_us);
    EXPECT_TRUE(ParseAnswer(text, ask.set->limits().size(), &answer)) << text;
    return answer;
  }

 private:
  RedisServer& server_;
  std::string sha_;
};

}  // namespace sluice::ratelimit

#endif  // SLUICE_RATELIMIT_LEASE_TEST_SUPPORT_H_
