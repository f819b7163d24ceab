// The jobs that are done and not yet taken, behind a descriptor that an event loop can watch.
#ifndef SLUICE_IO_DONE_LIST_H_
#define SLUICE_IO_DONE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace sluice::io {

// Any number of threads may call at once. Never allocates: a host that does not take what is done loses the oldest.
class DoneList {
 public:
  static constexpr size_t kCapacity = 1024;

  DoneList();  // see ok()
  ~DoneList();
  DoneList(const DoneList&) = delete;
  DoneList& operator=(const DoneList&) = delete;

  bool ok() const { return fd_ >= 0; }
  int fd() const { return fd_; }  // readable while the list is not empty

  void Push(uint64_t job);
  size_t Take(uint64_t* jobs, size_t capacity);

 private:
  const int fd_;
  std::mutex mutex_;
  uint64_t jobs_[kCapacity];  // a ring
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace sluice::io

#endif  // SLUICE_IO_DONE_LIST_H_
