#include "policy/document/known_fields.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace sluice::policy {

bool IsJson(const Node& node, std::string_view json) {
  double found, wanted;  // decK writes 2592000 as 2.592e+06
  if (node.kind == NodeKind::kFloat)
    return absl::SimpleAtod(ToJson(node), &found) && absl::SimpleAtod(json, &wanted) && found == wanted;
  if (node.kind != NodeKind::kList) return ToJson(node) == json;
  size_t commas = static_cast<size_t>(std::count(json.begin(), json.end(), ','));
  if (node.size() != (json == "[]" ? 0 : commas + 1)) return node.size() == 0;
  for (size_t i = 0; i < node.size(); ++i)
    if (!absl::StrContains(json, ToJson(node.item(i)))) return false;
  return true;
}

}  // namespace sluice::policy
