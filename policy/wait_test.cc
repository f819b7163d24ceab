// Decisions that wait for a key set: jobs, single flight, cooldown, outages, cancelling.
#include <string>

#include "auth/minter.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using auth::Algorithm;
using auth::KeyType;
using auth::Minter;
using testing::After;
using testing::kSecond;
using testing::kStart;
using testing::MustCompile;
using testing::TestRequest;

std::string PolicyWith(const std::string& more) {
  return R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins:
  - name: jwt
    config: {jwks_uri: "https://idp.example.com/jwks")" +
         more + R"(}
consumers: [{username: alice}]
)";
}

// A gateway with an identity provider that answers when told to.
class Waiting : public ::testing::Test {
 protected:
  void Publish(const std::string& more = "") { gateway_.Publish(MustCompile(PolicyWith(more))); }

  std::string Token(const std::string& kid) {
    return "Bearer " + idp_.Mint(Algorithm::kEs256, R"({"sub":"alice","exp":1760003600})", kid);
  }

  // The job wanted now; 0 if none.
  uint64_t NextJob(Now now) {
    int64_t ask_again;
    std::optional<Effect> job = gateway_.NextJob(now, &ask_again);
    if (!job) return 0;
    EXPECT_EQ(job->kind, EffectKind::kHttp);
    EXPECT_EQ(job->url, "https://idp.example.com/jwks");
    EXPECT_GT(job->max_body_bytes, 0u);
    EXPECT_FALSE(job->allow_plain_http);
    return job->id;
  }

  void Answer(uint64_t job, const std::vector<std::string>& kids, Now now) {
    std::vector<std::string> keys;
    for (const std::string& kid : kids) keys.push_back(idp_.Jwk(kid, "ES256"));
    std::string body = auth::JwkSet(keys);
    HttpResult result;
    result.status = 200;
    result.body = body;
    gateway_.JobDone(job, result, now);
  }

  void Fail(uint64_t job, Now now) {
    HttpResult result;
    result.error = "connect";
    gateway_.JobDone(job, result, now);
  }

  Minter idp_ = Minter::Make(KeyType::kEcP256);
  Gateway gateway_;
};

TEST_F(Waiting, ForTheFirstKeySetThenPasses) {
  Publish();
  std::string token = Token("k1");
  TestRequest r("GET", "/", {{"Authorization", token}});
  Transaction txn(gateway_);
  txn.Begin(r.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  uint64_t job = NextJob(kStart);
  EXPECT_EQ(txn.effect().kind, EffectKind::kJob);
  EXPECT_EQ(txn.effect().id, job);
  Answer(job, {"k1"}, kStart);
  txn.Resume(kStart);
  EXPECT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
  EXPECT_EQ(txn.decision().consumer, "alice");
  txn.Begin(r.request, kStart);  // now from the cache
  EXPECT_EQ(txn.decision().consumer, "alice");
}

// ---- Discovery ----

constexpr char kDiscovering[] = R"(
_format_version: "3.0"
services:
- name: orders
  url: http://orders.internal
  routes: [{name: orders, paths: [/]}]
  plugins:
  - {name: openid-connect, config: {issuer: "https://idp.example.com", auth_methods: [bearer], timeout: 3000}}
)";

class Discovering : public Waiting {
 protected:
  Discovering() { gateway_.Publish(MustCompile(kDiscovering)); }

  // The job wanted now, which is for that URL.
  uint64_t JobFor(const std::string& url) {
    int64_t ask_again;
    std::optional<Effect> job = gateway_.NextJob(kStart, &ask_again);
    if (!job) return 0;
    EXPECT_EQ(job->url, url);
    return job->id;
  }

  void AnswerWith(uint64_t job, const std::string& body) {
    HttpResult result;
    result.status = 200;
    result.body = body;
    gateway_.JobDone(job, result, kStart);
  }

  const std::string well_known_ = "https://idp.example.com/.well-known/openid-configuration";
  const std::string token_ =
      "Bearer " + idp_.Mint(Algorithm::kEs256, R"({"iss":"https://idp.example.com","exp":1760003600})", "k1");
  const TestRequest request_{"GET", "/", {{"Authorization", token_}}};
};

TEST_F(Discovering, WaitsForTheDocumentThenForTheKeys) {
  Transaction txn(gateway_);
  txn.Begin(request_.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  EXPECT_EQ(txn.effect().timeout_ms, 3000);
  const uint64_t document = JobFor(well_known_);
  EXPECT_EQ(txn.effect().id, document);
  AnswerWith(document, R"({"issuer":"https://idp.example.com","jwks_uri":"https://keys.example.com/jwks"})");
  txn.Resume(kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait) << txn.decision().reason;
  const uint64_t keys = JobFor("https://keys.example.com/jwks");
  EXPECT_EQ(txn.effect().id, keys);
  EXPECT_NE(keys, document);
  Answer(keys, {"k1"}, kStart);
  txn.Resume(kStart);
  EXPECT_EQ(txn.decision().action, Action::kForward) << txn.decision().reason;
}

TEST_F(Discovering, DoesNotWaitAgainForWhatDidNotCome) {
  Transaction txn(gateway_);
  txn.Begin(request_.request, kStart);
  const uint64_t document = JobFor(well_known_);
  txn.Resume(After(3 * kSecond));  // its time is up
  EXPECT_EQ(txn.decision().reason, "jwks_unavailable");
  txn.Begin(request_.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  AnswerWith(document, R"({"issuer":"https://idp.example.com","jwks_uri":"https://keys.example.com/jwks"})");
  txn.Resume(kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  EXPECT_NE(JobFor("https://keys.example.com/jwks"), 0u);
  txn.Resume(After(3 * kSecond));
  EXPECT_EQ(txn.decision().reason, "jwks_unavailable");
  EXPECT_EQ(txn.decision().status, 503u);
}

TEST_F(Waiting, AStormOfUnknownKeyIdsCausesOneFetchPerCooldown) {
  Publish();
  uint64_t job = NextJob(kStart);
  Answer(job, {"k1"}, kStart);
  std::vector<std::string> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(Token("made-up-" + std::to_string(i)));
  std::vector<std::unique_ptr<Transaction>> waiting;
  std::vector<std::unique_ptr<TestRequest>> requests;  // must outlive the wait
  for (const std::string& token : tokens) {
    requests.push_back(std::make_unique<TestRequest>("GET", "/", std::vector<Header>{{"Authorization", token}}));
    const TestRequest& r = *requests.back();
    waiting.push_back(std::make_unique<Transaction>(gateway_));
    waiting.back()->Begin(r.request, After(60 * kSecond));
    ASSERT_EQ(waiting.back()->decision().action, Action::kWait);
  }
  job = NextJob(After(60 * kSecond));
  ASSERT_NE(job, 0u);
  EXPECT_EQ(NextJob(After(60 * kSecond)), 0u);  // one flight for all
  for (auto& txn : waiting) EXPECT_EQ(txn->effect().id, job);
  Answer(job, {"k1"}, After(61 * kSecond));
  for (auto& txn : waiting) {
    txn->Resume(After(61 * kSecond));
    EXPECT_EQ(txn->decision().reason, "jwt_unknown_kid");
    EXPECT_EQ(txn->decision().status, 401u);
  }
  std::string another = Token("made-up-again");
  TestRequest r("GET", "/", {{"Authorization", another}});
  Transaction txn(gateway_);
  txn.Begin(r.request, After(62 * kSecond));
  EXPECT_EQ(txn.decision().reason, "jwt_unknown_kid");  // cooldown: at once
  EXPECT_EQ(NextJob(After(62 * kSecond)), 0u);
}

TEST_F(Waiting, AnEmptySetIsNoOutageAndHasACooldownToo) {
  Publish();
  Answer(NextJob(kStart), {}, kStart);
  std::string token = Token("k1");
  TestRequest r("GET", "/", {{"Authorization", token}});
  Transaction txn(gateway_);
  txn.Begin(r.request, After(60 * kSecond));
  ASSERT_EQ(txn.decision().action, Action::kWait);
  Answer(NextJob(After(60 * kSecond)), {}, After(60 * kSecond));
  txn.Resume(After(60 * kSecond));
  EXPECT_EQ(txn.decision().reason, "jwt_unknown_kid");
  txn.Begin(r.request, After(61 * kSecond));
  EXPECT_EQ(txn.decision().reason, "jwt_unknown_kid");
}

TEST_F(Waiting, ARotatedKeyIsFetchedAndTheOldOneEnds) {
  Publish();
  Answer(NextJob(kStart), {"old"}, kStart);
  std::string old_token = Token("old");
  std::string new_token = Token("new");
  TestRequest with_old("GET", "/", {{"Authorization", old_token}});
  TestRequest with_new("GET", "/", {{"Authorization", new_token}});
  Transaction txn(gateway_);
  txn.Begin(with_old.request, kStart);
  EXPECT_EQ(txn.decision().action, Action::kForward);
  txn.Begin(with_new.request, After(60 * kSecond));
  ASSERT_EQ(txn.decision().action, Action::kWait);
  Answer(NextJob(After(60 * kSecond)), {"new"}, After(60 * kSecond));
  txn.Resume(After(60 * kSecond));
  EXPECT_EQ(txn.decision().action, Action::kForward);
  txn.Begin(with_old.request, After(61 * kSecond));  // was cached
  EXPECT_EQ(txn.decision().action, Action::kRespond);
  EXPECT_EQ(txn.decision().reason, "jwt_unknown_kid");
}

TEST_F(Waiting, AnOutageIs503ByDefaultAndOpenOnlyIfThePolicySaysSo) {
  for (bool open : {false, true}) {
    SCOPED_TRACE(open);
    Publish(open ? ", jwks_unavailable: open, jwks_cooldown: 31" : "");
    std::string token = Token("k1");
    TestRequest r("GET", "/", {{"Authorization", token}});
    Transaction txn(gateway_);
    txn.Begin(r.request, kStart);
    ASSERT_EQ(txn.decision().action, Action::kWait);
    Fail(NextJob(kStart), kStart);
    txn.Resume(kStart);
    EXPECT_EQ(txn.decision().action, open ? Action::kForward : Action::kRespond);
    if (!open) {
      EXPECT_EQ(txn.decision().status, 503u);
    }
    if (!open) {
      EXPECT_EQ(txn.decision().reason, "jwks_unavailable");
    }
    EXPECT_EQ(txn.decision().consumer, "");
  }
}

TEST_F(Waiting, ADeadlineWithoutAnAnswerTakesTheFallback) {
  Publish();
  std::string token = Token("k1");
  TestRequest r("GET", "/", {{"Authorization", token}});
  Transaction txn(gateway_);
  txn.Begin(r.request, kStart);
  ASSERT_EQ(txn.decision().action, Action::kWait);
  txn.Resume(After(10 * kSecond));
  EXPECT_EQ(txn.decision().reason, "jwks_unavailable");
}

TEST_F(Waiting, AHostThatCannotWaitGetsTheFallbackAtOnce) {
  Publish();
  std::string token = Token("k1");
  TestRequest r("GET", "/", {{"Authorization", token}});
  Transaction txn(gateway_);
  BeginOptions options;
  options.can_wait = false;
  txn.Begin(r.request, kStart, options);
  EXPECT_EQ(txn.decision().reason, "jwks_unavailable");
  EXPECT_NE(NextJob(kStart), 0u);
}

TEST_F(Waiting, SurvivesAReloadAndACancelledWait) {
  Publish();
  std::string token = Token("k1");
  TestRequest r("GET", "/", {{"Authorization", token}});
  Transaction txn(gateway_);
  {
    Transaction cancelled(gateway_);
    cancelled.Begin(r.request, kStart);
    EXPECT_EQ(cancelled.decision().action, Action::kWait);
  }
  txn.Begin(r.request, kStart);
  uint64_t job = NextJob(kStart);
  gateway_.Publish(MustCompile("_format_version: \"3.0\"\nservices: []\n"));
  Answer(job, {"k1"}, kStart);
  txn.Resume(kStart);
  EXPECT_EQ(txn.decision().reason, "jwks_unavailable");  // its policy's source is gone, and so are its keys
  Publish();
  txn.Begin(r.request, kStart);
  EXPECT_EQ(txn.decision().action, Action::kWait);
}

}  // namespace
}  // namespace sluice
