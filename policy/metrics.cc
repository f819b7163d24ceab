// Gateway::Metrics and its text for Prometheus.
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/gateway.h"
#include "policy/gateway_state.h"
#include "policy/snapshot.h"

namespace sluice {
namespace {

template <typename Limits>
void Read(const ratelimit::Store& store, const std::string& scope, const Limits& limits, GatewayMetrics* out) {
  for (const CompiledLimit& limit : limits) {
    const ratelimit::Tally tally = store.Read(limit.meter);
    out->limits.push_back({scope, limit.name, tally.allowed, tally.refused, tally.shadow_refused});
  }
}

// ---- Prometheus ----

// In a label's value backslash, quote and line feed are escaped, and nothing else.
std::string Escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n')
      out.append("\\n");
    else
      out.push_back(c);
  }
  return out;
}

struct Label {
  std::string_view name;
  std::string_view value;
};

class Exposition {
 public:
  void Family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    absl::StrAppend(&out_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }

  void Sample(std::initializer_list<Label> labels, uint64_t value) {
    absl::StrAppend(&out_, name_, labels.size() > 0 ? "{" : "");
    std::string_view between = "";
    for (const Label& label : labels) {
      absl::StrAppend(&out_, between, label.name, "=\"", Escaped(label.value), "\"");
      between = ",";
    }
    absl::StrAppend(&out_, labels.size() > 0 ? "} " : " ", value, "\n");
  }

  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
  std::string_view name_;
};

void Rulings(const GatewayMetrics& metrics, Exposition* out) {
  out->Family("sluice_limit_rulings_total", "counter", "What each limit said of the requests that it applied to.");
  for (const LimitMetrics& limit : metrics.limits) {
    out->Sample({{"scope", limit.scope}, {"limit", limit.limit}, {"ruling", "allowed"}}, limit.allowed);
    out->Sample({{"scope", limit.scope}, {"limit", limit.limit}, {"ruling", "refused"}}, limit.refused);
    out->Sample({{"scope", limit.scope}, {"limit", limit.limit}, {"ruling", "shadow_refused"}}, limit.shadow_refused);
  }
}

void Tables(const GatewayMetrics& metrics, Exposition* out) {
  out->Family("sluice_limit_table_entries", "gauge", "Entries for callers that the memory of limits has.");
  for (const LimitTableMetrics& table : metrics.tables) out->Sample({{"table", table.table}}, table.capacity);
  out->Family("sluice_limit_table_live_entries", "gauge", "Entries that are needed now.");
  for (const LimitTableMetrics& table : metrics.tables) out->Sample({{"table", table.table}}, table.live);
}

}  // namespace

GatewayMetrics Gateway::Metrics(Now now) const {
  GatewayMetrics metrics;
  const ratelimit::Store& store = *state_->store;
  if (const std::shared_ptr<const Snapshot> snapshot = state_->snapshot(); snapshot != nullptr) {
    for (const CompiledPlan& plan : snapshot->plans)
      Read(store, absl::StrCat("plan/", plan.name), plan.limits, &metrics);
    for (const RateLimitingPlugin& plugin : snapshot->rate_limiting)
      Read(store, absl::StrCat("plugin/", plugin.scope), plugin.limits, &metrics);
  }
  const ratelimit::StoreStats stats = store.Stats(now);
  metrics.tables = {{"sliding", stats.sliding.capacity, stats.sliding.live},
                    {"other", stats.other.capacity, stats.other.live}};
  metrics.reclaimed_entries = stats.reclaimed;
  metrics.full_refusals = stats.full_refusals;
  metrics.overflowed = stats.overflowed;
  metrics.unmetered = stats.unmetered;
  return metrics;
}

std::string PrometheusText(const GatewayMetrics& metrics) {
  Exposition out;
  Rulings(metrics, &out);
  Tables(metrics, &out);
  out.Family("sluice_limit_table_reclaimed_entries_total", "counter", "Entries that gave way to other callers.");
  out.Sample({}, metrics.reclaimed_entries);
  out.Family("sluice_limit_table_full_refusals_total", "counter", "Charges refused for lack of an entry.");
  out.Sample({}, metrics.full_refusals);
  out.Family("sluice_limit_table_overflowed_charges_total", "counter",
             "Charges to an entry that all callers without one of their own share.");
  out.Sample({}, metrics.overflowed);
  out.Family("sluice_limit_unmetered_rulings_total", "counter", "Rulings of limits that found no counter.");
  out.Sample({}, metrics.unmetered);
  return out.Take();
}

}  // namespace sluice
