// Kong's key-auth: an API key in a header or a query parameter.
#include "policy/stages/identify.h"

namespace sluice {
namespace {

struct PresentedKey {
  std::string_view key;
  std::string_view name;  // of the header or parameter
  size_t count = 0;       // how many times that name carries a key
};

void LookInHeaders(const Txn& t, std::string_view name, PresentedKey* found) {
  for (const Header& header : RequestHeaders(t)) {
    if (header.name.size() != name.size() || FindHeader({&header, 1}, name) == nullptr || header.value.empty())
      continue;
    if (found->count++ == 0) found->key = header.value;
  }
}

void LookInQuery(Txn& t, std::string_view name, PresentedKey* found) {
  size_t next = 0;
  for (std::string_view value; NextQueryValue(t, name, &next, &value);) {
    if (value.empty()) continue;
    if (found->count++ == 0) found->key = value;
  }
}

// The first configured name that carries a key; a header goes before a parameter of the same name.
PresentedKey FindKey(Txn& t, const policy::KeyAuthConfig& config) {
  for (const std::string& name : config.key_names) {
    PresentedKey found;
    found.name = name;
    if (config.key_in_header) LookInHeaders(t, name, &found);
    if (found.count == 0 && config.key_in_query) LookInQuery(t, name, &found);
    if (found.count > 0) return found;
  }
  return {};
}

// Wherever that name stands, not only where the key was found: as Kong does.
void Hide(Txn& t, const PresentedKey& key) {
  size_t next = 0;
  std::string_view value;
  if (NextQueryValue(t, key.name, &next, &value)) t.query = QueryWithout(t, t.query, key.name);
  if (FindHeader(RequestHeaders(t), key.name) != nullptr) t.request_changes.Remove(key.name);
}

}  // namespace

Step IdentifyByKey(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kKeyAuth);
  if (scoped == nullptr) return Step::kNext;
  const KeyAuthPlugin& plugin = t.snapshot->key_auth[scoped->config];
  if (SkipsAuthentication(t, plugin.anonymous, plugin.config.run_on_preflight)) return Step::kNext;
  t.auth_ran = true;
  PresentedKey presented = FindKey(t, plugin.config);
  Refusal refusal{"key-auth", plugin.spot, plugin.anonymous};
  refusal.challenge = plugin.challenge;
  if (presented.count == 0) {
    refusal.reason = "key_missing";
    refusal.message = "No API key found in request";
    refusal.cause = "no key in any of the configured headers and parameters";
    return RefuseCredential(t, refusal);
  }
  if (plugin.config.hide_credentials) Hide(t, presented);
  if (presented.count > 1) {
    refusal.reason = "key_duplicate";
    refusal.message = "Duplicate API key found";
    refusal.cause = t.arena.Concat({"`", presented.name, "` carries more than one key"});
    return RefuseCredential(t, refusal);
  }
  std::optional<uint32_t> credential;
  if (t.snapshot->api_keys) credential = t.snapshot->api_keys->Find(presented.key);
  if (!credential) {
    refusal.reason = "key_unknown";
    refusal.cause = t.arena.Concat({"the key in `", presented.name, "` belongs to no consumer"});
    return RefuseCredential(t, refusal);
  }
  const CompiledCredential& known = t.snapshot->api_key_credentials[*credential];
  Accept(t, known.consumer, known.identifier);
  Trace(t, "key-auth", "pass", plugin.spot, {"`", presented.name, "` is a key of `", t.decision.consumer, "`"});
  return Step::kNext;
}

}  // namespace sluice
