// Every limit that applies, all or none: those of the rate-limiting plugins, and of the plans of
// service, route and caller.
#include <algorithm>

#include "policy/stages/counted.h"
#include "policy/stages/stages.h"

namespace sluice {
namespace {

// The limits of one request, side by side.
struct Bill {
  const CompiledLimit** limits;
  const RateLimitingPlugin** plugins;  // whose limit it is; null: the plan's
  ratelimit::Charge* charges;
  ratelimit::Verdict* verdicts;
  size_t count = 0;
};

Bill EmptyBill(Txn& t, size_t most) {
  return {t.arena.Array<const CompiledLimit*>(most), t.arena.Array<const RateLimitingPlugin*>(most),
          t.arena.Array<ratelimit::Charge>(most), t.arena.Array<ratelimit::Verdict>(most)};
}

void Add(Txn& t, Bill& bill, const CompiledLimit& limit, const RateLimitingPlugin* plugin, const Counted& counted) {
  ratelimit::Charge& charge = bill.charges[bill.count];
  charge.limit = &limit.limit;
  charge.key = KeyOf(t, limit.limit, counted);
  charge.cost = uint64_t{std::max<uint32_t>(t.request.cost, 1)} * t.route->cost;
  charge.shadow = limit.shadow;
  charge.penalize = limit.penalize;
  charge.known = counted.bounded;
  bill.plugins[bill.count] = plugin;
  bill.limits[bill.count++] = &limit;
}

void AddAll(Txn& t, Bill& bill, const RateLimitingPlugin& plugin) {
  const Counted counted = CountedBy(t, plugin.count_by, plugin.group);
  for (const CompiledLimit& limit : plugin.limits) Add(t, bill, limit, &plugin, counted);
}

void AddAll(Txn& t, Bill& bill, const CompiledPlan& plan) {
  for (const CompiledPlanLimit& limit : plan.limits) Add(t, bill, limit, nullptr, CountedBy(t, limit.count_by, ""));
}

// The plans whose limits hold for this request, each once.
struct Plans {
  const CompiledPlan* plans[3];
  size_t count = 0;
  const CompiledPlan* of_caller = nullptr;
};

Plans PlansOf(const Txn& t) {
  Plans all;
  const uint32_t of_service = t.service == nullptr ? kNone : t.service->plan;
  if (of_service != kNone) all.plans[all.count++] = &t.snapshot->shared_plans[of_service];
  if (t.route->plan != kNone && t.route->plan != of_service)
    all.plans[all.count++] = &t.snapshot->shared_plans[t.route->plan];
  const CompiledConsumer* consumer = t.identity.consumer;
  if (consumer == nullptr || consumer->plan == kNone) return all;
  all.of_caller = all.plans[all.count++] = &t.snapshot->plans[consumer->plan];
  return all;
}

// ---- What callers and operators see ----

constexpr int64_t kNsPerMs = 1'000'000;
int64_t CeilDivide(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }
int64_t Seconds(int64_t ns) { return CeilDivide(ns, 1'000 * kNsPerMs); }

// Whether this one is a reason to refuse the request.
bool Refused(const Bill& bill, size_t i) { return !bill.verdicts[i].allowed && !bill.limits[i]->shadow; }

void Report(Txn& t, const Bill& bill) {
  LimitState* states = t.arena.Array<LimitState>(bill.count);
  for (size_t i = 0; i < bill.count; ++i) {
    const ratelimit::Verdict& v = bill.verdicts[i];
    states[i] = {bill.limits[i]->name, v.limit,
                 v.remaining,          static_cast<uint64_t>(CeilDivide(v.reset_ns, kNsPerMs)),
                 Refused(bill, i),     !v.allowed && bill.limits[i]->shadow};
    Trace(t, "limit",
          v.allowed           ? "pass"
          : states[i].refused ? "refuse"
                              : "shadow",
          bill.limits[i]->spot,
          {bill.limits[i]->name, ": ", v.refusal == ratelimit::Refusal::kFull ? "no room for another caller, " : "",
           Decimal(t, static_cast<int64_t>(v.used)), " of ", Decimal(t, static_cast<int64_t>(v.limit)),
           " used, all free in ", Decimal(t, CeilDivide(v.reset_ns, kNsPerMs)), " ms"});
  }
  t.decision.limits = {states, bill.count};
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
    if (bill.limits[i]->shadow || !HasPace(*bill.limits[i])) continue;
    if (tightest == bill.count || Tighter(bill.verdicts[i], bill.verdicts[tightest])) tightest = i;
  }
  return tightest;
}

// Kong's headers, and RateLimit-* as in draft-ietf-httpapi-ratelimit-headers-02, which Kong follows.
void AddHeaders(Txn& t, const Bill& bill) {
  for (size_t i = 0; i < bill.count; ++i) {
    if (bill.limits[i]->limit_header.empty()) continue;
    t.response_changes.Set(bill.limits[i]->limit_header, bill.limits[i]->limit_text);
    t.response_changes.Set(bill.limits[i]->remaining_header,
                           Decimal(t, static_cast<int64_t>(bill.verdicts[i].remaining)));
  }
  size_t tightest = Tightest(bill);
  if (tightest == bill.count) return;
  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): Add has filled every place below `count`
  t.response_changes.Set("RateLimit-Limit", bill.limits[tightest]->limit_text);
  t.response_changes.Set("RateLimit-Remaining", Decimal(t, static_cast<int64_t>(bill.verdicts[tightest].remaining)));
  t.response_changes.Set("RateLimit-Reset", Decimal(t, Seconds(bill.verdicts[tightest].reset_ns)));
}

// When all limits that refused could pass, or try again; 0: never, the cost is larger than a whole limit.
int64_t RetryAfterSeconds(const Bill& bill) {
  int64_t longest = 0;
  for (size_t i = 0; i < bill.count; ++i) {
    if (!Refused(bill, i) || !HasPace(*bill.limits[i])) continue;
    if (bill.verdicts[i].retry_after_ns == ratelimit::kNever) return 0;
    longest = std::max(longest, bill.verdicts[i].retry_after_ns);
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
Step RefuseOverLimit(Txn& t, const Bill& bill) {
  const RateLimitingPlugin* plugin = nullptr;
  for (size_t i = 0; i < bill.count && plugin == nullptr; ++i)
    if (Refused(bill, i)) plugin = bill.plugins[i];
  int64_t seconds = RetryAfterSeconds(bill);
  if (seconds > 0 && plugin != nullptr) seconds += Jitter(t, *plugin);
  if (seconds > 0) t.response_changes.Set("Retry-After", Decimal(t, seconds));
  if (plugin != nullptr) return Refuse(t, plugin->error_code, "rate_limited", plugin->error_message);
  return Refuse(t, 429, "rate_limited", "API rate limit exceeded");
}

const RateLimitingPlugin* LimiterOf(const Txn& t, PluginKind kind) {
  const ScopedPlugin* scoped = PluginFor(t, kind);
  return scoped == nullptr ? nullptr : &t.snapshot->rate_limiting[scoped->config];
}

}  // namespace

Step Charge(Txn& t) {
  const RateLimitingPlugin* const plugins[] = {LimiterOf(t, PluginKind::kRateLimiting),
                                               LimiterOf(t, PluginKind::kRateLimitingAdvanced)};
  const Plans plans = PlansOf(t);
  if (plans.of_caller != nullptr) t.decision.plan = plans.of_caller->name;
  size_t most = 0;
  for (size_t i = 0; i < plans.count; ++i) most += plans.plans[i]->limits.size();
  bool hide = false;
  for (const RateLimitingPlugin* plugin : plugins) {
    if (plugin == nullptr) continue;
    most += plugin->limits.size();
    hide = hide || plugin->hide_client_headers;
  }
  if (most == 0) return Step::kNext;
  Bill bill = EmptyBill(t, most);
  for (const RateLimitingPlugin* plugin : plugins)
    if (plugin != nullptr) AddAll(t, bill, *plugin);
  for (size_t i = 0; i < plans.count; ++i) AddAll(t, bill, *plans.plans[i]);
  bool allowed = ratelimit::ChargeAll(*t.gateway.store, bill.charges, bill.count, t.now, bill.verdicts);
  Report(t, bill);
  if (!hide) AddHeaders(t, bill);
  if (!allowed) return RefuseOverLimit(t, bill);
  t.held = {bill.charges, bill.verdicts, bill.count};
  return Step::kNext;
}

}  // namespace sluice
