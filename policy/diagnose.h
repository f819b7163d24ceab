#ifndef SLUICE_POLICY_DIAGNOSE_H_
#define SLUICE_POLICY_DIAGNOSE_H_

#include "policy/decision.h"

namespace sluice {

// Whose fault the status is that the client got, from what was decided and what the host saw.
Diagnosis Diagnose(const Decision& decision, const Outcome& outcome);

}  // namespace sluice

#endif  // SLUICE_POLICY_DIAGNOSE_H_
