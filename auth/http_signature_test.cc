#include "auth/http_signature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::auth {
namespace {

constexpr int64_t kSigned = 1498151721;  // Thu, 22 Jun 2017 17:15:21 GMT

// The example of Kong's documentation for hmac-auth.
constexpr char kKongsExample[] = R"(username="alice123", algorithm="hmac-sha256", headers="date request-line", )"
                                 R"(signature="ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtw=")";

struct SignedRequest {
  std::vector<Header> headers = {{"Date", "Thu, 22 Jun 2017 17:15:21 GMT"}};
  Request request;
  SignedRequest() {
    request.method = "GET";
    request.target = "/requests";
  }
  const Request& operator*() {
    request.headers = headers.data();
    request.header_count = headers.size();
    return request;
  }
};

std::string TextFor(std::string_view names, const Request& request, std::string* fault_text = nullptr) {
  std::string text =
      "username=\"u\",algorithm=\"hmac-sha256\",headers=\"" + std::string(names) + "\",signature=\"AA==\"";
  SignatureParameters parameters;
  EXPECT_STREQ(ParseSignature(text, &parameters), "") << names;
  Arena arena;
  const char* fault;
  std::string out(SignedText(parameters, request, &arena, &fault));
  if (fault_text != nullptr) *fault_text = fault;
  return out;
}

TEST(HttpSignature, VerifiesTheExampleOfKongsDocumentation) {
  SignatureParameters parameters;
  ASSERT_STREQ(ParseSignature(kKongsExample, &parameters), "");
  EXPECT_EQ(parameters.username, "alice123");
  SignedRequest request;
  Arena arena;
  const char* fault;
  std::string text(SignedText(parameters, *request, &arena, &fault));
  EXPECT_EQ(text, "date: Thu, 22 Jun 2017 17:15:21 GMT\nGET /requests HTTP/1.1");
  SigningSecret secret("secret");
  EXPECT_TRUE(secret.Verify(*parameters.hash, text, parameters.signature));
  EXPECT_FALSE(secret.Verify(SigningHash::kSha512, text, parameters.signature));
  EXPECT_FALSE(SigningSecret("Secret").Verify(*parameters.hash, text, parameters.signature));
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(secret.Verify(*parameters.hash, other, parameters.signature)) << i;
  }
}

TEST(HttpSignature, KnowsEachHash) {  // of "x" with the secret "secret", by openssl dgst -hmac
  constexpr std::pair<SigningHash, const char*> kMacs[] = {
      {SigningHash::kSha1, "l3JGhKjYn4GSbBzIhVi9NEQtKfI="},
      {SigningHash::kSha256, "EX7KMy9+E8y45FdOTzPaohKpIxNTZwwri0eX3wu3evo="},
      {SigningHash::kSha384, "vJv+cu8KYykA32G76UH5SR5vi1vUA05FQzS2LZ9Vk+w1wZ3TMwe7nFt0i6Q93pP4"},
      {SigningHash::kSha512,
       "FWHjdTN4nQU3sg0wyxVKeBskiG1K9xN6wXbx5KpNIBjThj68j4vo6nxPnj348MRcEbuYHYihabDgNm21tMeW5Q=="},
  };
  SigningSecret secret("secret");
  for (auto [hash, mac] : kMacs)
    for (auto [other, ignored] : kMacs) EXPECT_EQ(secret.Verify(other, "x", mac), other == hash) << mac;
}

TEST(HttpSignature, NoSpellingOfAnythingElseIsASignature) {
  SigningSecret secret("secret");
  for (std::string_view signature :
       {"", "=", "ujWC", "ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtw",
        "ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtx=", "ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtwA"})
    EXPECT_FALSE(secret.Verify(SigningHash::kSha256, "x", signature)) << signature;
  EXPECT_FALSE(secret.Verify(SigningHash::kSha512, "x", std::string(100'000, 'A')));
}

TEST(HttpSignature, ParsesParametersInAnyOrder) {
  SignatureParameters p;
  ASSERT_STREQ(
      ParseSignature("\tsignature=\"c2ln\" ,headers=\"Date host\",username=\"b o,b=\xc3\xa9\",algorithm=\"md5\"", &p),
      "");
  EXPECT_EQ(p.username, "b o,b=\xc3\xa9");
  EXPECT_FALSE(p.hash);
  EXPECT_EQ(p.signature, "c2ln");
  ASSERT_EQ(p.header_count, 2u);
  EXPECT_TRUE(p.Signs("date") && p.Signs("HOST") && !p.Signs("dat") && !p.Signs(""));
}

TEST(HttpSignature, RefusesWhatIsNotWellFormed) {
  const std::string good = kKongsExample;
  auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::pair<std::string, const char*> cases[] = {
      {"", "expected name=\"value\""},
      {"alice:sig", "expected name=\"value\""},
      {good + ",", "expected name=\"value\""},
      {with("\"alice123\"", "alice123"), "expected name=\"value\""},
      {with("alice123", "alice\\\""), "expected name=\"value\""},
      {with("alice123", "alice\n"), "expected name=\"value\""},
      {with("alice123", "alice\x7f"), "expected name=\"value\""},
      {with("=\"", " = \""), "expected name=\"value\""},
      {good.substr(0, good.size() - 1), "expected name=\"value\""},
      {with(", algorithm", " algorithm"), "expected a comma between parameters"},
      {good + ";", "expected a comma between parameters"},
      {with("username", "keyId"), "a parameter that is not known"},
      {with("username", "Username"), "a parameter that is not known"},
      {good + ", username=\"bob\"", "a parameter is there twice"},
      {with("alice123", ""), "username, algorithm, headers and signature are all needed"},
      {good.substr(0, good.rfind(',')), "username, algorithm, headers and signature are all needed"},
      {with("date request-line", "date  request-line"), "`headers` has an empty name"},
      {with("date request-line", "date "), "`headers` has an empty name"},
      {with("date request-line", "date Date"), "`headers` has a name twice"},
  };
  SignatureParameters parameters;
  for (const auto& [text, fault] : cases) EXPECT_STREQ(ParseSignature(text, &parameters), fault) << text;
}

TEST(HttpSignature, NamesAreBounded) {
  auto parse = [](size_t count) {
    std::string names = "h0";
    for (size_t i = 1; i < count; ++i) names += " h" + std::to_string(i);
    SignatureParameters parameters;
    std::string text = "username=\"u\",algorithm=\"hmac-sha1\",signature=\"AA==\",headers=\"" + names + "\"";
    return std::string(ParseSignature(text, &parameters));
  };
  EXPECT_EQ(parse(limits::kSignedHeaders), "");
  EXPECT_EQ(parse(limits::kSignedHeaders + 1), "`headers` has too many names");
}

TEST(HttpSignature, TextHasALineForEachName) {
  SignedRequest request;
  request.headers.push_back({"X-Amount", "12 EUR"});
  request.headers.push_back({"X-Empty", ""});
  request.request.method = "DELETE";
  request.request.target = "/a%20b?x=1";
  request.request.host = "api.example.com";
  EXPECT_EQ(TextFor("@request-target x-amount", *request), "@request-target: delete /a%20b?x=1\nx-amount: 12 EUR");
  EXPECT_EQ(TextFor("X-AMOUNT", *request), "X-AMOUNT: 12 EUR") << "names as the client spelled them";
  EXPECT_EQ(TextFor("x-empty x-absent", *request), "x-empty: \nx-absent:");
  EXPECT_EQ(TextFor("host", *request), "host: api.example.com") << "HTTP/2 has it as :authority";
  for (auto [version, line] : {std::pair("", "DELETE /a%20b?x=1 HTTP/1.1"),
                               {"1.0", "DELETE /a%20b?x=1 HTTP/1.0"},
                               {"2", "DELETE /a%20b?x=1 HTTP/2.0"}}) {
    request.request.http_version = version;
    EXPECT_EQ(TextFor("request-line", *request), line);
  }
}

TEST(HttpSignature, AnAbsoluteTargetIsSignedWithoutItsAuthority) {
  SignedRequest request;
  for (auto [target, path] : {std::pair("http://h:80/x?y=://z", "/x?y=://z"),
                              {"https://h", "/"},
                              {"*", "*"},
                              {"/x?u=http://h/y", "/x?u=http://h/y"},
                              {"", ""}}) {
    request.request.target = target;
    EXPECT_EQ(TextFor("@request-target", *request), "@request-target: get " + std::string(path)) << target;
  }
}

TEST(HttpSignature, ASignedHeaderThatIsThereTwiceIsAFault) {
  SignedRequest request;
  request.headers.push_back({"x-amount", "1"});
  request.headers.push_back({"X-Amount", "1000"});
  std::string fault;
  TextFor("date x-amount", *request, &fault);
  EXPECT_EQ(fault, "a signed header is there twice");
  TextFor("date", *request, &fault);
  EXPECT_EQ(fault, "");
}

TEST(HttpSignature, IsFreshWithinTheSkewIfTheDateIsSigned) {
  struct Case {
    const char* names;
    std::vector<Header> headers;
    int64_t now_s;
    bool fresh;
  };
  const char* date = "Thu, 22 Jun 2017 17:15:21 GMT";
  const Case cases[] = {
      {"date", {{"Date", date}}, kSigned, true},
      {"date", {{"Date", date}}, kSigned + 300, true},
      {"date", {{"Date", date}}, kSigned + 301, false},
      {"date", {{"Date", date}}, kSigned - 300, true},
      {"date", {{"Date", date}}, kSigned - 301, false},
      {"x-date", {{"X-Date", date}}, kSigned, true},
      {"host", {{"Date", date}}, kSigned, false},  // there, but anybody may have written it
      {"x-date", {{"Date", date}}, kSigned, false},
      {"x-date date", {{"Date", date}, {"X-Date", "yesterday"}}, kSigned, true},
      {"date", {{"Date", "22.6.2017 17:15"}}, kSigned, false},
      {"date", {{"Date", date}, {"Date", date}}, kSigned, false},
      {"date", {}, kSigned, false},
  };
  for (const Case& c : cases) {
    SignedRequest request;
    request.headers = c.headers;
    std::string text =
        "username=\"u\",algorithm=\"hmac-sha1\",signature=\"AA==\",headers=\"" + std::string(c.names) + "\"";
    SignatureParameters parameters;
    ASSERT_STREQ(ParseSignature(text, &parameters), "");
    EXPECT_EQ(IsFresh(parameters, *request, c.now_s, 300), c.fresh) << c.names << " at " << c.now_s - kSigned;
  }
}

}  // namespace
}  // namespace sluice::auth
