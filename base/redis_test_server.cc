#include "base/redis_test_server.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace sluice {
namespace {

[[noreturn]] void Give(const char* what) {
  std::fprintf(stderr, "redis_test_server: %s (is redis-server installed? tools/setup)\n", what);
  std::abort();
}

std::string Text(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_ERROR: return "-" + std::string(reply.str, reply.len);
    case REDIS_REPLY_INTEGER: return std::to_string(reply.integer);
    case REDIS_REPLY_ARRAY: {
      std::string text;
      for (size_t i = 0; i < reply.elements; ++i) text += (i > 0 ? " " : "") + Text(*reply.element[i]);
      return text;
    }
    case REDIS_REPLY_NIL: return "(nil)";
    default: return std::string(reply.str, reply.len);
  }
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options, const std::string& config) : options_(std::move(options)) {
  signal(SIGPIPE, SIG_IGN);
  char name[] = "/tmp/sluice_redis_XXXXXX";  // a socket's path must be short
  if (mkdtemp(name) == nullptr) Give("no directory");
  directory_ = name;
  socket_ = directory_ + "/s";
  std::ofstream(directory_ + "/conf") << config;
  Start();
}

RedisServer::~RedisServer() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void RedisServer::Start() {
  std::vector<std::string> words = {"redis-server", directory_ + "/conf", "--port", "0", "--unixsocket", socket_,
                                    "--dir",        directory_,           "--save", "",  "--daemonize",  "no"};
  words.insert(words.end(), options_.begin(), options_.end());
  pid_ = fork();
  if (pid_ < 0) Give("no process");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 1);
    dup2(log, 2);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execvp("redis-server", arguments.data());
    _exit(127);
  }
  Connect();
}

void RedisServer::Connect() {
  for (int tries = 0; tries < 500; ++tries) {
    context_ = redisConnectUnix(socket_.c_str());
    if (context_ != nullptr && context_->err == 0) {
      const std::string pong = Run({"PING"});
      if (pong == "PONG" || pong.substr(0, 7) == "-NOAUTH") return;
    }
    redisFree(context_);
    usleep(20'000);
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) break;
  }
  Give("it does not answer");
}

void RedisServer::Stop() {
  if (pid_ == 0) return;
  redisFree(context_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void RedisServer::Restart() {
  Stop();
  Start();
}

std::string RedisServer::Run(const std::vector<std::string>& command) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  const auto run = [&] {
    return static_cast<redisReply*>(
        redisCommandArgv(context_, static_cast<int>(words.size()), words.data(), sizes.data()));
  };
  redisReply* reply = run();
  if (reply == nullptr && redisReconnect(context_) == REDIS_OK) reply = run();  // sentinels cut who is connected
  if (reply == nullptr) return "-no reply";
  std::string text = Text(*reply);
  freeReplyObject(reply);
  return text;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) Give("no port");
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace sluice
