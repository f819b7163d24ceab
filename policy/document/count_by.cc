#include "policy/document/count_by.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::policy {
namespace {

using Part = CountBy::Part;

constexpr Word<Part> kParts[] = {
    {"consumer", Part::kConsumer},     {"consumer-group", Part::kConsumerGroup},
    {"credential", Part::kCredential}, {"ip", Part::kIp},
    {"service", Part::kService},       {"route", Part::kRoute},
    {"header", Part::kHeader},         {"path", Part::kPath},
    {"principal", std::nullopt},
};
static_assert(std::size(kParts) == CountBy::kMostParts + 1);

}  // namespace

void ReadCountPart(Reader& reader, const Cursor& at, CountBy* out) {
  if (auto part = WordAt(reader, at, kParts)) out->parts = {*part};
}

void ReadCountParts(Reader& reader, const Cursor& at, CountBy* out) {
  if (at.node->kind != NodeKind::kList) return ReadCountPart(reader, at, out);
  std::vector<Part> parts;
  reader.List(at, [&](const Cursor& item) {
    const auto part = WordAt(reader, item, kParts);
    if (!part) return;
    if (std::find(parts.begin(), parts.end(), *part) != parts.end())
      reader.Error(item, "duplicate_value", absl::StrCat(reader.Found(item), " appears twice"),
                   "remove one of the two");
    else
      parts.push_back(*part);
  });
  if (at.node->size() == 0)
    reader.Error(at, "bad_value", "expected at least one thing to count by, found an empty list", "name one");
  if (!parts.empty()) out->parts = std::move(parts);
}

void ReadIpv6Prefix(Reader& reader, const Cursor& at, CountBy* out) {
  int64_t prefix = 0;
  if (reader.Integer(at, 32, 128, &prefix)) out->ipv6_prefix = static_cast<uint32_t>(prefix);
}

void CheckCountBy(Reader& reader, const Cursor& at, std::string_view field, const CountBy& count_by) {
  if (count_by.Has(Part::kHeader) && count_by.header_name.empty())
    reader.Error(at, "missing_field", absl::StrCat("`", field, ": header` needs `header_name`"), "add it");
  const struct {
    Part part;
    const std::string& value;
    std::string_view name, by;
  } kUsed[] = {{Part::kHeader, count_by.header_name, "header_name", "header"},
               {Part::kPath, count_by.path, "path", "path"}};
  for (const auto& used : kUsed)
    if (!used.value.empty() && !count_by.Has(used.part))
      reader.Warn(reader.PlaceOf(at), "no_effect",
                  absl::StrCat("`", used.name, "` has no effect without `", field, ": ", used.by, "`"), "remove it");
}

}  // namespace sluice::policy
