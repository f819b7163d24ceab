#include "policy/document/names.h"

#include "base/diagnostic.h"

namespace sluice::policy {
namespace {

template <typename T>
std::string_view NameOf(const T& entity) {
  return entity.name;
}
std::string_view NameOf(const Consumer& consumer) { return consumer.username; }
std::string_view NameOf(const CaCertificate&) { return ""; }

template <typename T>
std::string_view IdOf(const T& entity) {
  return entity.id;
}
std::string_view IdOf(const Plan&) { return ""; }

// Calls f with the vector of that kind.
template <typename F>
auto WithEntities(const Document& document, EntityKind kind, F f) {
  switch (kind) {
    case EntityKind::kService: return f(document.services);
    case EntityKind::kRoute: return f(document.routes);
    case EntityKind::kConsumer: return f(document.consumers);
    case EntityKind::kConsumerGroup: return f(document.consumer_groups);
    case EntityKind::kUpstream: return f(document.upstreams);
    case EntityKind::kCaCertificate: return f(document.ca_certificates);
    case EntityKind::kKeySet: return f(document.key_sets);
    case EntityKind::kPlan: break;
  }
  return f(document.plans);
}

}  // namespace

std::string_view ToString(EntityKind kind) {
  constexpr std::string_view kTexts[] = {"service",  "route", "consumer",       "consumer group",
                                         "upstream", "plan",  "ca certificate", "key set"};
  return kTexts[static_cast<size_t>(kind)];
}

std::string_view NameField(EntityKind kind) {
  if (kind == EntityKind::kCaCertificate) return "id";
  return kind == EntityKind::kConsumer ? "username" : "name";
}

std::vector<Names::Clash> Names::Index(EntityKind kind) {
  std::vector<Clash> clashes;
  Map& names = map(kind);
  WithEntities(*document_, kind, [&](const auto& entities) {
    names.reserve(entities.size());
    auto add = [&](std::string_view field, std::string_view name, size_t i) {
      if (name.empty()) return;
      auto [found, fresh] = names.try_emplace(name, i);
      if (!fresh && found->second != i) clashes.push_back({field, name, found->second, i});
    };
    for (size_t i = 0; i < entities.size(); ++i) add(NameField(kind), NameOf(entities[i]), i);
    for (size_t i = 0; i < entities.size(); ++i) add("id", IdOf(entities[i]), i);
  });
  return clashes;
}

size_t Names::Find(EntityKind kind, std::string_view name_or_id) const {
  auto found = map(kind).find(name_or_id);
  return found == map(kind).end() ? kNone : found->second;
}

std::string Names::Nearest(EntityKind kind, std::string_view name) const {
  constexpr size_t kMost = 500;  // a search through more costs more than the hint is worth
  std::vector<std::string> known;
  WithEntities(*document_, kind, [&](const auto& entities) {
    for (size_t i = 0; i < entities.size() && i < kMost; ++i) known.emplace_back(NameOf(entities[i]));
  });
  return NearestName(std::string(name), known);
}

const Origin& Names::OriginOf(EntityKind kind, size_t index) const {
  return *WithEntities(*document_, kind, [&](const auto& entities) { return &entities[index].origin; });
}

}  // namespace sluice::policy
