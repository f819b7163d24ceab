// The state of one request between the stages of decide.cc. Internal to policy/.
#ifndef SLUICE_POLICY_TRANSACTION_H_
#define SLUICE_POLICY_TRANSACTION_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt.h"
#include "base/arena.h"
#include "base/ip.h"
#include "policy/gateway.h"
#include "policy/gateway_state.h"
#include "policy/header_changes.h"
#include "policy/snapshot.h"
#include "policy/world.h"
#include "ratelimit/charge.h"
#include "router/normalize.h"
#include "router/route_table.h"

namespace sluice {

// Who is calling, once identify is through.
struct Identity {
  const CompiledConsumer* consumer = nullptr;
  std::string_view credential;  // its identifier, not its secret; empty: none
  std::string_view token;       // of an identity provider, that was verified; empty: another credential
  std::string_view
      groups;  // that a token or a certificate gave: names, each with '\n' behind it (no name has a control character)
  uint32_t plan = kNone;       // that a token gave, instead of the consumer's
  bool authenticated = false;  // some credential was accepted
  bool anonymous = false;      // an auth plugin fell back to its anonymous consumer
};

// What identify has to remember while it waits for a key.
struct IdentifyProgress {
  size_t next = 0;          // plugin to go on with
  int waits = 0;            // of that plugin, for a key set
  uint64_t waited_for = 0;  // the job of the last of them
};

// What was charged, and may have to be given back. Points into the arena and the snapshot.
struct HeldCharges {
  const ratelimit::Charge* charges = nullptr;
  ratelimit::Verdict* verdicts = nullptr;
  size_t count = 0;
};

struct Bill;  // policy/stages/bill.h

struct Transaction::Impl {
  explicit Impl(GatewayState& gateway)
      : gateway(gateway),
        reader(gateway.worlds),
        newer_reader(gateway.worlds),
        request_changes(arena),
        response_changes(arena) {}

  GatewayState& gateway;
  Worlds::Reader reader;
  Worlds::Reader newer_reader;
  Arena arena;
  auth::Token token;  // warm buffers; holds the last token parsed until the next

  // The request, and what was found out about it.
  Request request;
  Now now;
  BeginOptions options;
  const World* world = nullptr;        // the one it began with: its policy is kept to the end
  const World* newer_world = nullptr;  // after a wait: the keys of now
  const Snapshot* snapshot = nullptr;
  size_t stage = 0;  // of decide.cc
  Endpoint peer;
  Endpoint server;
  bool has_peer = false;
  bool has_server = false;
  uint8_t protocol = 0;  // bit of policy::Protocol
  bool stream = false;   // a connection that carries no HTTP
  router::NormalTarget target;
  router::RouteMatch match;
  const CompiledRoute* route = nullptr;
  const CompiledService* service = nullptr;
  IdentifyProgress identify;
  Identity identity;
  std::string_view query;          // to forward; a plugin may have taken a credential out of it
  std::string_view path_override;  // a transformer's replace.uri; empty: none
  bool auth_ran = false;           // the route asks for a credential

  // The answer.
  HeaderChanges request_changes;
  HeaderChanges response_changes;
  Bill* bill = nullptr;  // what it is charged, once charge has begun
  HeldCharges held;
  Effect effect;
  Decision decision;
  std::vector<TraceStep> trace;
};

using Txn = Transaction::Impl;

// How a stage ended.
enum class Step {
  kNext,  // go on with the next stage
  kDone,  // the decision is made: a refusal, or an answer of the gateway's own
  kWait,  // txn.effect says for what; the same stage runs again
};

}  // namespace sluice

#endif  // SLUICE_POLICY_TRANSACTION_H_
