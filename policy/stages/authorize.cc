// Kong's acl: which groups of consumers may pass.
#include <algorithm>

#include "policy/stages/stages.h"

namespace sluice {
namespace {

bool Intersects(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return true;
    (*i < *j) ? ++i : ++j;
  }
  return false;
}

}  // namespace

Step Authorize(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kAcl);
  if (scoped == nullptr) return Step::kNext;
  const AclPlugin& plugin = t.snapshot->acl[scoped->config];
  const CompiledConsumer* consumer = t.identity.consumer;
  if (consumer == nullptr) {
    Trace(t, "acl", "refuse", plugin.spot, {"no consumer was identified, so none of its groups can be known"});
    if (t.identity.authenticated) return Refuse(t, 403, "acl_denied", "You cannot consume this service");
    return Refuse(t, 401, "acl_unidentified", "Unauthorized");
  }
  if (Intersects(consumer->acl_groups, plugin.groups) != plugin.allow) {
    Trace(t, "acl", "refuse", plugin.spot,
          {"`", consumer->name, "` is in ", consumer->acl_groups.empty() ? "no group" : "groups ", consumer->acl_header,
           plugin.allow ? ", none of them allowed" : ", one of them denied"});
    return Refuse(t, 403, "acl_denied", "You cannot consume this service");
  }
  if (!plugin.hide_groups_header && !consumer->acl_header.empty())
    t.request_changes.Set("X-Consumer-Groups", consumer->acl_header);
  Trace(t, "acl", "pass", plugin.spot,
        {"`", consumer->name, "` is in ", consumer->acl_groups.empty() ? "no group" : "groups ", consumer->acl_header});
  return Step::kNext;
}

}  // namespace sluice
