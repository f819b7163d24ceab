#include "policy/json/request_json.h"

#include "base/limits.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(RequestJson, ReadsEveryMember) {
  RequestReader reader;
  std::string error;
  const RequestLine* line = reader.Read(
      R"({"id":"r1","now":1760000000.250,"method":"GET","scheme":"https","host":"api.example.com","port":443,)"
      R"("path":"/orders/7?x=1","http_version":"1.1","headers":[["Authorization","Bearer t"],["X-A","1"]],)"
      R"("peer":"203.0.113.9:51234","server":"10.0.0.1:8443",)"
      R"("tls":{"sni":"s","client_cert":"c","client_chain":"h"},"content_length":12,"cost":3,)"
      R"("outcome":{"status":504,"latency_ms":1500.5,"error":"timeout","cost":7}})",
      &error);
  ASSERT_NE(line, nullptr) << error;
  const Request& r = line->request;
  EXPECT_EQ(line->id_json, "\"r1\"");
  EXPECT_EQ(line->wall_ns, 1'760'000'000'250'000'000);
  EXPECT_EQ(r.method, "GET");
  EXPECT_EQ(r.scheme, "https");
  EXPECT_EQ(r.host, "api.example.com");
  EXPECT_EQ(r.port, 443u);
  EXPECT_EQ(r.target, "/orders/7?x=1");
  EXPECT_EQ(r.http_version, "1.1");
  ASSERT_EQ(r.header_count, 2u);
  EXPECT_EQ(r.headers[0].name, "Authorization");
  EXPECT_EQ(r.headers[1].value, "1");
  EXPECT_EQ(r.peer, "203.0.113.9:51234");
  EXPECT_EQ(r.server, "10.0.0.1:8443");
  EXPECT_EQ(r.tls.sni, "s");
  EXPECT_EQ(r.tls.client_cert, "c");
  EXPECT_EQ(r.tls.client_chain, "h");
  EXPECT_EQ(r.content_length, 12);
  EXPECT_EQ(r.cost, 3u);
  ASSERT_TRUE(line->outcome);
  EXPECT_EQ(line->outcome->status, 504u);
  EXPECT_EQ(line->outcome->latency_ns, 1'500'500'000);
  EXPECT_EQ(line->outcome->error, "timeout");
  EXPECT_EQ(line->outcome->cost, 7u);
}

TEST(RequestJson, NeedsOnlyMethodAndPath) {
  RequestReader reader;
  std::string error;
  const RequestLine* line = reader.Read(R"({"method":"GET","path":"/","host":null,"tls":null,"id":null})", &error);
  ASSERT_NE(line, nullptr) << error;
  EXPECT_EQ(line->id_json, "null");
  EXPECT_FALSE(line->wall_ns);
  EXPECT_FALSE(line->outcome);
  EXPECT_EQ(line->request.header_count, 0u);
  EXPECT_EQ(line->request.content_length, -1);
  EXPECT_EQ(line->request.cost, 1u);
}

TEST(RequestJson, KeepsNothingOfTheLineBefore) {
  RequestReader reader;
  std::string error;
  ASSERT_NE(reader.Read(R"({"id":9,"now":5,"method":"PUT","path":"/a","headers":{"a":"b"},"outcome":{}})", &error),
            nullptr);
  const RequestLine* line = reader.Read(R"({"method":"GET","path":"/"})", &error);
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->id_json, "null");
  EXPECT_FALSE(line->wall_ns);
  EXPECT_FALSE(line->outcome);
  EXPECT_EQ(line->request.header_count, 0u);
}

TEST(RequestJson, ReadsTimesExactly) {
  struct {
    std::string_view now;
    int64_t wall_ns;
  } cases[] = {
      {"0", 0},
      {"1760000000", 1'760'000'000'000'000'000},
      {"1760000000.1", 1'760'000'000'100'000'000},
      {"1760000000.123456789", 1'760'000'000'123'456'789},
      {"1760000000.1234567891", 1'760'000'000'123'456'789},
      {"1.76e9", 1'760'000'000'000'000'000},
  };
  RequestReader reader;
  std::string error;
  for (const auto& c : cases) {
    std::string text = R"({"method":"GET","path":"/","now":)" + std::string(c.now) + "}";
    const RequestLine* line = reader.Read(text, &error);
    ASSERT_NE(line, nullptr) << c.now << ": " << error;
    EXPECT_EQ(line->wall_ns, c.wall_ns) << c.now;
  }
}

TEST(RequestJson, AConnectionWithoutHttpNeedsItsSchemeAlone) {
  RequestReader reader;
  std::string error;
  for (std::string_view text : {R"({"scheme":"tcp"})", R"({"scheme":"tls"})", R"({"scheme":"udp","method":null})"}) {
    const RequestLine* line = reader.Read(text, &error);
    ASSERT_NE(line, nullptr) << error;
    EXPECT_EQ(line->request.method, "");
  }
  for (std::string_view text : {R"({"scheme":"https"})", R"({"scheme":"tls_passthrough"})", R"({"scheme":""})"})
    EXPECT_EQ(reader.Read(text, &error), nullptr) << text;
}

TEST(RequestJson, SaysWhatIsWrong) {
  struct {
    std::string_view text;
    std::string_view error;
  } cases[] = {
      {R"({"method":"GET","path":"/","scheme":"ftp"})",
       "member `scheme`: expected http, https, grpc, grpcs, tcp, tls or udp, found `ftp`"},
      {"[]", "expected a request as one JSON object a line, found an array"},
      {R"({"path":"/"})", "member `method` is missing: a request needs at least `method` and `path`"},
      {R"({"method":"GET","path":null})", "member `path` is missing: a request needs at least `method` and `path`"},
      {R"({"method":1,"path":"/"})", "member `method`: expected a string, found `1`"},
      {R"({"metod":"GET"})", "unknown member `metod` (did you mean `method`?)"},
      {R"({"tls":{"cert":""}})", "unknown member `tls.cert` (known: sni, client_cert, client_chain)"},
      {R"({"outcome":{"statu":1}})", "unknown member `outcome.statu` (did you mean `outcome.status`?)"},
      {R"({"port":65536})", "member `port`: expected an integer from 0 to 65535, found `65536`"},
      {R"({"cost":-1})", "member `cost`: expected an integer from 1 to 4294967295, found `-1`"},
      {R"({"cost":1.5})", "member `cost`: expected an integer from 1 to 4294967295, found `1.5`"},
      {R"({"now":-1})", "member `now`: expected seconds since the epoch, found `-1`"},
      {R"({"now":9999999999999})", "member `now`: expected seconds since the epoch, found `9999999999999`"},
      {R"({"now":"secret"})", "member `now`: expected seconds since the epoch, found a string"},
      {R"({"headers":"secret"})",
       "member `headers`: expected a list of [name, value] pairs of strings, or an object, found a string"},
      {R"({"headers":[["a"]]})",
       "member `headers`: expected a list of [name, value] pairs of strings, or an object, found an array"},
      {R"({"headers":[["a",1]]})",
       "member `headers`: expected a list of [name, value] pairs of strings, or an object, found `1`"},
      {R"({"headers":{"a":["secret"]}})", "member `headers`: expected an object of strings, found an array"},
      {R"({"id":{}})", "member `id`: expected a string or a number, found an object"},
      {R"({"tls":"x"})", "member `tls`: expected an object, found a string"},
      {R"({"outcome":{"cost":0}})", "member `outcome.cost`: expected an integer from 1 to 4294967295, found `0`"},
      {R"({"outcome":{"latency_ms":-1}})", "member `outcome.latency_ms`: expected milliseconds from 0 on, found `-1`"},
  };
  RequestReader reader;
  for (const auto& c : cases) {
    std::string error;
    EXPECT_EQ(reader.Read(c.text, &error), nullptr) << c.text;
    EXPECT_EQ(error, c.error);
  }
}

TEST(RequestJson, HoldsItsBounds) {
  RequestReader reader;
  std::string error;
  std::string head = R"({"method":"GET","path":")";
  std::string fits = head + std::string(limits::kRequestJsonBytes - head.size() - 2, 'a') + "\"}";
  EXPECT_NE(reader.Read(fits, &error), nullptr) << error;
  EXPECT_EQ(reader.Read(fits + " ", &error), nullptr);
  EXPECT_NE(error.find("4194304 bytes"), std::string::npos) << error;

  std::string deep = std::string(limits::kRequestJsonDepth, '[') + std::string(limits::kRequestJsonDepth, ']');
  EXPECT_EQ(reader.Read("{\"method\":" + deep + "}", &error), nullptr);
  EXPECT_NE(error.find("nested too deeply"), std::string::npos) << error;
}

}  // namespace
}  // namespace sluice
