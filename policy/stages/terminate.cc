// Kong's request-termination: answers instead of forwarding.
#include "policy/query.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// Kong's trigger: the plugin acts only when a header or a query parameter of that name is there.
bool IsTriggered(Txn& t, std::string_view trigger) {
  if (trigger.empty() || FindHeader(RequestHeaders(t), trigger) != nullptr) return true;
  std::string_view rest = t.target.query;
  QueryParameter parameter;
  while (NextParameter(&rest, t.arena, &parameter))
    if (parameter.name == trigger) return true;
  return false;
}

}  // namespace

Step Terminate(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kRequestTermination);
  if (scoped == nullptr) return Step::kNext;
  const RequestTerminationPlugin& plugin = t.snapshot->request_termination[scoped->config];
  if (!IsTriggered(t, plugin.config.trigger)) return Step::kNext;
  Trace(t, "request-termination", "refuse", plugin.spot, {"the policy answers in the upstream's place"});
  return RefuseWithBody(t, plugin.config.status_code, "terminated", plugin.message, plugin.body, plugin.content_type);
}

}  // namespace sluice
