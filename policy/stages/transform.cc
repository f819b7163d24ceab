// Kong's request-transformer, and the path and query to forward. Order as in Kong: remove, rename, replace, add,
// append.
#include "absl/strings/match.h"
#include "policy/query.h"
#include "policy/stages/stages.h"
#include "router/upstream_path.h"

namespace sluice {
namespace {

using Config = policy::RequestTransformerConfig;

// ---- Headers ----

void RenameHeader(Txn& t, const Config::Pair& pair) {
  std::string_view value;
  if (!t.request_changes.Get(RequestHeaders(t), pair.name, &value)) return;
  t.request_changes.Set(pair.value, value);
  t.request_changes.Remove(pair.name);
}

void EditHeaders(Txn& t, const Config::Edits& edits) {
  std::string_view ignored;
  for (const std::string& name : edits.remove) t.request_changes.Remove(name);
  for (const Config::Pair& pair : edits.rename) RenameHeader(t, pair);
  for (const Config::Pair& pair : edits.replace) {
    if (!t.request_changes.Get(RequestHeaders(t), pair.name, &ignored)) continue;
    if (absl::EqualsIgnoreCase(pair.name, "host")) {
      t.decision.upstream.host_header = pair.value;
    } else {
      t.request_changes.Set(pair.name, pair.value);
    }
  }
  for (const Config::Pair& pair : edits.add)
    if (!t.request_changes.Get(RequestHeaders(t), pair.name, &ignored)) t.request_changes.Set(pair.name, pair.value);
  for (const Config::Pair& pair : edits.append) t.request_changes.Add(pair.name, pair.value);
}

// ---- Query ----

// The parameters of a query with room for those to be added; parameters that nobody touches keep their spelling.
struct Parameters {
  std::string_view* raw;   // "name=value", encoded; data() null: removed
  std::string_view* name;  // decoded
  size_t count = 0;
};

Parameters ParametersOf(Txn& t, std::string_view query, size_t extra) {
  size_t most = extra + 1;
  for (char c : query) most += c == '&';
  Parameters all{t.arena.Array<std::string_view>(most), t.arena.Array<std::string_view>(most)};
  QueryParameter parameter;
  while (NextParameter(&query, t.arena, &parameter)) {
    all.raw[all.count] = parameter.raw;
    all.name[all.count++] = parameter.name;
  }
  return all;
}

std::string_view Encoded(Txn& t, std::string_view name, std::string_view value) {
  return t.arena.Concat({EncodeQuery(name, t.arena), "=", EncodeQuery(value, t.arena)});
}

void Push(Txn& t, Parameters& all, const Config::Pair& pair) {
  all.raw[all.count] = Encoded(t, pair.name, pair.value);
  all.name[all.count++] = pair.name;
}

// Calls `edit(index)` for each parameter of that name; false: there is none.
template <typename Edit>
bool ForEach(Parameters& all, std::string_view name, Edit edit) {
  bool any = false;
  for (size_t i = 0; i < all.count; ++i) {
    if (all.name[i] != name || all.raw[i].data() == nullptr) continue;
    any = true;
    edit(i);
  }
  return any;
}

void EditParameters(Txn& t, const Config::Edits& edits, Parameters& all) {
  for (const std::string& name : edits.remove) ForEach(all, name, [&](size_t i) { all.raw[i] = {}; });
  for (const Config::Pair& pair : edits.rename) {
    ForEach(all, pair.name, [&](size_t i) {
      size_t equals = all.raw[i].find('=');
      std::string_view value = equals == std::string_view::npos ? std::string_view() : all.raw[i].substr(equals);
      all.raw[i] = t.arena.Concat({EncodeQuery(pair.value, t.arena), value});
      all.name[i] = pair.value;
    });
  }
  for (const Config::Pair& pair : edits.replace) {
    bool first = true;  // several of one name become the one
    ForEach(all, pair.name, [&](size_t i) {
      all.raw[i] = first ? Encoded(t, pair.name, pair.value) : std::string_view();
      first = false;
    });
  }
  for (const Config::Pair& pair : edits.add)
    if (!ForEach(all, pair.name, [](size_t) {})) Push(t, all, pair);
  for (const Config::Pair& pair : edits.append) Push(t, all, pair);
}

std::string_view Joined(Txn& t, const Parameters& all) {
  size_t size = 0;
  for (size_t i = 0; i < all.count; ++i) size += all.raw[i].size() + 1;
  char* out = t.arena.Array<char>(size);
  size_t n = 0;
  for (size_t i = 0; i < all.count; ++i) {
    if (all.raw[i].data() == nullptr) continue;
    if (n > 0) out[n++] = '&';
    n += all.raw[i].copy(out + n, all.raw[i].size());
  }
  return {out, n};
}

bool IsEmpty(const Config::Edits& e) {
  return e.remove.empty() && e.rename.empty() && e.replace.empty() && e.add.empty() && e.append.empty();
}

void EditQuery(Txn& t, const Config::Edits& edits) {
  if (IsEmpty(edits)) return;
  Parameters all = ParametersOf(t, t.query, edits.add.size() + edits.append.size());
  EditParameters(t, edits, all);
  t.query = Joined(t, all);
}

}  // namespace

Step Transform(Txn& t) {
  if (t.stream) return Step::kNext;
  std::string_view path = t.target.form == router::TargetForm::kAsterisk
                              ? t.target.path  // asks about the server as a whole (RFC 9110, 9.3.7)
                              : router::UpstreamPath(t.service->path, t.target.path, t.match, &t.arena);
  if (const ScopedPlugin* scoped = PluginFor(t, PluginKind::kRequestTransformer)) {
    const RequestTransformerPlugin& plugin = t.snapshot->request_transformer[scoped->config];
    EditHeaders(t, plugin.config.headers);
    EditQuery(t, plugin.config.querystring);
    if (!plugin.config.replace_uri.empty()) path = plugin.config.replace_uri;
    Trace(t, "request-transformer", "pass", plugin.spot, {"headers, query and path as the policy says"});
  }
  path = router::EscapePath(path, &t.arena);
  t.decision.upstream.path = t.query.empty() ? path : t.arena.Concat({path, "?", t.query});
  return Step::kNext;
}

}  // namespace sluice
