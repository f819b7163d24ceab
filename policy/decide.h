#ifndef SLUICE_POLICY_DECIDE_H_
#define SLUICE_POLICY_DECIDE_H_

#include "policy/transaction.h"

namespace sluice {

// Runs the stages from where the transaction stands until it is decided or waits.
void Decide(Txn& t);

}  // namespace sluice

#endif  // SLUICE_POLICY_DECIDE_H_
