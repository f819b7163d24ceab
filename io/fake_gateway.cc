#include "io/fake_gateway.h"

#include <algorithm>

namespace {

sluice_str Str(const std::string& text) { return {text.data(), text.size()}; }
std::string Text(sluice_str text) { return text.size == 0 ? std::string() : std::string(text.data, text.size); }

}  // namespace

uint64_t sluice_gateway::Add(Job job) {
  std::lock_guard lock(mutex_);
  const uint64_t id = jobs_.size() + 1;
  jobs_[id] = std::move(job);
  waiting_.push_back(id);
  return id;
}

std::optional<JobResult> sluice_gateway::result(uint64_t id) const {
  std::lock_guard lock(mutex_);
  const auto found = results_.find(id);
  if (found == results_.end()) return std::nullopt;
  return found->second;
}

size_t sluice_gateway::max_under_way() const {
  std::lock_guard lock(mutex_);
  return max_under_way_;
}

bool sluice_gateway::Next(sluice_effect* effect) {
  std::lock_guard lock(mutex_);
  if (waiting_.empty()) return false;
  const uint64_t id = waiting_.front();
  waiting_.pop_front();
  max_under_way_ = std::max(max_under_way_, ++under_way_);
  const Job& job = jobs_[id];
  std::vector<sluice_pair>& headers = header_views_[id];
  for (const auto& [name, value] : job.headers) headers.push_back({Str(name), Str(value)});
  *effect = {};
  effect->struct_size = sizeof *effect;
  effect->kind = job.redis ? SLUICE_EFFECT_REDIS : SLUICE_EFFECT_HTTP;
  effect->flags = job.flags;
  effect->id = id;
  effect->method = Str(job.method);
  effect->url = Str(job.url);
  effect->headers = headers.data();
  effect->header_count = headers.size();
  effect->timeout_ms = job.timeout_ms;
  effect->max_body_bytes = job.max_body_bytes;
  effect->redis = job.redis ? ViewsOf(id, *job.redis) : nullptr;
  return true;
}

const sluice_redis_call* sluice_gateway::ViewsOf(uint64_t id, const RedisJob& redis) {
  RedisViews& views = redis_views_[id];
  for (const std::string& key : redis.keys) views.keys.push_back(Str(key));
  for (const std::string& argument : redis.arguments) views.arguments.push_back(Str(argument));
  sluice_redis_call& call = views.call;
  call.struct_size = sizeof call;
  call.flags = redis.flags;
  call.port = redis.port;
  call.database = redis.database;
  call.host = Str(redis.host);
  call.socket = Str(redis.socket);
  call.username = Str(redis.username);
  call.password = Str(redis.password);
  call.server_name = Str(redis.server_name);
  call.script = Str(redis.script);
  call.keys = views.keys.data();
  call.key_count = views.keys.size();
  call.arguments = views.arguments.data();
  call.argument_count = views.arguments.size();
  return &views.call;
}

void sluice_gateway::Done(uint64_t id, const sluice_http_result& result) {
  std::lock_guard lock(mutex_);
  --under_way_;
  JobResult& kept = results_[id];
  kept = {result.status, Text(result.error), Text(result.body), {}};
  for (size_t i = 0; i < result.header_count; ++i) {
    kept.headers.emplace(Text(result.headers[i].name), Text(result.headers[i].value));
  }
}

sluice_status sluice_gateway_next_job(sluice_gateway* gateway, const sluice_now* now, sluice_effect* effect,
                                      int64_t* ask_again_mono_ns) noexcept {
  if (gateway->Next(effect)) return SLUICE_OK;
  *ask_again_mono_ns = now->mono_ns + 60'000'000'000;
  return SLUICE_WAIT;
}

sluice_status sluice_gateway_job_done(sluice_gateway* gateway, uint64_t id, const sluice_http_result* result,
                                      const sluice_now*) noexcept {
  gateway->Done(id, *result);
  return SLUICE_OK;
}
