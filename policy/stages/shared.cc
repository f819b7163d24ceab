#include <algorithm>
#include <charconv>

#include "absl/strings/match.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

bool Applies(const ScopedPlugin& plugin, const Txn& t) {
  return (plugin.protocols & t.protocol) != 0 &&
         (plugin.route == kNone || &t.snapshot->routes[plugin.route] == t.route) &&
         (plugin.service == kNone || plugin.service == t.route->service);
}

// The best of `candidates` that applies and beats `best`.
const ScopedPlugin* Better(const ScopedPlugin* best, const PluginList& candidates, PluginKind kind, const Txn& t) {
  if (!candidates.Has(kind)) return best;
  for (const ScopedPlugin& plugin : candidates)
    if (plugin.kind == kind && (best == nullptr || plugin.rank < best->rank) && Applies(plugin, t)) best = &plugin;
  return best;
}

}  // namespace

const ScopedPlugin* PluginFor(const Txn& t, PluginKind kind) {
  const ScopedPlugin* best = Better(nullptr, t.route->plugins, kind, t);
  if (t.service != nullptr) best = Better(best, t.service->plugins, kind, t);
  best = Better(best, t.snapshot->global_plugins, kind, t);
  if (t.identity.consumer == nullptr) return best;
  best = Better(best, t.identity.consumer->plugins, kind, t);
  for (uint32_t group : t.identity.consumer->groups) best = Better(best, t.snapshot->groups[group].plugins, kind, t);
  return best;
}

// JSON's escapes are needed for few bytes; messages are the policy's or ours.
std::string_view JsonString(Txn& t, std::string_view text) {
  size_t size = text.size();
  for (char c : text) size += (c == '"' || c == '\\') ? 1 : static_cast<unsigned char>(c) < 0x20 ? 5 : 0;
  if (size == text.size()) return text;
  char* out = t.arena.Array<char>(size);
  size_t n = 0;
  for (char c : text) {
    if (c == '"' || c == '\\') out[n++] = '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      for (char e : {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]}) out[n++] = e;
    } else {
      out[n++] = c;
    }
  }
  return {out, size};
}

Step RefuseWithBody(Txn& t, uint32_t status, std::string_view reason, std::string_view message, std::string_view body,
                    std::string_view content_type) {
  t.decision.action = Action::kRespond;
  t.decision.status = status;
  t.decision.reason = reason;
  t.decision.message = message;
  t.decision.body = body;
  if (!content_type.empty()) t.response_changes.Set("Content-Type", content_type);
  return Step::kDone;
}

Step Refuse(Txn& t, uint32_t status, std::string_view reason, std::string_view message) {
  if (t.stream) return RefuseWithBody(t, status, reason, message, {}, {});  // nobody there reads HTTP
  std::string_view body = t.arena.Concat({"{\"message\":\"", JsonString(t, message), "\"}"});
  return RefuseWithBody(t, status, reason, message, body, "application/json; charset=utf-8");
}

void Trace(Txn& t, std::string_view step, std::string_view verdict, Spot spot,
           std::initializer_list<std::string_view> cause) {
  if (!t.options.trace) return;
  std::string_view file = spot.line == 0 || t.snapshot == nullptr ? std::string_view() : t.snapshot->file;
  t.trace.push_back({step, verdict, t.arena.Concat(cause), file, spot.line, spot.column});
}

std::string_view ShownOf(Txn& t, std::string_view text) {
  constexpr size_t kMost = 64;
  const std::string_view head = text.substr(0, kMost);
  char* out = t.arena.Array<char>(head.size());
  std::transform(head.begin(), head.end(), out, [](char c) { return c >= ' ' && c <= '~' && c != '`' ? c : '?'; });
  return t.arena.Concat({"`", {out, head.size()}, text.size() > kMost ? "…`" : "`"});
}

std::string_view Decimal(Txn& t, int64_t number) {
  constexpr size_t kDigits = 20;
  char* text = t.arena.Array<char>(kDigits);
  return {text, static_cast<size_t>(std::to_chars(text, text + kDigits, number).ptr - text)};
}

}  // namespace sluice
