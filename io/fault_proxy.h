// A bad network between a gateway and its Redis server: TCP on loopback, handed on to the server's Unix socket, late,
// not at all, or cut. For tests.
#ifndef SLUICE_IO_FAULT_PROXY_H_
#define SLUICE_IO_FAULT_PROXY_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace sluice::io {

class FaultProxy {
 public:
  struct Faults {
    int64_t delay_ms = 0;       // each way. Bytes of one connection keep their order, those of two need not
    bool refuse = false;        // new connections end at once
    bool lose_answers = false;  // a connection on which the server says something hears nothing any more
  };

  // Ends the test program if there is no socket to be had.
  explicit FaultProxy(std::string server_socket);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const { return port_; }

  // For whatever is sent from now on.
  void Set(const Faults& faults);
  // Ends every connection; what the gateway has sent still reaches the server, when its delay is over.
  void Cut();

 private:
  struct Bytes {
    int64_t due_ms;
    std::string text;  // "": the end
  };
  struct Pair {
    int client = -1;  // -1: ended
    int server = -1;
    bool deaf = false;
    std::deque<Bytes> up, down;
  };

  void Run();
  void Serve();
  void Accept();
  static void Read(int fd, int64_t due_ms, std::deque<Bytes>& to);
  static void Deliver(std::deque<Bytes>& from, int64_t now_ms, int& to);

  const std::string server_socket_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // guards what follows
  Faults faults_;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace sluice::io

#endif  // SLUICE_IO_FAULT_PROXY_H_
