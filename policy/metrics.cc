// Gateway::Metrics and its text for Prometheus.
#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/gateway.h"
#include "policy/gateway_state.h"
#include "policy/shared_servers.h"
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

// Those with one address are one: there may be several users, or key prefixes, of a server.
ServerMetrics& EntryFor(const SharedServer& server, const ratelimit::Store& store, GatewayMetrics* out) {
  for (ServerMetrics& known : out->servers)
    if (known.server == server.url()) return known;
  ServerMetrics& added = out->servers.emplace_back();
  added.server = server.url();
  server.meters().Read(store, &added);
  return added;
}

void Read(const SharedServer& server, const ratelimit::Store& store, Now now, GatewayMetrics* out) {
  ServerMetrics& entry = EntryFor(server, store, out);
  const ratelimit::LeaseStats stats = server.leases.Stats(now);
  constexpr int64_t kNsPerMs = 1'000'000;
  entry.up = entry.up && !stats.down;
  entry.backoff_ms = std::max(entry.backoff_ms, static_cast<uint64_t>((stats.down_ns + kNsPerMs - 1) / kNsPerMs));
  entry.callers += stats.callers;
  entry.leases += stats.leases;
  entry.units_in_hand += stats.in_hand;
  entry.held_refusals += stats.held_refusals;
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

  void Sample(std::initializer_list<Label> labels, const absl::AlphaNum& value) {
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

void Answers(const std::vector<ServerMetrics>& servers, Exposition* out) {
  out->Family("sluice_limit_server_answers_total", "counter", "Answers of a server in which limits are shared.");
  for (const ServerMetrics& s : servers) {
    out->Sample({{"server", s.server}, {"answer", "granted"}}, s.granted);
    out->Sample({{"server", s.server}, {"answer", "refused"}}, s.refused);
    out->Sample({{"server", s.server}, {"answer", "told"}}, s.told);
  }
  out->Family("sluice_limit_server_errors_total", "counter", "Questions to it that got no answer, by what was wrong.");
  for (const ServerMetrics& s : servers)
    for (const ServerErrorCount& e : s.errors) out->Sample({{"server", s.server}, {"error", e.error}}, e.count);
  out->Family("sluice_limit_server_granted_units_total", "counter", "Units that it granted.");
  for (const ServerMetrics& s : servers) out->Sample({{"server", s.server}}, s.granted_units);
}

std::string Seconds(uint64_t ms) { return absl::StrCat(ms / 1'000, ".", absl::Dec(ms % 1'000, absl::kZeroPad3)); }

// Of the process that is asked.
void Standing(const std::vector<ServerMetrics>& servers, Exposition* out) {
  out->Family("sluice_limit_server_up", "gauge", "1: it answered this process last time; 0: it did not.");
  for (const ServerMetrics& s : servers) out->Sample({{"server", s.server}}, s.up ? 1 : 0);
  out->Family("sluice_limit_server_backoff_seconds", "gauge", "Until this process asks it again, after it failed.");
  for (const ServerMetrics& s : servers) out->Sample({{"server", s.server}}, Seconds(s.backoff_ms));
  const struct {
    std::string_view name, help;
    uint64_t ServerMetrics::*value;
  } gauges[] = {
      {"sluice_limit_server_callers", "Callers of whom this process knows something.", &ServerMetrics::callers},
      {"sluice_limit_server_leases", "Leases of this process that have units left.", &ServerMetrics::leases},
      {"sluice_limit_server_units_in_hand", "Units left in them.", &ServerMetrics::units_in_hand},
      {"sluice_limit_server_held_refusals", "Refused callers about whom it is not asked again yet.",
       &ServerMetrics::held_refusals},
  };
  for (const auto& gauge : gauges) {
    out->Family(gauge.name, "gauge", gauge.help);
    for (const ServerMetrics& s : servers) out->Sample({{"server", s.server}}, s.*gauge.value);
  }
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
  for (const auto& server : state_->shared_servers()) Read(*server, store, now, &metrics);
  const ratelimit::StoreStats stats = store.Stats(now);
  metrics.tables = {{"sliding", stats.sliding.capacity, stats.sliding.live},
                    {"sliding_60", stats.fine.capacity, stats.fine.live},
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
  if (!metrics.servers.empty()) {
    Answers(metrics.servers, &out);
    Standing(metrics.servers, &out);
  }
  return out.Take();
}

}  // namespace sluice
