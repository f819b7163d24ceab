#include "io/done_list.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace sluice::io {

DoneList::DoneList() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

DoneList::~DoneList() {
  if (ok()) close(fd_);
}

void DoneList::Push(uint64_t job) {
  std::lock_guard lock(mutex_);
  if (count_ == kCapacity) {
    first_ = (first_ + 1) % kCapacity;
    --count_;
  }
  jobs_[(first_ + count_++) % kCapacity] = job;
  eventfd_write(fd_, 1);  // cannot fail: nobody writes 2^64 times between two reads
}

size_t DoneList::Take(uint64_t* jobs, size_t capacity) {
  std::lock_guard lock(mutex_);
  const size_t taken = std::min(capacity, count_);
  for (size_t i = 0; i < taken; ++i) jobs[i] = jobs_[(first_ + i) % kCapacity];
  first_ = (first_ + taken) % kCapacity;
  count_ -= taken;
  if (eventfd_t ignored; count_ == 0) eventfd_read(fd_, &ignored);  // fails when there was nothing: as wanted
  return taken;
}

}  // namespace sluice::io
