// Whom a limit counts: what its count_by comes to for one request.
#ifndef SLUICE_POLICY_STAGES_COUNTED_H_
#define SLUICE_POLICY_STAGES_COUNTED_H_

#include <cstddef>
#include <string_view>

#include "policy/snapshot.h"
#include "policy/transaction.h"
#include "ratelimit/charge.h"

namespace sluice {

struct Counted {
  struct Part {
    std::string_view by;
    std::string_view name;
  };
  Part parts[policy::CountBy::kMostParts];
  size_t count = 0;
  bool bounded = true;  // only as many as the policy names: no caller can make up new ones
  ratelimit::Subject subject;
};

// `group` is the consumer group that the plugin is bound to.
Counted CountedBy(Txn& t, const policy::CountBy& count_by, std::string_view group);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_COUNTED_H_
