// The way of a request. Plugins run where their stage stands, which is Kong's order of execution (its priorities are
// given beside each).
#include "policy/decide.h"

#include <iterator>

#include "policy/stages/stages.h"

namespace sluice {
namespace {

using Stage = Step (*)(Txn&);

constexpr Stage kStages[] = {
    Admit,           // client: bounds, form, who is calling
    FindRoute,       // route
    Correlate,       // correlation-id (100001)
    Identify,        // mtls-auth, jwt (1450), key-auth (1250), basic-auth (1100), openid-connect (1050), hmac-auth …
    Authorize,       // acl (950)
    Charge,          // rate-limiting (910), rate-limiting-advanced and plans
    Terminate,       // request-termination (2): nothing after it needs to be known to answer
    ChooseUpstream,  // service, target, time-outs
    Sign,            // jwt-signer (1020), whose token transformers may move: it runs when all that refuses has run
    Transform,       // request-transformer (801): edits what is forwarded, so it runs when that is known
};

void Finish(Txn& t) {
  t.decision.request_headers = t.request_changes.view();
  t.decision.response_headers = t.response_changes.view();
}

}  // namespace

void Decide(Txn& t) {
  t.decision.action = Action::kForward;
  for (; t.stage < std::size(kStages); ++t.stage) {
    Step step = kStages[t.stage](t);
    if (step == Step::kWait) {
      t.decision.action = Action::kWait;
      return;
    }
    if (step == Step::kDone) break;
  }
  t.stage = std::size(kStages);
  Finish(t);
}

}  // namespace sluice
