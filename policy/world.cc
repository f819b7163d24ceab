#include "policy/world.h"

#include <algorithm>

#include "policy/snapshot.h"

namespace sluice {

const World* Worlds::Reader::Pin() {
  const World* world = worlds_.current_.load(std::memory_order_acquire);
  for (;;) {
    pinned_.store(world, std::memory_order_seq_cst);
    // Sequentially consistent on both sides: either the publisher's scan sees our pin, or we see its new world.
    const World* again = worlds_.current_.load(std::memory_order_seq_cst);
    if (again == world) return world;
    world = again;
  }
}

void Worlds::Reader::Unpin() {
  pinned_.store(nullptr, std::memory_order_release);
  // Only while a replaced world is still around; somebody else holding the mutex will free it, or the next reader.
  if (worlds_.has_retired_.load(std::memory_order_relaxed) && worlds_.mutex_.TryLock()) {
    worlds_.FreeUnread();
    worlds_.mutex_.Unlock();
  }
}

Worlds::~Worlds() { delete current_.load(std::memory_order_relaxed); }

void Worlds::Publish(std::unique_ptr<const World> world) {
  absl::MutexLock lock(&mutex_);
  const World* old = current_.exchange(world.release(), std::memory_order_seq_cst);
  if (old != nullptr) retired_.emplace_back(old);
  FreeUnread();
}

void Worlds::Register(Reader* reader) {
  absl::MutexLock lock(&mutex_);
  readers_.push_back(reader);
}

void Worlds::Unregister(Reader* reader) {
  absl::MutexLock lock(&mutex_);
  readers_.erase(std::find(readers_.begin(), readers_.end(), reader));
}

void Worlds::FreeUnread() {
  auto is_read = [this](const std::unique_ptr<const World>& world) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const Reader* reader : readers_)
      if (reader->pinned_.load(std::memory_order_seq_cst) == world.get()) return true;
    return false;
  };
  retired_.erase(std::remove_if(retired_.begin(), retired_.end(), [&](const auto& world) { return !is_read(world); }),
                 retired_.end());
  has_retired_.store(!retired_.empty(), std::memory_order_relaxed);
}

}  // namespace sluice
