#include "policy/stages/ietf_headers.h"

#include "policy/stages/stages.h"

namespace sluice {
namespace {

// Joins what `text` says of each limit; of those for which it says nothing there is no trace.
template <typename Text>
std::string_view List(Txn& t, std::span<const AnnouncedLimit> limits, std::string_view between, Text text) {
  std::string_view list;
  for (const AnnouncedLimit& limit : limits) {
    const std::string_view item = text(limit);
    if (!item.empty()) list = list.empty() ? item : t.arena.Concat({list, between, item});
  }
  return list;
}

std::string_view ServiceLimit(Txn& t, const AnnouncedLimit& limit) {
  const std::string_view remaining = Decimal(t, static_cast<int64_t>(limit.remaining));
  if (limit.more_s == 0) return t.arena.Concat({"\"", limit.limit->name, "\";r=", remaining});
  return t.arena.Concat({"\"", limit.limit->name, "\";r=", remaining, ";t=", Decimal(t, limit.more_s)});
}

}  // namespace

void AddIetfHeaders(Txn& t, std::span<const AnnouncedLimit> limits) {
  if (limits.empty()) return;
  t.response_changes.Set("RateLimit-Policy", List(t, limits, ", ", [](const AnnouncedLimit& limit) {
                           return std::string_view(limit.limit->quota_policy);
                         }));
  t.response_changes.Set("RateLimit",
                         List(t, limits, ", ", [&](const AnnouncedLimit& limit) { return ServiceLimit(t, limit); }));
}

Step RefuseAsProblem(Txn& t, uint32_t status, std::string_view message, std::span<const AnnouncedLimit> limits) {
  if (t.stream) return RefuseWithBody(t, status, "rate_limited", message, {}, {});  // nobody there reads HTTP
  const std::string_view violated = List(t, limits, ",", [&](const AnnouncedLimit& limit) {
    return limit.refused ? t.arena.Concat({"\"", limit.limit->name, "\""}) : std::string_view();
  });
  const std::string_view body = t.arena.Concat(
      {"{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",\"title\":\"",
       JsonString(t, message), "\",\"status\":", Decimal(t, status), ",\"violated-policies\":[", violated, "]}"});
  return RefuseWithBody(t, status, "rate_limited", message, body, "application/problem+json");
}

}  // namespace sluice
