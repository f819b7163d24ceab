// The policy in force together with the key sets fetched for it, swapped in one atomic step, read without a lock.
//
// Reclamation is by hazard pointers (Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE
// TPDS 15(6), 2004): each transaction publishes which world it reads; a world that was replaced is freed by whoever
// finds it unread: the publisher, or the last reader.
#ifndef SLUICE_POLICY_WORLD_H_
#define SLUICE_POLICY_WORLD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "auth/jwk_set.h"
#include "auth/revocation.h"
#include "auth/token_cache.h"

namespace sluice {

class Snapshot;

// The keys of one source, as of one moment.
struct KeySetView {
  uint32_t slot = 0;                         // of the source in the gateway's registry; the same across worlds
  std::shared_ptr<const auth::KeySet> keys;  // null before the first fetch
  uint64_t generation = 0;
  int64_t usable_until_mono_ns = 0;
};

class SharedServer;

struct World {
  std::shared_ptr<const Snapshot> snapshot;
  uint64_t policy_generation = 0;                      // changes with every Publish, not with new keys
  std::vector<KeySetView> key_sets;                    // as Snapshot::key_sources
  std::vector<std::shared_ptr<SharedServer>> servers;  // as Snapshot::redis
  // The list of the document, and the one that was published beside it; null: empty.
  std::shared_ptr<const auth::RevokedTokens> revoked_by_policy;
  std::shared_ptr<const auth::RevokedTokens> revoked_live;
  std::shared_ptr<auth::SignedTokenCache> signed_tokens;  // null: none are kept
};

class Worlds {
 public:
  // One per transaction; holds at most one world at a time. Not thread-safe in itself.
  class Reader {
   public:
    explicit Reader(Worlds& worlds) : worlds_(worlds) { worlds_.Register(this); }
    ~Reader() {
      Unpin();
      worlds_.Unregister(this);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // The current world, kept alive until Unpin or the next Pin. Null before the first Publish. Lock-free.
    const World* Pin();
    void Unpin();

   private:
    friend class Worlds;
    Worlds& worlds_;
    std::atomic<const World*> pinned_{nullptr};
  };

  Worlds() = default;
  ~Worlds();  // after all readers

  void Publish(std::unique_ptr<const World> world);

 private:
  void Register(Reader* reader);
  void Unregister(Reader* reader);
  void FreeUnread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::atomic<const World*> current_{nullptr};
  std::atomic<bool> has_retired_{false};
  absl::Mutex mutex_;
  std::vector<Reader*> readers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<const World>> retired_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice

#endif  // SLUICE_POLICY_WORLD_H_
