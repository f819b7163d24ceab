// A whole decision, Begin to Report, at 10, 1,000 and 100,000 routes.
//
//   decide_bench --benchmark_filter=Jwt
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "auth/algorithm.h"
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

// ---- A token for the upstream ----

enum class Signing { kNone, kKept, kAnew };

std::string SigningPolicy(const auth::Minter& idp, const auth::Minter& own, std::string_view algorithm,
                          Signing signing) {
  std::string text = R"({"_format_version":"3.0","services":[{"name":"s","url":"http://s.internal",
"routes":[{"name":"r","paths":["/"]}]}],"plugins":[{"name":"jwt","config":{"consumer_optional":true,"jwks":)";
  text += auth::JwkSet({idp.Jwk("k", "ES256")}) + "}}";
  if (signing == Signing::kNone) return text + "]}";
  text += R"(,{"name":"jwt-signer","config":{"access_token_signing_algorithm":")" + std::string(algorithm);
  text += R"("}}],"key_sets":[{"name":"kong","keys":[{"kid":"one","pem":{"private_key":")";
  for (char c : own.PrivatePem()) text += c == '\n' ? std::string("\\n") : std::string(1, c);
  return text + R"("}}]}]})";
}

// The caller's token was verified before.
void DecideAndSign(benchmark::State& state, std::string_view algorithm, Signing signing) {
  const auth::Minter idp = auth::Minter::Make(auth::KeyType::kEcP256);
  const auth::Minter own = auth::Minter::Make(auth::KeyTypeOf(*auth::FindAlgorithm(algorithm)));
  GatewayOptions options;
  if (signing == Signing::kAnew) options.signed_token_cache_bytes = 0;
  Gateway gateway(options);
  gateway.Publish(testing::MustCompile(SigningPolicy(idp, own, algorithm, signing)));
  const std::string token =
      "Bearer " +
      idp.Mint(auth::Algorithm::kEs256,
               R"({"iss":"https://idp.example.com","aud":["orders","billing"],"sub":"alice","iat":1759999000,)"
               R"("exp":1760003600,"scope":"orders:read orders:write","email":"alice@example.com",)"
               R"("realm_access":{"roles":["staff","eng"]}})",
               "k");
  testing::TestRequest r("GET", "/x?y=1", {{"Authorization", token}});
  Transaction txn(gateway);
  for (auto _ : state) {
    txn.Begin(r.request, testing::kStart);
    if (txn.decision().action != Action::kForward) state.SkipWithError("not as expected");
    txn.Report({200, 0, ""}, testing::kStart);
  }
}
BENCHMARK_CAPTURE(DecideAndSign, nothing, "RS256", Signing::kNone);
BENCHMARK_CAPTURE(DecideAndSign, kept, "RS256", Signing::kKept);
BENCHMARK_CAPTURE(DecideAndSign, anew_rs256, "RS256", Signing::kAnew);
BENCHMARK_CAPTURE(DecideAndSign, anew_es256, "ES256", Signing::kAnew);
BENCHMARK_CAPTURE(DecideAndSign, anew_eddsa, "EdDSA", Signing::kAnew);

void FloorHashProbe(benchmark::State& state) {
  absl::flat_hash_map<std::string, int64_t> map;
  for (int64_t i = 0; i < state.range(0); ++i) map.emplace("/open" + std::to_string(i), i);
  std::string path = "/open3";
  for (auto _ : state) benchmark::DoNotOptimize(map.find(path));
}
BENCHMARK(FloorHashProbe)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace sluice
