// Answers that Kong gave, as data: testdata/kong_traditional_compatible.json. Where Sluice answers otherwise, the data
// says what it answers (`sluice`) and why (`why`); docs/router.md lists these.
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rapidjson/document.h"
#include "router/normalize.h"
#include "router/route_table.h"
#include "router/upstream_path.h"

namespace sluice::router {
namespace {

using Json = rapidjson::Value;

// A member that no test reads is a failure: it would seem to be checked.
void ExpectKnownMembers(const Json& object, const std::set<std::string>& known) {
  for (const auto& member : object.GetObject())
    EXPECT_TRUE(known.count(member.name.GetString())) << member.name.GetString();
}

std::string Text(const Json& object, const char* name, const char* otherwise = "") {
  return object.HasMember(name) ? object[name].GetString() : otherwise;
}

std::vector<std::string> Texts(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& item : list.GetArray()) texts.emplace_back(item.GetString());
  return texts;
}

std::vector<std::string> Texts(const Json& object, const char* name) {
  return object.HasMember(name) ? Texts(object[name]) : std::vector<std::string>();
}

RouteSpec ReadRoute(const Json& json) {
  ExpectKnownMembers(json, {"id", "hosts", "paths", "methods", "headers", "strip_path", "service_path", "refused"});
  RouteSpec route;
  route.name = json["id"].GetString();
  route.hosts = Texts(json, "hosts");
  route.paths = Texts(json, "paths");
  route.methods = Texts(json, "methods");
  if (json.HasMember("headers"))
    for (const auto& header : json["headers"].GetObject())
      route.headers.push_back({header.name.GetString(), Texts(header.value)});
  // Kong's spec hands its router routes without the defaults of the schema.
  route.strip_path = json.HasMember("strip_path") && json["strip_path"].GetBool();
  return route;
}

// `routes` with `route` after them are refused for that reason alone.
void ExpectRefused(std::vector<RouteSpec> routes, const RouteSpec& route, const std::string& code) {
  routes.push_back(route);
  Diagnostics problems;
  EXPECT_EQ(RouteTable::Build(routes, &problems), nullptr) << route.name;
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, code);
}

// host[:port], as a gateway would split it.
void SplitHost(const std::string& text, RouteQuery* query) {
  const size_t colon = text.find(':');
  query->host = std::string_view(text).substr(0, colon);
  query->port = colon == std::string::npos ? 80 : static_cast<uint32_t>(std::stoi(text.substr(colon + 1)));
}

class KongCase {
 public:
  explicit KongCase(const Json& json) {
    ExpectKnownMembers(json, {"id", "routes", "requests"});
    for (const Json& route : json["routes"].GetArray()) {
      const RouteSpec spec = ReadRoute(route);
      if (route.HasMember("refused")) {
        ExpectRefused(routes_, spec, route["refused"].GetString());
        continue;
      }
      service_paths_.push_back(Text(route, "service_path"));
      routes_.push_back(spec);
    }
    Diagnostics problems;
    table_ = RouteTable::Build(routes_, &problems);
    for (const Diagnostic& problem : problems) ADD_FAILURE() << ToText(problem);
  }

  void Run(const Json& request) {
    ASSERT_NE(table_, nullptr);
    ExpectKnownMembers(request,
                       {"test", "method", "host", "scheme", "path", "target", "headers", "expect", "sluice", "why"});
    SCOPED_TRACE(request["test"].GetString());
    EXPECT_EQ(request.HasMember("sluice"), request.HasMember("why"));
    RouteQuery query;
    query.method = request["method"].GetString();
    query.scheme = "http";  // what Kong's spec gives as scheme does not take part in matching
    const std::vector<std::pair<std::string, std::string>> headers = ReadHeaders(request);
    std::vector<Header> views;
    std::string host = Text(request, "host");
    for (const auto& [name, value] : headers) {
      if (name == "host") host = value;
      views.push_back({name, value});
    }
    SplitHost(host, &query);
    query.headers = views.data();
    query.header_count = views.size();
    const Json& expected = request.HasMember("sluice") ? request["sluice"] : request["expect"];
    Arena arena;
    NormalTarget normal;
    normal.path = View(request, "path");
    if (request.HasMember("target")) {
      const TargetError error = NormalizeTarget(request["target"].GetString(), &arena, &normal);
      const bool refused = expected.IsObject() && expected.HasMember("error");
      EXPECT_EQ(TargetErrorCode(error), refused ? expected["error"].GetString() : "");
      if (refused) return;
    }
    query.path = normal.path;
    RouteMatch match;
    table_->Find(query, &match);
    ExpectAnswer(expected, query, match);
  }

 private:
  static std::string_view View(const Json& object, const char* name) {
    return object.HasMember(name) ? object[name].GetString() : std::string_view();
  }

  static std::vector<std::pair<std::string, std::string>> ReadHeaders(const Json& request) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (request.HasMember("headers"))
      for (const auto& header : request["headers"].GetObject())
        for (const std::string& value : Texts(header.value)) headers.emplace_back(header.name.GetString(), value);
    return headers;
  }

  void ExpectAnswer(const Json& expected, const RouteQuery& query, const RouteMatch& match) {
    if (expected.IsNull()) {
      EXPECT_EQ(match.verdict, RouteVerdict::kNone);
      return;
    }
    ExpectKnownMembers(expected, {"route", "matches", "prefix", "upstream_path"});
    ASSERT_EQ(match.verdict, RouteVerdict::kForward);
    EXPECT_EQ(routes_[match.route].name, expected["route"].GetString());
    if (expected.HasMember("matches")) ExpectCaptures(expected["matches"]["uri_captures"], match);
    if (expected.HasMember("prefix")) {
      EXPECT_EQ(match.strip_path ? match.matched : "", expected["prefix"].GetString());
    }
    if (expected.HasMember("upstream_path")) {
      Arena arena;
      const std::string_view path = UpstreamPath(service_paths_[match.route], query.path, match, &arena);
      EXPECT_EQ(path, expected["upstream_path"].GetString());  // recorded before Kong escapes it
    }
  }

  static void ExpectCaptures(const Json& expected, const RouteMatch& match) {
    for (const auto& capture : expected.GetObject()) {
      const std::string name = capture.name.GetString();
      if (!isdigit(static_cast<unsigned char>(name[0]))) {
        EXPECT_EQ(match.Captured(name), capture.value.GetString());
      } else if (name == "0") {
        EXPECT_EQ(match.matched, capture.value.GetString());
      } else {
        ASSERT_LE(static_cast<size_t>(std::stoi(name)), match.capture_count);
        EXPECT_EQ(match.captures[std::stoi(name) - 1].value, capture.value.GetString());
      }
    }
  }

  std::vector<RouteSpec> routes_;
  std::vector<std::string> service_paths_;
  std::unique_ptr<const RouteTable> table_;
};

TEST(KongCases, AgreeOrSayWhyNot) {
  std::ifstream file("router/testdata/kong_traditional_compatible.json");
  std::stringstream text;
  text << file.rdbuf();
  rapidjson::Document document;
  ASSERT_FALSE(document.Parse(text.str().c_str()).HasParseError());
  ExpectKnownMembers(document, {"source", "cases"});
  int requests = 0;
  int exceptions = 0;
  for (const Json& one : document["cases"].GetArray()) {
    SCOPED_TRACE("case " + std::to_string(one["id"].GetInt()));
    KongCase kong(one);
    for (const Json& request : one["requests"].GetArray()) {
      kong.Run(request);
      ++requests;
      exceptions += request.HasMember("why");
    }
  }
  EXPECT_EQ(requests, 207);
  EXPECT_EQ(exceptions, 2);
}

}  // namespace
}  // namespace sluice::router
