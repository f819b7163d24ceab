// Scripts in a real redis-server: over each kind of connection, and when something goes wrong.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/redis_test_server.h"
#include "io/fake_gateway.h"
#include "io/sluice_io.h"

namespace {

using sluice::FreePort;
using sluice::RedisServer;

constexpr int64_t kLongMs = 20'000;  // never reached unless something is broken
constexpr char kEcho[] = "return KEYS[1] .. '|' .. ARGV[1]";

class RedisIo : public testing::Test {
 protected:
  ~RedisIo() override { sluice_io_stop(io_); }

  void Start() {
    const char* message = nullptr;
    ASSERT_EQ(sluice_io_start(&gateway_, &options_, &io_, &message), SLUICE_OK) << message;
  }
  uint64_t Add(RedisJob redis, int64_t timeout_ms = 5'000) {
    Job job;
    job.timeout_ms = timeout_ms;
    job.redis = std::move(redis);
    return gateway_.Add(std::move(job));
  }
  JobResult Run(RedisJob redis, int64_t timeout_ms = 5'000) {
    if (io_ == nullptr) Start();
    const uint64_t id = Add(std::move(redis), timeout_ms);
    EXPECT_EQ(sluice_io_wait(io_, id, kLongMs), SLUICE_OK);
    return gateway_.result(id).value_or(JobResult{0, "not done", "", {}});
  }
  static RedisJob Over(const RedisServer& server, std::string script = kEcho) {
    return {.socket = server.socket_path(), .script = std::move(script), .keys = {"k"}, .arguments = {"a"}};
  }
  static RedisJob At(int port) {
    return {
        .host = "127.0.0.1", .port = static_cast<uint32_t>(port), .script = kEcho, .keys = {"k"}, .arguments = {"a"}};
  }

  sluice_gateway gateway_;
  sluice_io_options options_ = {sizeof options_, 0, 0, 0, 0, 0, 0, {}, {}};
  sluice_io* io_ = nullptr;
};

void ExpectText(const JobResult& result, const std::string& text) {
  EXPECT_EQ(result.status, 200u) << result.error;
  EXPECT_EQ(result.body, text);
}

void ExpectError(const JobResult& result, const std::string& error) {
  EXPECT_EQ(result.status, 0u) << result.body;
  EXPECT_EQ(result.error, error);
}

TEST_F(RedisIo, RunsAScriptOverAUnixSocket) {
  RedisServer server;
  ExpectText(Run(Over(server)), "k|a");
  RedisJob binary = Over(server);
  binary.arguments = {std::string("\0\r\n$\xff", 5)};
  ExpectText(Run(binary), "k|" + binary.arguments[0]);
  EXPECT_EQ(server.Run({"INFO", "commandstats"}).find("cmdstat_eval:"), std::string::npos);  // by its digest
}

TEST_F(RedisIo, RunsManyOnOneConnectionWithoutWaiting) {
  RedisServer server;
  std::vector<uint64_t> jobs;
  for (int i = 0; i < 3'000; ++i) {
    RedisJob job = Over(server);
    job.arguments = {std::to_string(i)};
    jobs.push_back(Add(std::move(job)));
  }
  Start();
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_EQ(sluice_io_wait(io_, jobs[static_cast<size_t>(i)], kLongMs), SLUICE_OK);
    ExpectText(*gateway_.result(jobs[static_cast<size_t>(i)]), "k|" + std::to_string(i));
  }
  EXPECT_GT(gateway_.max_under_way(), 500u);
  EXPECT_NE(server.Run({"INFO", "stats"}).find("total_connections_received:2\r"), std::string::npos);  // the test's own
}

TEST_F(RedisIo, AuthenticatesAndSelectsADatabase) {
  const int port = FreePort();
  RedisServer server({"--port", std::to_string(port), "--requirepass", "s3cret"});
  RedisJob job = At(port);
  job.script = "redis.call('SET', KEYS[1], ARGV[1]) return 'done'";
  ExpectError(Run(job), "greeting");
  job.password = "wrong";
  ExpectError(Run(job), "greeting");
  job.password = "s3cret";
  job.database = 5;
  ExpectText(Run(job), "done");
  server.Run({"AUTH", "s3cret"});
  server.Run({"SELECT", "5"});
  EXPECT_EQ(server.Run({"GET", "k"}), "a");
}

TEST_F(RedisIo, AUserNeedsOnlyWhatTheDocsSay) {
  RedisServer server;
  server.Run({"ACL", "SETUSER", "limits", "on", ">pass", "~sluice:*", "+eval", "+evalsha", "+script|load", "+get",
              "+set", "+time", "+info"});
  RedisJob job = Over(server, "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])");
  job.username = "limits";
  job.password = "pass";
  job.keys = {"sluice:k"};
  ExpectText(Run(job), "a");
  job.keys = {"other"};
  EXPECT_EQ(Run(job).status, 0u);
  job.keys = {"sluice:k"};
  job.database = 5;
  ExpectError(Run(job), "greeting");
  server.Run({"ACL", "SETUSER", "limits", "+select"});
  ExpectText(Run(job), "a");
}

TEST_F(RedisIo, SpeaksTlsAndVerifiesIfAsked) {
  const std::string directory = testing::TempDir() + "/tls" + std::to_string(getpid());
  const std::string make = "mkdir -p " + directory +
                           " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 " +
                           "-subj /CN=redis.test -addext subjectAltName=DNS:redis.test -keyout " + directory +
                           "/key.pem -out " + directory + "/cert.pem 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const int port = FreePort();
  RedisServer server({"--tls-port", std::to_string(port), "--tls-cert-file", directory + "/cert.pem", "--tls-key-file",
                      directory + "/key.pem", "--tls-auth-clients", "no"});
  const std::string ca = directory + "/cert.pem";
  options_.ca_file = {ca.data(), ca.size()};
  RedisJob job = At(port);
  ExpectError(Run(job, 1'000), "connect");  // TLS is not what it hears
  job.flags = SLUICE_REDIS_TLS;
  ExpectText(Run(job), "k|a");
  job.flags |= SLUICE_REDIS_VERIFY;
  ExpectError(Run(job), "tls");  // not the certificate of 127.0.0.1
  job.server_name = "redis.test";
  ExpectText(Run(job), "k|a");
}

TEST_F(RedisIo, SendsTheScriptAgainWhenTheServerForgotIt) {
  RedisServer server;
  ExpectText(Run(Over(server)), "k|a");
  server.Run({"SCRIPT", "FLUSH"});
  ExpectText(Run(Over(server)), "k|a");
  server.Run({"SCRIPT", "FLUSH"});
  std::vector<uint64_t> jobs;
  for (int i = 0; i < 50; ++i) {
    RedisJob job = Over(server);
    job.arguments = {std::to_string(i)};
    jobs.push_back(Add(std::move(job)));
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_EQ(sluice_io_wait(io_, jobs[i], kLongMs), SLUICE_OK);
    ExpectText(*gateway_.result(jobs[i]), "k|" + std::to_string(i));
  }
}

TEST_F(RedisIo, GivesUpASlowServerAndFindsItAgain) {
  RedisServer server;
  ExpectText(Run(Over(server)), "k|a");
  server.Run({"CLIENT", "PAUSE", "1500"});
  const auto begin = std::chrono::steady_clock::now();
  ExpectError(Run(Over(server), 100), "timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'400));
  ExpectText(Run(Over(server)), "k|a");
}

TEST_F(RedisIo, FindsAServerAgainThatWasStartedAnew) {
  RedisServer server;
  ExpectText(Run(Over(server)), "k|a");
  server.Stop();
  ExpectError(Run(Over(server)), "connect");
  server.Start();
  ExpectText(Run(Over(server)), "k|a");
}

TEST_F(RedisIo, HandsBackErrorsByTheirCode) {
  RedisServer server;
  server.Run({"REPLICAOF", "127.0.0.1", "1"});
  ExpectError(Run(Over(server, "return redis.call('SET', KEYS[1], 1)")), "READONLY");
  server.Run({"REPLICAOF", "NO", "ONE"});
  ExpectError(Run(Over(server, "return redis.call('LPUSH', KEYS[1])")), "ERR");
  ExpectText(Run(Over(server)), "k|a");
}

TEST_F(RedisIo, TakesNothingButAShortText) {
  RedisServer server;
  ExpectError(Run(Over(server, "return {1, 2}")), "protocol");
  ExpectError(Run(Over(server, "return 1")), "protocol");
  ExpectError(Run(Over(server, "return string.rep('x', 1001)")), "too_large");
  ExpectText(Run(Over(server, "return string.rep('x', 1000)")), std::string(1'000, 'x'));
  ExpectError(Run(Over(server, "return string.rep('x', 10000000)")), "too_large");
}

TEST_F(RedisIo, RefusesAddressesInsideIfAskedTo) {
  options_.flags = SLUICE_IO_REFUSE_PRIVATE;
  const int port = FreePort();
  RedisServer server({"--port", std::to_string(port)});
  ExpectError(Run(At(port)), "refused_address");
  ExpectError(Run(Over(server)), "refused_address");
}

TEST_F(RedisIo, AddressesThatAreNone) {
  for (const char* host : {"", "a b", "a/b", "user@host", "host\r\n"}) {
    RedisJob job = At(6379);
    job.host = host;
    ExpectError(Run(job), "request");
  }
  RedisJob nowhere = At(6379);
  nowhere.host = "nowhere.invalid";
  EXPECT_EQ(Run(nowhere, 2'000).status, 0u);
}

TEST_F(RedisIo, StoppingCancelsWhatIsUnderWay) {
  RedisServer server;
  ExpectText(Run(Over(server)), "k|a");
  server.Run({"CLIENT", "PAUSE", "20000"});
  const uint64_t id = Add(Over(server), kLongMs);
  sluice_io_kick(io_);
  while (gateway_.max_under_way() == 0) std::this_thread::yield();
  sluice_io_stop(io_);
  io_ = nullptr;
  const std::optional<JobResult> result = gateway_.result(id);
  if (result) ExpectError(*result, "cancelled");  // else it had not begun
}

}  // namespace
