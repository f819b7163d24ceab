#include "auth/jws.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "auth/base64url.h"
#include "auth/minter.h"
#include "base/limits.h"

namespace sluice::auth {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  EXPECT_TRUE(in.good()) << path;
  return out.str();
}

// Signatures made by others: RFC 7515 appendix A, RFC 7520, RFC 8037. See testdata/README.md.
TEST(JwsVectors, VerifyAndGiveTheirPayload) {
  std::string text = ReadFile("auth/testdata/jws_vectors.json");
  Json json;
  ASSERT_TRUE(json.Parse(text.data(), text.size(), {8, 1000})) << json.error();
  const std::set<std::string_view> known = {"name", "source", "alg", "jwk", "compact", "payload"};
  size_t count = 0;
  for (JsonValue v = json.root().Member("vectors").First(); v.exists(); v = v.Next(), ++count) {
    for (JsonValue field = v.First(); field.exists(); field = field.Next())
      EXPECT_EQ(known.count(field.name()), 1u) << "no test reads `" << field.name() << "`";
    SCOPED_TRACE(std::string(v.Member("source").AsString()) + ": " + std::string(v.Member("name").AsString()));
    std::optional<Algorithm> algorithm = FindAlgorithm(v.Member("alg").AsString());
    ASSERT_TRUE(algorithm);
    std::string error;
    Notes notes;
    std::shared_ptr<const KeySet> keys =
        KeySet::ParseJwkSet(JwkSet({std::string(v.Member("jwk").AsString())}), {{*algorithm}, true}, &error, &notes);
    ASSERT_TRUE(keys) << error;
    ASSERT_EQ(keys->size(), 1u) << notes[0];
    Jws jws;
    std::string_view compact = v.Member("compact").AsString();
    ASSERT_TRUE(jws.Parse(compact).ok());
    EXPECT_EQ(jws.algorithm(), algorithm);
    EXPECT_EQ(jws.Verify(*keys).reason, Reason::kOk);
    EXPECT_EQ(jws.payload(), v.Member("payload").AsString());
  }
  EXPECT_EQ(count, 9u);
}

TEST(Jws, CarriesAnyBytes) {
  Minter idp = Minter::Make(KeyType::kEd25519);
  std::string payload("\0\xff\x80 not JSON", 12), error;
  std::optional<Key> key = Key::FromPem(idp.PublicPem(), Algorithm::kEdDsa, &error);
  Jws jws;
  for (const std::string& bytes : {payload, std::string()}) {
    std::string compact = idp.Mint(Algorithm::kEdDsa, bytes);
    ASSERT_TRUE(jws.Parse(compact).ok());
    EXPECT_TRUE(jws.Verify(*key).ok());
    EXPECT_EQ(jws.payload(), bytes);
  }
}

TEST(Jws, RefusesBadForm) {
  std::string h = EncodeBase64Url(R"({"alg":"HS256"})");
  auto header = [](std::string_view json) { return EncodeBase64Url(json) + ".e30.AAAA"; };
  const struct {
    std::string compact;
    Reason reason;
  } cases[] = {
      {"", Reason::kMalformed},
      {".", Reason::kMalformed},
      {"..", Reason::kMalformed},
      {h, Reason::kMalformed},
      {h + ".e30", Reason::kMalformed},
      {h + ".e30.AAAA.", Reason::kMalformed},
      {h + ".e30.AAAA.AAAA.AAAA", Reason::kMalformed},  // an encrypted token (JWE)
      {h + "=.e30.AAAA", Reason::kMalformed},
      {h + ".e30=.AAAA", Reason::kMalformed},
      {h + ".e31.AAAA", Reason::kMalformed},  // trailing bits
      {h + ".e30.AA+A", Reason::kMalformed},
      {h + ".e30.AAAA\n", Reason::kMalformed},
      {" " + h + ".e30.AAAA", Reason::kMalformed},
      {header("[]"), Reason::kMalformed},
      {header("{}"), Reason::kMalformed},
      {header(R"({"alg":7})"), Reason::kMalformed},
      {header(R"({"alg":"HS256","alg":"none"})"), Reason::kMalformed},
      {header(R"({"alg":"HS256","kid":7})"), Reason::kMalformed},
      {header("{\"alg\":\"HS256\",\"x\":\"\xff\"}"), Reason::kMalformed},
      {header(R"({"alg":"HS256","crit":["exp"]})"), Reason::kCritical},
      {header(R"({"alg":"HS256","crit":[]})"), Reason::kCritical},
      {header(R"({"alg":"HS256","b64":false})"), Reason::kCritical},
      {std::string(limits::kTokenBytes + 1, 'A'), Reason::kTooLarge},
      {std::string(1 << 20, '.'), Reason::kTooLarge},
  };
  Jws jws;
  for (const auto& c : cases) {
    Verdict v = jws.Parse(c.compact);
    EXPECT_EQ(v.reason, c.reason) << c.compact.substr(0, 100);
    EXPECT_STRNE(v.detail, "");
  }
}

TEST(Jws, AcceptsTheLargestToken) {
  Minter idp = Minter::FromSecret(std::string(32, 'k'));
  size_t overhead = idp.Mint(Algorithm::kHs256, "").size();
  std::string compact = idp.Mint(Algorithm::kHs256, std::string((limits::kTokenBytes - overhead) / 4 * 3, 'x'));
  ASSERT_LE(compact.size(), limits::kTokenBytes);
  ASSERT_GT(compact.size() + 4, limits::kTokenBytes);
  EXPECT_TRUE(Jws().Parse(compact).ok());
}

TEST(Jws, GivesNothingOfTheLastTokenAfterABadOne) {
  Minter idp = Minter::FromSecret(std::string(32, 'k'));
  std::string good = idp.Mint(Algorithm::kHs256, "payload", "kid"), error;
  std::optional<Key> key = Key::FromSecret(idp.secret(), Algorithm::kHs256, {}, &error);
  Jws jws;
  ASSERT_TRUE(jws.Parse(good).ok());
  ASSERT_TRUE(jws.Verify(*key).ok());
  ASSERT_FALSE(jws.Parse("a.b").ok());
  EXPECT_EQ(jws.kid(), "");
  EXPECT_EQ(jws.payload(), "");
  EXPECT_FALSE(jws.Verify(*key).ok());
}

}  // namespace
}  // namespace sluice::auth
