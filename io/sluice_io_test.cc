#include "io/sluice_io.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/fake_gateway.h"

namespace {

constexpr int64_t kLongMs = 20'000;  // never reached unless something is broken

// test_server.py as a child; ends when our end of its standard input closes.
class TestServer {
 public:
  TestServer() {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    for (int fd : {in[0], in[1], out[0], out[1]}) posix_spawn_file_actions_addclose(&actions, fd);
    std::string directory = testing::TempDir();
    const char* const arguments[] = {"python3", "io/test_server.py", directory.c_str(), nullptr};
    if (posix_spawnp(&pid_, "python3", &actions, nullptr, const_cast<char**>(arguments), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    stdin_ = in[1];
    FILE* ports = fdopen(out[0], "r");
    if (fscanf(ports, "%d %d", &http_port, &https_port) != 2) std::abort();
    fclose(ports);
  }
  ~TestServer() {
    close(stdin_);
    waitpid(pid_, nullptr, 0);
  }

  int http_port = 0;
  int https_port = 0;

 private:
  pid_t pid_ = 0;
  int stdin_ = -1;
};

class SluiceIo : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new TestServer; }
  static void TearDownTestSuite() { delete server_; }
  void TearDown() override { sluice_io_stop(io_); }

  static std::string Http(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(server_->http_port) + path;
  }
  static std::string Https(const std::string& path, const std::string& host = "127.0.0.1") {
    return "https://" + host + ":" + std::to_string(server_->https_port) + path;
  }
  static std::string TempFile(const std::string& name) { return testing::TempDir() + "/" + name; }

  void UseCa(const std::string& path) {
    ca_file_ = path;
    options_.ca_file = {ca_file_.data(), ca_file_.size()};
  }

  sluice_status Start() { return sluice_io_start(&gateway_, &options_, &io_, &message_); }

  JobResult Fetch(Job job) {
    if (io_ == nullptr && Start() != SLUICE_OK) ADD_FAILURE() << message_;
    const uint64_t id = gateway_.Add(std::move(job));
    EXPECT_EQ(sluice_io_wait(io_, id, kLongMs), SLUICE_OK);
    return gateway_.result(id).value_or(JobResult{0, "not done", "", {}});
  }

  static TestServer* server_;
  sluice_gateway gateway_;
  sluice_io_options options_ = {sizeof options_, 0, 0, 0, 0, 0, 0, {}, {}};
  sluice_io* io_ = nullptr;
  const char* message_ = nullptr;
  std::string ca_file_;
};

TestServer* SluiceIo::server_ = nullptr;

TEST_F(SluiceIo, HandsBackAnAnswer) {
  const JobResult result = Fetch({.url = Http("/ok")});
  EXPECT_EQ(result.status, 200u) << result.error;
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.body, "hello");
  EXPECT_EQ(result.headers.find("X-Test")->second, "a b");
  EXPECT_EQ(result.headers.find("X-Empty")->second, "");
  EXPECT_EQ(result.headers.find("ETag")->second, "\"1\"");
}

TEST_F(SluiceIo, SendsMethodAndHeaders) {
  const JobResult result = Fetch({.url = Http("/echo"), .method = "POST", .headers = {{"X-A", "1"}, {"X-Empty", ""}}});
  EXPECT_EQ(result.body.find("POST "), 0u) << result.body;
  EXPECT_NE(result.body.find("X-A: 1\n"), std::string::npos) << result.body;
  EXPECT_NE(result.body.find("X-Empty: \n"), std::string::npos) << result.body;
}

struct Case {
  const char* path;
  uint32_t status;
  const char* error;
};

TEST_F(SluiceIo, AnswersAndFailures) {
  options_.max_header_bytes = 4'000;
  for (const Case& c : std::initializer_list<Case>{{"/nowhere", 404, ""},
                                                   {"/thousand", 200, ""},
                                                   {"/thousand-and-one", 0, "too_large"},
                                                   {"/endless", 0, "too_large"},
                                                   {"/big-header", 0, "too_large"},
                                                   {"/many-headers", 0, "too_large"},
                                                   {"/redirect", 0, "redirect"},
                                                   {"/not-modified", 304, ""},
                                                   {"/cut-off", 0, "protocol"},
                                                   {"/rubbish", 0, "protocol"}}) {
    const JobResult result = Fetch({.url = Http(c.path)});
    EXPECT_EQ(result.status, c.status) << c.path;
    EXPECT_EQ(result.error, c.error) << c.path;
  }
}

TEST_F(SluiceIo, KeepsTheFinalAnswersHeadersOnly) {
  const JobResult result = Fetch({.url = Http("/early-hints")});
  EXPECT_EQ(result.body, "late");
  EXPECT_EQ(result.headers.count("X-Late"), 1u);
  EXPECT_EQ(result.headers.count("X-Early"), 0u);
}

TEST_F(SluiceIo, TimesOut) {
  EXPECT_EQ(Fetch({.url = Http("/slow"), .timeout_ms = 100}).error, "timeout");
  EXPECT_EQ(Fetch({.url = Http("/trickle"), .timeout_ms = 300}).error, "timeout");
}

TEST_F(SluiceIo, OptionsBoundWhatEffectsAsk) {
  options_.max_timeout_ms = 100;
  options_.max_body_bytes = 999;
  EXPECT_EQ(Fetch({.url = Http("/slow"), .timeout_ms = kLongMs}).error, "timeout");
  EXPECT_EQ(Fetch({.url = Http("/thousand")}).error, "too_large");
}

TEST_F(SluiceIo, SendsNothingThatCannotBeSent) {
  const std::string zero("http://127.0.0.1/\0/ok", 21);
  for (const Job& job : std::initializer_list<Job>{{.url = zero},
                                                   {.url = "no url"},
                                                   {.url = "file:///etc/passwd"},
                                                   {.url = "gopher://127.0.0.1/"},
                                                   {.url = Http("/ok"), .flags = 0},
                                                   {.url = Http("/ok"), .method = "GET / HTTP/1.1\r\nX: y"},
                                                   {.url = Http("/ok"), .headers = {{"X-A", "1\r\nX-B: 2"}}},
                                                   {.url = Http("/ok"), .headers = {{"X:A", "1"}}},
                                                   {.url = Http("/ok"), .headers = {{"", "1"}}}}) {
    EXPECT_EQ(Fetch(job).error, "request") << job.url;
  }
}

TEST_F(SluiceIo, VerifiesThePeer) {
  UseCa(TempFile("cert.pem"));
  const JobResult result = Fetch({.url = Https("/ok"), .flags = 0});
  EXPECT_EQ(result.status, 200u) << result.error;
}

TEST_F(SluiceIo, RefusesAnotherHostsCertificate) {
  UseCa(TempFile("cert.pem"));
  EXPECT_EQ(Fetch({.url = Https("/ok", "localhost")}).error, "tls");
}

TEST_F(SluiceIo, RefusesAStrangersCertificate) {
  UseCa(TempFile("other.pem"));
  EXPECT_EQ(Fetch({.url = Https("/ok")}).error, "tls");
}

TEST_F(SluiceIo, TrustsTheSystemsAuthoritiesByDefault) { EXPECT_EQ(Fetch({.url = Https("/ok")}).error, "tls"); }

TEST_F(SluiceIo, ReportsWhatCannotBeReached) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);  // bound, never listening: nobody else gets the port
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(Fetch({.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"}).error, "connect");
  close(fd);
}

TEST_F(SluiceIo, RefusesPrivateAddressesWhenTold) {
  options_.flags = SLUICE_IO_REFUSE_PRIVATE;
  EXPECT_EQ(Fetch({.url = Http("/ok")}).error, "refused_address");
}

TEST_F(SluiceIo, ObeysTheEnvironmentsProxyOnlyWhenTold) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(Fetch({.url = Http("/ok")}).status, 200u);
  sluice_io_stop(io_);
  options_.flags = SLUICE_IO_PROXY_FROM_ENVIRONMENT;
  ASSERT_EQ(Start(), SLUICE_OK);
  EXPECT_EQ(Fetch({.url = Http("/ok")}).error, "connect");
  unsetenv("http_proxy");
}

TEST_F(SluiceIo, NeverExceedsMaxParallel) {
  options_.max_parallel = 2;
  std::vector<uint64_t> jobs;
  for (int i = 0; i < 6; ++i) jobs.push_back(gateway_.Add({.url = Http("/brief")}));
  ASSERT_EQ(Start(), SLUICE_OK);
  for (uint64_t job : jobs) {
    EXPECT_EQ(sluice_io_wait(io_, job, kLongMs), SLUICE_OK);
    EXPECT_EQ(gateway_.result(job).value_or(JobResult{}).status, 200u);
  }
  EXPECT_EQ(gateway_.max_under_way(), 2u);
}

TEST_F(SluiceIo, WakesAnEventLoop) {
  ASSERT_EQ(Start(), SLUICE_OK);
  const uint64_t id = gateway_.Add({.url = Http("/ok")});
  sluice_io_kick(io_);
  pollfd entry{sluice_io_fd(io_), POLLIN, 0};
  ASSERT_EQ(poll(&entry, 1, kLongMs), 1);
  uint64_t jobs[4] = {};
  ASSERT_EQ(sluice_io_take_done(io_, jobs, 4), 1u);
  EXPECT_EQ(jobs[0], id);
  EXPECT_TRUE(gateway_.result(id).has_value());
  EXPECT_EQ(poll(&entry, 1, 0), 0);
}

TEST_F(SluiceIo, WaitGivesUpInTimeAndKnowsWhatIsDone) {
  ASSERT_EQ(Start(), SLUICE_OK);
  const uint64_t slow = gateway_.Add({.url = Http("/slow"), .timeout_ms = kLongMs});
  EXPECT_EQ(sluice_io_wait(io_, slow, 50), SLUICE_WAIT);
  const uint64_t quick = gateway_.Add({.url = Http("/ok")});
  EXPECT_EQ(sluice_io_wait(io_, quick, kLongMs), SLUICE_OK);
  EXPECT_EQ(sluice_io_wait(io_, quick, kLongMs), SLUICE_OK);
  EXPECT_FALSE(gateway_.result(slow).has_value());
}

TEST_F(SluiceIo, StopCancelsWhatIsUnderWay) {
  ASSERT_EQ(Start(), SLUICE_OK);
  const uint64_t id = gateway_.Add({.url = Http("/slow"), .timeout_ms = kLongMs});
  EXPECT_EQ(sluice_io_wait(io_, id, 50), SLUICE_WAIT);
  sluice_io_stop(io_);
  io_ = nullptr;
  EXPECT_EQ(gateway_.result(id).value_or(JobResult{}).error, "cancelled");
}

TEST_F(SluiceIo, ServesManyThreadsAtOnce) {
  ASSERT_EQ(Start(), SLUICE_OK);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 10; ++round) EXPECT_EQ(Fetch({.url = Http("/ok")}).status, 200u);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SluiceIo, RefusesBadOptions) {
  options_.struct_size = 8;
  EXPECT_EQ(Start(), SLUICE_E_ARGUMENT);
  options_ = {sizeof options_, 1u << 31, 0, 0, 0, 0, 0, {}, {}};
  EXPECT_EQ(Start(), SLUICE_E_ARGUMENT);
  options_ = {sizeof options_, 0, 65, 0, 0, 0, 0, {}, {}};
  EXPECT_EQ(Start(), SLUICE_E_ARGUMENT);
  options_ = {sizeof options_, 0, 0, -1, 0, 0, 0, {}, {}};
  EXPECT_EQ(Start(), SLUICE_E_ARGUMENT);
  options_ = {sizeof options_, 0, 0, 0, 0, 0, 0, {}, {}};
  UseCa(TempFile("missing.pem"));
  EXPECT_EQ(Start(), SLUICE_E_ARGUMENT);
  EXPECT_STREQ(message_, "ca_file cannot be read");
  EXPECT_EQ(sluice_io_start(nullptr, nullptr, &io_, nullptr), SLUICE_E_ARGUMENT);
  EXPECT_EQ(sluice_io_start(&gateway_, nullptr, nullptr, nullptr), SLUICE_E_ARGUMENT);
  EXPECT_EQ(io_, nullptr);
  sluice_io_stop(nullptr);
}

}  // namespace
