// A redis-server of the test's own, on a Unix socket in the test's directory, gone with the test.
#ifndef SLUICE_BASE_REDIS_TEST_SERVER_H_
#define SLUICE_BASE_REDIS_TEST_SERVER_H_

#include <sys/types.h>

#include <string>
#include <vector>

struct redisContext;

namespace sluice {

class RedisServer {
 public:
  // `options` as on redis-server's command line, `config` as in a file of its own. Ends the test program if there is no
  // server to be had.
  explicit RedisServer(std::vector<std::string> options = {}, const std::string& config = "");
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  const std::string& socket_path() const { return socket_; }

  // The reply as text: of an error "-" and its message, of an array its elements with spaces between.
  std::string Run(const std::vector<std::string>& command);

  // Kills it and starts another, with whatever of its data had been saved.
  void Restart();
  void Stop();
  void Start();

 private:
  void Connect();

  std::string directory_;
  std::string socket_;
  std::vector<std::string> options_;
  pid_t pid_ = 0;
  redisContext* context_ = nullptr;
};

// One that nobody listens on now, for `--port`.
int FreePort();

}  // namespace sluice

#endif  // SLUICE_BASE_REDIS_TEST_SERVER_H_
