#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "policy/compile/compiler.h"
#include "policy/compile/quota_policy.h"

namespace sluice {
namespace {

ratelimit::Calendar CalendarOf(policy::Unit unit) {
  switch (unit) {
    case policy::Unit::kSecond: return ratelimit::Calendar::kSecond;
    case policy::Unit::kMinute: return ratelimit::Calendar::kMinute;
    case policy::Unit::kHour: return ratelimit::Calendar::kHour;
    case policy::Unit::kDay: return ratelimit::Calendar::kDay;
    case policy::Unit::kMonth: return ratelimit::Calendar::kMonth;
    case policy::Unit::kYear: return ratelimit::Calendar::kYear;
    case policy::Unit::kDuration: return ratelimit::Calendar::kNone;
  }
  return ratelimit::Calendar::kNone;
}

ratelimit::LimitSpec SpecOf(const policy::Limit& limit) {
  int64_t period_ns = limit.period.seconds * ratelimit::kSecond;
  switch (limit.kind) {
    case policy::Limit::Kind::kPace: return ratelimit::LimitSpec::TokenBucket(limit.amount, period_ns, limit.burst);
    case policy::Limit::Kind::kInFlight: return ratelimit::LimitSpec::Concurrency(limit.amount);
    case policy::Limit::Kind::kQuota: break;
  }
  switch (limit.window) {
    case policy::Limit::Window::kSliding:
      return ratelimit::LimitSpec::SlidingWindow(limit.amount, period_ns, limit.sub_windows);
    case policy::Limit::Window::kSlidingLog:
      static_assert(policy::Limit::kMostLogged <= ratelimit::kFineSubWindows);  // exact up to there
      return ratelimit::LimitSpec::SlidingWindow(limit.amount, period_ns, ratelimit::kFineSubWindows);
    case policy::Limit::Window::kSlidingCounter: return ratelimit::LimitSpec::SlidingCounter(limit.amount, period_ns);
    case policy::Limit::Window::kFixed: break;
  }
  ratelimit::Calendar calendar = CalendarOf(limit.period.unit);
  return calendar == ratelimit::Calendar::kNone ? ratelimit::LimitSpec::FixedWindow(limit.amount, period_ns)
                                                : ratelimit::LimitSpec::FixedWindow(limit.amount, calendar);
}

ratelimit::OnFull OnFullOf(policy::OnFull on_full) {
  return on_full == policy::OnFull::kOverflow ? ratelimit::OnFull::kOverflow : ratelimit::OnFull::kRefuse;
}

// In X-RateLimit-Limit-…; in lower case it is the window's name.
std::string TitleOf(policy::Unit unit) {
  switch (unit) {
    case policy::Unit::kMinute: return "Minute";
    case policy::Unit::kHour: return "Hour";
    case policy::Unit::kDay: return "Day";
    case policy::Unit::kMonth: return "Month";
    case policy::Unit::kYear: return "Year";
    default: return "Second";
  }
}

// Kong gives six lengths a name in headers, and the others their seconds.
std::string TitleOf(int64_t seconds) {
  constexpr policy::Unit kUnits[] = {policy::Unit::kSecond, policy::Unit::kMinute, policy::Unit::kHour,
                                     policy::Unit::kDay,    policy::Unit::kMonth,  policy::Unit::kYear};
  constexpr int64_t kLengths[] = {1, 60, 3'600, 86'400, 2'592'000, 31'536'000};
  for (size_t i = 0; i < std::size(kLengths); ++i)
    if (kLengths[i] == seconds) return TitleOf(kUnits[i]);
  return absl::StrCat(seconds);
}

// What rate-limiting and rate-limiting-advanced say in the same words.
template <typename Config>
RateLimitingPlugin LimiterOf(Spot spot, const Config& config) {
  RateLimitingPlugin limiter;
  limiter.spot = spot;
  limiter.count_by = config.count_by;
  limiter.hide_client_headers = config.hide_client_headers;
  limiter.error_code = config.error_code;
  limiter.error_message = config.error_message;
  return limiter;
}

template <typename Config>
CompiledLimit WindowOf(const std::string& title, const Config& config) {
  CompiledLimit limit;
  limit.name = absl::AsciiStrToLower(title);
  limit.shadow = config.shadow;
  limit.on_full = OnFullOf(config.on_full);
  if (config.hide_client_headers || config.shadow) return limit;
  limit.limit_header = absl::StrCat("X-RateLimit-Limit-", title);
  limit.remaining_header = absl::StrCat("X-RateLimit-Remaining-", title);
  return limit;
}

// Shared by all nodes a sliding window is strict, and its local counts of another kind.
std::pair<ratelimit::LimitSpec, std::string_view> SpecOf(const policy::RateLimitingAdvancedConfig& config,
                                                         const policy::RateLimitingAdvancedConfig::Window& window) {
  const int64_t length_ns = window.seconds * ratelimit::kSecond;
  if (!config.sliding) return {ratelimit::LimitSpec::FixedWindow(window.limit, length_ns), "/fixed"};
  if (config.redis) return {ratelimit::LimitSpec::SlidingWindow(window.limit, length_ns), "/window"};
  return {ratelimit::LimitSpec::SlidingCounter(window.limit, length_ns), "/sliding"};
}

// Names what counts a limit's rulings for good, so that a reload goes on counting.
template <typename Limits>
void Meter(std::string_view scope, Limits* limits) {
  for (auto& limit : *limits) limit.meter = ratelimit::HashLimitName(absl::StrCat("meter/", scope, "/", limit.name));
}

// In the terms of the IETF's draft. Callers are not told of shadows.
template <typename Limits>
void Announce(Limits* limits) {
  for (auto& limit : *limits)
    if (!limit.shadow) limit.quota_policy = QuotaPolicy(limit.name, limit.limit);
}

}  // namespace

// Compiles `spec` into `limit`. `id` names the limit's counters for good: a reload that keeps the name keeps what was
// used.
bool Compiler::CompileLimit(const policy::Origin& origin, std::string_view path, const std::string& id,
                            const ratelimit::LimitSpec& spec, CompiledLimit* limit) {
  std::string error;
  if (!ratelimit::Limit::Compile(ratelimit::HashLimitName(id), spec, &limit->limit, &error)) {
    Error(origin, path, "bad_limit", error);
    return false;
  }
  limit->spot = SpotOf(origin);
  limit->limit_text = absl::StrCat(limit->limit.size());
  return true;
}

void Compiler::PlanLimit(const policy::Plan& plan, const policy::Limit& limit, const std::string& id,
                         CompiledPlan* out) {
  CompiledPlanLimit compiled;
  compiled.name = limit.name;
  compiled.penalize = limit.penalize;
  compiled.shadow = limit.shadow;
  compiled.on_full = OnFullOf(plan.on_full);
  compiled.count_by = limit.count_by;
  compiled.counts_as_before = !out->limits.empty() && out->limits.back().count_by == limit.count_by;
  if (CompileLimit(limit.origin, "", id, SpecOf(limit), &compiled)) out->limits.push_back(std::move(compiled));
}

CompiledSharing Compiler::Share(const policy::Origin& origin, std::string_view path, const policy::Sharing& sharing,
                                std::string_view name, const std::vector<ratelimit::Limit>& limits) {
  CompiledSharing shared;
  shared.on_error = sharing.on_error.value_or(policy::Sharing::OnError::kLocal);
  ratelimit::LeaseSet::Options options;
  options.lease_ns = sharing.strict ? 0 : sharing.lease_ms * ratelimit::kMillisecond;
  options.on_loss = static_cast<ratelimit::OnLoss>(sharing.on_loss);
  std::string error;
  shared.set = ratelimit::LeaseSet::Compile(name, limits, options, &error);
  if (shared.set == nullptr) Error(origin, path, "bad_limit", error);
  const auto known = std::find(snapshot_.redis.begin(), snapshot_.redis.end(), sharing.redis);
  shared.server = static_cast<uint32_t>(known - snapshot_.redis.begin());
  if (known == snapshot_.redis.end()) snapshot_.redis.push_back(sharing.redis);
  return shared;
}

void Compiler::ShareAll(const policy::Plugin& plugin, const policy::Sharing& sharing, std::string_view name,
                        RateLimitingPlugin* limiter) {
  std::vector<ratelimit::Limit> limits;
  for (CompiledLimit& limit : limiter->limits) {
    limit.shared = 0;
    limit.place = static_cast<uint32_t>(limits.size());
    limits.push_back(limit.limit);
  }
  limiter->shared = {Share(plugin.origin, "config/redis", sharing, name, limits)};
}

// Limits that count callers in the same way share a bucket. Like the limits' own names, the bucket's is without the
// plan's name where it is a caller's own plan and counts the caller.
void Compiler::SharePlan(const policy::Plan& plan, bool of_callers, CompiledPlan* out) {
  using Part = policy::CountBy::Part;
  for (CompiledPlanLimit& first : out->limits) {
    if (first.shared != kNone || first.limit.kind() == ratelimit::LimitKind::kConcurrency) continue;
    std::vector<ratelimit::Limit> limits;
    for (CompiledPlanLimit& limit : out->limits) {
      if (limit.limit.kind() == ratelimit::LimitKind::kConcurrency || !(limit.count_by == first.count_by)) continue;
      limit.shared = static_cast<uint32_t>(out->shared.size());
      limit.place = static_cast<uint32_t>(limits.size());
      limits.push_back(limit.limit);
    }
    const bool counts_caller = first.count_by.Has(Part::kConsumer) || first.count_by.Has(Part::kCredential);
    out->shared.push_back(Share(plan.origin, "redis", plan.sharing,
                                of_callers && counts_caller ? std::string("plan") : absl::StrCat("plan/", plan.name),
                                limits));
  }
}

// A limit of a caller's own plan that counts the caller has counters without the plan's name: whoever changes plan
// keeps what was used.
void Compiler::Plans() {
  using Part = policy::CountBy::Part;
  for (const policy::Plan& plan : document_.plans) {
    CompiledPlan of_callers{plan.name, {}}, shared{plan.name, {}};
    for (const policy::Limit& limit : plan.limits) {
      const bool counts_callers = limit.count_by.Has(Part::kConsumer) || limit.count_by.Has(Part::kCredential);
      const std::string shared_id = absl::StrCat("plan/", plan.name, "/", limit.name);
      PlanLimit(plan, limit, counts_callers ? absl::StrCat("plan/", limit.name) : shared_id, &of_callers);
      const bool valid = of_callers.limits.size() > shared.limits.size();  // else that was reported
      if (valid) PlanLimit(plan, limit, shared_id, &shared);
    }
    if (plan.redis) SharePlan(plan, true, &of_callers);
    if (plan.redis) SharePlan(plan, false, &shared);
    for (CompiledPlan* compiled : {&of_callers, &shared}) {
      Meter(absl::StrCat("plan/", plan.name), &compiled->limits);
      if (plan.ietf_headers) Announce(&compiled->limits);
    }
    if (plan.limits.size() > kMaxPlanLimits) {
      Error(plan.origin, "limits", "too_many_limits",
            absl::StrCat("expected at most ", kMaxPlanLimits, " limits in a plan, found `", plan.limits.size(), "`"),
            "all of them are charged for each request: leave out those that others imply");
    }
    snapshot_.plan_by_name.emplace(plan.name, static_cast<uint32_t>(snapshot_.plans.size()));
    snapshot_.plans.push_back(std::move(of_callers));
    snapshot_.shared_plans.push_back(std::move(shared));
  }
  if (document_.plan != policy::kNone) snapshot_.plan = static_cast<uint32_t>(document_.plan);
}

// A consumer may be in several groups, so only the plugin's own scope tells which one is meant.
void Compiler::LimitGroup(const policy::Plugin& plugin, std::string_view field, RateLimitingPlugin* compiled) {
  if (!compiled->count_by.Has(policy::CountBy::Part::kConsumerGroup)) return;
  if (plugin.consumer_group != policy::kNone) {
    compiled->group = document_.consumer_groups[plugin.consumer_group].name;
    return;
  }
  Error(plugin.origin, absl::StrCat("config/", field), "bad_scope",
        absl::StrCat("`", field, ": consumer-group` needs a plugin that is bound to a consumer group"),
        "bind it to one, or count by consumer");
}

uint32_t Compiler::Keep(const policy::Plugin& plugin, RateLimitingPlugin limiter) {
  limiter.scope = ScopeName(plugin);
  Meter(absl::StrCat("plugin/", limiter.scope), &limiter.limits);
  snapshot_.rate_limiting.push_back(std::move(limiter));
  return static_cast<uint32_t>(snapshot_.rate_limiting.size() - 1);
}

uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::RateLimitingConfig& config) {
  RateLimitingPlugin compiled = LimiterOf(SpotOf(plugin.origin), config);
  LimitGroup(plugin, "limit_by", &compiled);
  const std::string counters = absl::StrCat("plugin/", ScopeName(plugin), "/");
  for (const policy::RateLimitingConfig::Window& window : config.windows) {
    CompiledLimit limit = WindowOf(TitleOf(window.unit), config);
    if (CompileLimit(plugin.origin, absl::StrCat("config/", limit.name), absl::StrCat(counters, limit.name),
                     ratelimit::LimitSpec::FixedWindow(window.limit, CalendarOf(window.unit)), &limit))
      compiled.limits.push_back(std::move(limit));
  }
  if (config.redis) {
    ShareAll(plugin, config.sharing, absl::StrCat("plugin/", ScopeName(plugin)), &compiled);
    if (!config.sharing.on_error)  // Kong's word for it
      compiled.shared[0].on_error =
          config.fault_tolerant ? policy::Sharing::OnError::kOpen : policy::Sharing::OnError::kClosed;
  }
  if (config.ietf_headers) Announce(&compiled.limits);
  return Keep(plugin, std::move(compiled));
}

// Plugins of one namespace share their counters, whatever their limits.
uint32_t Compiler::Add(const policy::Plugin& plugin, const policy::RateLimitingAdvancedConfig& config) {
  RateLimitingPlugin compiled = LimiterOf(SpotOf(plugin.origin), config);
  compiled.retry_after_jitter_max = config.retry_after_jitter_max;
  LimitGroup(plugin, "identifier", &compiled);
  const std::string counters = config.counters.empty() ? absl::StrCat("plugin/", ScopeName(plugin))
                                                       : absl::StrCat("namespace/", config.counters);
  for (const policy::RateLimitingAdvancedConfig::Window& window : config.windows) {
    const auto& [spec, kind] = SpecOf(config, window);
    CompiledLimit limit = WindowOf(TitleOf(window.seconds), config);
    limit.penalize = config.sliding && !config.redis && !config.disable_penalty;
    if (CompileLimit(plugin.origin, "config/limit", absl::StrCat(counters, "/", window.seconds, kind), spec, &limit))
      compiled.limits.push_back(std::move(limit));
  }
  if (config.redis) ShareAll(plugin, config.sharing, counters, &compiled);
  if (config.ietf_headers) Announce(&compiled.limits);
  return Keep(plugin, std::move(compiled));
}

}  // namespace sluice
