// sluice_gateway_*: making one, publishing, and its jobs.
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "capi/abi.h"
#include "capi/convert.h"
#include "capi/handles.h"
#include "capi/sluice.h"

namespace sluice::capi {
namespace {

bool ToGatewayOptions(const sluice_gateway_options& in, GatewayOptions* out) {
  if (in.region != nullptr && in.region_size == 0) return false;
  out->region = in.region;
  if (in.region_size != 0) out->region_bytes = in.region_size;
  auto take = [](size_t bytes, size_t* option) {
    if (bytes != 0) *option = bytes == SLUICE_NO_TOKEN_CACHE ? 0 : bytes;
  };
  take(in.token_cache_bytes, &out->token_cache_bytes);
  take(in.signed_token_cache_bytes, &out->signed_token_cache_bytes);
  return true;
}

sluice_status MakeGateway(const GatewayOptions& options, sluice_gateway** gateway, sluice_error** error) {
  try {
    *gateway = std::make_unique<sluice_gateway>(options).release();
    return SLUICE_OK;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& unusable) {  // the region
    GiveError(unusable.what(), error);
    return SLUICE_E_MEMORY;
  }
}

// Keeps the C form of what the effect points to until the job is done.
sluice_effect GiveJob(sluice_gateway* gateway, const Effect& job) {
  sluice_effect effect = ToEffect(job);
  if (job.headers.empty() && job.redis == nullptr) return effect;
  auto views = std::make_unique<sluice_gateway::JobViews>();
  views->headers.resize(job.headers.size());
  ToPairs(job.headers, views->headers.data());
  effect.headers = views->headers.data();
  effect.header_count = views->headers.size();
  if (job.redis != nullptr) {
    views->redis = ToRedisCall(*job.redis, &views->keys, &views->arguments, &views->nodes);
    effect.redis = &views->redis;
  }
  std::lock_guard lock(gateway->jobs_mutex);
  gateway->job_views[job.id] = std::move(views);
  return effect;
}

}  // namespace
}  // namespace sluice::capi

extern "C" {

sluice_status sluice_gateway_new(const sluice_gateway_options* options, sluice_gateway** gateway,
                                 sluice_error** error) noexcept {
  using namespace sluice::capi;
  if (error != nullptr) *error = nullptr;
  if (gateway == nullptr) return BadArgument("gateway: expected a place to store the handle, found NULL", error);
  *gateway = nullptr;
  sluice_gateway_options given = {};
  if (options != nullptr && !CopyIn(options, &given))
    return BadArgument("options: struct_size is smaller than it ever was; set it to sizeof", error);
  sluice::GatewayOptions gateway_options;
  if (!ToGatewayOptions(given, &gateway_options))
    return BadArgument("options: a region needs its size in region_size", error);
  return Guard([&] { return MakeGateway(gateway_options, gateway, error); });
}

void sluice_gateway_free(sluice_gateway* gateway) noexcept {
  if (!sluice::capi::IsHandle(gateway)) return;
  gateway->magic = 0;
  delete gateway;
}

sluice_status sluice_gateway_publish(sluice_gateway* gateway, const sluice_policy* policy) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(gateway) || !IsHandle(policy)) return SLUICE_E_ARGUMENT;
  return Guard([&] {
    gateway->gateway.Publish(policy->snapshot);
    gateway->published.store(true, std::memory_order_release);
    return SLUICE_OK;
  });
}

sluice_status sluice_gateway_publish_revocations(sluice_gateway* gateway, sluice_str revocations,
                                                 sluice_error** error) noexcept {
  using namespace sluice::capi;
  if (error != nullptr) *error = nullptr;
  if (!IsHandle(gateway)) return BadArgument("gateway: expected a handle", error);
  if (!IsString(revocations)) return BadArgument("revocations: it has a size but no data", error);
  return Guard([&] {
    const sluice::Diagnostics wrong = gateway->gateway.PublishRevocations(View(revocations));
    if (!sluice::HasErrors(wrong)) return SLUICE_OK;
    return GiveError(ToText(wrong), error) ? SLUICE_E_POLICY : SLUICE_E_MEMORY;
  });
}

sluice_status sluice_gateway_public_keys(sluice_gateway* gateway, sluice_str key_set, char* buffer, size_t capacity,
                                         size_t* size) noexcept {
  using namespace sluice::capi;
  if (size == nullptr) return SLUICE_E_ARGUMENT;
  *size = 0;
  if (!IsHandle(gateway) || !IsString(key_set) || (buffer == nullptr && capacity != 0)) return SLUICE_E_ARGUMENT;
  if (!gateway->published.load(std::memory_order_acquire)) return SLUICE_E_STATE;
  return Guard([&] {
    const std::optional<std::string> keys = gateway->gateway.PublicKeys(View(key_set));
    return keys ? CopyText(*keys, buffer, capacity, size) : SLUICE_E_ARGUMENT;
  });
}

sluice_status sluice_gateway_next_job(sluice_gateway* gateway, const sluice_now* now, sluice_effect* effect,
                                      int64_t* ask_again_mono_ns) noexcept {
  using namespace sluice::capi;
  if (!IsHandle(gateway) || now == nullptr || !IsSized(effect) || ask_again_mono_ns == nullptr)
    return SLUICE_E_ARGUMENT;
  return Guard([&] {
    std::optional<sluice::Effect> job = gateway->gateway.NextJob(ToNow(*now), ask_again_mono_ns);
    if (!job) return SLUICE_WAIT;
    try {
      CopyOut(GiveJob(gateway, *job), effect);
    } catch (...) {  // nobody will carry it out: say so, or everyone waits for it
      sluice::HttpResult failure;
      failure.error = "memory";
      gateway->gateway.JobDone(job->id, failure, ToNow(*now));
      throw;
    }
    return SLUICE_OK;
  });
}

sluice_status sluice_gateway_job_done(sluice_gateway* gateway, uint64_t id, const sluice_http_result* result,
                                      const sluice_now* now) noexcept {
  using namespace sluice::capi;
  sluice_http_result given;
  if (!IsHandle(gateway) || now == nullptr || !CopyIn(result, &given)) return SLUICE_E_ARGUMENT;
  return Guard([&] {
    std::vector<sluice::Header> headers;
    sluice::HttpResult http;
    if (!ToResult(given, &headers, &http)) return SLUICE_E_ARGUMENT;
    gateway->gateway.JobDone(id, http, ToNow(*now));
    std::lock_guard lock(gateway->jobs_mutex);
    gateway->job_views.erase(id);
    return SLUICE_OK;
  });
}

}  // extern "C"
