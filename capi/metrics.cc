// sluice_gateway_metrics, sluice_metrics_*.
#include <memory>
#include <utility>

#include "capi/abi.h"
#include "capi/handles.h"
#include "capi/sluice.h"

sluice_metrics::sluice_metrics(sluice::GatewayMetrics of)
    : values(std::move(of)), prometheus(sluice::PrometheusText(values)) {
  using sluice::capi::Str;
  for (const sluice::LimitMetrics& limit : values.limits)
    limits.push_back({Str(limit.scope), Str(limit.limit), limit.allowed, limit.refused, limit.shadow_refused});
  for (const sluice::LimitTableMetrics& table : values.tables)
    tables.push_back({Str(table.table), table.capacity, table.live});
  errors.reserve(values.servers.size());  // what follows points into them
  servers.reserve(values.servers.size());
  for (const sluice::ServerMetrics& server : values.servers) AddServer(server);
}

void sluice_metrics::AddServer(const sluice::ServerMetrics& server) {
  using sluice::capi::Str;
  std::vector<sluice_server_error>& counts = errors.emplace_back();
  for (const sluice::ServerErrorCount& error : server.errors) counts.push_back({Str(error.error), error.count});
  sluice_server_metrics& out = servers.emplace_back();
  out.struct_size = sizeof out;
  out.server = Str(server.server);
  out.granted = server.granted;
  out.refused = server.refused;
  out.told = server.told;
  out.granted_units = server.granted_units;
  out.errors = counts.data();
  out.error_count = counts.size();
  out.up = server.up ? 1 : 0;
  out.backoff_ms = server.backoff_ms;
  out.callers = server.callers;
  out.leases = server.leases;
  out.units_in_hand = server.units_in_hand;
  out.held_refusals = server.held_refusals;
  server_pointers.push_back(&out);
}

extern "C" {

sluice_status sluice_gateway_metrics(sluice_gateway* gateway, const sluice_now* now,
                                     sluice_metrics** metrics) noexcept {
  using namespace sluice::capi;
  if (metrics == nullptr) return SLUICE_E_ARGUMENT;
  *metrics = nullptr;
  if (!IsHandle(gateway) || now == nullptr) return SLUICE_E_ARGUMENT;
  return Guard([&] {
    *metrics = std::make_unique<sluice_metrics>(gateway->gateway.Metrics(ToNow(*now))).release();
    return SLUICE_OK;
  });
}

sluice_status sluice_metrics_read(const sluice_metrics* metrics, sluice_metrics_values* values) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(metrics) || !IsSized(values)) return SLUICE_E_ARGUMENT;
  sluice_metrics_values out = {};
  out.limits = metrics->limits.data();
  out.limit_count = metrics->limits.size();
  out.tables = metrics->tables.data();
  out.table_count = metrics->tables.size();
  out.reclaimed_entries = metrics->values.reclaimed_entries;
  out.full_refusals = metrics->values.full_refusals;
  out.overflowed = metrics->values.overflowed;
  out.unmetered = metrics->values.unmetered;
  out.prometheus = Str(metrics->prometheus);
  out.servers = metrics->server_pointers.data();
  out.server_count = metrics->server_pointers.size();
  CopyOut(out, values);
  return SLUICE_OK;
}

void sluice_metrics_free(sluice_metrics* metrics) noexcept {
  if (!sluice::capi::IsHandle(metrics)) return;
  metrics->magic = 0;
  delete metrics;
}

}  // extern "C"
