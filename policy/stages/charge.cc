// Every limit that applies, all or none: those of the rate-limiting plugins, and of the plans of document, service,
// route and caller.
#include <algorithm>

#include "policy/stages/bill.h"
#include "policy/stages/charge_shared.h"
#include "policy/stages/charge_trace.h"
#include "policy/stages/counted.h"
#include "policy/stages/ietf_headers.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

void Add(Txn& t, Bill& bill, const CompiledLimit& limit, const RateLimitingPlugin* plugin, const Counted& counted) {
  Bill::Line& line = bill.lines[bill.count++];
  line.limit = &limit;
  line.plugin = plugin;
  line.charge.limit = &limit.limit;
  if (limit.shared == kNone) line.charge.key = ratelimit::KeyOf(limit.limit.id(), counted.subject);
  line.charge.cost = uint64_t{std::max<uint32_t>(t.request.cost, 1)} * t.route->cost;
  line.charge.shadow = limit.shadow;
  line.charge.penalize = limit.penalize;
  line.charge.known = counted.bounded;
  line.charge.on_full = limit.on_full;
}

// The last line is of a limit that all nodes share: notes its bucket, unless another of the same plan or plugin has.
void AddShared(Bill& bill, const std::vector<CompiledSharing>& shared, const Counted& counted) {
  Bill::Line& line = bill.lines[bill.count - 1];
  if (line.limit->shared == kNone) return;
  line.part = static_cast<uint32_t>(bill.part_count) + line.limit->shared;
  SharedPart& part = bill.parts[line.part];
  if (part.sharing != nullptr) return;
  part.sharing = &shared[line.limit->shared];
  part.counted = counted;
  part.cost = line.charge.cost;
  part.key = ratelimit::KeyOf(part.sharing->set->id(), counted.subject);
}

void AddAll(Txn& t, Bill& bill, const RateLimitingPlugin& plugin) {
  const Counted counted = CountedBy(t, plugin.count_by, plugin.group);
  for (const CompiledLimit& limit : plugin.limits) {
    Add(t, bill, limit, &plugin, counted);
    AddShared(bill, plugin.shared, counted);
  }
  bill.part_count += plugin.shared.size();
}

void AddAll(Txn& t, Bill& bill, const CompiledPlan& plan) {
  Counted counted;
  for (const CompiledPlanLimit& limit : plan.limits) {
    if (!limit.counts_as_before) counted = CountedBy(t, limit.count_by, "");
    Add(t, bill, limit, nullptr, counted);
    AddShared(bill, plan.shared, counted);
  }
  bill.part_count += plan.shared.size();
}

// The plans whose limits hold for this request, each once.
struct Plans {
  const CompiledPlan* plans[4];
  size_t count = 0;
  const CompiledPlan* of_caller = nullptr;
};

Plans PlansOf(const Txn& t) {
  Plans all;
  for (const uint32_t plan : {t.snapshot->plan, t.service == nullptr ? kNone : t.service->plan, t.route->plan}) {
    const CompiledPlan** const end = all.plans + all.count;
    if (plan == kNone || std::find(all.plans, end, &t.snapshot->shared_plans[plan]) != end) continue;
    all.plans[all.count++] = &t.snapshot->shared_plans[plan];
  }
  uint32_t of_caller = t.identity.plan;
  if (of_caller == kNone && t.identity.consumer != nullptr) of_caller = t.identity.consumer->plan;
  if (of_caller != kNone) all.of_caller = all.plans[all.count++] = &t.snapshot->plans[of_caller];
  return all;
}

// ---- What callers and operators see ----

constexpr int64_t kNsPerMs = 1'000'000;
int64_t CeilDivide(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }
int64_t Seconds(int64_t ns) { return CeilDivide(ns, 1'000 * kNsPerMs); }

void Count(Txn& t, const Bill& bill) {
  const uint32_t stripe = ratelimit::Store::StripeOfThisProcessor();
  for (size_t i = 0; i < bill.count; ++i) {
    using ratelimit::Ruling;
    const Ruling ruling = bill.lines[i].verdict.allowed  ? Ruling::kAllowed
                          : Bill::Refused(bill.lines[i]) ? Ruling::kRefused
                                                         : Ruling::kShadowRefused;
    t.gateway.store->Count(bill.lines[i].limit->meter, ruling, stripe);
  }
}

void Report(Txn& t, const Bill& bill) {
  LimitState* states = t.arena.Array<LimitState>(bill.count);
  for (size_t i = 0; i < bill.count; ++i) {
    const ratelimit::Verdict& v = bill.lines[i].verdict;
    states[i] = {bill.lines[i].limit->name,
                 v.limit,
                 v.remaining,
                 static_cast<uint64_t>(CeilDivide(v.reset_ns, kNsPerMs)),
                 Bill::Refused(bill.lines[i]),
                 !v.allowed && bill.lines[i].limit->shadow};
  }
  t.decision.limits = {states, bill.count};
  TraceLimits(t, bill);
}

// Of requests in flight nobody knows when they will end, so that their limit tells no client a time to wait.
bool HasPace(const CompiledLimit& limit) { return limit.limit.kind() != ratelimit::LimitKind::kConcurrency; }

bool Tighter(const ratelimit::Verdict& a, const ratelimit::Verdict& b) {
  return a.remaining < b.remaining || (a.remaining == b.remaining && a.reset_ns > b.reset_ns);
}

// The limit nearest to its end speaks for all; of equals, the one that takes longest to recover. Callers are not told
// of shadow limits and of those without a pace: `count` if there are no others.
size_t Tightest(const Bill& bill) {
  size_t tightest = bill.count;
  for (size_t i = 0; i < bill.count; ++i) {
    if (bill.lines[i].limit->shadow || !HasPace(*bill.lines[i].limit)) continue;
    if (tightest == bill.count || Tighter(bill.lines[i].verdict, bill.lines[tightest].verdict)) tightest = i;
  }
  return tightest;
}

// Kong's headers, and RateLimit-* as in draft-ietf-httpapi-ratelimit-headers-02, which Kong follows.
void AddHeaders(Txn& t, const Bill& bill) {
  for (size_t i = 0; i < bill.count; ++i) {
    if (bill.lines[i].limit->limit_header.empty()) continue;
    t.response_changes.Set(bill.lines[i].limit->limit_header, bill.lines[i].limit->limit_text);
    t.response_changes.Set(bill.lines[i].limit->remaining_header,
                           Decimal(t, static_cast<int64_t>(bill.lines[i].verdict.remaining)));
  }
  size_t tightest = Tightest(bill);
  if (tightest == bill.count) return;
  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): Add has filled every place below `count`
  t.response_changes.Set("RateLimit-Limit", bill.lines[tightest].limit->limit_text);
  t.response_changes.Set("RateLimit-Remaining",
                         Decimal(t, static_cast<int64_t>(bill.lines[tightest].verdict.remaining)));
  t.response_changes.Set("RateLimit-Reset", Decimal(t, Seconds(bill.lines[tightest].verdict.reset_ns)));
}

// When all limits that refused could pass, or try again; 0: never, the cost is larger than a whole limit.
int64_t RetryAfterSeconds(const Bill& bill) {
  int64_t longest = 0;
  for (size_t i = 0; i < bill.count; ++i) {
    if (!Bill::Refused(bill.lines[i]) || !HasPace(*bill.lines[i].limit)) continue;
    if (bill.lines[i].verdict.retry_after_ns == ratelimit::kNever) return 0;
    longest = std::max(longest, bill.lines[i].verdict.retry_after_ns);
  }
  return std::max<int64_t>(1, Seconds(longest));
}

// Kong's: so that those who were refused together do not come back together.
int64_t Jitter(Txn& t, const RateLimitingPlugin& plugin) {
  if (plugin.retry_after_jitter_max == 0) return 0;
  uint64_t word[1];
  t.gateway.random.Next(word);
  return static_cast<int64_t>(word[0] % (uint64_t{plugin.retry_after_jitter_max} + 1));
}

// In the words of the first plugin of which a limit refused.
Step RefuseOverLimit(Txn& t, const Bill& bill, std::span<const AnnouncedLimit> announced) {
  const RateLimitingPlugin* plugin = nullptr;
  for (size_t i = 0; i < bill.count && plugin == nullptr; ++i)
    if (Bill::Refused(bill.lines[i])) plugin = bill.lines[i].plugin;
  int64_t seconds = RetryAfterSeconds(bill);
  if (seconds > 0 && plugin != nullptr) seconds += Jitter(t, *plugin);
  if (seconds > 0) t.response_changes.Set("Retry-After", Decimal(t, seconds));
  const uint32_t status = plugin == nullptr ? 429 : plugin->error_code;
  const std::string_view message =
      plugin == nullptr ? std::string_view("API rate limit exceeded") : plugin->error_message;
  const bool problem =
      std::any_of(announced.begin(), announced.end(), [](const AnnouncedLimit& l) { return l.refused; });
  return problem ? RefuseAsProblem(t, status, message, announced) : Refuse(t, status, "rate_limited", message);
}

const RateLimitingPlugin* LimiterOf(const Txn& t, PluginKind kind) {
  const ScopedPlugin* scoped = PluginFor(t, kind);
  return scoped == nullptr ? nullptr : &t.snapshot->rate_limiting[scoped->config];
}

// Null: no limit applies.
Bill* BillOf(Txn& t) {
  const RateLimitingPlugin* const plugins[] = {LimiterOf(t, PluginKind::kRateLimiting),
                                               LimiterOf(t, PluginKind::kRateLimitingAdvanced)};
  const Plans plans = PlansOf(t);
  if (plans.of_caller != nullptr) t.decision.plan = plans.of_caller->name;
  size_t lines = 0, parts = 0;
  for (size_t i = 0; i < plans.count; ++i) {
    lines += plans.plans[i]->limits.size();
    parts += plans.plans[i]->shared.size();
  }
  for (const RateLimitingPlugin* plugin : plugins) {
    if (plugin == nullptr) continue;
    lines += plugin->limits.size();
    parts += plugin->shared.size();
  }
  if (lines == 0) return nullptr;
  Bill* bill = t.arena.Array<Bill>(1);
  bill->lines = t.arena.Array<Bill::Line>(lines);
  if (parts > 0) bill->parts = t.arena.Array<SharedPart>(parts);
  for (const RateLimitingPlugin* plugin : plugins)
    if (plugin != nullptr) AddAll(t, *bill, *plugin);
  for (size_t i = 0; i < plans.count; ++i) AddAll(t, *bill, *plans.plans[i]);
  return bill;
}

// What shared limits say of a request; where the server was not asked, that nothing is used.
void TakeVerdicts(Bill& bill) {
  for (size_t i = 0; i < bill.count; ++i) {
    Bill::Line& line = bill.lines[i];
    const SharedPart* part = bill.PartOf(line);
    if (part == nullptr) continue;
    line.verdict = part->verdicts[line.limit->place];
    if (part->state != SharedPart::State::kMissing && line.verdict.limit != 0) continue;
    line.verdict = {};
    line.verdict.allowed = true;
    line.verdict.limit = line.verdict.remaining = line.limit->limit.size();
  }
}

// Of a part that is missing the node's own count is asked after all.
void KeyMissing(Bill& bill) {
  for (size_t i = 0; i < bill.count; ++i) {
    Bill::Line& line = bill.lines[i];
    if (line.part != Bill::kLocal && bill.PartOf(line) == nullptr)
      line.charge.key = ratelimit::KeyOf(line.limit->limit.id(), bill.parts[line.part].counted.subject);
  }
}

// Charges the node's own limits, all or none.
bool ChargeOwn(Txn& t, Bill& bill) {
  auto* charges = t.arena.Array<ratelimit::Charge>(bill.count);
  auto* verdicts = t.arena.Array<ratelimit::Verdict>(bill.count);
  size_t count = 0;
  for (size_t i = 0; i < bill.count; ++i)
    if (bill.PartOf(bill.lines[i]) == nullptr) charges[count++] = bill.lines[i].charge;
  const bool allowed = ratelimit::ChargeAll(*t.gateway.store, charges, count, t.now, verdicts);
  size_t next = 0;
  for (size_t i = 0; i < bill.count; ++i)
    if (bill.PartOf(bill.lines[i]) == nullptr) bill.lines[i].verdict = verdicts[next++];
  if (allowed) t.held = {charges, verdicts, count};
  return allowed;
}

// How the node's own limits stand beside a refusal by others.
void PeekOwn(Txn& t, Bill& bill) {
  for (size_t i = 0; i < bill.count; ++i) {
    Bill::Line& line = bill.lines[i];
    if (bill.PartOf(line) != nullptr) continue;
    line.verdict = ratelimit::Peek(*t.gateway.store, line.charge, t.now);
    if (!line.verdict.allowed) continue;
    ratelimit::Charge nothing = line.charge;
    nothing.cost = 0;
    line.verdict = ratelimit::Peek(*t.gateway.store, nothing, t.now);
  }
}

bool ChargeEverything(Txn& t, Bill& bill, SharedStep shared) {
  bool allowed = shared == SharedStep::kGo;
  KeyMissing(bill);
  if (allowed) {
    allowed = ChargeOwn(t, bill);
  } else {
    PeekOwn(t, bill);
  }
  TakeVerdicts(bill);
  bill.charged = allowed;
  if (allowed) {
    OweShared(t, bill);
  } else {
    PutBackShared(t, bill);
  }
  return allowed;
}

bool HidesHeaders(const Bill& bill) {
  return std::any_of(bill.lines, bill.lines + bill.count,
                     [](const Bill::Line& line) { return line.plugin != nullptr && line.plugin->hide_client_headers; });
}

// Until more is available of a limit. Of a shared one, whose units other nodes may take, at the latest.
int64_t UntilMore(const Txn& t, const Bill& bill, const Bill::Line& line) {
  const ratelimit::Verdict& v = line.verdict;
  if (bill.PartOf(line) == nullptr) return ratelimit::UntilMore(*t.gateway.store, line.charge, v, t.now);
  if (v.allowed) return v.reset_ns;
  return v.retry_after_ns == ratelimit::kNever ? 0 : v.retry_after_ns;
}

// Those limits of which the policy says `ietf_headers`.
std::span<const AnnouncedLimit> Announced(Txn& t, const Bill& bill) {
  AnnouncedLimit* announced = t.arena.Array<AnnouncedLimit>(bill.count);
  size_t count = 0;
  for (size_t i = 0; i < bill.count; ++i) {
    const Bill::Line& line = bill.lines[i];
    if (line.limit->quota_policy.empty()) continue;
    announced[count++] = {line.limit, line.verdict.remaining, Seconds(UntilMore(t, bill, line)),
                          Bill::Refused(bill.lines[i])};
  }
  return {announced, count};
}

}  // namespace

Step Charge(Txn& t) {
  if (t.bill == nullptr) t.bill = BillOf(t);
  if (t.bill == nullptr) return Step::kNext;
  Bill& bill = *t.bill;
  const SharedStep shared = TakeShared(t, bill);
  if (shared == SharedStep::kWait) return Step::kWait;
  if (shared == SharedStep::kClosed) {
    TraceClosed(t, bill);
    return Refuse(t, 500, "limits_unavailable", "An unexpected error occurred");  // Kong's answer
  }
  const bool allowed = ChargeEverything(t, bill, shared);
  Count(t, bill);
  Report(t, bill);
  const std::span<const AnnouncedLimit> announced = Announced(t, bill);
  if (!HidesHeaders(bill)) {
    AddHeaders(t, bill);
    AddIetfHeaders(t, announced);
  }
  return allowed ? Step::kNext : RefuseOverLimit(t, bill, announced);
}

}  // namespace sluice
