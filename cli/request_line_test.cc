#include "cli/request_line.h"

#include "gtest/gtest.h"

namespace sluice::cli {
namespace {

TEST(RequestLine, ReadsWhatAPersonTypes) {
  struct {
    std::string_view line, method, scheme, host, target;
  } cases[] = {
      {"GET https://a.example:8443/x?y=1", "GET", "https", "a.example:8443", "/x?y=1"},
      {"PUT http://a.example", "PUT", "http", "a.example", "/"},
      {"https://a.example/x", "GET", "https", "a.example", "/x"},
      {"DELETE /x", "DELETE", "", "", "/x"},
      {"/x", "GET", "", "", "/x"},
      {"GET http://[::1]:80/x", "GET", "http", "[::1]:80", "/x"},
      {"OPTIONS *", "OPTIONS", "", "", "*"},
      {"OPTIONS http://a.example", "OPTIONS", "http", "a.example", "*"},
      {"OPTIONS http://a.example/", "OPTIONS", "http", "a.example", "/"},
      {"tls://db.example:5432", "", "tls", "db.example:5432", ""},
      {"udp://[::1]:53", "", "udp", "[::1]:53", ""},
  };
  for (const auto& c : cases) {
    TypedRequest typed;
    std::string error;
    ASSERT_TRUE(ParseTypedRequest(c.line, {}, &typed, &error)) << error;
    EXPECT_EQ(typed.request.method, c.method);
    EXPECT_EQ(typed.request.scheme, c.scheme);
    EXPECT_EQ(typed.request.host, c.host);
    EXPECT_EQ(typed.request.target, c.target);
  }
}

TEST(RequestLine, ReadsHeaders) {
  TypedRequest typed;
  std::string error;
  ASSERT_TRUE(ParseTypedRequest("GET /", {"A: b: c ", "X:"}, &typed, &error));
  ASSERT_EQ(typed.request.header_count, 2u);
  EXPECT_EQ(typed.request.headers[0].name, "A");
  EXPECT_EQ(typed.request.headers[0].value, "b: c");
  EXPECT_EQ(typed.request.headers[1].value, "");
}

TEST(RequestLine, SaysWhatIsWrong) {
  TypedRequest typed;
  std::string error;
  EXPECT_FALSE(ParseTypedRequest("GET a.example/x", {}, &typed, &error));
  EXPECT_EQ(error, "expected a URL (https://host/path) or a path (/path), found `a.example/x`");
  EXPECT_FALSE(ParseTypedRequest("GET https://a.example?x", {}, &typed, &error));
  EXPECT_EQ(error, "expected a path before the query: write /? instead of ?");
  EXPECT_FALSE(ParseTypedRequest("GET ftp://a.example/", {}, &typed, &error));
  EXPECT_EQ(error, "expected one of the schemes http, https, grpc, grpcs, tcp, tls and udp, found `ftp`");
  EXPECT_FALSE(ParseTypedRequest("GET tcp://a.example:1", {}, &typed, &error));
  EXPECT_FALSE(ParseTypedRequest("tcp://a.example:1/x", {}, &typed, &error));
  EXPECT_EQ(error, "expected a connection as tcp://HOST:PORT alone");
  EXPECT_FALSE(ParseTypedRequest("GET /", {"sesame"}, &typed, &error));
  EXPECT_EQ(error.find("sesame"), std::string::npos) << "a header may be a credential";
}

}  // namespace
}  // namespace sluice::cli
