#include "io/fault_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace sluice::io {
namespace {

constexpr int kTickMs = 2;

int64_t NowMs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

void Close(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

int ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close(fd);
  return fd;
}

}  // namespace

FaultProxy::FaultProxy(std::string server_socket) : server_socket_(std::move(server_socket)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("fault_proxy");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread(&FaultProxy::Run, this);
}

FaultProxy::~FaultProxy() {
  stop_ = true;
  thread_.join();
  for (Pair& pair : pairs_) {
    Close(pair.client);
    Close(pair.server);
  }
  close(listener_);
}

void FaultProxy::Set(const Faults& faults) {
  std::lock_guard lock(mutex_);
  faults_ = faults;
}

void FaultProxy::Cut() {
  std::lock_guard lock(mutex_);
  for (Pair& pair : pairs_) Close(pair.client);
}

void FaultProxy::Run() {
  while (!stop_) {
    std::vector<pollfd> watched = {{listener_, POLLIN, 0}};
    {
      std::lock_guard lock(mutex_);
      for (const Pair& pair : pairs_)
        for (const int fd : {pair.client, pair.server}) watched.push_back({fd, POLLIN, 0});
    }
    poll(watched.data(), watched.size(), kTickMs);
    std::lock_guard lock(mutex_);
    Serve();
  }
}

void FaultProxy::Serve() {
  Accept();
  const int64_t now = NowMs();
  for (auto pair = pairs_.begin(); pair != pairs_.end();) {
    Read(pair->client, now + faults_.delay_ms, pair->up);
    Read(pair->server, now + faults_.delay_ms, pair->down);
    pair->deaf = pair->deaf || (faults_.lose_answers && !pair->down.empty());
    if (pair->deaf) pair->down.clear();
    Deliver(pair->up, now, pair->server);
    Deliver(pair->down, now, pair->client);
    if (pair->server < 0) Close(pair->client);
    if (pair->client < 0 && pair->up.empty()) Close(pair->server);
    pair = pair->client < 0 && pair->server < 0 ? pairs_.erase(pair) : std::next(pair);
  }
}

void FaultProxy::Accept() {
  Pair pair;
  while ((pair.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
    pair.server = faults_.refuse ? -1 : ConnectTo(server_socket_);
    pairs_.push_back(pair);
  }
}

void FaultProxy::Read(int fd, int64_t due_ms, std::deque<Bytes>& to) {
  char bytes[16 << 10];
  if (fd < 0 || (!to.empty() && to.back().text.empty())) return;
  const ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (size >= 0) to.push_back({due_ms, std::string(bytes, static_cast<size_t>(size))});
}

void FaultProxy::Deliver(std::deque<Bytes>& from, int64_t now_ms, int& to) {
  for (; !from.empty() && from.front().due_ms <= now_ms; from.pop_front()) {
    const std::string& text = from.front().text;
    if (to < 0) continue;
    if (text.empty() || send(to, text.data(), text.size(), MSG_NOSIGNAL) < 0) Close(to);
  }
}

}  // namespace sluice::io
