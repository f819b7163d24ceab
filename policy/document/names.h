// Entities by name and by id, for references and for uniqueness.
#ifndef SLUICE_POLICY_DOCUMENT_NAMES_H_
#define SLUICE_POLICY_DOCUMENT_NAMES_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "policy/document/document.h"

namespace sluice::policy {

enum class EntityKind { kService, kRoute, kConsumer, kConsumerGroup, kUpstream, kPlan, kCaCertificate, kKeySet };
inline constexpr size_t kEntityKinds = 8;

std::string_view ToString(EntityKind kind);   // "consumer group"
std::string_view NameField(EntityKind kind);  // "name"; consumers: "username"; authorities have no name but "id"

class Names {
 public:
  explicit Names(const Document* document) : document_(document) {}

  // A name or id that a second entity of the same kind claims.
  struct Clash {
    std::string_view field;
    std::string_view name;
    size_t first;
    size_t second;
  };

  // Takes in all entities of a kind. Their vector must not change afterwards.
  std::vector<Clash> Index(EntityKind kind);

  size_t Find(EntityKind kind, std::string_view name_or_id) const;
  std::string Nearest(EntityKind kind, std::string_view name) const;  // "" if none is near
  const Origin& OriginOf(EntityKind kind, size_t index) const;

 private:
  using Map = absl::flat_hash_map<std::string_view, size_t>;
  Map& map(EntityKind kind) { return maps_[static_cast<size_t>(kind)]; }
  const Map& map(EntityKind kind) const { return maps_[static_cast<size_t>(kind)]; }

  const Document* document_;
  std::array<Map, kEntityKinds> maps_;
};

}  // namespace sluice::policy

#endif  // SLUICE_POLICY_DOCUMENT_NAMES_H_
