// jwt-signer where a case of conformance/ would be too long to read, or must look at what was signed.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "auth/base64url.h"
#include "auth/jwk_set.h"
#include "auth/jwt.h"
#include "auth/minter.h"
#include "base/limits.h"
#include "gtest/gtest.h"
#include "policy/gateway.h"
#include "policy/snapshot.h"
#include "policy/testing.h"

namespace sluice {
namespace {

using testing::After;
using testing::Changed;
using testing::kSecond;
using testing::kStart;
using testing::TestRequest;

constexpr int64_t kStart_s = kStart.wall_ns / kSecond;

const auth::Minter& Idp() {
  static const auth::Minter idp = auth::Minter::Make(auth::KeyType::kEcP256);
  return idp;
}

const auth::Minter& Own() {
  static const auth::Minter own = auth::Minter::Make(auth::KeyType::kEd25519);
  return own;
}

std::string Quoted(const std::string& pem) {
  return absl::StrCat("\"", absl::StrReplaceAll(pem, {{"\n", "\\n"}}), "\"");
}

// Everybody's credentials; `config` is more of jwt-signer's.
std::string Policy(std::string_view config = "") {
  return absl::StrCat(R"(
_format_version: "3.0"
key_sets: [{name: upstreams}]
keys: [{kid: one, set: {name: upstreams}, pem: {private_key: )",
                      Quoted(Own().PrivatePem()), R"(}}]
services:
- name: s
  url: http://s.internal
  routes:
  - {name: idp, paths: [/idp], plugins: [{name: jwt, config: {consumer_optional: true, jwks: ')",
                      auth::JwkSet({Idp().Jwk("k", "ES256")}), R"('}}]}
  - {name: own, paths: [/own], plugins: [{name: jwt}]}
  - {name: key, paths: [/key], plugins: [{name: key-auth}]}
  - {name: guest, paths: [/guest], plugins: [{name: key-auth, config: {anonymous: guest}}]}
  - {name: open, paths: [/open]}
  plugins:
  - name: jwt-signer
    config: {access_token_keyset: upstreams, access_token_signing_algorithm: EdDSA)",
                      config.empty() ? "" : ", ", config, R"(}
consumers:
- {username: guest}
- username: alice
  custom_id: a-1
  id: 0a000000-0000-0000-0000-00000000000a
  acls: [{group: staff}, {group: "a \"b\""}]
  keyauth_credentials: [{key: alice-secret-key}]
  jwt_secrets: [{key: alice, secret: 0123456789abcdef0123456789abcdef}]
- {username: bob, keyauth_credentials: [{key: bob-secret-key}]}
)");
}

// Decides, one request behind the other.
class Caller {
 public:
  explicit Caller(const std::string& policy, const GatewayOptions& options = {}) : gateway_(options), txn_(gateway_) {
    gateway_.Publish(testing::MustCompile(policy));
  }

  const Decision& Decide(std::string_view target, std::vector<Header> headers, Now now = kStart, bool trace = false) {
    TestRequest r("GET", target, std::move(headers));
    txn_.Begin(r.request, now, {.trace = trace});
    return txn_.decision();
  }
  std::string Told(std::string_view target, std::vector<Header> headers, Now now = kStart) {
    const Decision& decision = Decide(target, std::move(headers), now);
    return decision.action == Action::kForward ? Changed(decision.request_headers, "Authorization")
                                               : std::string(decision.reason);
  }
  std::string ToldOf(std::string_view claims, Now now = kStart) {
    const std::string token = "Bearer " + Idp().Mint(auth::Algorithm::kEs256, claims, "k");
    return Told("/idp", {{"Authorization", token}}, now);
  }

  Gateway& gateway() { return gateway_; }
  Transaction& txn() { return txn_; }

 private:
  Gateway gateway_;
  Transaction txn_;
};

// The claims of "Bearer …", once its signature is verified.
class Signed {
 public:
  explicit Signed(std::string value) : value_(std::move(value)) {
    EXPECT_EQ(value_.substr(0, 7), "Bearer ");
    if (value_.size() < 7) return;
    EXPECT_TRUE(token_.Parse(std::string_view(value_).substr(7)).ok()) << value_;
    std::string error;
    auth::Notes notes;
    auto keys = auth::KeySet::ParseJwkSet(auth::JwkSet({Own().Jwk("one", "EdDSA")}), {}, &error, &notes);
    EXPECT_TRUE(token_.Verify(*keys).ok());
  }
  std::string Text(std::string_view claim) const { return std::string(token_.Claim(claim).AsString()); }
  int64_t Number(std::string_view claim) const { return token_.Claim(claim).AsInteger(); }
  auth::JsonValue Claim(std::string_view claim) const { return token_.Claim(claim); }
  const auth::Token& token() const { return token_; }
  std::string Payload() const {
    const std::string_view token = std::string_view(value_).substr(7);
    const size_t begin = token.find('.') + 1;
    return auth::DecodeBase64Url(token.substr(begin, token.rfind('.') - begin)).value_or("");
  }

 private:
  std::string value_;
  auth::Token token_;
};

TEST(JwtSigner, SignsTheClaimsOfAnIdentityProviderAsTheyAreWritten) {
  Caller caller(Policy());
  const std::string told =
      caller.ToldOf(R"({"iss":"https://idp","sub":"al\u0069ce","exp":1760003600,"iat":1,"original_iss":"forged",)"
                    R"("big":18446744073709551615,"pi":3.10,"deep":{"a":[1, {"b":null}]},"é":"\"","nbf":5})");
  const Signed token(told);
  EXPECT_EQ(token.Payload(),
            R"({"iss":"kong","original_iss":"https://idp","sub":"al\u0069ce","big":18446744073709551615,"pi":3.10,)"
            R"("deep":{"a":[1, {"b":null}]},"é":"\"","nbf":5,"iat":1760000000,"exp":1760000300})");
  EXPECT_EQ(token.token().kid(), "one");
  EXPECT_EQ(token.token().algorithm_name(), "EdDSA");
}

// A name that is only spelled differently is the same claim.
TEST(JwtSigner, IsNotFooledByEscapedNames) {
  Caller caller(Policy("remove_access_token_claims: [admin]"));
  const Signed token(
      caller.ToldOf(R"({"\u0069ss":"x","\u0065xp":1760003600,"adm\u0069n":true,"origina\u006c_iss":"y"})"));
  EXPECT_EQ(token.Payload(), R"({"iss":"kong","original_iss":"x","iat":1760000000,"exp":1760000300})");
}

TEST(JwtSigner, SaysOfAConsumerWhatThePolicySays) {
  Caller caller(Policy());
  EXPECT_EQ(Signed(caller.Told("/key", {{"apikey", "alice-secret-key"}})).Payload(),
            R"({"iss":"kong","sub":"alice","consumer_id":"0a000000-0000-0000-0000-00000000000a",)"
            R"("consumer_custom_id":"a-1","consumer_username":"alice","credential_id":"alice/key-1",)"
            R"("groups":["staff","a \"b\""],"iat":1760000000,"exp":1760000300})");
  EXPECT_EQ(Signed(caller.Told("/key", {{"apikey", "bob-secret-key"}})).Payload(),
            R"({"iss":"kong","sub":"bob","consumer_username":"bob","credential_id":"bob/key-1","groups":[],)"
            R"("iat":1760000000,"exp":1760000300})");
}

// Whoever holds its own signing key may write into a token what it likes.
TEST(JwtSigner, BelievesNothingThatAConsumerSaysOfItself) {
  Caller caller(Policy());
  const std::string own = "Bearer " + auth::Minter::FromSecret("0123456789abcdef0123456789abcdef")
                                          .Mint(auth::Algorithm::kHs256,
                                                R"({"iss":"alice","sub":"root","groups":["admin"],"exp":1760003600})");
  for (int round = 0; round < 2; ++round) {  // the second time from the cache of verified tokens
    const Signed token(caller.Told("/own", {{"Authorization", own}}));
    EXPECT_EQ(token.Text("sub"), "alice");
    EXPECT_EQ(token.Claim("groups").First().AsString(), "staff");
    EXPECT_FALSE(token.Claim("original_iss").exists());
  }
}

TEST(JwtSigner, EditsClaims) {
  Caller caller(Policy(R"yaml(
      remove_access_token_claims: [email, original_iss, not_there],
      set_claims: {sub: "set", tier: "3", list: '["a", {"b": 1.50}]', text: "{ no json", two: '1,"x":2'},
      set_access_token_claims: {tier: "4"},
      add_access_token_claims: {kept: "no", added: "first"},
      add_claims: {added: "second", email: "back"},
      access_token_issuer: "https://gateway \"1\"")yaml"));
  EXPECT_EQ(
      Signed(caller.ToldOf(R"({"iss":"i","email":"e","sub":"s","kept":true,"exp":1760003600})")).Payload(),
      R"({"iss":"https://gateway \"1\"","sub":"set","kept":true,"tier":4,"list":["a",{"b":1.5}],)"
      R"("text":"{ no json","two":"1,\"x\":2","added":"first","email":"back","iat":1760000000,"exp":1760000300})");
}

TEST(JwtSigner, TakesOutWhatTheClientSent) {
  Caller caller(Policy("access_token_optional: true, access_token_upstream_header: X-Caller, realm: site"));
  for (std::string_view target : {"/open", "/guest"}) {
    const Decision& decision =
        caller.Decide(target, {{"Authorization", "Basic eDp5"}, {"X-Caller", "forged"}, {"x_caller", "forged"}});
    ASSERT_EQ(decision.action, Action::kForward) << decision.reason;
    EXPECT_EQ(Changed(decision.request_headers, "Authorization"), "(removed)");
    EXPECT_EQ(Changed(decision.request_headers, "X-Caller"), "(removed)");
    EXPECT_EQ(Changed(decision.request_headers, "x_caller"), "(removed)");
  }
  const Decision& decision = caller.Decide("/key", {{"apikey", "bob-secret-key"}, {"X_Caller", "forged"}});
  EXPECT_EQ(Signed("Bearer " + Changed(decision.request_headers, "X-Caller")).Text("sub"), "bob");
  EXPECT_EQ(Changed(decision.request_headers, "X_Caller"), "(removed)");
  EXPECT_EQ(Changed(decision.request_headers, "Authorization"), "(none)");
}

TEST(JwtSigner, RefusesWhoeverIsNotIdentified) {
  Caller caller(Policy("realm: site"));
  for (std::string_view target : {"/open", "/guest"}) {
    const Decision& decision = caller.Decide(target, {{"Authorization", "Bearer x.y.z"}});
    EXPECT_EQ(decision.status, 401u);
    EXPECT_EQ(decision.reason, "signer_unidentified");
    EXPECT_EQ(Changed(decision.response_headers, "WWW-Authenticate"), "Bearer realm=\"site\"");
  }
}

TEST(JwtSigner, PassesTheOriginalOnOnlyWhereItIsToldTo) {
  const std::string token = Idp().Mint(auth::Algorithm::kEs256, R"({"sub":"a","exp":1760003600})", "k");
  const std::string target = "/idp?jwt=" + token;
  Caller caller(Policy("original_access_token_upstream_header: X-Original, access_token_signing: false"));
  const Decision& decision = caller.Decide(target, {{"Authorization", "Bearer " + token}, {"X-Original", "forged"}});
  ASSERT_EQ(decision.action, Action::kForward) << decision.reason;
  EXPECT_EQ(Changed(decision.request_headers, "X-Original"), token);
  EXPECT_EQ(Changed(decision.request_headers, "Authorization"), "(removed)");
  const Decision& of_key = caller.Decide("/key", {{"apikey", "bob-secret-key"}, {"X-Original", "forged"}});
  EXPECT_EQ(Changed(of_key.request_headers, "X-Original"), "(removed)");
}

// ---- Times ----

TEST(JwtSigner, NoTokenOutlivesTheCallersOwn) {
  Caller caller(Policy());
  EXPECT_EQ(Signed(caller.ToldOf(absl::StrCat(R"({"exp":)", kStart_s + 301, "}"))).Number("exp"), kStart_s + 300);
  EXPECT_EQ(Signed(caller.ToldOf(absl::StrCat(R"({"exp":)", kStart_s + 300, "}"))).Number("exp"), kStart_s + 300);
  EXPECT_EQ(Signed(caller.ToldOf(absl::StrCat(R"({"exp":)", kStart_s + 1, "}"))).Number("exp"), kStart_s + 1);
  Caller longer(Policy("access_token_upstream_leeway: 60, lifetime: 3600"));
  EXPECT_EQ(Signed(longer.ToldOf(absl::StrCat(R"({"exp":)", kStart_s + 10, ".9}"))).Number("exp"), kStart_s + 70);
  Caller shorter(Policy("access_token_upstream_leeway: -60"));
  EXPECT_EQ(Signed(shorter.ToldOf(absl::StrCat(R"({"exp":)", kStart_s + 61, "}"))).Number("exp"), kStart_s + 1);
  EXPECT_EQ(shorter.ToldOf(absl::StrCat(R"({"exp":)", kStart_s + 60, "}")), "signer_expired");
  EXPECT_EQ(shorter.txn().decision().status, 401u);
}

TEST(JwtSigner, ATokenServesUntilAQuarterOfItsLifeIsLeft) {
  Caller caller(Policy("lifetime: 100"));
  auto told = [&](int64_t ns) { return caller.Told("/key", {{"apikey", "alice-secret-key"}}, After(ns)); };
  const std::string first = told(0);
  EXPECT_EQ(told(75 * kSecond - 1), first);
  const std::string second = told(75 * kSecond);
  EXPECT_NE(second, first);
  EXPECT_EQ(Signed(second).Number("iat"), kStart_s + 75);
  EXPECT_EQ(told(100 * kSecond), second);
  EXPECT_EQ(Signed(told(0)).Number("iat"), kStart_s) << "a clock that was set back: not from the future";
}

TEST(JwtSigner, AtTheEndOfTheCallersTokenNothingIsSignedAnew) {
  Caller caller(Policy("lifetime: 100"));
  const std::string claims = absl::StrCat(R"({"exp":)", kStart_s + 90, "}");
  const std::string token = "Bearer " + Idp().Mint(auth::Algorithm::kEs256, claims, "k");
  const std::string first = caller.Told("/idp", {{"Authorization", token}});
  EXPECT_EQ(caller.Told("/idp", {{"Authorization", token}}, After(89 * kSecond)), first);
}

// ---- The cache ----

TEST(JwtSigner, TellsCallersAndPoliciesApart) {
  Caller caller(Policy());
  const std::string alice = caller.Told("/key", {{"apikey", "alice-secret-key"}});
  EXPECT_NE(caller.Told("/key", {{"apikey", "bob-secret-key"}}), alice);
  EXPECT_EQ(caller.Told("/key", {{"apikey", "alice-secret-key"}}, After(kSecond)), alice);
  caller.gateway().Publish(testing::MustCompile(Policy("set_claims: {new: \"1\"}")));
  EXPECT_EQ(Signed(caller.Told("/key", {{"apikey", "alice-secret-key"}}, After(kSecond))).Number("new"), 1);
}

TEST(JwtSigner, SignsEachTimeWithoutACache) {
  GatewayOptions options;
  options.signed_token_cache_bytes = 0;
  Caller caller(Policy(), options);
  const std::string first = caller.Told("/key", {{"apikey", "alice-secret-key"}});
  EXPECT_EQ(Signed(first).Text("sub"), "alice");
  EXPECT_NE(caller.Told("/key", {{"apikey", "alice-secret-key"}}, After(kSecond)), first);
}

TEST(JwtSigner, PublishesThePublicKeysOfASet) {
  Gateway gateway;
  EXPECT_EQ(gateway.PublicKeys("mine"), std::nullopt) << "no policy";
  const auth::Minter rsa = auth::Minter::Make(auth::KeyType::kRsa), ec = auth::Minter::Make(auth::KeyType::kEcP256);
  gateway.Publish(testing::MustCompile(absl::StrCat(
      R"(
_format_version: "3.0"
key_sets:
- name: mine
  keys:
  - {kid: now, pem: {private_key: )",
      Quoted(Own().PrivatePem()), "}}\n  - {kid: next, pem: {private_key: ", Quoted(ec.PrivatePem()),
      ", public_key: ", Quoted(ec.PublicPem()), "}}\n  - {kid: old, pem: {public_key: ", Quoted(rsa.PublicPem()),
      "}}\n- {name: empty}\nkeys: [{kid: of-no-set, pem: {private_key: ", Quoted(rsa.PrivatePem()), "}}]\n")));
  EXPECT_EQ(gateway.PublicKeys("other"), std::nullopt);
  EXPECT_EQ(gateway.PublicKeys("empty"), R"({"keys":[]})");
  const std::string text = gateway.PublicKeys("mine").value_or("");
  for (const char* secret : {"\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"k\""}) EXPECT_EQ(text.find(secret), text.npos);
  EXPECT_EQ(text.find("of-no-set"), text.npos);
  std::string error;
  auth::Notes notes;
  const auto keys = auth::KeySet::ParseJwkSet(text, {}, &error, &notes);
  ASSERT_TRUE(keys && notes.empty()) << error << text;
  auto verifies = [&](const auth::Minter& minter, auth::Algorithm algorithm, const char* kid) {
    const std::string compact = minter.Mint(algorithm, "{}", kid);
    auth::Token token;
    return token.Parse(compact).ok() && token.Verify(*keys).ok();
  };
  EXPECT_TRUE(verifies(Own(), auth::Algorithm::kEdDsa, "now"));
  EXPECT_TRUE(verifies(ec, auth::Algorithm::kEs256, "next"));
  EXPECT_TRUE(verifies(rsa, auth::Algorithm::kPs256, "old"));
}

TEST(JwtSigner, ThreadsShareTheTokens) {
  Gateway gateway;
  gateway.Publish(testing::MustCompile(Policy()));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Transaction txn(gateway);
      for (int round = 0; round < 300; ++round) {
        const bool is_alice = (round + i) % 2 == 0;
        TestRequest r("GET", "/key", {{"apikey", is_alice ? "alice-secret-key" : "bob-secret-key"}});
        txn.Begin(r.request, After(round * kSecond * 10));
        auth::Token token;
        const std::string told = Changed(txn.decision().request_headers, "Authorization");
        if (told.size() < 7 || !token.Parse(std::string_view(told).substr(7)).ok() ||
            token.Claim("sub").AsString() != (is_alice ? "alice" : "bob"))
          wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// ---- Bounds ----

TEST(JwtSigner, RefusesClaimsThatAreTooLargeForAHeader) {
  Caller caller(Policy());
  auto claims = [](size_t bytes) { return absl::StrCat(R"({"exp":1760003600,"x":")", std::string(bytes, 'a'), "\"}"); };
  size_t most = 0;
  for (size_t bytes = 2'800; bytes < 2'960; ++bytes) {
    const std::string told = caller.ToldOf(claims(bytes));
    if (told == "signer_too_large") {
      EXPECT_EQ(caller.txn().decision().status, 500u);
      continue;
    }
    ASSERT_LE(told.size(), limits::kSignedTokenBytes);
    EXPECT_EQ(most + 1 == bytes || most == 0, true) << "once too large, always too large";
    most = bytes;
  }
  ASSERT_NE(most, 0u);
  const std::string largest = caller.ToldOf(claims(most));
  EXPECT_GE(largest.size(), limits::kSignedTokenBytes - 2) << "to the bound";
  EXPECT_EQ(Signed(largest).Text("x").size(), most);
  const std::string token = "Bearer " + Idp().Mint(auth::Algorithm::kEs256, claims(most), "k");
  const std::string first = caller.Told("/idp", {{"Authorization", token}});
  EXPECT_EQ(caller.Told("/idp", {{"Authorization", token}}, After(kSecond)), first) << "what is signed is kept";
}

// The largest token that a caller may bring, of as many values as it may have.
TEST(JwtSigner, RefusesTheMostThatACallerMayBring) {
  Caller caller(Policy());
  std::string values = "1";
  for (size_t i = 4; i < limits::kTokenNodes; ++i) values += ",1";  // beside the object, `exp` and the list
  EXPECT_EQ(caller.ToldOf(absl::StrCat(R"({"exp":1760003600,"x":[)", values, "]}")), "signer_too_large");
  EXPECT_EQ(caller.ToldOf(absl::StrCat(R"({"exp":1760003600,"x":")", std::string(11'900, 'a'), "\"}")),
            "signer_too_large");
  EXPECT_EQ(caller.txn().decision().status, 500u);
  EXPECT_EQ(caller.txn().decision().message, "An unexpected error occurred");
  Caller spared(Policy("remove_access_token_claims: [x]"));
  EXPECT_EQ(Signed(spared.ToldOf(absl::StrCat(R"({"exp":1760003600,"x":[)", values, "]}"))).Number("iat"), kStart_s);
}

TEST(JwtSigner, NoTraceShowsATokenOrAKey) {
  Caller caller(Policy());
  const std::string token = Idp().Mint(auth::Algorithm::kEs256, R"({"sub":"secret-sub","exp":1760003600})", "k");
  for (int round = 0; round < 2; ++round) {
    caller.Decide("/idp", {{"Authorization", "Bearer " + token}}, kStart, true);
    const std::string told = Changed(caller.txn().decision().request_headers, "Authorization");
    const auto steps = caller.txn().trace();
    const auto step =
        std::find_if(steps.begin(), steps.end(), [](const TraceStep& s) { return s.step == "jwt-signer"; });
    ASSERT_NE(step, steps.end());
    EXPECT_EQ(step->verdict, "pass");
    EXPECT_EQ(step->cause,
              round == 0 ? "signed with key `one`, ends in 300 s" : "signed before, with key `one`, ends in 300 s");
    for (const TraceStep& s : steps) {
      EXPECT_EQ(s.cause.find(told.substr(7, 40)), s.cause.npos);
      EXPECT_EQ(s.cause.find("secret-sub"), s.cause.npos);
    }
  }
}

// ---- Failures ----

class FailingSigner final : public auth::TokenSigner {
  bool Signature(std::string_view, std::string*) const override { return false; }
};

// No document has such a key: one that cannot sign is refused when it is loaded.
TEST(JwtSigner, NobodyPassesUnsignedWhenTheKeyFails) {
  const auto snapshot = std::const_pointer_cast<Snapshot>(testing::MustCompile(Policy()));
  snapshot->jwt_signer[0].signer = std::make_shared<FailingSigner>();
  Caller caller(Policy());
  caller.gateway().Publish(snapshot);
  for (int round = 0; round < 2; ++round) {  // nothing was kept that the second would be given
    const Decision& decision = caller.Decide("/key", {{"apikey", "alice-secret-key"}}, kStart, true);
    EXPECT_EQ(decision.action, Action::kRespond);
    EXPECT_EQ(decision.status, 500u);
    EXPECT_EQ(decision.reason, "signer_failed");
    EXPECT_EQ(decision.message, "An unexpected error occurred");
    EXPECT_EQ(caller.txn().trace().back().cause, "not signed: signing failed");
  }
  caller.gateway().Publish(testing::MustCompile(Policy()));
  EXPECT_EQ(Signed(caller.Told("/key", {{"apikey", "alice-secret-key"}})).Text("sub"), "alice");
}

// ---- Keys ----

std::string ErrorsOf(const std::string& policy) {
  std::string all;
  for (const Diagnostic& d : Compile(policy, {}).diagnostics) absl::StrAppend(&all, d.code, ": ", d.message, "\n");
  return all;
}

TEST(JwtSigner, ClaimsThatWouldFailEveryRequestFailAtOnce) {
  auto set = [](const std::string& value) { return ErrorsOf(Policy("set_claims: {c: '" + value + "'}")); };
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(set(nested(limits::kTokenDepth - 1)), "");
  EXPECT_EQ(set(nested(limits::kTokenDepth)),
            "bad_claim: claim `c` is nested more than 15 levels deep, or has more than 2048 values\n");
  EXPECT_EQ(set(std::string(2'982, 'a')), "");
  EXPECT_EQ(
      set(std::string(2'983, 'a')),
      "too_large: the issuer and the claims to set and to add have 3001 bytes, with which no token fits into 4000\n");
}

TEST(JwtSigner, SignsWithTheFirstKeyOfItsSetThatFits) {
  const auth::Minter rsa = auth::Minter::Make(auth::KeyType::kRsa), ec = auth::Minter::Make(auth::KeyType::kEcP384);
  auto policy = [&](std::string_view algorithm, std::string_view set) {
    return absl::StrCat(
        R"(
_format_version: "3.0"
key_sets:
- name: both
  keys:
  - {kid: old, pem: {public_key: )",
        Quoted(ec.PublicPem()), "}}\n  - {kid: rsa, pem: {private_key: ", Quoted(rsa.PrivatePem()),
        "}}\n  - {kid: ec, pem: {private_key: ", Quoted(ec.PrivatePem()),
        "}}\n- {name: empty}\nservices: [{name: s, url: \"http://s.internal\", routes: [{name: r, paths: [/]}]}]\n"
        "consumers: [{username: alice, keyauth_credentials: [{key: k}]}]\n"
        "plugins: [{name: key-auth}, {name: jwt-signer, config: {access_token_keyset: ",
        set, ", access_token_signing_algorithm: ", algorithm, "}}]\n");
  };
  for (const auto& [algorithm, kid, minter] :
       {std::tuple{"RS256", "rsa", &rsa}, std::tuple{"PS512", "rsa", &rsa}, std::tuple{"ES384", "ec", &ec}}) {
    Caller caller(policy(algorithm, "both"));
    const std::string told = caller.Told("/", {{"apikey", "k"}});
    auth::Token token;
    ASSERT_TRUE(token.Parse(std::string_view(told).substr(7)).ok()) << told;
    EXPECT_EQ(token.kid(), kid);
    std::string error;
    const auto key = auth::Key::FromPem(minter->PublicPem(), *auth::FindAlgorithm(algorithm), &error);
    ASSERT_TRUE(key) << error;
    EXPECT_TRUE(token.Verify(*key).ok()) << algorithm;
  }
  EXPECT_EQ(
      ErrorsOf(policy("ES256", "both")),
      "bad_key: key set `both` has no private key that signs with ES256; `rsa`: expected a private key for ES256, "
      "found another kind; `ec`: expected a private key for ES256, found another kind\n");
  EXPECT_EQ(ErrorsOf(policy("RS256", "empty")), "bad_key: key set `empty` has no private key that signs with RS256\n");
}

// Else a document of many plugins and many keys would read each key for each plugin.
TEST(JwtSigner, PluginsOfOneSetShareItsKey) {
  const auth::Minter ec = auth::Minter::Make(auth::KeyType::kEcP256);
  auto policy = [&](std::string_view algorithm, size_t keys) {
    std::string text = "_format_version: \"3.0\"\nkey_sets:\n- name: kong\n  keys:\n";
    for (size_t i = 0; i < keys; ++i)
      absl::StrAppend(&text, "  - {kid: k", i, ", pem: {private_key: ", Quoted(ec.PrivatePem()), "}}\n");
    absl::StrAppend(&text, "services:\n- {name: s, url: \"http://s.internal\", routes: [{name: r, paths: [/]}]}\n",
                    "plugins:\n");
    for (std::string_view scope : {"", ", service: s", ", route: r"})
      absl::StrAppend(&text, "- {name: jwt-signer", scope, ", config: {access_token_signing_algorithm: ", algorithm,
                      "}}\n");
    return text;
  };
  const auto snapshot = testing::MustCompile(policy("ES256", 2));
  ASSERT_EQ(snapshot->jwt_signer.size(), 3u);
  for (const JwtSignerPlugin& plugin : snapshot->jwt_signer) {
    EXPECT_EQ(plugin.signer, snapshot->jwt_signer[0].signer);
    EXPECT_EQ(plugin.kid, "k0");
    EXPECT_EQ(plugin.overhead, snapshot->jwt_signer[0].overhead);
  }
  const auto error = [](std::string_view tail) {
    std::string text = "bad_key: key set `kong` has no private key that signs with RS256";
    for (int i = 0; i < 4; ++i)
      absl::StrAppend(&text, "; `k", i, "`: expected a private key for RS256, found another kind");
    return absl::StrCat(text, tail, "\n");
  };
  EXPECT_EQ(ErrorsOf(policy("RS256", 4)), absl::StrCat(error(""), error(""), error("")));
  EXPECT_EQ(ErrorsOf(policy("RS256", 5)),
            absl::StrCat(error("; and 1 more"), error("; and 1 more"), error("; and 1 more")));
}

}  // namespace
}  // namespace sluice
