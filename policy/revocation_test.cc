// Tokens that are revoked, by the document and between documents.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/minter.h"
#include "base/limits.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using testing::After;
using testing::kSecond;
using testing::kStart;
using testing::MustCompile;
using testing::TestRequest;

constexpr char kSecret[] = "revocation-test-secret-0123456789";
constexpr char kPolicy[] = R"(
_format_version: "3.0"
services: [{name: s, url: "http://s.internal", routes: [{name: r, paths: [/]}]}]
plugins: [{name: jwt}]
consumers: [{username: alice, jwt_secrets: [{key: i, secret: revocation-test-secret-0123456789}]}]
)";

std::string Bearer(const std::string& claims) {
  return "Bearer " + auth::Minter::FromSecret(kSecret).Mint(auth::Algorithm::kHs256, claims);
}

// Reason and trace's last cause of a request with that header, in a transaction of its own.
struct Answer {
  std::string reason;
  std::string challenge;
  std::string cause;
};

Answer AnswerTo(Gateway& gateway, const std::string& authorization, Now now = kStart) {
  TestRequest request("GET", "/", {{"Authorization", authorization}});
  Transaction txn(gateway);
  BeginOptions options;
  options.trace = true;
  txn.Begin(request.request, now, options);
  Answer answer{std::string(txn.decision().reason),
                testing::Changed(txn.decision().response_headers, "WWW-Authenticate"), ""};
  for (const TraceStep& step : txn.trace())
    if (step.step == "jwt") answer.cause = step.cause;
  return answer;
}

Diagnostics Published(Gateway& gateway, std::string_view list) { return gateway.PublishRevocations(list); }

TEST(Revocation, ACachedTokenIsRefusedAsSoonAsItIsRevoked) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  const std::string token = Bearer(R"({"iss":"i","jti":"4f1c","exp":1760003600})");
  EXPECT_EQ(AnswerTo(gateway, token).reason, "");
  EXPECT_EQ(AnswerTo(gateway, token).cause, "verified before, still valid");
  ASSERT_TRUE(Published(gateway, R"({"revoked":[{"jti":"4f1c","until":1760000100}]})").empty());
  const Answer refused = AnswerTo(gateway, token);
  EXPECT_EQ(refused.reason, "jwt_revoked");
  EXPECT_EQ(refused.challenge, "Bearer error=\"invalid_token\"");
  EXPECT_EQ(refused.cause, "revoked by its `jti`");
  EXPECT_EQ(AnswerTo(gateway, token, After(99 * kSecond)).reason, "jwt_revoked");
  EXPECT_EQ(AnswerTo(gateway, token, After(100 * kSecond)).reason, "") << "the entry was forgotten";
  ASSERT_TRUE(Published(gateway, R"({"revoked":[]})").empty());
  EXPECT_EQ(AnswerTo(gateway, token).reason, "");
}

TEST(Revocation, ATokenThatIsSeenFirstIsRefusedToo) {
  GatewayOptions options;
  for (size_t cache : {size_t{0}, size_t{1} << 20}) {
    options.token_cache_bytes = cache;
    Gateway gateway(options);
    ASSERT_TRUE(Published(gateway, "revoked: [{subject: al, issuer: i, before: 1760000000}]").empty());
    gateway.Publish(MustCompile(kPolicy));  // what was published before the first policy is in force with it
    EXPECT_EQ(AnswerTo(gateway, Bearer(R"({"iss":"i","sub":"al","iat":1759999999})")).reason, "jwt_revoked");
    EXPECT_EQ(AnswerTo(gateway, Bearer(R"({"iss":"i","sub":"al","iat":1760000000})")).reason, "");
    EXPECT_EQ(AnswerTo(gateway, Bearer(R"({"iss":"i","sub":"al"})")).cause,
              "revoked with all that its subject was issued before a moment");
    EXPECT_EQ(AnswerTo(gateway, "Bearer a.b.c").reason, "jwt_malformed");
  }
}

// Nanoseconds end in 2262, what `before` may be in 9999: no `iat` is beyond such a moment.
TEST(Revocation, NoTimeOfIssueEscapesTheLastMoment) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  const auto reason = [&](std::string_view iat) {
    return AnswerTo(gateway, Bearer(absl::StrCat(R"({"iss":"i","sub":"al","iat":)", iat, "}"))).reason;
  };
  ASSERT_TRUE(Published(gateway, "revoked: [{subject: al, issuer: i, before: 253402300799}]").empty());
  for (std::string_view iat :
       {"1760000000", "9999999999", "253402300798", "9223372036854775807", "1e300", "-1e300", "-1", "0.5"})
    EXPECT_EQ(reason(iat), "jwt_revoked") << iat;
  for (std::string_view iat : {"\"9999999999\"", "null", "[9999999999]", "true"}) EXPECT_NE(reason(iat), "") << iat;
  ASSERT_TRUE(Published(gateway, "revoked: [{subject: al, issuer: i, before: 1760000000}]").empty());
  for (std::string_view iat : {"1759999999.999", "-1e300"}) EXPECT_EQ(reason(iat), "jwt_revoked") << iat;
  for (std::string_view iat : {"1760000000", "1760000000.0", "1.76e9", "1e300"}) EXPECT_EQ(reason(iat), "") << iat;
}

// Names are compared as they are meant, not as a token spells them.
TEST(Revocation, NoSpellingOfANameEscapes) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  ASSERT_TRUE(Published(gateway, R"({"revoked":[{"jti":"\u00e9/1","issuer":"i"}]})").empty());
  EXPECT_EQ(AnswerTo(gateway, Bearer(R"({"iss":"i","jti":"é/1"})")).reason, "jwt_revoked");
  EXPECT_EQ(AnswerTo(gateway, Bearer(R"({"\u0069ss":"\u0069","jt\u0069":"\u00e9\/1"})")).reason, "jwt_revoked");
  EXPECT_EQ(AnswerTo(gateway, Bearer(R"({"iss":"i","jti":"é/1\u0000"})")).reason, "");
}

TEST(Revocation, TheListOfTheDocumentGoesWithItAndTheLiveOneStays) {
  Gateway gateway;
  const std::string by_policy = Bearer(R"({"iss":"i","jti":"p"})"), live = Bearer(R"({"iss":"i","jti":"l"})");
  gateway.Publish(MustCompile(absl::StrCat(kPolicy, "revoked: [{jti: p, issuer: i}]\n")));
  ASSERT_TRUE(Published(gateway, "revoked: [{jti: l}]").empty());
  EXPECT_EQ(AnswerTo(gateway, by_policy).reason, "jwt_revoked");
  EXPECT_EQ(AnswerTo(gateway, live).reason, "jwt_revoked");
  gateway.Publish(MustCompile(kPolicy));
  EXPECT_EQ(AnswerTo(gateway, by_policy).reason, "");
  EXPECT_EQ(AnswerTo(gateway, live).reason, "jwt_revoked");
}

TEST(Revocation, TokensOfKeySetsAreRefusedFromTheCacheAndWithoutIt) {
  const auth::Minter idp = auth::Minter::Make(auth::KeyType::kEd25519);
  for (std::string_view plugin :
       {"{name: jwt, config: {consumer_optional: true, jwks_uri: 'https://idp.example.com/k'}}",
        "{name: openid-connect, config: {issuer: 'https://idp.example.com', "
        "auth_methods: [bearer], using_pseudo_issuer: true, "
        "jwks_endpoint: 'https://idp.example.com/k'}}"}) {
    Gateway gateway;
    gateway.Publish(MustCompile(absl::StrCat(
        "_format_version: '3.0'\nservices: [{name: s, url: 'http://s', routes: [{paths: [/]}]}]\nplugins: [", plugin,
        "]\n")));
    int64_t ask_again;
    const std::optional<Effect> job = gateway.NextJob(kStart, &ask_again);
    ASSERT_TRUE(job);
    gateway.JobDone(job->id, {200, {}, {}, auth::JwkSet({idp.Jwk("k", "EdDSA")})}, kStart);
    const std::string token =
        "Bearer " + idp.Mint(auth::Algorithm::kEdDsa,
                             R"({"iss":"https://idp.example.com","sub":"a","jti":"7","exp":1760003600})", "k");
    EXPECT_EQ(AnswerTo(gateway, token).reason, "") << plugin;
    ASSERT_TRUE(Published(gateway, R"({"revoked":[{"jti":"7","issuer":"https://idp.example.com"}]})").empty());
    EXPECT_EQ(AnswerTo(gateway, token).reason, "jwt_revoked") << plugin;
    gateway.Publish(MustCompile(absl::StrCat(
        "_format_version: '3.0'\nservices: [{name: s, url: 'http://s', routes: [{paths: [/]}]}]\nplugins: [", plugin,
        "]\n")));  // of another generation: nothing is in the cache
    EXPECT_EQ(AnswerTo(gateway, token).reason, "jwt_revoked") << plugin;
  }
}

TEST(Revocation, AListWithErrorsChangesNothing) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  const std::string token = Bearer(R"({"iss":"i","jti":"4f1c"})");
  ASSERT_TRUE(Published(gateway, "revoked: [{jti: 4f1c}]").empty());
  const struct {
    std::string_view list;
    std::string_view code;
  } cases[] = {
      {"revoked: [{jti: a}, {jti: a}]", "duplicate_value"},
      {"revoked: [{}]", "conflict"},
      {"revoked: [{jti: a, subject: b, issuer: c, before: 1}]", "conflict"},
      {"revoked: [{jti: a, before: 1}]", "conflict"},
      {"revoked: [{subject: b, issuer: c}]", "missing_field"},
      {"revoked: [{subject: b, before: 1}]", "missing_field"},
      {"revoked: [{jti: ''}]", ""},
      {"revoked: [{jti: a, until: soon}]", ""},
      {"revoked: {jti: a}", ""},
      {"[]", ""},
      {"", ""},
      {"{}", "missing_field"},
      {"revoked: null", ""},
      {"revoked: [{jti: '${{ env \"DECK_JTI\" }}'}]", ""},
      {"{\"revoked\":[],\"services\":[]}", "unknown_field"},
  };
  for (const auto& c : cases) {
    const Diagnostics wrong = Published(gateway, c.list);
    ASSERT_TRUE(HasErrors(wrong)) << c.list;
    EXPECT_TRUE(c.code.empty() || wrong[0].code == c.code) << ToText(wrong[0]);
    EXPECT_EQ(AnswerTo(gateway, token).reason, "jwt_revoked") << c.list;
  }
}

std::string ListOf(size_t entries) {
  std::string list = "{\"revoked\":[";
  for (size_t i = 0; i < entries; ++i) absl::StrAppend(&list, i == 0 ? "" : ",", "{\"jti\":\"t", i, "\"}");
  return list + "]}";
}

TEST(Revocation, AsLongAListAsThereMayBe) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  EXPECT_TRUE(Published(gateway, ListOf(limits::kRevokedTokens)).empty());
  EXPECT_EQ(AnswerTo(gateway, Bearer(absl::StrCat(R"({"iss":"i","jti":"t)", limits::kRevokedTokens - 1, "\"}"))).reason,
            "jwt_revoked");
  const Diagnostics wrong = Published(gateway, ListOf(limits::kRevokedTokens + 1));
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong[0].code, "too_large");
}

// Lists swapped while requests run; means most under ThreadSanitizer.
TEST(Revocation, PublishesWhileDeciding) {
  Gateway gateway;
  gateway.Publish(MustCompile(kPolicy));
  const std::string always = Bearer(R"({"iss":"i","jti":"always"})"), never = Bearer(R"({"iss":"i","jti":"never"})"),
                    sometimes = Bearer(R"({"iss":"i","jti":"sometimes"})");
  ASSERT_TRUE(Published(gateway, "revoked: [{jti: always}]").empty());
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      Transaction txn(gateway);
      TestRequest one("GET", "/", {{"Authorization", always}}), two("GET", "/", {{"Authorization", never}}),
          three("GET", "/", {{"Authorization", sometimes}});
      while (!done.load()) {
        txn.Begin(one.request, kStart);
        EXPECT_EQ(txn.decision().reason, "jwt_revoked");
        txn.Begin(two.request, kStart);
        EXPECT_EQ(txn.decision().reason, "");
        txn.Begin(three.request, kStart);
        EXPECT_TRUE(txn.decision().reason.empty() || txn.decision().reason == "jwt_revoked");
      }
    });
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(
        Published(gateway, i % 2 == 0 ? "revoked: [{jti: always}, {jti: sometimes}]" : "revoked: [{jti: always}]")
            .empty());
    EXPECT_EQ(AnswerTo(gateway, sometimes).reason, i % 2 == 0 ? "jwt_revoked" : "");
    if (i % 20 == 0) gateway.Publish(MustCompile(kPolicy));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sluice
