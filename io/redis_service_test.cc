// How long a service keeps its connections, by a clock that the test decides on. What it says to servers is tested in
// redis_test.cc and redis_topology_test.cc.
#include "io/redis_service.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/redis_test_server.h"

namespace sluice::io {
namespace {

sluice_str Str(const std::string& text) { return {text.data(), text.size()}; }

TEST(RedisService, IsIdleAMinuteAfterTheLastCallThoughItIsConnected) {
  RedisServer server;
  const std::string script = "return 'done'";
  sluice_redis_call call{};
  call.struct_size = sizeof call;
  call.socket = Str(server.socket_path());
  call.script = Str(script);
  sluice_effect effect{};
  effect.struct_size = sizeof effect;
  effect.kind = SLUICE_EFFECT_REDIS;
  effect.timeout_ms = 20'000;
  effect.max_body_bytes = 100;
  effect.redis = &call;

  const TransferOptions options;
  CURLM* const multi = curl_multi_init();
  std::optional<std::string> answer;
  {
    RedisService service(RedisPlace(call), options, multi, [&](uint64_t, const sluice_http_result& result) {
      answer = std::string(result.body.data, result.body.size);
    });
    service.Call(effect, 1'000);
    while (!answer) {
      int running = 0;
      curl_multi_perform(multi, &running);
      while (const CURLMsg* message = curl_multi_info_read(multi, &running))
        service.Connected(message->easy_handle, message->data.result);
      service.Service(1'000);
    }
    EXPECT_EQ(answer, "done");
    service.Service(61'000);
    EXPECT_FALSE(service.idle(61'000));
    service.Service(61'001);
    EXPECT_TRUE(service.idle(61'001));
  }
  curl_multi_cleanup(multi);
}

}  // namespace
}  // namespace sluice::io
