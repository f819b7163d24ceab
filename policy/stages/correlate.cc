// Kong's correlation-id: gives each request an id that follows it, unless the client brought one.
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// Version 4 of RFC 9562. Not a secret: it needs to be unique, not unpredictable.
std::string_view Uuid(Txn& t) {
  uint64_t words[2];
  t.gateway.random.Next(words);
  words[0] = (words[0] & ~uint64_t{0xf000}) | 0x4000;
  words[1] = (words[1] & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;
  constexpr char kHex[] = "0123456789abcdef";
  constexpr size_t kSize = 36;
  char* text = t.arena.Array<char>(kSize);
  for (size_t i = 0, nibble = 0; i < kSize; ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    text[i] = dash ? '-' : kHex[words[nibble / 16] >> (60 - nibble % 16 * 4) & 15];
    nibble += dash ? 0 : 1;
  }
  return {text, kSize};
}

std::string_view NewId(Txn& t, policy::CorrelationIdConfig::Generator generator) {
  std::string_view uuid = Uuid(t);
  if (generator == policy::CorrelationIdConfig::Generator::kUuid) return uuid;
  uint64_t number = t.gateway.correlations.fetch_add(1, std::memory_order_relaxed) + 1;
  return t.arena.Concat({uuid, "#", Decimal(t, static_cast<int64_t>(number))});
}

}  // namespace

Step Correlate(Txn& t) {
  const ScopedPlugin* scoped = PluginFor(t, PluginKind::kCorrelationId);
  if (scoped == nullptr) return Step::kNext;
  const CorrelationIdPlugin& plugin = t.snapshot->correlation_id[scoped->config];
  const policy::CorrelationIdConfig& config = plugin.config;
  std::string_view id;
  const Header* brought = FindHeader(RequestHeaders(t), config.header_name);
  if (brought != nullptr && !brought->value.empty()) {
    id = brought->value;
  } else {
    id = NewId(t, config.generator);
    t.request_changes.Set(config.header_name, id);
  }
  if (config.echo_downstream) t.response_changes.Set(config.header_name, id);
  Trace(t, "correlation-id", "pass", plugin.spot, {config.header_name, ": ", id});
  return Step::kNext;
}

}  // namespace sluice
