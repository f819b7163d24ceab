// The limits of a request that all nodes share.
#ifndef SLUICE_POLICY_STAGES_CHARGE_SHARED_H_
#define SLUICE_POLICY_STAGES_CHARGE_SHARED_H_

#include "policy/stages/bill.h"
#include "policy/transaction.h"

namespace sluice {

enum class SharedStep {
  kGo,       // every part is taken, or missing and the policy goes on without
  kWait,     // txn.effect says for what; nothing is taken
  kRefused,  // some part is, or the node's own limits refuse; nothing is taken
  kClosed,   // some part is missing, and the policy says closed; nothing is taken
};

// Where a part's units come from.
SharedServer& ServerOf(const Txn& t, const SharedPart& part);

// Takes the units of every part. Before a request waits it puts back what it took: units are spent when it goes on.
SharedStep TakeShared(Txn& t, Bill& bill);

// For a request that something else refused.
void PutBackShared(Txn& t, Bill& bill);

// For a request that is forwarded: the servers that were missing are told what it cost.
void OweShared(Txn& t, Bill& bill);

// The request cost `cost` after all.
void SettleShared(Txn& t, Bill& bill, uint64_t cost, Now now);

// The transaction ends while it waits.
void ForgetShared(Txn& t, Bill& bill);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_CHARGE_SHARED_H_
