// The key set sources of a gateway: which fetches are wanted (jobs), what came of them, who waits for what.
//
// A source keeps its slot, its keys and its manners (back-off, cooldown) across reloads as long as a policy names it
// with the same options. Thread-safe behind one mutex: requests come here only when a key is missing.
#ifndef SLUICE_POLICY_KEY_SETS_H_
#define SLUICE_POLICY_KEY_SETS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "auth/key_set_source.h"
#include "policy/effect.h"
#include "policy/world.h"

namespace sluice {

class KeySets {
 public:
  // `seed` spreads refreshes and keys hashes; random for each process.
  explicit KeySets(uint64_t seed) : seed_(seed) {}

  // The sources of a policy that comes into force; those it does not name are dropped.
  std::vector<KeySetView> Adopt(const std::vector<auth::KeySetSourceOptions>& sources);

  // The keys of the same sources as of now.
  std::vector<KeySetView> Refreshed(std::vector<KeySetView> views);

  std::optional<Effect> NextJob(Now now, int64_t* ask_again_mono_ns);
  // True: some view changed.
  bool JobDone(uint64_t job, const HttpResult& result, Now now);

  // A key that the published set lacks. `flight` of the answer is a job's id.
  auth::KeySetSource::Want WantKey(uint32_t slot, std::string_view kid, Now now);

 private:
  struct Entry {
    std::string identity;  // of the options
    auth::KeySetSource source;
  };
  // A job that was given out: the effect's views point into it until JobDone, even if its source is dropped.
  struct Flight {
    auth::Fetch fetch;
    std::vector<Header> headers;
  };

  uint32_t SlotFor(const auth::KeySetSourceOptions& options) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  KeySetView ViewOf(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  uint64_t seed_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);  // by slot; null: dropped
  absl::flat_hash_map<uint64_t, std::unique_ptr<Flight>> flights_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice

#endif  // SLUICE_POLICY_KEY_SETS_H_
