// The stages of a decision, in the order that decide.cc runs them. Each has a file of its own.
#ifndef SLUICE_POLICY_STAGES_STAGES_H_
#define SLUICE_POLICY_STAGES_STAGES_H_

#include <initializer_list>
#include <string_view>

#include "policy/snapshot.h"
#include "policy/transaction.h"

namespace sluice {

Step Admit(Txn& t);           // bounds and form of the request; who is calling
Step FindRoute(Txn& t);       // host, path, method, headers … → one route
Step Correlate(Txn& t);       // correlation-id
Step Identify(Txn& t);        // credentials → consumer; may wait for keys
Step Authorize(Txn& t);       // acl
Step Charge(Txn& t);          // every limit, all or none
Step Terminate(Txn& t);       // request-termination
Step ChooseUpstream(Txn& t);  // service, target, time-outs
Step Sign(Txn& t);            // jwt-signer
Step Transform(Txn& t);       // request-transformer; the path and the headers to forward

// ---- What stages share ----

// The plugin configuration that applies now, by Kong's precedence; null if none does.
const ScopedPlugin* PluginFor(const Txn& t, PluginKind kind);

// Makes the decision an answer with Kong's JSON body. `reason` is static.
Step Refuse(Txn& t, uint32_t status, std::string_view reason, std::string_view message);
// The same with a body of the policy's own.
Step RefuseWithBody(Txn& t, uint32_t status, std::string_view reason, std::string_view message, std::string_view body,
                    std::string_view content_type);

// Adds a step to the trace if one is asked for. The parts are joined; none may be a secret.
void Trace(Txn& t, std::string_view step, std::string_view verdict, Spot spot,
           std::initializer_list<std::string_view> cause);

// `text` with JSON's escapes, for a string literal; in the transaction's arena if there are any.
std::string_view JsonString(Txn& t, std::string_view text);

// The decimal text of a number, in the transaction's arena.
std::string_view Decimal(Txn& t, int64_t number);

// What a trace may show of a stranger's words, as Shown of base/ascii.h: in backticks, 64 bytes of printable ASCII.
std::string_view ShownOf(Txn& t, std::string_view text);

inline std::span<const Header> RequestHeaders(const Txn& t) { return {t.request.headers, t.request.header_count}; }

}  // namespace sluice

#endif  // SLUICE_POLICY_STAGES_STAGES_H_
