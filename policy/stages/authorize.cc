// Kong's acl: which groups may pass. They are the consumer's; those that a token or a certificate gave count when there
// is no consumer, or before them if the plugin says so.
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

// `groups` as in Identity.
bool AnyOf(std::string_view groups, const std::vector<std::string>& sorted_names) {
  for (size_t end; !groups.empty(); groups.remove_prefix(end + 1)) {
    end = groups.find('\n');
    if (std::binary_search(sorted_names.begin(), sorted_names.end(), groups.substr(0, end))) return true;
  }
  return false;
}

// "a, b", as Kong writes them into a header.
std::string_view Listed(Txn& t, std::string_view groups) {
  char* out = t.arena.Array<char>(groups.size() * 2);
  size_t size = 0;
  for (char c : groups) {
    out[size++] = c == '\n' ? ',' : c;
    if (c == '\n') out[size++] = ' ';
  }
  return {out, size < 2 ? 0 : size - 2};
}

// The groups that the plugin goes by.
struct Membership {
  std::string_view who;
  std::string_view groups;  // "a, b"
  std::string_view header;
  bool listed = false;  // whether one of them is in the plugin's list
};

Membership MembershipOf(Txn& t, const AclPlugin& plugin) {
  const CompiledConsumer* consumer = t.identity.consumer;
  std::string_view given = t.identity.groups;
  if (consumer == nullptr || (plugin.always_use_authenticated_groups && !given.empty()))
    return {t.identity.credential, Listed(t, given), "X-Authenticated-Groups", AnyOf(given, plugin.group_names)};
  return {consumer->name, consumer->acl_header, "X-Consumer-Groups", Intersects(consumer->acl_groups, plugin.groups)};
}

}  // namespace

Step Authorize(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kAcl);
  if (scoped == nullptr) return Step::kNext;
  const AclPlugin& plugin = t.snapshot->acl[scoped->config];
  if (t.identity.consumer == nullptr && t.identity.groups.empty()) {
    Trace(t, "acl", "refuse", plugin.spot, {"no consumer was identified, so none of its groups can be known"});
    if (t.identity.authenticated) return Refuse(t, 403, "acl_denied", "You cannot consume this service");
    return Refuse(t, 401, "acl_unidentified", "Unauthorized");
  }
  Membership member = MembershipOf(t, plugin);
  std::string_view in = member.groups.empty() ? "no group" : "groups ";
  if (member.listed != plugin.allow) {
    Trace(t, "acl", "refuse", plugin.spot,
          {"`", member.who, "` is in ", in, member.groups,
           plugin.allow ? ", none of them allowed" : ", one of them denied"});
    return Refuse(t, 403, "acl_denied", "You cannot consume this service");
  }
  if (!plugin.hide_groups_header && !member.groups.empty()) t.request_changes.Set(member.header, member.groups);
  Trace(t, "acl", "pass", plugin.spot, {"`", member.who, "` is in ", in, member.groups});
  return Step::kNext;
}

}  // namespace sluice
