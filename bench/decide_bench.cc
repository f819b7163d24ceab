// A whole decision, Begin to Report, at 10, 1,000 and 100,000 routes.
//
//   decide_bench --benchmark_filter=Jwt
#include <string>

#include "absl/container/flat_hash_map.h"
#include "auth/minter.h"
#include "benchmark/benchmark.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

// JSON, because a hundred thousand routes in YAML take seconds to read. A third of the routes is open, a third asks for
// a key, a third for a token.
std::string Policy(int64_t routes) {
  std::string text = R"({"_format_version":"3.0","plans":[{"name":"p","limits":[
{"name":"pace","rate":1000000000,"per":"second"},{"name":"hour","quota":1000000000,"window":"hour"},
{"name":"month","quota":1000000000,"window":"month","type":"fixed"}]}],
"consumers":[{"username":"alice","plan":"p","keyauth_credentials":[{"key":"alice-key"}],"jwt_secrets":[{"key":"alice","secret":")";
  text += kSecret;
  text += R"("}]}],"services":[)";
  const char* kPlugins[] = {"", R"(,"plugins":[{"name":"key-auth"}])", R"(,"plugins":[{"name":"jwt"}])"};
  const char* kNames[] = {"open", "key", "jwt"};
  for (int service = 0; service < 3; ++service) {
    text += std::string(service == 0 ? "" : ",") + R"({"name":")" + kNames[service] + R"(","url":"http://)" +
            kNames[service] + R"(.internal")" + kPlugins[service] + R"(,"routes":[)";
    for (int64_t i = service; i < routes; i += 3)
      text += std::string(i == service ? "" : ",") + R"({"name":"r)" + std::to_string(i) + R"(","paths":["/)" +
              kNames[service] + std::to_string(i) + R"("]})";
    text += "]}";
  }
  return text + "]}";
}

class Bench {
 public:
  explicit Bench(benchmark::State& state) : state_(state) {
    auto& policy = policies()[state.range(0)];
    if (policy == nullptr) policy = testing::MustCompile(Policy(state.range(0)));
    gateway_.Publish(policy);
  }

  void Run(const std::string& target, std::vector<Header> headers, Action expected) {
    testing::TestRequest r("GET", target, std::move(headers));
    Transaction txn(gateway_);
    Now now = testing::kStart;
    for (auto _ : state_) {
      now.mono_ns += 1'000;
      txn.Begin(r.request, now);
      if (txn.decision().action != expected) state_.SkipWithError("not as expected");
      txn.Report({200, 0, ""}, now);
    }
  }

 private:
  static absl::flat_hash_map<int64_t, std::shared_ptr<const Snapshot>>& policies() {
    static absl::flat_hash_map<int64_t, std::shared_ptr<const Snapshot>> all;
    return all;
  }
  benchmark::State& state_;
  Gateway gateway_;
};

void DecideOpen(benchmark::State& state) { Bench(state).Run("/open3/x?y=1", {}, Action::kForward); }
void DecideKeyAndPlan(benchmark::State& state) {
  Bench(state).Run("/key4/x?y=1", {{"apikey", "alice-key"}}, Action::kForward);
}
void DecideNoRoute(benchmark::State& state) { Bench(state).Run("/nowhere", {}, Action::kRespond); }
void DecideJwtAndPlan(benchmark::State& state) {
  std::string token = "Bearer " + auth::Minter::FromSecret(kSecret).Mint(auth::Algorithm::kHs256,
                                                                         R"({"iss":"alice","exp":1760003600})");
  Bench(state).Run("/jwt5/x?y=1", {{"Authorization", token}}, Action::kForward);
}
BENCHMARK(DecideOpen)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(DecideKeyAndPlan)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(DecideJwtAndPlan)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(DecideNoRoute)->Arg(10)->Arg(1'000)->Arg(100'000);

void FloorHashProbe(benchmark::State& state) {
  absl::flat_hash_map<std::string, int64_t> map;
  for (int64_t i = 0; i < state.range(0); ++i) map.emplace("/open" + std::to_string(i), i);
  std::string path = "/open3";
  for (auto _ : state) benchmark::DoNotOptimize(map.find(path));
}
BENCHMARK(FloorHashProbe)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace sluice
