// The limits of a request in the trace: a sentence for each, with its arithmetic. Nothing is put together unless a
// trace is asked for.
#ifndef SLUICE_POLICY_STAGES_CHARGE_TRACE_H_
#define SLUICE_POLICY_STAGES_CHARGE_TRACE_H_

#include "policy/stages/bill.h"
#include "policy/transaction.h"

namespace sluice {

// After charging: how each limit stands, and what it said.
void TraceLimits(Txn& t, const Bill& bill);

// Of a request that is refused since limits that all nodes share cannot be asked about.
void TraceClosed(Txn& t, const Bill& bill);

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_CHARGE_TRACE_H_
