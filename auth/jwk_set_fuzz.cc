// Any bytes as a JWK set: each key taken has an algorithm, and each key skipped has a note.
#include <cstdlib>

#include "auth/jwk_set.h"
#include "base/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::auth::Algorithm;
  using sluice::auth::AlgorithmSet;
  using sluice::auth::KeySet;
  std::string error;
  sluice::auth::Notes notes;
  std::shared_ptr<const KeySet> keys =
      KeySet::ParseJwkSet({reinterpret_cast<const char*>(data), size},
                          {AlgorithmSet::Asymmetric() | AlgorithmSet{Algorithm::kHs256}, true}, &error, &notes);
  if (!keys) {
    if (error.empty()) std::abort();
    return 0;
  }
  if (keys->size() + notes.size() > sluice::limits::kJwkSetKeys) std::abort();
  for (size_t i = 0; i < keys->size(); ++i)
    if (keys->key(i).algorithms().empty()) std::abort();
  return 0;
}
