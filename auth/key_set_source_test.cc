#include "auth/key_set_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "auth/minter.h"

namespace sluice::auth {
namespace {

using Change = KeySetSource::Change;
using State = KeySetSource::State;

constexpr int64_t kSecond = 1'000'000'000;

std::string SetWith(const std::vector<std::string>& kids) {
  static const Minter idp = Minter::Make(KeyType::kEd25519);
  std::vector<std::string> jwks;
  for (const std::string& kid : kids) jwks.push_back(idp.Jwk(kid, ""));
  return JwkSet(jwks);
}

// A source with a clock that the test moves, and an identity provider that answers what the test says.
class SourceTest : public ::testing::Test {
 protected:
  SourceTest() { Restart({}); }

  void Restart(KeySetSourceOptions options) {
    if (options.url.empty()) options.url = "https://idp.example.com/jwks";
    options_ = options;
    ASSERT_EQ(KeySetSource::Check(options), "");
    source_ = std::make_unique<KeySetSource>(options);
  }

  Now now() const { return {1'760'000'000 * kSecond + time_ns_, 5 * kSecond + time_ns_}; }
  void Wait(double seconds) { time_ns_ += static_cast<int64_t>(seconds * 1e9); }

  std::optional<Fetch> Next() {
    std::optional<Fetch> fetch = source_->NextFetch(now(), &ask_again_ns_);
    if (fetch) ++fetches_;
    return fetch;
  }
  double SecondsToNext() const { return static_cast<double>(ask_again_ns_ - now().mono_ns) / 1e9; }

  Change Answer(uint64_t id, int status, const std::string& body, std::string_view cache_control = "",
                std::string_view etag = "") {
    FetchResult result;
    result.status = status;
    result.body = body;
    result.cache_control = cache_control;
    result.etag = etag;
    if (status == 0) result.error = "connect refused";
    return source_->OnResult(id, result, now());
  }

  // Starts the fetch that is due and answers it.
  Change FetchAndAnswer(int status, const std::string& body = "", std::string_view cache_control = "",
                        std::string_view etag = "") {
    std::optional<Fetch> fetch = Next();
    EXPECT_TRUE(fetch.has_value());
    return fetch ? Answer(fetch->id, status, body, cache_control, etag) : Change::kNone;
  }

  State Want(const std::string& kid) { return source_->WantKey(kid, now()).state; }

  KeySetSourceOptions options_;
  std::unique_ptr<KeySetSource> source_;
  int64_t time_ns_ = 0;
  int64_t ask_again_ns_ = 0;
  int fetches_ = 0;
};

TEST_F(SourceTest, ChecksItsOptions) {
  const struct {
    void (*change)(KeySetSourceOptions&);
    const char* text;
  } cases[] = {
      {[](KeySetSourceOptions& o) { o.url = "http://idp/"; },
       "expected an https url, found `http://idp/`; set allow_http"},
      {[](KeySetSourceOptions& o) { o.url = "ftp://idp/"; }, "expected an https url, found `ftp://idp/`"},
      {[](KeySetSourceOptions& o) { o.url = "https://"; }, "expected a url"},
      {[](KeySetSourceOptions& o) { o.url = "https://idp/\r\nX: 1"; }, "expected a url"},
      {[](KeySetSourceOptions& o) { o.cooldown_s = 0; }, "expected cooldown_s from 1"},
      {[](KeySetSourceOptions& o) { o.max_fresh_s = o.min_fresh_s - 1; }, "expected max_fresh_s from 60"},
      {[](KeySetSourceOptions& o) { o.stale_s = -1; }, "expected stale_s from 0"},
      {[](KeySetSourceOptions& o) { o.timeout_ms = INT64_MAX; }, "expected timeout_ms"},
      {[](KeySetSourceOptions& o) { o.max_bytes = limits::kJwkSetBytes + 1; }, "expected max_bytes"},
  };
  for (const auto& c : cases) {
    KeySetSourceOptions options;
    options.url = "https://idp/jwks";
    EXPECT_EQ(KeySetSource::Check(options), "");
    c.change(options);
    EXPECT_EQ(KeySetSource::Check(options).find(c.text), 0u) << KeySetSource::Check(options);
  }
  KeySetSourceOptions plain;
  plain.url = "http://127.0.0.1/jwks";
  plain.allow_http = true;
  EXPECT_EQ(KeySetSource::Check(plain), "");
}

TEST_F(SourceTest, FetchesAtTheStartAndOnlyOnce) {
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->url, options_.url);
  EXPECT_EQ(fetch->timeout_ms, 5000);
  EXPECT_EQ(fetch->deadline_mono_ns, now().mono_ns + 5 * kSecond);
  EXPECT_EQ(fetch->max_bytes, limits::kJwkSetBytes);
  ASSERT_EQ(fetch->headers.size(), 1u);
  EXPECT_FALSE(Next()) << "one flight at a time";
  EXPECT_EQ(source_->generation(), 0u);
  EXPECT_EQ(source_->keys(), nullptr);
  EXPECT_EQ(Answer(fetch->id, 200, SetWith({"a"})), Change::kSwapped);
  EXPECT_EQ(source_->generation(), 1u);
  EXPECT_TRUE(source_->keys()->HasKid("a"));
  EXPECT_EQ(Answer(fetch->id, 200, SetWith({"b"})), Change::kNone) << "the flight is over";
  EXPECT_FALSE(source_->keys()->HasKid("b"));
}

TEST_F(SourceTest, RefreshesBeforeExpiryWithinBounds) {
  const struct {
    const char* cache_control;
    double fresh_s;
  } cases[] = {{"max-age=1000", 1000}, {"", 300}, {"max-age=1", 60}, {"no-store", 60}, {"max-age=9999999", 86400}};
  for (const auto& c : cases) {
    Restart({});
    EXPECT_EQ(FetchAndAnswer(200, SetWith({"a"}), c.cache_control), Change::kSwapped);
    EXPECT_FALSE(Next());
    EXPECT_GE(SecondsToNext(), 0.8 * c.fresh_s) << c.cache_control;
    EXPECT_LE(SecondsToNext(), 0.95 * c.fresh_s) << c.cache_control;
    EXPECT_EQ(source_->usable_until_mono_ns() - now().mono_ns, (static_cast<int64_t>(c.fresh_s) + 3600) * kSecond);
    Wait(SecondsToNext() + 1e-6);
    EXPECT_TRUE(Next()) << "due";
  }
}

TEST_F(SourceTest, JitterSpreadsGatewaysWithDifferentSeeds) {
  std::vector<double> waits;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    KeySetSourceOptions options;
    options.seed = seed;
    Restart(options);
    FetchAndAnswer(200, SetWith({"a"}));
    Next();
    waits.push_back(SecondsToNext());
  }
  std::sort(waits.begin(), waits.end());
  EXPECT_GT(waits.back() - waits.front(), 20) << "of 45 possible";
}

TEST_F(SourceTest, EqualBytesAnd304KeepTheGeneration) {
  EXPECT_EQ(FetchAndAnswer(200, SetWith({"a"}), "max-age=100", "\"v1\""), Change::kSwapped);
  std::shared_ptr<const KeySet> first = source_->keys();
  Wait(100);
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  ASSERT_EQ(fetch->headers.size(), 2u);
  EXPECT_EQ(fetch->headers[1], (std::pair<std::string, std::string>("If-None-Match", "\"v1\"")));
  EXPECT_EQ(Answer(fetch->id, 304, "", "max-age=100"), Change::kRefreshed);
  EXPECT_EQ(source_->usable_until_mono_ns(), now().mono_ns + 3700 * kSecond);
  Wait(100);
  EXPECT_EQ(FetchAndAnswer(200, SetWith({"a"}), "", "\"v2\""), Change::kRefreshed);
  EXPECT_EQ(source_->generation(), 1u);
  EXPECT_EQ(source_->keys(), first);
  Wait(300);
  EXPECT_EQ(FetchAndAnswer(200, SetWith({"b"})), Change::kSwapped);
  EXPECT_EQ(source_->generation(), 2u);
  EXPECT_FALSE(source_->keys()->HasKid("a")) << "a removed key ends with the swap";
}

TEST_F(SourceTest, IgnoresAnEtagThatIsNoHeaderValue) {
  FetchAndAnswer(200, SetWith({"a"}), "max-age=100", "\"x\r\nX-Evil: 1\"");
  Wait(100);
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->headers.size(), 1u);
  EXPECT_EQ(Answer(fetch->id, 304, ""), Change::kFailed) << "nobody asked";
}

TEST_F(SourceTest, BadAnswersChangeNothing) {
  EXPECT_EQ(FetchAndAnswer(200, SetWith({"a"}), "max-age=100"), Change::kSwapped);
  const struct {
    int status;
    std::string body;
    const char* error;
  } cases[] = {
      {0, "", "connect refused"},
      {500, "", "expected status 200, found `500`"},
      {302, "", "expected status 200, found `302`"},
      {204, "", "expected status 200, found `204`"},
      {200, "", "expected a key set"},
      {200, "<html>", "expected a key set"},
      {200, SetWith({"b"}).substr(0, 40), "expected a key set"},
      {200, std::string(limits::kJwkSetBytes + 1, ' '), "expected at most 1048576 bytes, found more"},
      {200, std::string(10 << 20, '['), "expected at most"},
  };
  int failures = 0;
  for (const auto& c : cases) {
    Wait(100);
    EXPECT_EQ(FetchAndAnswer(c.status, c.body), Change::kFailed);
    EXPECT_EQ(source_->last_error().find(c.error), 0u) << source_->last_error();
    EXPECT_EQ(source_->failures(), ++failures);
    EXPECT_TRUE(source_->keys()->HasKid("a"));
    EXPECT_EQ(source_->generation(), 1u);
  }
  Wait(100);
  EXPECT_EQ(FetchAndAnswer(200, SetWith({"a", "b"})), Change::kSwapped);
  EXPECT_EQ(source_->failures(), 0);
  EXPECT_EQ(source_->last_error(), "");
}

TEST_F(SourceTest, BacksOffWithJitterUpToABound) {
  double longest = 1;
  for (int i = 0; i < 12; ++i) {
    FetchAndAnswer(0);
    EXPECT_FALSE(Next());
    EXPECT_GE(SecondsToNext(), 0.5 * longest) << i;
    EXPECT_LE(SecondsToNext(), longest) << i;
    Wait(SecondsToNext() + 1e-6);
    longest = std::min(60.0, 2 * longest);
  }
}

TEST_F(SourceTest, AFetchThatNeverComesBackCountsAsFailed) {
  std::optional<Fetch> fetch = Next();
  Wait(5.9);
  EXPECT_FALSE(Next());
  EXPECT_EQ(source_->failures(), 0);
  Wait(0.2);
  Next();
  EXPECT_EQ(source_->failures(), 1);
  EXPECT_EQ(source_->last_error(), "expected an answer within 5000 ms, found none");
  EXPECT_EQ(Answer(fetch->id, 200, SetWith({"a"})), Change::kNone) << "too late";
}

TEST_F(SourceTest, StaleKeysServeForABoundedTimeThenNothing) {
  KeySetSourceOptions options;
  options.stale_s = 200;
  Restart(options);
  FetchAndAnswer(200, SetWith({"a"}), "max-age=100");
  int64_t end = time_ns_ + 300 * kSecond;
  for (; time_ns_ < end; Wait(1)) {
    EXPECT_EQ(Want("a"), State::kHave);
    if (std::optional<Fetch> fetch = Next()) Answer(fetch->id, 0, "");
  }
  EXPECT_GT(source_->failures(), 3);
  if (std::optional<Fetch> fetch = Next()) Answer(fetch->id, 0, "");
  EXPECT_EQ(Want("a"), State::kUnavailable);
  EXPECT_LE(source_->usable_until_mono_ns(), now().mono_ns);
  Wait(60);
  FetchAndAnswer(200, SetWith({"a"}));
  EXPECT_EQ(Want("a"), State::kHave);
}

TEST_F(SourceTest, AnUnknownKeyWaitsForOneFetchThenPasses) {
  FetchAndAnswer(200, SetWith({"a"}));
  KeySetSource::Want first = source_->WantKey("b", now());
  EXPECT_EQ(first.state, State::kWait);
  EXPECT_TRUE(first.started);
  KeySetSource::Want second = source_->WantKey("b", now()), other = source_->WantKey("c", now());
  EXPECT_EQ(second.state, State::kWait);
  EXPECT_FALSE(second.started);
  EXPECT_EQ(second.flight, first.flight);
  EXPECT_EQ(other.flight, first.flight);
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->id, first.flight);
  EXPECT_EQ(source_->WantKey("b", now()).flight, first.flight) << "joins a fetch under way, too";
  EXPECT_EQ(Answer(fetch->id, 200, SetWith({"a", "b"})), Change::kSwapped);
  EXPECT_EQ(Want("b"), State::kHave);
  EXPECT_EQ(Want("c"), State::kUnknown);
}

TEST_F(SourceTest, AnUnknownKeyStartsTheVeryFirstFetch) {
  KeySetSource::Want want = source_->WantKey("a", now());
  EXPECT_EQ(want.state, State::kWait);
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->id, want.flight);
}

TEST_F(SourceTest, AnEmptySetIsAskedAgainAfterTheCooldownOnly) {
  FetchAndAnswer(200, SetWith({}));
  EXPECT_EQ(Want(""), State::kWait) << "any key at all";
  EXPECT_EQ(FetchAndAnswer(200, SetWith({})), Change::kRefreshed);
  EXPECT_EQ(Want(""), State::kUnknown);
  EXPECT_EQ(Want("x"), State::kUnknown);
  Wait(31);
  EXPECT_EQ(Want("x"), State::kWait);
  FetchAndAnswer(200, SetWith({"x"}));
  EXPECT_EQ(Want("x"), State::kHave);
  EXPECT_EQ(Want(""), State::kHave);
}

TEST_F(SourceTest, AScheduledFetchStartsNoCooldown) {
  FetchAndAnswer(200, SetWith({"a"}));
  Wait(1);
  EXPECT_EQ(Want("b"), State::kWait) << "rotated right after the fetch";
}

TEST_F(SourceTest, AStormOfMadeUpKeysCausesOneFetchPerCooldown) {
  FetchAndAnswer(200, SetWith({"a"}), "max-age=86400");
  fetches_ = 0;
  std::mt19937 random(1);
  for (int i = 0; i < 60'000; ++i, Wait(0.01)) {  // ten minutes
    State state = Want("made-up-" + std::to_string(random()));
    EXPECT_TRUE(state == State::kWait || state == State::kUnknown);
    if (std::optional<Fetch> fetch = Next()) Answer(fetch->id, 200, SetWith({"a"}), "max-age=86400");
    EXPECT_EQ(Want("a"), State::kHave);
  }
  EXPECT_GE(fetches_, 15) << "a new key must be found";
  EXPECT_LE(fetches_, 20) << "one in 30 seconds";
}

TEST_F(SourceTest, AStormWhileTheProviderIsDownFollowsTheBackOff) {
  FetchAndAnswer(200, SetWith({"a"}), "max-age=86400");
  fetches_ = 0;
  for (int i = 0; i < 60'000; ++i, Wait(0.01)) {
    State state = Want("made-up-" + std::to_string(i));
    EXPECT_TRUE(state == State::kWait || state == State::kUnavailable);
    if (std::optional<Fetch> fetch = Next()) Answer(fetch->id, 503, "");
    EXPECT_EQ(Want("a"), State::kHave);
  }
  EXPECT_LE(fetches_, 7 + 600 / 30) << "1 2 4 8 16 32 and then at most every 30 s";
}

TEST_F(SourceTest, AKeyKnownToBeAbsentCausesNoFetchForAWhile) {
  FetchAndAnswer(200, SetWith({"a"}), "max-age=86400");
  EXPECT_EQ(Want("ghost"), State::kWait);
  FetchAndAnswer(200, SetWith({"a"}), "max-age=86400");
  Wait(31);
  EXPECT_EQ(Want("ghost"), State::kUnknown) << "cooldown over, but known to be absent";
  EXPECT_EQ(Want("new"), State::kWait) << "others are asked for";
  FetchAndAnswer(200, SetWith({"a", "new"}), "max-age=86400");
  Wait(31);
  EXPECT_EQ(Want("ghost"), State::kWait) << "after negative_s";
}

TEST_F(SourceTest, TheNegativeCacheIsBounded) {
  FetchAndAnswer(200, SetWith({"a"}), "max-age=86400");
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(Want("ghost-" + std::to_string(i)), State::kWait);
  FetchAndAnswer(200, SetWith({"a"}), "max-age=86400");
  Wait(31);
  EXPECT_EQ(Want("ghost-0"), State::kUnknown);
  EXPECT_EQ(Want("ghost-999"), State::kWait) << "forgotten, which costs a fetch and nothing else";
}

TEST_F(SourceTest, NothingIsUsableWhileTheProviderNeverAnswered) {
  FetchAndAnswer(0);
  EXPECT_EQ(Want("a"), State::kUnavailable);
  EXPECT_EQ(Want(""), State::kUnavailable);
  Wait(1);
  EXPECT_EQ(Want("a"), State::kWait) << "the retry is due";
}

// ---- Discovery ----

constexpr char kWellKnown[] = "https://idp.example.com/.well-known/openid-configuration";

std::string DocumentWith(const std::string& jwks_uri, const std::string& issuer = "https://idp.example.com") {
  return R"({"issuer":")" + issuer + R"(","jwks_uri":")" + jwks_uri + R"("})";
}

class DiscoveryTest : public SourceTest {
 protected:
  DiscoveryTest() {
    KeySetSourceOptions options;
    options.url = kWellKnown;
    options.issuers = {"https://idp.example.com"};
    Restart(options);
  }

  // Expects a fetch of `url` and answers it.
  Change Expect(const std::string& url, int status, const std::string& body, std::string_view cache_control = "",
                std::string_view etag = "") {
    std::optional<Fetch> fetch = Next();
    if (!fetch) return Change::kNone;
    EXPECT_EQ(fetch->url, url);
    return Answer(fetch->id, status, body, cache_control, etag);
  }
};

TEST_F(DiscoveryTest, GoesBeforeTheKeys) {
  EXPECT_EQ(Want("a"), State::kWait);
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->url, kWellKnown);
  EXPECT_EQ(fetch->max_bytes, limits::kDiscoveryBytes);
  KeySetSource::Want first = source_->WantKey("a", now());
  EXPECT_EQ(first.flight, fetch->id);
  EXPECT_FALSE(first.follows);
  EXPECT_EQ(Answer(fetch->id, 200, DocumentWith("https://keys.example/jwks")), Change::kDiscovered);
  KeySetSource::Want second = source_->WantKey("a", now());
  EXPECT_EQ(second.state, State::kWait) << "who waited for the document waits for the keys";
  EXPECT_TRUE(second.follows);
  EXPECT_NE(second.flight, first.flight) << "a job of its own";
  EXPECT_EQ(Expect("https://keys.example/jwks", 200, SetWith({"a"})), Change::kSwapped);
  EXPECT_EQ(Want("a"), State::kHave);
  EXPECT_FALSE(Next());
}

TEST_F(DiscoveryTest, OfAnotherIssuerBringsNoKeys) {
  EXPECT_EQ(Expect(kWellKnown, 200, DocumentWith("https://evil/jwks", "https://evil")), Change::kFailed);
  EXPECT_NE(source_->last_error().find("found `https://evil`"), std::string::npos) << source_->last_error();
  EXPECT_EQ(Want("a"), State::kUnavailable);
  Wait(1);
  EXPECT_EQ(Expect(kWellKnown, 200, DocumentWith("https://keys.example/jwks")), Change::kDiscovered) << "asked again";
}

TEST_F(DiscoveryTest, IsFreshForAsLongAsItSays) {
  Expect(kWellKnown, 200, DocumentWith("https://k/1"), "max-age=1000");
  Expect("https://k/1", 200, SetWith({"a"}), "max-age=300", "\"v1\"");
  Wait(300);
  EXPECT_EQ(Expect("https://k/1", 304, "", "max-age=300"), Change::kRefreshed);
  Wait(701);
  EXPECT_EQ(Expect(kWellKnown, 200, DocumentWith("https://k/2"), "max-age=1000"), Change::kDiscovered);
  std::optional<Fetch> fetch = Next();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->url, "https://k/2") << "the keys have moved";
  EXPECT_EQ(fetch->headers.size(), 1u) << "the ETag is another url's";
  EXPECT_EQ(Answer(fetch->id, 200, SetWith({"b"})), Change::kSwapped);
}

TEST_F(DiscoveryTest, IsRepeatedWhenTheKeysCannotBeFetched) {
  Expect(kWellKnown, 200, DocumentWith("https://k/1"), "max-age=86400");
  EXPECT_EQ(Expect("https://k/1", 404, ""), Change::kFailed);
  Wait(1);
  EXPECT_EQ(Expect(kWellKnown, 200, DocumentWith("https://k/2")), Change::kDiscovered);
  EXPECT_EQ(Expect("https://k/2", 200, SetWith({"a"})), Change::kSwapped);
}

TEST_F(DiscoveryTest, AnUnknownKeyIdCausesOneFetchPerCooldown) {
  Expect(kWellKnown, 200, DocumentWith("https://k/1"), "max-age=60");
  Expect("https://k/1", 200, SetWith({"a"}), "max-age=86400");
  Wait(61);
  EXPECT_EQ(Want("ghost"), State::kWait);
  EXPECT_EQ(Expect(kWellKnown, 200, DocumentWith("https://k/1")), Change::kDiscovered) << "no longer fresh";
  EXPECT_EQ(Want("other"), State::kWait) << "joins the flight";
  EXPECT_EQ(Expect("https://k/1", 200, SetWith({"a"}), "max-age=86400"), Change::kRefreshed);
  EXPECT_EQ(Want("ghost"), State::kUnknown);
  EXPECT_EQ(Want("third"), State::kUnknown) << "cooldown";
  EXPECT_FALSE(Next());
}

TEST_F(DiscoveryTest, AFlightThatNeverEndsIsGivenUp) {
  EXPECT_TRUE(Next());
  Wait(6.1);
  EXPECT_EQ(Want("a"), State::kUnavailable);
  EXPECT_EQ(source_->failures(), 1);
  Wait(1);
  Expect(kWellKnown, 200, DocumentWith("https://k/1"));
  EXPECT_TRUE(Next());
  Wait(6.1);
  EXPECT_EQ(Want("a"), State::kUnavailable);
  EXPECT_EQ(source_->failures(), 2) << "the document alone is no success";
}

TEST(SourceIdentity, TellsWhatDiffers) {
  KeySetSourceOptions options;
  options.url = "https://idp";
  KeySetSourceOptions seeded = options;
  seeded.seed = 7;
  EXPECT_EQ(SourceIdentity(options), SourceIdentity(seeded));
  void (*const kChanges[])(KeySetSourceOptions&) = {[](KeySetSourceOptions& o) { o.url += "/"; },
                                                    [](KeySetSourceOptions& o) { o.allow_http = true; },
                                                    [](KeySetSourceOptions& o) { o.issuers = {"i"}; },
                                                    [](KeySetSourceOptions& o) { o.cooldown_s = 1; },
                                                    [](KeySetSourceOptions& o) { o.timeout_ms = 1; },
                                                    [](KeySetSourceOptions& o) { o.keys.algorithms = {}; },
                                                    [](KeySetSourceOptions& o) { o.keys.allow_secrets = true; }};
  for (auto change : kChanges) {
    KeySetSourceOptions other = options;
    change(other);
    EXPECT_NE(SourceIdentity(options), SourceIdentity(other));
  }
}

TEST_F(SourceTest, NotesTellWhatWasSkipped) {
  FetchAndAnswer(200, R"({"keys":[{"kty":"AKP","kid":"pq"}]})");
  ASSERT_EQ(source_->notes().size(), 1u);
  EXPECT_EQ(source_->notes()[0], "key 0 (kid `pq`): skipped: unknown `kty` `AKP`");
}

}  // namespace
}  // namespace sluice::auth
