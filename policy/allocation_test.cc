// A warm decision allocates nothing: a token from the cache, three limits, five header edits.
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "auth/certificate_maker.h"
#include "auth/minter.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace {
std::atomic<uint64_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace sluice {
namespace {

using testing::After;
using testing::kStart;
using testing::TestRequest;

constexpr char kPolicy[] = R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal:8080/v1
  routes: [{name: orders, hosts: [api.example.com], paths: [/orders]}]
  plugins:
  - {name: jwt, config: {claims_to_verify: [exp]}}
  - {name: acl, config: {allow: [staff]}}
  - name: request-transformer
    config:
      remove: {headers: [X-A], querystring: [secret]}
      rename: {headers: ["X-B:X-C"]}
      replace: {headers: ["X-D:d"]}
      add: {headers: ["X-E:e"]}
      append: {headers: ["X-F:f"]}
  - {name: correlation-id, config: {echo_downstream: true}}
plans:
- name: premium
  limits:
  - {name: pace, rate: 1000000, per: second}
  - {name: hourly, quota: 100000000, window: hour}
  - {name: monthly, quota: 1000000000, window: month, type: fixed}
consumers:
- username: alice
  plan: premium
  acls: [{group: staff}]
  jwt_secrets: [{key: alice, secret: 0123456789abcdef0123456789abcdef}]
)";

TEST(Allocation, AWarmDecisionAllocatesNothing) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(absl::StrCat(kPolicy, "revoked: [{jti: a}]\n")));
  ASSERT_TRUE(gateway.PublishRevocations("revoked: [{jti: b}, {subject: c, issuer: alice, before: 1}]").empty());
  std::string token =
      "Bearer " + auth::Minter::FromSecret("0123456789abcdef0123456789abcdef")
                      .Mint(auth::Algorithm::kHs256, R"({"iss":"alice","sub":"d","jti":"e","exp":1760003600})");
  TestRequest r("GET", "/orders/%7e7?secret=1&x=2",
                {{"Authorization", token}, {"X-A", "a"}, {"X-B", "b"}, {"X-D", "0"}, {"X-Consumer-Username", "root"}});
  Transaction txn(gateway);
  uint64_t in_round = 0;
  for (int round = 0; round < 100; ++round) {
    Now now = After(round * 1'000'000);
    uint64_t before = allocations.load();
    txn.Begin(r.request, now);
    txn.Report({200, 0, ""}, now);
    in_round = allocations.load() - before;
    if (round >= 2) {
      ASSERT_EQ(in_round, 0u) << "round " << round;
    }
  }
  txn.Begin(r.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
  EXPECT_EQ(txn.decision().limits.size(), 3u);
  EXPECT_EQ(txn.decision().upstream.path, "/v1/~7?x=2");
  EXPECT_EQ(testing::Changed(txn.decision().request_headers, "X-C"), "b");
}

TEST(Allocation, NorDoesATokenOfAnIdentityProvider) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(R"(
_format_version: "3.0"
plans: [{name: gold, limits: [{name: hourly, quota: 1000, window: hour}]}]
services:
- name: s
  url: http://s.internal
  routes: [{name: r, paths: [/]}]
  plugins:
  - name: openid-connect
    config:
      issuer: https://idp.example.com
      using_pseudo_issuer: true
      jwks_endpoint: https://idp.example.com/jwks
      auth_methods: [bearer]
      scopes_required: [orders:read orders:write]
      bearer_token_param_type: [header, query, cookie]
      bearer_token_cookie_name: at
      authenticated_groups_claim: groups
      upstream_headers_claims: [email]
      upstream_headers_names: [X-Email]
      plan_claim: tier
  - {name: acl, config: {allow: [eng]}}
)"));
  const auth::Minter idp = auth::Minter::Make(auth::KeyType::kEcP256);
  const std::string keys = auth::JwkSet({idp.Jwk("k1", "ES256")});
  int64_t ask_again;
  gateway.JobDone(gateway.NextJob(kStart, &ask_again)->id, {200, {}, {}, keys}, kStart);
  auto mint = [&](std::string_view scope) {
    return idp.Mint(auth::Algorithm::kEs256,
                    absl::StrCat(R"({"iss":"https://idp.example.com","exp":1760003600,"sub":"alice","groups":["eng"],)",
                                 R"("tier":"gold","email":"alice@example.com","scope":")", scope, "\"}"),
                    "k1");
  };
  const std::string good = mint("orders:write orders:read"), bearer = "Bearer " + good, cookie = "a=1; at=" + good,
                    target = "/?a=1&access_token=" + good, short_of_scope = "Bearer " + mint("orders:read");
  TestRequest in_header("GET", "/", {{"Authorization", bearer}, {"X-Email", "root@example.com"}});
  TestRequest in_query("GET", target), in_cookie("GET", "/", {{"Cookie", cookie}});
  TestRequest refused("GET", "/", {{"Authorization", short_of_scope}});
  Transaction txn(gateway);
  for (int round = 0; round < 10; ++round) {
    uint64_t before = allocations.load();
    for (const TestRequest* request : {&in_header, &in_query, &in_cookie}) {
      txn.Begin(request->request, kStart);
      ASSERT_EQ(txn.decision().plan, "gold") << txn.decision().reason;
    }
    txn.Begin(refused.request, kStart);
    ASSERT_EQ(txn.decision().reason, "jwt_insufficient_scope");
    if (round >= 2) {
      ASSERT_EQ(allocations.load(), before) << "round " << round;
    }
  }
}

TEST(Allocation, NorDoesATokenForTheUpstreamThatWasSignedBefore) {
  const auth::Minter idp = auth::Minter::Make(auth::KeyType::kEcP256);
  const auth::Minter own = auth::Minter::Make(auth::KeyType::kRsa);
  Gateway gateway;
  gateway.Publish(testing::MustCompile(absl::StrCat(R"(
_format_version: "3.0"
key_sets: [{name: kong}]
keys: [{kid: one, set: {name: kong}, pem: {private_key: ")",
                                                    absl::StrReplaceAll(own.PrivatePem(), {{"\n", "\\n"}}), R"("}}]
services:
- name: s
  url: http://s.internal
  routes:
  - {name: idp, paths: [/idp], plugins: [{name: jwt, config: {consumer_optional: true, jwks: ')",
                                                    auth::JwkSet({idp.Jwk("k", "ES256")}), R"('}}]}
  - {name: key, paths: [/key], plugins: [{name: key-auth}]}
  plugins: [{name: jwt-signer, config: {original_access_token_upstream_header: X-Original, set_claims: {aud: internal}}}]
consumers: [{username: alice, keyauth_credentials: [{key: k}]}]
)")));
  const std::string token =
      "Bearer " + idp.Mint(auth::Algorithm::kEs256, R"({"iss":"i","sub":"a","exp":1760003600})", "k");
  TestRequest bearer("GET", "/idp", {{"Authorization", token}}), key("GET", "/key", {{"apikey", "k"}});
  Transaction txn(gateway);
  for (int round = 0; round < 10; ++round) {
    uint64_t before = allocations.load();
    for (const TestRequest* request : {&bearer, &key}) {
      txn.Begin(request->request, kStart);
      ASSERT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
      ASSERT_FALSE(txn.decision().request_headers.empty());
    }
    if (round >= 2) {
      ASSERT_EQ(allocations.load(), before) << "round " << round;
    }
  }
}

TEST(Allocation, NorDoPasswordsAndSignatures) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(R"(
_format_version: "3.0"
services:
- name: s
  url: http://s.internal
  routes:
  - {name: basic, paths: [/basic], plugins: [{name: basic-auth, config: {hide_credentials: true}}]}
  - {name: hmac, paths: [/hmac], plugins: [{name: hmac-auth, config: {hide_credentials: true}}]}
consumers:
- username: alice
  basicauth_credentials: [{username: alice, password: sesame}]
  hmacauth_credentials: [{username: alice, secret: alice-signing-secret}]
)"));
  TestRequest basic("GET", "/basic", {{"Authorization", "Basic YWxpY2U6c2VzYW1l"}});
  TestRequest hmac("GET", "/hmac",
                   {{"Date", "Thu, 09 Oct 2025 08:53:20 GMT"},
                    {"Authorization",
                     "hmac username=\"alice\", algorithm=\"hmac-sha256\", headers=\"date\", "
                     "signature=\"9S2ZJ4VYrdFS9+PR1Okz2mF2HlXxoMgkVzdEkYyWQ6c=\""}});
  Transaction txn(gateway);
  for (int round = 0; round < 10; ++round) {
    uint64_t before = allocations.load();
    for (const TestRequest* request : {&basic, &hmac}) {
      txn.Begin(request->request, kStart);
      ASSERT_EQ(txn.decision().consumer, "alice") << txn.decision().reason;
    }
    if (round >= 2) {
      ASSERT_EQ(allocations.load(), before) << "round " << round;
    }
  }
}

TEST(Allocation, NorDoesACertificateSeenBefore) {
  auth::MadeCertificate root = auth::MakeCertificate({.subject = "CN=Root", .ca = true});
  auth::MadeCertificate issuing = auth::MakeCertificate({.subject = "CN=Issuing", .ca = true}, &root);
  auth::MadeCertificate alice = auth::MakeCertificate({.subject = "CN=alice"}, &issuing);
  const std::string id = "11111111-1111-1111-1111-111111111111";
  const std::string common = absl::StrCat("config: {revocation_check_mode: SKIP, ca_certificates: [", id, "]");
  Gateway gateway;
  gateway.Publish(testing::MustCompile(absl::StrCat(
      "_format_version: \"3.0\"\nca_certificates:\n- {id: ", id, ", cert: \"",
      absl::StrReplaceAll(root.pem, {{"\n", "\\n"}}),
      "\"}\nservices:\n- name: s\n  url: http://s.internal\n  routes:\n"
      "  - {name: mtls, paths: [/mtls], plugins: [{name: mtls-auth, ",
      common,
      "}}]}\n"
      "  - {name: header, paths: [/header], plugins: [{name: header-cert-auth, ",
      common,
      ", certificate_header_name: X-Cert, certificate_header_format: url_encoded, trusted_ips: [203.0.113.9]}}]}\n"
      "consumers: [{username: alice}]\n")));
  const std::string escaped = absl::StrReplaceAll(alice.pem + issuing.pem, {{"\n", "%0A"}});
  TestRequest mtls("GET", "/mtls"), header("GET", "/header", {{"X-Cert", escaped}});
  mtls.request.tls.client_cert = alice.pem;
  mtls.request.tls.client_chain = issuing.pem;
  Transaction txn(gateway);
  for (int round = 0; round < 10; ++round) {
    uint64_t before = allocations.load();
    for (const TestRequest* request : {&mtls, &header}) {
      txn.Begin(request->request, kStart);
      ASSERT_EQ(txn.decision().consumer, "alice") << txn.decision().reason;
    }
    if (round >= 2) {
      ASSERT_EQ(allocations.load(), before) << "round " << round;
    }
  }
}

// What a request finds of a limit that all nodes share: units in hand, then a refusal that holds.
TEST(Allocation, NorDoesALeaseOrItsEnd) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(R"(
_format_version: "3.0"
services: [{name: s, url: "http://s.internal", routes: [{name: r, paths: [/]}]}]
plugins: [{name: rate-limiting, config: {day: 50, hour: 50, policy: redis, limit_by: ip, redis: {host: redis}}}]
)"));
  TestRequest r("GET", "/");
  Transaction txn(gateway);
  for (const auto& [answer, action] :
       {std::pair{"G 10 1000000 7000 1 gen 60000 0 40 9000000 40 9000000", Action::kForward},
        std::pair{"G 0 1000000 7000 2 gen 60000 9000000 0 9000000 0 9000000", Action::kRespond}}) {
    txn.Begin(r.request, kStart);
    ASSERT_EQ(txn.decision().action, Action::kWait);
    int64_t ask_again;
    const std::optional<Effect> job = gateway.NextJob(kStart, &ask_again);
    ASSERT_TRUE(job);
    HttpResult result;
    result.status = 200;
    result.body = answer;
    gateway.JobDone(job->id, result, kStart);
    txn.Resume(kStart);
    for (int round = 0; round < 9; ++round) {
      uint64_t before = allocations.load();
      txn.Begin(r.request, kStart);
      ASSERT_EQ(txn.decision().action, action) << "round " << round;
      if (round >= 2) {
        ASSERT_EQ(allocations.load(), before) << "round " << round;
      }
    }
  }
}

TEST(Allocation, NeitherDoesARefusal) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(kPolicy));
  Transaction txn(gateway);
  TestRequest unknown("GET", "/nowhere");
  TestRequest anonymous("GET", "/orders");
  for (int round = 0; round < 10; ++round) {
    uint64_t before = allocations.load();
    txn.Begin(unknown.request, kStart);
    txn.Begin(anonymous.request, kStart);
    if (round >= 2) {
      ASSERT_EQ(allocations.load(), before) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace sluice
