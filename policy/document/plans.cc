// Plans: Sluice's extension of the format.
#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "policy/document/check.h"
#include "policy/document/count_by.h"
#include "policy/document/entities.h"
#include "policy/document/scalar.h"
#include "policy/document/sharing.h"

namespace sluice::policy {
namespace {

constexpr int64_t kMaxAmount = 1'000'000'000;

template <uint64_t Limit::*kMember>
void ReadAmount(Reader& reader, const Cursor& at, Limit* out) {
  ReadInteger<kMember, 1, kMaxAmount>(reader, at, out);
}

void ReadPeriod(Reader& reader, const Cursor& at, Limit* out) {
  std::string text;
  if (reader.String(at, nullptr, &text) && !ParsePeriod(text, &out->period))
    reader.Expected(at, "second, minute, hour, day, month, year, or a length up to 366 days such as `90s`");
}

constexpr Word<Limit::Window> kTypes[] = {
    {"sliding", Limit::Window::kSliding},
    {"sliding-log", Limit::Window::kSlidingLog},
    {"sliding-counter", Limit::Window::kSlidingCounter},
    {"fixed", Limit::Window::kFixed},
};

void ReadSubWindows(Reader& reader, const Cursor& at, Limit* out) {
  int64_t count = 0;
  const bool is_number = at.node->kind == NodeKind::kInteger || at.node->kind == NodeKind::kFloat || at.node->from_env;
  if (!is_number || !ScalarToInteger(at.node->text, &count) || (count != 10 && count != 60)) {
    reader.Expected(at, "10 or 60");
    return;
  }
  out->sub_windows = static_cast<uint32_t>(count);
}

constexpr Field<Limit> kLimitFields[] = {
    {"name", ReadString<&Limit::name, CheckName>, kRequired},
    {"rate", ReadAmount<&Limit::amount>},
    {"per", ReadPeriod},
    {"burst", ReadAmount<&Limit::burst>},
    {"quota", ReadAmount<&Limit::amount>},
    {"window", ReadPeriod},
    {"type", ReadWord<&Limit::window, kTypes>},
    {"sub_windows", ReadSubWindows},
    {"in_flight", ReadAmount<&Limit::amount>},
    {"penalize", ReadBool<&Limit::penalize>},
    {"shadow", ReadBool<&Limit::shadow>},
    {"limit_by", ReadLimitBy<Limit>},
    {"header_name", ReadCountHeader<Limit>},
    {"ipv6_prefix", ReadCountIpv6Prefix<Limit>},
};

// The three kinds of limit, with the members that belong to each besides the name.
struct KindRule {
  std::string_view lead;
  Limit::Kind kind;
  std::string_view required;  // "" : none
  std::string_view optional;
};
constexpr KindRule kKinds[] = {
    {"rate", Limit::Kind::kPace, "per", "burst"},
    {"quota", Limit::Kind::kQuota, "window", "type"},
    {"in_flight", Limit::Kind::kInFlight, "", ""},
};

void CheckMembers(Reader& reader, const Cursor& at, const KindRule& rule) {
  if (!rule.required.empty() && !Reader::IsSet(at, rule.required))
    reader.Error(at, "missing_field", absl::StrCat("`", rule.lead, "` needs `", rule.required, "`"), "add it");
  for (std::string_view field : {"per", "burst", "window", "type"}) {
    if (!Reader::IsSet(at, field) || field == rule.required || field == rule.optional) continue;
    reader.Error(at, "conflict", absl::StrCat("`", field, "` has no meaning beside `", rule.lead, "`"), "remove it");
  }
}

void CheckSlidingMembers(Reader& reader, const Cursor& at, const Limit& limit) {
  const bool slides = limit.kind == Limit::Kind::kQuota && limit.window == Limit::Window::kSliding;
  if (!slides && Reader::IsSet(at, "sub_windows"))
    reader.Error(at, "conflict", "`sub_windows` has no meaning but in a quota of `type: sliding`", "remove it");
  if (limit.window != Limit::Window::kSlidingLog || limit.amount <= Limit::kMostLogged) return;
  Reader::WithMember(at, "quota", [&](const Cursor& quota) {
    reader.Expected(quota, absl::StrCat("at most ", Limit::kMostLogged, " beside `type: sliding-log`"),
                    "write `type: sliding` and `sub_windows: 60`: as strict, and at most a 60th is refused early");
  });
}

void ReadLimit(Reader& reader, const Cursor& at, Limit* out) {
  if (!reader.Entity(at, kLimitFields, out)) return;
  const KindRule* chosen = nullptr;
  int kinds = 0;
  for (const KindRule& rule : kKinds) {
    if (!Reader::IsSet(at, rule.lead)) continue;
    chosen = &rule;
    ++kinds;
  }
  if (kinds != 1) {
    reader.Error(at, "bad_value", "expected exactly one of `rate`, `quota` and `in_flight`",
                 "write one limit for each");
    return;
  }
  out->kind = chosen->kind;
  CheckMembers(reader, at, *chosen);
  CheckSlidingMembers(reader, at, *out);
  if (out->penalize && out->kind == Limit::Kind::kInFlight)
    reader.Error(at, "conflict", "`penalize` has no meaning beside `in_flight`", "remove it");
  CheckCountBy(reader, at, "limit_by", out->count_by);
  if (out->count_by.Has(CountBy::Part::kConsumerGroup))
    reader.Error(at, "conflict", "`limit_by: consumer-group` has no meaning in a plan",
                 "bind a rate-limiting plugin to the group");
  if (out->kind == Limit::Kind::kPace && out->burst == 0) out->burst = out->amount;
}

void ReadLimits(Reader& reader, const Cursor& at, Plan* out) {
  constexpr size_t kMostLimits = 16;                                        // each is charged on every request
  if (at.node->kind == NodeKind::kList && at.node->size() > kMostLimits) {  // unread: each is compared with the others
    reader.Error(at, "too_large", absl::StrCat("more than ", kMostLimits, " limits"));
    return;
  }
  reader.List(at, [&](const Cursor& item) {
    Limit limit;
    ReadLimit(reader, item, &limit);
    for (const Limit& other : out->limits)
      if (!limit.name.empty() && other.name == limit.name)
        reader.ErrorAt(limit.origin.At("name"), "duplicate_name",
                       absl::StrCat("two limits are named `", limit.name, "`"), "rename one of them",
                       {other.origin.At("name")});
    out->limits.push_back(std::move(limit));
  });
}

constexpr Field<Plan> kPlanFields[] = {
    {"name", ReadString<&Plan::name, CheckName>, kRequired},
    {"limits", ReadLimits, kRequired},
    {"ietf_headers", ReadBool<&Plan::ietf_headers>},
    {"on_full", ReadWord<&Plan::on_full, kOnFullWords>},
    {"policy", ReadPolicyOf<Plan>},
    {"redis", ReadRedisOf<Plan>},
};

// Kept by each node alone; "" : by the server too.
std::string_view LocalType(const Limit& limit) {
  if (limit.window == Limit::Window::kSlidingLog) return "type: sliding-log";
  return limit.window == Limit::Window::kSlidingCounter ? "type: sliding-counter" : "";
}

// What a node cannot know of what the others count.
void CheckShared(Reader& reader, const Cursor& at, const Plan& plan) {
  CheckSharing(reader, at, "policy", plan.redis, plan.sharing);
  for (const Limit& limit : plan.limits) {
    if (!plan.redis || limit.kind == Limit::Kind::kInFlight) continue;
    for (const auto& [is, field] : {std::pair{limit.shadow, "shadow"}, std::pair{limit.penalize, "penalize"},
                                    std::pair{limit.sub_windows != Limit().sub_windows, "sub_windows"},
                                    std::pair{!LocalType(limit).empty(), "type"}}) {
      if (!is) continue;
      const bool is_type = field == std::string_view("type");
      RefuseShared(reader, limit.origin.At(field), is_type ? LocalType(limit) : field, "policy");
    }
  }
}

// A structured field's string is printable ASCII (RFC 9651, section 3.3.3).
void CheckAnnounced(Reader& reader, const Plan& plan) {
  for (const Limit& limit : plan.limits) {
    if (!plan.ietf_headers || std::all_of(limit.name.begin(), limit.name.end(), absl::ascii_isprint)) continue;
    reader.ErrorAt(limit.origin.At("name"), "bad_value",
                   absl::StrCat("expected a name in ASCII beside `ietf_headers`, found `", limit.name, "`"),
                   "rename the limit, or leave `ietf_headers` out");
  }
}

}  // namespace

void ReadPlan(Reader& reader, const Cursor& at, Plan* out) {
  if (!reader.Entity(at, kPlanFields, out)) return;
  CheckShared(reader, at, *out);
  CheckAnnounced(reader, *out);
}

}  // namespace sluice::policy
