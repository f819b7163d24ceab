// Find allocates nothing: counted with the global operators.
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "router/normalize.h"
#include "router/route_table.h"
#include "router/upstream_path.h"

namespace {
thread_local size_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace sluice::router {
namespace {

TEST(Allocation, NoneOnceWarm) {
  RouteSpec prefix;
  prefix.hosts = {"*.example.com:443", "example.com"};
  prefix.paths = {"/a b"};
  prefix.methods = {"GET"};
  prefix.headers = {{"x-version", {"1"}}};
  prefix.snis = {"*.example.com"};
  RouteSpec regex;
  regex.paths = {"~/users/(?<id>\\d+)"};
  Diagnostics problems;
  RouteSpec stream;
  stream.protocols = {"tls"};
  stream.snis = {"*.db.example.com"};
  stream.destinations = {{"10.0.0.0/8", 5432}};
  const auto table = RouteTable::Build({prefix, regex, stream}, &problems);
  ASSERT_NE(table, nullptr);
  const Header headers[] = {{"X-Version", "1"}};
  Arena arena;
  const auto decide = [&](std::string_view target) {
    arena.Reset();
    NormalTarget normal;
    EXPECT_EQ(NormalizeTarget(target, &arena, &normal), TargetError::kNone);
    RouteQuery query;
    query.method = "GET";
    query.host = "www.EXAMPLE.com";
    query.port = 443;
    query.path = normal.path;
    query.scheme = "https";
    query.sni = "www.example.com";
    query.headers = headers;
    query.header_count = 1;
    RouteMatch match;
    table->Find(query, &match);
    EXPECT_FALSE(EscapePath(UpstreamPath("/api/", query.path, match, &arena), &arena).empty());
    return match.route;
  };
  const struct {
    const char* target;
    uint32_t route;
  } kCases[] = {{"/x/..//a%20b/c%2fd", 0}, {"/users/17/x", 1}, {"/nothing", kNoRoute}};
  Endpoint server;
  ASSERT_TRUE(ParseEndpoint("10.0.0.1:5432", &server));
  const auto decide_stream = [&] {
    RouteQuery query;
    query.scheme = "tls";
    query.sni = "A.DB.example.com.";
    query.destination = &server;
    RouteMatch match;
    table->Find(query, &match);
    return match.route;
  };
  for (const auto& c : kCases) EXPECT_EQ(decide(c.target), c.route);  // warms the arena and RE2
  const size_t before = allocations;
  ASSERT_GT(before, 0u);
  for (const auto& c : kCases) EXPECT_EQ(decide(c.target), c.route);
  EXPECT_EQ(decide_stream(), 2u);
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace sluice::router
