// openid-connect where a case of conformance/ would be too long to read.
#include <string>

#include "auth/minter.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

constexpr char kPolicy[] = R"(
_format_version: "3.0"
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
      bearer_token_param_type: [cookie]
      bearer_token_cookie_name: at
)";

// Written out anew, cookies have a space between them that these have not.
TEST(OpenidConnect, HidesItsCookieAmongManyShortOnes) {
  const auth::Minter idp = auth::Minter::Make(auth::KeyType::kEcP256);
  const std::string keys = auth::JwkSet({idp.Jwk("k1", "ES256")});
  Gateway gateway;
  gateway.Publish(testing::MustCompile(kPolicy));
  int64_t ask_again;
  gateway.JobDone(gateway.NextJob(testing::kStart, &ask_again)->id, {200, {}, {}, keys}, testing::kStart);
  std::string cookie =
      "at=" + idp.Mint(auth::Algorithm::kEs256, R"({"iss":"https://idp.example.com","exp":1760003600})", "k1");
  std::string kept;
  for (int i = 0; i < 20'000; ++i) {
    cookie += ";a";
    kept += i == 0 ? "a" : "; a";
  }
  testing::TestRequest request("GET", "/", {{"Cookie", cookie}});
  Transaction txn(gateway);
  txn.Begin(request.request, testing::kStart);
  ASSERT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
  EXPECT_EQ(testing::Changed(txn.decision().request_headers, "Cookie"), kept);
}

// What a case cannot say: a header that is neither set nor removed.
TEST(OpenidConnect, LeavesCredentialsOfOtherKindsWhenATokenIsRefused) {
  std::string policy = kPolicy;
  policy += "      anonymous: nobody\nconsumers: [{username: nobody}]\n";
  Gateway gateway;
  gateway.Publish(testing::MustCompile(policy.c_str()));
  testing::TestRequest request("GET", "/", {{"Cookie", "at=no.good.token"}, {"Authorization", "Bearer a.b.c"}});
  Transaction txn(gateway);
  txn.Begin(request.request, testing::kStart);
  ASSERT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
  bool cookie_removed = false;
  for (const HeaderChange& change : txn.decision().request_headers) {
    EXPECT_NE(change.name, "Authorization");
    cookie_removed |= change.name == "Cookie" && change.op == HeaderOp::kRemove;
  }
  EXPECT_TRUE(cookie_removed);
}

}  // namespace
}  // namespace sluice
